-- What every section uses: the clock, the check of the work done, and a row of started services.

local skynet = require "skynet"
local snax = require "skynet.snax"

local work = {}

-- Microseconds since skynet.hpc() was `begin`, shared among `count` pieces of work.
function work.microseconds_each(begin, count)
	return (skynet.hpc() - begin) / 1000 / count
end

function work.expect_equal(actual, expected, what)
	if actual ~= expected then
		error(string.format("%s: %s instead of %s", what, actual, expected))
	end
end

function work.sum_below(count)
	return count * (count - 1) // 2
end

function work.start_counters(count, start)
	local counters = {}
	for i = 1, count do
		counters[i] = snax.newservice("counter", start or i - 1)
	end
	return counters
end

function work.kill_all(services)
	for _, service in ipairs(services) do
		snax.kill(service)
	end
end

return work
