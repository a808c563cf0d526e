/** A hundred threads of one node end, by terminate, process.exit and an uncaught error, and no caller waits in vain. */

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { measureBareThread, p99, runDeaths } from "./thread-death.ts";

/** Bounds of a quiet machine with two cores; a busy one gets a multiple of what a thread that does nothing takes there. */
const FAILURE_P99_MS = 100;
const BACK_P99_MS = 500;
const BARE_THREADS = 10;
const BYSTANDER_RATIO_MAX = 3;
const RSS_RATIO_MAX = 1.1;

test("a hundred threads end one after the other, and every call to them fails at once", async (t) => {
  const scale = { threads: 4, rounds: 100, open: 50, quietMs: 2000 };
  const before = await measureBareThread();
  const figures = await runDeaths(t, scale);
  const { failureMs, backMs, bystanderMs, quietMs, rssFirst, rssLast } = figures;
  const growth = rssLast / rssFirst;
  const bareMs = Math.max(before, await measureBareThread());
  const failureMax = Math.max(FAILURE_P99_MS, bareMs);
  const backMax = Math.max(BACK_P99_MS, BARE_THREADS * bareMs);
  // A thread that starts takes a core for itself, of which a small machine has few.
  const bystanderMax = Math.max(BYSTANDER_RATIO_MAX * p99(quietMs), bareMs);
  console.log(
    `thread-death: rounds=${scale.rounds} calls=${failureMs.length} ` +
      `failure p99=${p99(failureMs).toFixed(1)} ms (${failureMax.toFixed(0)}) ` +
      `back p99=${p99(backMs).toFixed(0)} ms (${backMax.toFixed(0)}) bare=${bareMs.toFixed(0)} ms ` +
      `bystander p99=${p99(bystanderMs).toFixed(1)} ms of ${bystanderMs.length} ` +
      `(quiet ${p99(quietMs).toFixed(1)} ms, ${bystanderMax.toFixed(1)}) ` +
      `rss=${(rssLast / 2 ** 20).toFixed(0)} MiB x${growth.toFixed(2)} (${RSS_RATIO_MAX})`,
  );
  equal(failureMs.length, scale.rounds * (scale.open + scale.threads - 1));
  ok(p99(bystanderMs) <= bystanderMax, `bystander p99 ${p99(bystanderMs)} ms`);
  ok(p99(failureMs) <= failureMax, `failure p99 ${p99(failureMs)} ms`);
  ok(p99(backMs) <= backMax, `back p99 ${p99(backMs)} ms`);
  ok(growth <= RSS_RATIO_MAX, `rss grew from ${rssFirst} to ${rssLast}`);
});
