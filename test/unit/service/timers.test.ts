/** Long times wait: beyond the 2,147,483,647 ms that Node's own timers know, timers of a service go on. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { setIntervalIn, setTimeoutIn } from "../../../src/service/timers.ts";
import { waitingFunctions } from "../../../src/service/waiting.ts";
import { createContextWorld } from "./context-world.ts";

const NODE_MAX_MS = 0x7fffffff;
const MONTH_MS = 30 * 24 * 3600 * 1000;

for (const ms of [NODE_MAX_MS, NODE_MAX_MS + 1, MONTH_MS, 1000 * MONTH_MS]) {
  test(`a setTimeout, an interval, a timeout of ${ms} ms wait so long`, () => {
    const { simulator, context } = createContextWorld();
    const fired: string[] = [];
    setTimeoutIn(context, () => fired.push("setTimeout"), ms, []);
    setIntervalIn(context, () => fired.push("setInterval"), ms, []);
    const { timeout } = waitingFunctions as Record<string, (...args: unknown[]) => void>;
    timeout?.(context, ms, () => fired.push("skynet.timeout"));
    simulator.advance(ms - 10);
    deepEqual(fired, []);
    simulator.advance(20);
    deepEqual(fired, ["setTimeout", "setInterval", "skynet.timeout"]);
    simulator.advance(ms - 30);
    equal(fired.length, 3);
    simulator.advance(40);
    deepEqual(fired.slice(3), ["setInterval"]);
  });
}

test("a sleep of a month lasts a month", async () => {
  const { simulator, context } = createContextWorld();
  const { sleep } = waitingFunctions as Record<string, (...args: unknown[]) => Promise<unknown>>;
  let isOver = false;
  void sleep?.(context, MONTH_MS).then(() => (isOver = true));
  simulator.advance(MONTH_MS - 10);
  await Promise.resolve();
  equal(isOver, false);
  simulator.advance(20);
  await Promise.resolve();
  equal(isOver, true);
});

test("a timer of Infinity never fires, and one of no number or less than 1 after a millisecond, as in Node", () => {
  const { simulator, context } = createContextWorld();
  const fired: unknown[] = [];
  setTimeoutIn(context, () => fired.push("never"), Infinity, []);
  setIntervalIn(context, () => fired.push("never"), Number.MAX_VALUE, []);
  for (const ms of [Number.NaN, -1, -Infinity, 0, undefined, "x" as unknown as number]) {
    setTimeoutIn(context, () => fired.push(ms), ms, []);
  }
  simulator.advance(5);
  equal(fired.length, 6);
  simulator.advance(1000 * MONTH_MS);
  equal(fired.length, 6);
});
