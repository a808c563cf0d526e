/**
 * Random traffic keeps the kernel's promises, with every fault that the simulator knows.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";

import type { SimulatorOptions, Tally } from "../simulator.ts";
import { callbackMicrotasks, createSimulator, Traffic } from "../simulator.ts";
import { drawSeeds } from "./scale.ts";

function run(options: SimulatorOptions, messages = 300): Tally {
  return new Traffic(createSimulator(options), { messages }).run();
}

test("calls end exactly once and messages keep their order between services that die and come back", () => {
  for (const seed of drawSeeds("traffic", { c: 120, r: 4000, s: 200_000 }).seeds) {
    run({ seed, kernels: 1 + (seed % 3) });
  }
});

test("the promises hold with all faults at once", () => {
  for (const seed of drawSeeds("traffic.all", { c: 20, r: 1500, s: 50_000 }).seeds) {
    run({ seed, kernels: 1 + (seed % 3), faults: "all" });
  }
});

test("the promises hold where mailboxes are bounded", () => {
  for (const seed of drawSeeds("traffic.bounded", { c: 20, r: 1500, s: 50_000 }).seeds) {
    run({ seed, kernel: { mailboxLimit: 4 } });
  }
});

test("the promises hold where the microtasks can't be drained from inside a turn", () => {
  for (const seed of drawSeeds("traffic.stepwise", { c: 20, r: 1500, s: 50_000 }).seeds) {
    run({ seed, kernels: 1 + (seed % 2), microtasks: callbackMicrotasks(false) });
  }
});

test("the promises hold where handles begin again at 1 and skip the living", () => {
  for (const seed of drawSeeds("traffic.wrap", { c: 3, r: 100, s: 5000 }).seeds) {
    run({ seed, kernels: 2, firstHandle: 0xffffff - 6, faults: "all" }, 100);
  }
});

test("twenty thousand calls between two hundred services on four kernels end exactly once", () => {
  for (const seed of drawSeeds("traffic.large", { c: 1, r: 20, s: 1000 }).seeds) {
    const simulator = createSimulator({ seed, kernels: 4 });
    const tally = new Traffic(simulator, { services: 200, messages: 20_000 }).run();
    ok(tally.issued > 10_000);
    deepEqual(
      tally.issued,
      tally.values + tally.errors + tally.timeouts + tally.abandoned,
      "every call that was issued has ended in one way",
    );
  }
});
