-- The player object of the section "player", field for field that of services/lib/player.ts. A Lua table has no order
-- and no hidden class, so a shape is only a field of its own here.

return function(shape)
	local player = {
		id = 10001 + shape,
		name = "player " .. shape,
		level = 42,
		gold = 1000,
		online = true,
		guild = { id = 7, name = "the guild" },
		position = { x = 10.5, y = 20.25, z = -3 },
		bag = { 101, 102, 103, 104, 105, 106, 107, 108 },
		title = false,
		rate = 0.75,
	}
	if shape > 0 then
		player["kind" .. shape] = shape
	end
	return player
end
