-- A patch as one is written by hand: a live variable, a request that changes.

return function(factor)
	return "local total\nfunction response.total() return total * " .. factor .. " end"
end
