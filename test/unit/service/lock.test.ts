/** A lock that keeps others waiting is told of, with the handler that has it. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";

import { SLOW_CALL_MS } from "../../../src/kernel/slow-calls.ts";
import { Lock } from "../../../src/service/lock.ts";
import { createContextWorld } from "./context-world.ts";

const forEver = (): Promise<never> => new Promise(() => {});
const inTurn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test("a lock that others have waited for half a minute is told of once for each holder", async () => {
  const { simulator, context, lines } = createContextWorld();
  const lock = new Lock(context);
  let release: (value: unknown) => void = () => {};
  void lock.hold(() => new Promise((resolve) => (release = resolve)));
  simulator.advance(10 * SLOW_CALL_MS);
  deepEqual(lines, [], "nobody waits");
  void lock.hold(forEver);
  void lock.hold(forEver);
  simulator.advance(SLOW_CALL_MS - 10);
  equal(lines.length, 0);
  simulator.advance(20);
  match(
    lines.join("\n"),
    /^2 wait for a lock that has been held for 30 s: skynet\.queue#\d+, held by code that belongs to no message$/,
  );
  simulator.advance(10 * SLOW_CALL_MS);
  equal(lines.length, 1);
  release(undefined);
  await inTurn();
  // The next one has it from here on.
  simulator.advance(SLOW_CALL_MS - 10);
  equal(lines.length, 1);
  simulator.advance(SLOW_CALL_MS + 20);
  match(lines[1] ?? "", /^1 wait for a lock/);
});

test("a lock that no handler waits for any more leaves no timer behind", async () => {
  const { simulator, context, lines } = createContextWorld();
  const lock = new Lock(context);
  const done: number[] = [];
  const jobs = [1, 2, 3].map((n) => lock.hold(() => done.push(n)));
  for (let rounds = 0; done.length < 3 && rounds < 10; rounds += 1) {
    await inTurn();
    simulator.advance(1);
  }
  await Promise.all(jobs);
  deepEqual(done, [1, 2, 3]);
  equal(context.service.timers, undefined);
  simulator.advance(10 * SLOW_CALL_MS);
  deepEqual(lines, []);
});
