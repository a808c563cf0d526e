-- Posts without an answer, then one call that returns when all of them have been handled: in batches, and in one burst.

local skynet = require "skynet"
local snax = require "skynet.snax"
local work = require "work"

return function(size)
	local counter = snax.newservice "counter"

	-- Millions of messages a second.
	local function time_drain(count, batch)
		local before = counter.req.total()
		local begin = skynet.hpc()
		for _ = 1, count // batch do
			for _ = 1, batch do
				counter.post.add(1)
			end
			counter.req.total()
		end
		local rate = 1 / work.microseconds_each(begin, count)
		work.expect_equal(counter.req.total() - before, count, "messages handled")
		return rate
	end

	return function()
		return {
			batches = time_drain(size.count, size.batch),
			burst = time_drain(size.burst, size.burst),
		}
	end
end
