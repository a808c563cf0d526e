-- The small service of the bench, as services/counter.ts is: one variable, two requests, one post, an init.

local total = 0

function response.echo(value)
	return value
end

function response.total()
	return total
end

function accept.add(amount)
	total = total + amount
end

function init(start)
	total = start or 0
end

function exit()
end
