/** A hundred threads of one node end, by terminate, process.exit and an uncaught error, and nobody waits in vain. */

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { p99, runDeaths } from "./thread-death.ts";

/** Bounds of a quiet machine with two cores; the figures are printed, so that a busy one can be told from a bug. */
const FAILURE_P99_MS = 100;
const BACK_P99_MS = 1000;
const RSS_RATIO_MAX = 1.1;

test("a hundred threads end one after the other, and every call to them fails at once", async (t) => {
  const scale = { threads: 4, rounds: 100, open: 50 };
  const { failureMs, backMs, bystanders, rssFirst, rssLast } = await runDeaths(t, scale);
  const growth = rssLast / rssFirst;
  console.log(
    `thread-death: rounds=${scale.rounds} calls=${failureMs.length} ` +
      `failure p99=${p99(failureMs).toFixed(1)} ms (${FAILURE_P99_MS}) ` +
      `back p99=${p99(backMs).toFixed(0)} ms (${BACK_P99_MS}) ` +
      `rss=${(rssLast / 2 ** 20).toFixed(0)} MiB x${growth.toFixed(2)} (${RSS_RATIO_MAX})`,
  );
  equal(failureMs.length, scale.rounds * (scale.open + scale.threads - 1));
  ok(bystanders > 0);
  ok(p99(failureMs) <= FAILURE_P99_MS, `failure p99 ${p99(failureMs)} ms`);
  ok(p99(backMs) <= BACK_P99_MS, `back p99 ${p99(backMs)} ms`);
  ok(growth <= RSS_RATIO_MAX, `rss grew from ${rssFirst} to ${rssLast}`);
});
