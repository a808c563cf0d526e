-- Runs one section on skynet: a round that warms up, then rounds that count, and prints the medians.
--
-- The configuration names the section ("bench_section"), its size ("bench_size", as "count=1000,batch=10") and the number
-- of rounds. A line is "BENCH key value"; "BENCH done" says that nothing was cut short. A section is a module that
-- takes the size and returns the round, a function that returns a table of figures.

local skynet = require "skynet"
require "skynet.manager"

local function read_size(text)
	local size = {}
	for key, value in text:gmatch "(%w+)=(%d+)" do
		size[key] = math.tointeger(tonumber(value))
	end
	return size
end

local function median(values)
	table.sort(values)
	return values[#values // 2 + 1]
end

local function measure()
	local prepare = require("section." .. skynet.getenv "bench_section")
	local round = prepare(read_size(skynet.getenv "bench_size"))
	local samples = {}
	for i = 0, tonumber(skynet.getenv "bench_rounds") do
		for key, value in pairs(round()) do
			samples[key] = samples[key] or {}
			if i > 0 then
				table.insert(samples[key], value)
			end
		end
	end
	for key, values in pairs(samples) do
		print("BENCH " .. key .. " " .. median(values))
	end
	print "BENCH done"
end

skynet.start(function()
	local ok, message = xpcall(measure, debug.traceback)
	if not ok then
		print(message)
	end
	io.stdout:flush()
	skynet.abort()
end)
