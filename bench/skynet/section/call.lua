-- One caller, one call at a time: through a snax object, and as a bare skynet.call.

local skynet = require "skynet"
local snax = require "skynet.snax"
local work = require "work"

return function(size)
	local count = size.count
	local counter = snax.newservice "counter"
	local plain = skynet.newservice "plain"

	local function time_requests()
		local begin = skynet.hpc()
		local sum = 0
		for i = 0, count - 1 do
			sum = sum + counter.req.echo(i)
		end
		local us = work.microseconds_each(begin, count)
		work.expect_equal(sum, work.sum_below(count), "sum of the echoes")
		return us
	end

	local function time_calls()
		local begin = skynet.hpc()
		local sum = 0
		for i = 0, count - 1 do
			sum = sum + skynet.call(plain, "lua", i)
		end
		local us = work.microseconds_each(begin, count)
		work.expect_equal(sum, work.sum_below(count), "sum of the answers")
		return us
	end

	return function()
		return { req = time_requests(), call = time_calls() }
	end
end
