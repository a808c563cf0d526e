/**
 * Ten nodes on the engine in memory, in virtual time: they stand still, are cut off, lose messages, and the engine stops, dies and forgets.
 *
 * Promises: of each name no node acts under a token that was replaced, tokens only grow, nodes that live know each other at the end, and then
 * each name has an owner. Planted faults are found. Left out: the links between the nodes, which are real sockets.
 */

import { deepEqual, match } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Task } from "./membership-world.ts";
import { drawSeeds, runInParts } from "./scale.ts";

/** Runs seeds. @returns what was wrong */
async function run(task: Task): Promise<string[]> {
  const worker = new Worker(new URL("./membership-world.js", import.meta.url), {
    workerData: task,
  });
  const [faults] = (await once(worker, "message")) as [string[]];
  return faults;
}

const { seeds } = drawSeeds("membership", { c: 50, r: 2000, s: 100_000 });

test("of each name there is one owner at a time, whatever stands still, is cut off or dies", async () => {
  const none = (some: readonly number[]): Promise<string[]> => run({ seeds: some, plant: "none" });
  deepEqual(await runInParts(seeds, none), []);
});

const PLANTS = {
  rash: "an owner that does not look at its clock",
  hasty: "a node that takes a name without taking the place of its owner away",
  greedy: "a right that lasts longer than the lease",
  early: "a node that does not wait when the engine has begun anew",
};

for (const [plant, title] of Object.entries(PLANTS)) {
  test(`planted: ${title} is found`, async () => {
    const few = Array.from({ length: 50 }, (_each, index) => index + 1);
    match((await run({ seeds: few, plant })).join(), /acts for \w+ under \d+, replaced by/);
  });
}
