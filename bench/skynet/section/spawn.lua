-- Starts services one after the other, init included, and ends them again outside the time that counts.

local skynet = require "skynet"
local work = require "work"

return function(size)
	return function()
		local begin = skynet.hpc()
		local counters = work.start_counters(size.count)
		local us = work.microseconds_each(begin, size.count)
		local sum = 0
		for _, counter in ipairs(counters) do
			sum = sum + counter.req.total()
		end
		work.expect_equal(sum, work.sum_below(size.count), "sum of what init was given")
		work.kill_all(counters)
		return { newservice = us }
	end
end
