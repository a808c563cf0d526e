-- A node that calls itself over the cluster's wire, as drivers/cluster.ts does.

local skynet = require "skynet"
local cluster = require "skynet.cluster"
local create_player = require "player"
local work = require "work"

return function(size)
	local _, port = cluster.open(0)
	cluster.reload { self = "127.0.0.1:" .. port }
	cluster.register("plain", skynet.newservice "plain")

	local function time_calls(count, width, one)
		local next, live = 0, width
		local begin = skynet.hpc()
		local main = coroutine.running()
		for _ = 1, width do
			skynet.fork(function()
				while next < count do
					next = next + 1
					one(next - 1)
				end
				live = live - 1
				if live == 0 then
					skynet.wakeup(main)
				end
			end)
		end
		skynet.wait(main)
		return work.microseconds_each(begin, count)
	end

	local function time_small(count, width)
		local sum = 0
		local us = time_calls(count, width, function(index)
			local answer = cluster.call("self", "@plain", index)
			sum = sum + answer
		end)
		work.expect_equal(sum, work.sum_below(count), "sum of the answers")
		return us
	end

	local function time_players(count, width)
		local player = create_player(0)
		local gold = 0
		local us = time_calls(count, width, function()
			local answer = cluster.call("self", "@plain", player)
			gold = gold + answer.gold
		end)
		work.expect_equal(gold, count * player.gold, "gold of all answers")
		return us
	end

	return function()
		return {
			flight = time_small(size.count, size.width),
			player = time_players(size.count, size.width),
			single = time_small(size.single, 1),
		}
	end
end
