-- Takes a player and gives it back with one coin more.

function response.visit(player)
	player.gold = player.gold + 1
	return player
end

function init()
end

function exit()
end
