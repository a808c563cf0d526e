/** How welcome a new service is on a thread, by looks at its phase on a clock of the test's. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";

import {
  PLACEMENT_BUSY_LOOKS,
  PLACEMENT_LOOKS,
  PLACEMENT_STUCK_MS,
} from "../../../src/base/limits.ts";
import { createPhase } from "../../../src/fabric/phase.ts";
import { STANDING, ThreadLoads } from "../../../src/fabric/thread-load.ts";
import type { WatchedThread } from "../../../src/fabric/thread-watchdog.ts";
import { PHASE } from "../../../src/kernel/instruments.ts";

/** A thread, and who looks at it. */
function watched(): { readonly thread: WatchedThread; readonly loads: ThreadLoads } {
  const thread = { thread: 1, worker: {} as Worker, phase: createPhase() };
  return { thread, loads: new ThreadLoads(() => [thread]) };
}

test("a thread is stuck from the moment on at which one dispatch has been seen for the limit", () => {
  const { loads, thread } = watched();
  loads.round(1000);
  thread.phase[PHASE.handle] = 9;
  thread.phase[PHASE.dispatch] = 7;
  equal(loads.standing(thread, 9999), STANDING.free, "nobody has seen it yet");
  loads.round(1100);
  const standings = [0, PLACEMENT_STUCK_MS - 1, PLACEMENT_STUCK_MS].map((ms) =>
    loads.standing(thread, 1100 + ms),
  );
  deepEqual(standings, [STANDING.free, STANDING.free, STANDING.stuck]);
  thread.phase[PHASE.dispatch] = 8;
  equal(loads.standing(thread, 9999), STANDING.free, "it has gone on since the last look");
  thread.phase[PHASE.handle] = 0;
  loads.round(9999);
  equal(loads.standing(thread, 99_999), STANDING.free, "nobody is at work, for however long");
});

test("a thread is busy when a service was at work at enough of the last looks, and not at one less", () => {
  const { loads, thread } = watched();
  let now = 0;
  const look = (isAtWork: boolean): number => {
    thread.phase[PHASE.handle] = isAtWork ? 9 : 0;
    thread.phase[PHASE.dispatch] = now;
    now = loads.round(now);
    return loads.standing(thread, now);
  };
  for (let count = 1; count < PLACEMENT_BUSY_LOOKS; count += 1) equal(look(true), STANDING.free);
  equal(look(true), STANDING.busy);
  // It rests: the looks at which it was at work grow old one by one.
  for (let count = PLACEMENT_BUSY_LOOKS; count < PLACEMENT_LOOKS; count += 1) {
    equal(look(false), STANDING.busy);
  }
  equal(look(false), STANDING.free);
});

test("a thread that takes another one's number begins anew", () => {
  let thread = { thread: 1, worker: {} as Worker, phase: createPhase() };
  const loads = new ThreadLoads(() => [thread]);
  thread.phase[PHASE.handle] = 9;
  loads.round(0);
  equal(loads.standing(thread, 1000), STANDING.stuck);
  thread = { ...thread, worker: {} as Worker };
  equal(loads.standing(thread, 1000), STANDING.free);
});
