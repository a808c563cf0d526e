-- A player object there and back, one at a time: one shape, and sixty in turn.

local skynet = require "skynet"
local snax = require "skynet.snax"
local create_player = require "player"
local work = require "work"

return function(size)
	local count = size.count
	local lobby = snax.newservice "lobby"

	local function time_visits(shapes)
		local players = {}
		for shape = 0, shapes - 1 do
			players[shape] = create_player(shape)
		end
		local begin = skynet.hpc()
		local gold = 0
		for i = 0, count - 1 do
			gold = gold + lobby.req.visit(players[i % shapes]).gold
		end
		local us = work.microseconds_each(begin, count)
		work.expect_equal(gold, count * 1001, "gold of all answers")
		return us
	end

	return function()
		return { one = time_visits(1), sixty = time_visits(60) }
	end
end
