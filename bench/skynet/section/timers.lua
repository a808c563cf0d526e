-- Many timers of 10 ms set in one go, from the first that is set to the last that has fired.

local skynet = require "skynet"
local work = require "work"

local DELAY_CENTISECONDS = 1

return function(size)
	return function()
		local main = coroutine.running()
		local fired = 0
		local begin = skynet.hpc()
		for _ = 1, size.count do
			skynet.timeout(DELAY_CENTISECONDS, function()
				fired = fired + 1
				if fired == size.count then
					skynet.wakeup(main)
				end
			end)
		end
		skynet.wait(main)
		work.expect_equal(fired, size.count, "timers fired")
		return { seconds = work.microseconds_each(begin, 1) / 1e6 }
	end
end
