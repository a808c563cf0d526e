/** Threads end in every way a thread can, under calls from all sides; test/reliability does it a hundred times. */

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { runDeaths } from "../../reliability/thread-death.ts";

test("threads end by terminate, process.exit and an uncaught error, and every call to them fails", async (t) => {
  const scale = { threads: 3, rounds: 6, open: 20, quietMs: 50 };
  const { failureMs, bystanderMs } = await runDeaths(t, scale);
  equal(failureMs.length, scale.rounds * (scale.open + scale.threads - 1));
  ok(bystanderMs.length >= scale.rounds * (scale.threads - 1));
});
