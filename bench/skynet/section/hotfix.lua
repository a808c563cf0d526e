-- Repairs one running service at a time. skynet compiles the text in every service, so new and seen should not differ.

local skynet = require "skynet"
local snax = require "skynet.snax"
local patch_text = require "patch"
local work = require "work"

return function(size)
	local serial = 0

	local function time_new_texts()
		local counter = snax.newservice("counter", 1)
		local elapsed = 0
		for _ = 1, size.texts do
			serial = serial + 1
			local text = patch_text(serial)
			local begin = skynet.hpc()
			snax.hotfix(counter, text)
			elapsed = elapsed + skynet.hpc() - begin
			work.expect_equal(counter.req.total(), serial, "answer of the repaired service")
		end
		snax.kill(counter)
		return elapsed / 1e6 / size.texts
	end

	local function time_seen_text()
		local counters = work.start_counters(size.services, 1)
		serial = serial + 1
		local text = patch_text(serial)
		local begin = skynet.hpc()
		for _, counter in ipairs(counters) do
			snax.hotfix(counter, text)
		end
		local us = work.microseconds_each(begin, size.services)
		for _, counter in ipairs(counters) do
			work.expect_equal(counter.req.total(), serial, "answer of a repaired service")
		end
		work.kill_all(counters)
		return us
	end

	return function()
		return { fresh = time_new_texts(), seen = time_seen_text() }
	end
end
