/**
 * Calls without an answer are reported once, and looking for them wakes no idle node.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { SLOW_CALL_MS, WALK_PERIOD_MIN_MS } from "../../../src/kernel/slow-calls.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

test("a call that is unanswered for 30 seconds is told of once, with both addresses", () => {
  const simulator = createSimulator({ seed: 1 });
  const silent = createProbe(simulator.kernel);
  const caller = createProbe(simulator.kernel);
  caller.call(silent.handle);
  simulator.advance(SLOW_CALL_MS - 1);
  equal(simulator.slowCalls.length, 0);
  simulator.advance(10 * SLOW_CALL_MS);
  deepEqual(
    simulator.slowCalls.map(({ service, call }) => [service.handle, call.target]),
    [[caller.handle, silent.handle]],
  );
  const [{ ms } = { ms: 0 }] = simulator.slowCalls;
  ok(ms >= SLOW_CALL_MS && ms < SLOW_CALL_MS + 100, `${ms} ms`);
});

test("a call that is answered in time is not told of", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel, (message) => {
    kernel.owe(target.service, message);
    kernel.addTimer(target.service, SLOW_CALL_MS - 100, () => {
      kernel.reply(target.service, message, 1);
    });
  });
  createProbe(kernel).call(target.handle);
  simulator.drain();
  equal(simulator.slowCalls.length, 0);
});

test("calls that begin at different moments are each told of, at most a walk's pause late", () => {
  const simulator = createSimulator({ seed: 1 });
  const silent = createProbe(simulator.kernel);
  const caller = createProbe(simulator.kernel);
  for (let count = 0; count < 50; count += 1) {
    // A call is dated by the turn it is made in, so it is made inside one.
    simulator.kernel.addTimer(caller.service, count * 700, () => void caller.call(silent.handle));
  }
  simulator.drain();
  equal(simulator.slowCalls.length, 50);
  for (const { ms } of simulator.slowCalls) {
    ok(ms >= SLOW_CALL_MS && ms < SLOW_CALL_MS + WALK_PERIOD_MIN_MS + 100, `${ms} ms`);
  }
});

/** A world whose walks take five milliseconds, one for each page of services; the caller stands on the first. */
function createWideWorld(): {
  simulator: ReturnType<typeof createSimulator>;
  callIn: (ms: number) => void;
} {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const silent = createProbe(kernel);
  const caller = createProbe(kernel);
  for (let count = 0; count < 4 * 4096; count += 1) createProbe(kernel);
  // A call is dated by the turn it is made in, so it is made inside one.
  const callIn = (ms: number): void => {
    kernel.addTimer(caller.service, ms, () => void caller.call(silent.handle));
  };
  return { simulator, callIn };
}

test("a call that is opened behind the walk's back is told of in time when no other call waits", () => {
  const { simulator, callIn } = createWideWorld();
  callIn(0);
  callIn(SLOW_CALL_MS + 2);
  simulator.drain();
  equal(simulator.slowCalls.length, 2);
  const [, { ms } = { ms: 0 }] = simulator.slowCalls;
  ok(ms < SLOW_CALL_MS + WALK_PERIOD_MIN_MS + 100, `${ms} ms`);
});

test("a call that is opened behind the walk's back makes none late that the walk has seen", () => {
  const { simulator, callIn } = createWideWorld();
  callIn(0);
  callIn(SLOW_CALL_MS / 2);
  callIn(SLOW_CALL_MS + 2);
  simulator.drain();
  equal(simulator.slowCalls.length, 3);
  for (const { ms } of simulator.slowCalls) {
    ok(ms < SLOW_CALL_MS + WALK_PERIOD_MIN_MS + 100, `${ms} ms`);
  }
});

test("a walk lets traffic through between two pages of services", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  for (let count = 0; count < 3 * 4096; count += 1) createProbe(kernel);
  const silent = createProbe(kernel);
  createProbe(kernel).call(silent.handle);
  simulator.advance(SLOW_CALL_MS - 1);
  const before = simulator.turnCount;
  simulator.drain();
  ok(simulator.turnCount - before >= 4, `${simulator.turnCount - before} turns`);
});

test("a node is left alone once its calls are answered, or told of", () => {
  for (const isAnswered of [true, false]) {
    const simulator = createSimulator({ seed: 1 });
    const { kernel } = simulator;
    const target = createProbe(kernel, (message) => {
      if (isAnswered) kernel.reply(target.service, message, 1);
    });
    createProbe(kernel).call(target.handle);
    simulator.drain();
    const { turnCount } = simulator;
    simulator.advance(1000 * SLOW_CALL_MS);
    equal(simulator.turnCount, turnCount);
  }
});

test("the search begins anew with the next call", () => {
  const simulator = createSimulator({ seed: 1 });
  const silent = createProbe(simulator.kernel);
  const caller = createProbe(simulator.kernel);
  for (const count of [1, 2, 3]) {
    caller.call(silent.handle);
    simulator.drain();
    equal(simulator.slowCalls.length, count);
  }
});

test("without the event nothing is looked at and nothing is armed", () => {
  const events = { onError: () => {}, onOverload: () => {}, onDeath: () => {} };
  const simulator = createSimulator({ seed: 1, kernel: { events } });
  const silent = createProbe(simulator.kernel);
  createProbe(simulator.kernel).call(silent.handle);
  simulator.drain();
  ok(simulator.clock.now() < 1000);
});
