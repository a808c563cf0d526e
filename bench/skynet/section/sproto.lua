-- The packets of skynet's example, each in both directions. The answer of get is dispatched by a host that must have asked,
-- so the question is encoded too and its time is taken off.

local sproto = require "sproto"
local skynet = require "skynet"
local work = require "work"

local HEADER = ".package { type 0 : integer session 1 : integer }\n"

return function(size)
	local count = size.count
	local c2s = sproto.parse(HEADER .. [[
		handshake 1 { response { msg 0 : string } }
		get 2 { request { what 0 : string } response { result 0 : string } }
		set 3 { request { what 0 : string value 1 : string } }
	]])
	local s2c = sproto.parse(HEADER .. "heartbeat 1 {}")
	local server = c2s:host()
	local client = s2c:host()
	local ask = client:attach(c2s)
	local beat = server:attach(s2c)

	local function time_each(expected, run)
		local begin = skynet.hpc()
		local sum = 0
		for _ = 1, count do
			sum = sum + run()
		end
		local us = work.microseconds_each(begin, count)
		work.expect_equal(sum, expected * count, "sum over the packets")
		return us
	end

	local function args_of(packet)
		local _, _, args = server:dispatch(packet)
		return (args and args.what and #args.what or 0) + (args and args.value and #args.value or 0)
	end

	return function()
		local get = { what = "hello" }
		local set = { what = "hello", value = "world" }
		local result = { result = "world" }
		local requests = {
			handshake = function() return ask("handshake", nil, 1) end,
			get = function() return ask("get", get, 3) end,
			set = function() return ask("set", set, 2) end,
		}
		local figures = {}
		for name, request in pairs(requests) do
			local packet = request()
			local carried = args_of(packet)
			figures[name .. "Encode"] = 1 / time_each(#packet, function() return #request() end)
			figures[name .. "Decode"] = 1 / time_each(carried, function() return args_of(packet) end)
		end
		local _, _, _, respond = server:dispatch(requests.get())
		local answer = respond(result)
		figures.answerEncode = 1 / time_each(#answer, function() return #respond(result) end)
		local both = time_each(5, function()
			requests.get()
			local _, _, args = client:dispatch(answer)
			return #args.result
		end)
		local alone = time_each(#requests.get(), function() return #requests.get() end)
		figures.answerDecode = 1 / (both - alone)
		local heartbeat = beat "heartbeat"
		figures.heartbeatEncode = 1 / time_each(#heartbeat, function() return #beat "heartbeat" end)
		figures.heartbeatDecode = 1 / time_each(1, function()
			return client:dispatch(heartbeat) == "REQUEST" and 1 or 0
		end)
		return figures
	end
end
