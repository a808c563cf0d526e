-- A service without snax: it answers the protocol "lua" with the argument.

local skynet = require "skynet"

skynet.start(function()
	skynet.dispatch("lua", function(_, _, value)
		skynet.ret(skynet.pack(value))
	end)
end)
