-- Repairs all instances of a type. skynet has no hotfixall: a loop over them is what its users write.

local skynet = require "skynet"
local snax = require "skynet.snax"
local patch_text = require "patch"
local work = require "work"

return function(size)
	local counters = work.start_counters(size.services, 1)
	local serial = 0

	return function()
		serial = serial + 1
		local text = patch_text(serial)
		local begin = skynet.hpc()
		for _, counter in ipairs(counters) do
			snax.hotfix(counter, text)
		end
		local ms = work.microseconds_each(begin, 1) / 1000
		for _, counter in ipairs(counters) do
			work.expect_equal(counter.req.total(), serial, "answer")
		end
		return { work = ms }
	end
end
