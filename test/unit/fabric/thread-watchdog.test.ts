/** What the watchdog makes of a thread whose event loop does not rest; the rest of it is in test/integration. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { createPhase } from "../../../src/fabric/phase.ts";
import { ThreadWatchdog } from "../../../src/fabric/thread-watchdog.ts";
import { PHASE } from "../../../src/kernel/instruments.ts";

/** Watches a thread that has never rested for a second, in looks of 10 ms. @param onAsked - it is asked for a turn */
function watch(onAsked: (phase: Int32Array) => void): string[] {
  const phase = createPhase();
  const worker = {
    performance: { eventLoopUtilization: () => ({ idle: 0, active: 1, utilization: 1 }) },
    postMessage: () => onAsked(phase),
    on: () => {},
    off: () => {},
  } as unknown as Worker;
  const ended: string[] = [];
  const watchdog = new ThreadWatchdog({
    limits: { warn: 0, interrupt: 500 },
    threads: () => (ended.length > 0 ? [] : [{ thread: 1, worker, phase }]),
    log: () => {},
    onHopeless: (thread, why) => ended.push(`${thread}: ${why}`),
  });
  for (let now = 0; now <= 1000; now += 10) watchdog.round(now);
  return ended;
}

test("a thread that loops in a callback before it has rested once is ended", () => {
  deepEqual(
    watch(() => {}),
    ["1: code outside any message does not return"],
  );
});

test("a thread that takes its turns is busy, and no more", () => {
  deepEqual(
    watch((phase) => {
      phase[PHASE.turn] = (phase[PHASE.turn] as number) + 1;
    }),
    [],
  );
});
