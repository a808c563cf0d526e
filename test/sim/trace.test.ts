/**
 * One seed, one run: the simulator is deterministic, and its pieces behave as the tests that use them assume.
 */

import { deepEqual, equal, notDeepEqual, notEqual, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { createRandom } from "../../src/base/random.ts";
import { createDrain } from "../../src/fabric/event-loop.ts";
import type { SimulatorOptions } from "../simulator.ts";
import {
  createSimulator,
  FaultPlan,
  faults,
  promiseMicrotasks,
  Traffic,
  virtualClock,
} from "../simulator.ts";
import { drawSeeds } from "./scale.ts";

function traceOf(options: SimulatorOptions): readonly number[] {
  const simulator = createSimulator(options);
  new Traffic(simulator, { messages: 300 }).run();
  return simulator.trace.hashes;
}

test("the same seed gives the same trace, step by step", () => {
  for (const seed of drawSeeds("trace", { c: 10, r: 500, s: 20_000 }).seeds) {
    const first = traceOf({ seed, kernels: 3 });
    ok(first.length > 50);
    deepEqual(traceOf({ seed, kernels: 3 }), first);
  }
});

test("another seed gives another trace", () => {
  notDeepEqual(traceOf({ seed: 1, kernels: 3 }), traceOf({ seed: 2, kernels: 3 }));
});

test("the real microtask queue gives the same trace as plain callbacks", (_context, done) => {
  const options = { seed: 5, kernels: 2, faults: "all" } as const;
  const expected = traceOf(options);
  // A microtask can't drain microtasks: the run has to begin in a macrotask.
  setImmediate(() => {
    try {
      deepEqual(traceOf({ ...options, microtasks: promiseMicrotasks(createDrain()) }), expected);
      done();
    } catch (error) {
      done(error);
    }
  });
});

test("a fault that is not active never fires, and one that is fires by its chance", () => {
  const point = faults.define("test.point", 0.5);
  const asked = Array.from({ length: 1000 });
  const count = (plan: FaultPlan): number => asked.filter(() => plan.fires(point)).length;
  equal(count(new FaultPlan(createRandom(1), "none")), 0);
  equal(count(new FaultPlan(createRandom(1), ["other.point"])), 0);
  const plan = new FaultPlan(createRandom(1), ["test.point"]);
  const fired = count(plan);
  ok(fired > 400 && fired < 600, `${fired} of 1000`);
  equal(plan.fired.get("test.point"), fired);
});

test("a run draws anew which faults are active", () => {
  const point = faults.define("test.point", 1);
  const isActive = (seed: number): boolean =>
    new FaultPlan(createRandom(seed), "drawn").fires(point);
  const active = Array.from({ length: 200 }, (_, seed) => isActive(seed)).filter(Boolean).length;
  ok(active > 60 && active < 140, `${active} of 200`);
});

test("a fault needs a name with a subject and an event, and a chance", () => {
  throws(() => faults.define("kill", 0.5), { code: "ERR_ARGUMENT" });
  throws(() => faults.define("service.kill", 1.5), { code: "ERR_ARGUMENT" });
});

test("a virtual clock stands still, moves on, and never back", () => {
  const clock = virtualClock({ startMs: 10, wallMs: 1000 });
  clock.advance(2.5);
  deepEqual([clock.now(), clock.wall()], [12.5, 1002]);
  clock.moveTo(5);
  equal(clock.now(), 12.5);
  throws(() => clock.advance(-1), { code: "ERR_ARGUMENT" });
});

test("events of one moment come in an order that the seed draws", () => {
  const orderOf = (seed: number): string => {
    const simulator = createSimulator({ seed });
    let order = "";
    for (const letter of "abcdef") simulator.after(1, () => (order += letter));
    simulator.drain();
    return order;
  };
  equal(orderOf(1), orderOf(1));
  notEqual(orderOf(1), orderOf(2));
});
