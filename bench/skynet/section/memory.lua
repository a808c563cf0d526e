-- What an idle small service weighs, in KB of resident memory. The services of earlier rounds stay alive: memory that a
-- dead one left to the allocator would be used again and hide the weight of the next.

local work = require "work"

local PAGE_KILOBYTES = 4

local function resident_kilobytes()
	collectgarbage "collect"
	local file = assert(io.open "/proc/self/statm")
	local _, pages = file:read("n", "n")
	file:close()
	return pages * PAGE_KILOBYTES
end

return function(size)
	local alive = {}

	return function()
		local before = resident_kilobytes()
		local counters = work.start_counters(size.count)
		for i, counter in ipairs(counters) do
			work.expect_equal(counter.req.total(), i - 1, "answer of a new service")
		end
		table.insert(alive, counters)
		return { resident = (resident_kilobytes() - before) / size.count }
	end
end
