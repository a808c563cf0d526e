/**
 * Timers: when they fire, in which order, and what stops them.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { HOLD } from "../../../src/kernel/service.ts";
import { EMPTIED_MIN, Timer, TimerWheel } from "../../../src/kernel/timers.ts";
import type { Probe } from "../../simulator.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

const YEAR_MS = 365 * 24 * 3600 * 1000;

function takeAll(wheel: TimerWheel, now: number): Timer[] {
  const taken: Timer[] = [];
  for (let next = wheel.take(now); next !== undefined; next = wheel.take(now)) taken.push(next);
  return taken;
}

function createWorld(): {
  simulator: ReturnType<typeof createSimulator>;
  probe: Probe;
  later: (ms: number, intervalMs?: number) => Timer;
  fired: number[];
} {
  const simulator = createSimulator({ seed: 1 });
  const probe = createProbe(simulator.kernel);
  const fired: number[] = [];
  const run = (): void => {
    fired.push(Math.floor(simulator.clock.now()));
  };
  const { kernel } = simulator;
  return {
    simulator,
    probe,
    later: (ms, intervalMs = 0) => kernel.addTimer(probe.service, ms, run, intervalMs),
    fired,
  };
}

test("timers come out by deadline, then in the order in which they were added", () => {
  const wheel = new TimerWheel();
  const timers = [30, 10, 20, 10].map((at) => {
    const timer = new Timer(1, () => {});
    wheel.add(timer, at);
    return timer;
  });
  deepEqual(
    takeAll(wheel, 30).map((timer) => timers.indexOf(timer)),
    [1, 3, 2, 0],
  );
  deepEqual([wheel.length, wheel.next()], [0, undefined]);
});

test("a deadline is rounded up to the next whole millisecond, so that no timer fires early", () => {
  const wheel = new TimerWheel();
  wheel.add(new Timer(1, () => {}), 10.2);
  equal(wheel.next(), 11);
  equal(wheel.take(10.9), undefined);
  ok(wheel.take(11));
});

test("a timer is taken out of the first, the last and the middle place of its millisecond", () => {
  for (const removed of [0, 1, 2]) {
    const wheel = new TimerWheel();
    const timers = [0, 1, 2].map(() => new Timer(1, () => {}));
    for (const timer of timers) wheel.add(timer, 5);
    const victim = timers[removed] as Timer;
    wheel.remove(victim);
    wheel.remove(victim);
    wheel.add(victim, 6);
    deepEqual(
      takeAll(wheel, 6).map((timer) => timers.indexOf(timer)),
      [...[0, 1, 2].filter((index) => index !== removed), removed],
    );
  }
});

test("milliseconds whose timers were cancelled are kept up to a bound, and the others still come in order", () => {
  const wheel = new TimerWheel();
  const kept = [7, 3, 5].map((at) => {
    const timer = new Timer(1, () => {});
    wheel.add(timer, at * EMPTIED_MIN);
    return timer;
  });
  let most = 0;
  for (let at = 1; at < 10 * EMPTIED_MIN; at += 1) {
    const timer = new Timer(1, () => {});
    wheel.add(timer, at);
    wheel.remove(timer);
    most = Math.max(most, wheel.size);
  }
  ok(most <= EMPTIED_MIN + kept.length + 1, `${most} milliseconds`);
  deepEqual(
    takeAll(wheel, Infinity).map((timer) => kept.indexOf(timer)),
    [1, 2, 0],
  );
  deepEqual([wheel.length, wheel.size, wheel.next()], [0, 0, undefined]);
});

test("a millisecond that was emptied is used again", () => {
  const wheel = new TimerWheel();
  const first = new Timer(1, () => {});
  const second = new Timer(1, () => {});
  equal(wheel.add(first, 10), 10);
  wheel.remove(first);
  wheel.add(second, 10);
  deepEqual([wheel.size, wheel.length], [1, 1]);
  deepEqual(takeAll(wheel, 10), [second]);
  deepEqual([wheel.size, wheel.next()], [0, undefined]);
});

test("a timer fires once, at its time", () => {
  const { simulator, later, fired } = createWorld();
  later(50);
  simulator.advance(49);
  deepEqual(fired, []);
  simulator.drain();
  deepEqual(fired, [50]);
});

test("no time, less than none, and a time that is no number mean as soon as possible", () => {
  const { simulator, later, fired } = createWorld();
  for (const ms of [0, -5, Number.NaN]) later(ms);
  simulator.advance(1);
  equal(fired.length, 3);
});

test("a timer can be a year away and keeps nothing alive once it is cancelled", () => {
  const { simulator, probe, later, fired } = createWorld();
  const timer = later(YEAR_MS);
  later(YEAR_MS + 1);
  simulator.kernel.removeTimer(probe.service, timer);
  simulator.drain();
  deepEqual(fired, [YEAR_MS + 1]);
  equal(probe.service.timers, undefined);
});

test("an interval goes on until it is cancelled, also from inside", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const probe = createProbe(kernel);
  let count = 0;
  const timer = kernel.addTimer(
    probe.service,
    10,
    () => {
      count += 1;
      if (count === 3) kernel.removeTimer(probe.service, timer);
    },
    10,
  );
  simulator.drain();
  equal(count, 3);
});

test("an interval goes on when its function throws", () => {
  const simulator = createSimulator({ seed: 1 });
  const probe = createProbe(simulator.kernel);
  const run = (): void => {
    throw new Error("tick");
  };
  simulator.kernel.addTimer(probe.service, 10, run, 10);
  simulator.advance(35);
  equal(simulator.errors.length, 3);
});

test("a timer that is cancelled while its message lies in the mailbox does not fire", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const probe = createProbe(kernel);
  const fired: string[] = [];
  kernel.addTimer(probe.service, 5, () => {
    fired.push("first");
    kernel.removeTimer(probe.service, second);
  });
  const second = kernel.addTimer(probe.service, 5, () => fired.push("second"));
  simulator.drain();
  deepEqual(fired, ["first"]);
});

test("what runs soon runs after the messages that wait already, unless it is cancelled", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const order: unknown[] = [];
  const probe = createProbe(kernel, () => order.push("message"));
  probe.send(probe.handle);
  kernel.soon(probe.service, () => order.push("soon"));
  kernel.removeTimer(
    probe.service,
    kernel.soon(probe.service, () => order.push("cancelled")),
  );
  simulator.drain();
  deepEqual(order, ["message", "soon"]);
});

test("a service that dies takes its timers along, wherever they are", () => {
  const { simulator, probe, later, fired } = createWorld();
  later(10, 10);
  later(YEAR_MS);
  simulator.kernel.addTimer(probe.service, 25, () => simulator.kernel.kill(probe.service));
  simulator.drain();
  deepEqual(fired, [10, 20]);
  ok(simulator.clock.now() < 1000, "nothing is left to wait for");
});

test("a timer reaches a busy service, and waits while a patch holds it if it is from before", () => {
  const { simulator, probe, later, fired } = createWorld();
  simulator.kernel.hold(probe.service, HOLD.busy);
  later(10);
  simulator.drain();
  deepEqual(fired, [10]);
  later(10);
  simulator.kernel.hold(probe.service, HOLD.patching);
  simulator.advance(100);
  deepEqual(fired, [10]);
  later(10);
  simulator.advance(100);
  equal(fired.length, 2);
  simulator.kernel.release(probe.service, HOLD.patching);
  simulator.drain();
  equal(fired.length, 3);
});

test("an idle kernel is never woken", () => {
  const { simulator, probe, later } = createWorld();
  const timer = later(10);
  later(20);
  simulator.kernel.removeTimer(probe.service, timer);
  simulator.drain();
  const { turnCount } = simulator;
  simulator.advance(YEAR_MS);
  equal(simulator.turnCount, turnCount);
});

test("an interval keeps its pace although each firing comes a little late", () => {
  const { simulator, later, fired } = createWorld();
  later(10, 10);
  simulator.advance(1005);
  equal(fired.length, 100);
});
