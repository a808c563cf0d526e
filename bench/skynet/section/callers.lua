-- Many callers in one service, each with one call under way.

local skynet = require "skynet"
local snax = require "skynet.snax"
local work = require "work"

return function(size)
	local counter = snax.newservice "counter"
	local each = size.count // size.callers

	local function call_in_turn()
		local sum = 0
		for i = 0, each - 1 do
			sum = sum + counter.req.echo(i)
		end
		return sum
	end

	return function()
		local sums = {}
		local main = coroutine.running()
		local begin = skynet.hpc()
		for _ = 1, size.callers do
			skynet.fork(function()
				table.insert(sums, call_in_turn())
				if #sums == size.callers then
					skynet.wakeup(main)
				end
			end)
		end
		skynet.wait(main)
		local us = work.microseconds_each(begin, size.count)
		-- Checked here, not in the callers: an error in a forked coroutine is only logged, and the section would hang.
		for _, sum in ipairs(sums) do
			work.expect_equal(sum, work.sum_below(each), "sum of one caller's echoes")
		end
		return { call = us }
	end
end
