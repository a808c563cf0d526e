-- Shared tables: random rows read, a table loaded, and the time until a service that holds rows sees an update.

local skynet = require "skynet"
local sharetable = require "skynet.sharetable"
local work = require "work"

local function create_items(rows, stamp)
	local items = {}
	for id = 1, rows do
		items[id] = {
			id = id,
			name = "item " .. id,
			price = id * 10,
			stamp = stamp,
			attr = { atk = id, def = id * 2 },
		}
	end
	return items
end

return function(size)
	local rows, count = size.rows, size.count
	local stamp = 0

	local function load()
		stamp = stamp + 1
		local items = create_items(rows, stamp)
		local begin = skynet.hpc()
		sharetable.loadtable("items", items)
		return begin
	end

	local function time_reads()
		local items = sharetable.query "items"
		local ids = {}
		for i = 0, 65535 do
			ids[i] = math.random(rows)
		end
		local begin = skynet.hpc()
		local sum = 0
		for i = 0, count - 1 do
			local item = items[ids[i & 65535]]
			sum = sum + item.price + item.attr.atk
		end
		local ns = work.microseconds_each(begin, count) * 1000
		local expected = 0
		for i = 0, count - 1 do
			expected = expected + ids[i & 65535] * 11
		end
		work.expect_equal(sum, expected, "sum of what was read")
		return ns
	end

	local function time_update()
		local held = sharetable.query("items")[7]
		local begin = load()
		sharetable.update "items"
		local ms = (skynet.hpc() - begin) / 1000000
		work.expect_equal(held.stamp, stamp, "stamp that the service sees")
		return ms
	end

	return function()
		local begin = load()
		local ms = (skynet.hpc() - begin) / 1000000
		return { read = time_reads(), load = ms, seen = time_update() }
	end
end
