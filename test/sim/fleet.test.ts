/**
 * Patches of the whole fleet on the engine in memory, in virtual time: nodes die, with their ledger and without, stand still, are cut off, refuse, and the engine
 * stops, dies and forgets.
 *
 * Promises: a patch is decided once; when it is committed all who were asked have it in, but for those that have waited FLEET_HOLD_MS for an engine that they
 * did not reach; such a node is not ready until it has the patch, and has it soon after it reaches the engine; no node keeps one that is not committed, or
 * undoes one that is; the caller hears the truth; in the end all nodes have all that was committed. Planted faults are found. Left out: what a patch does inside a node,
 * which test/integration/hotfix/atomic.test.ts is for, and links.
 */

import { deepEqual, match } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Task } from "./fleet-world.ts";
import { drawSeeds, runInParts } from "./scale.ts";

/** Runs seeds. @returns what was wrong */
async function run(task: Task): Promise<string[]> {
  const worker = new Worker(new URL("./fleet-world.js", import.meta.url), { workerData: task });
  const [faults] = (await once(worker, "message")) as [string[]];
  return faults;
}

/** Runs seeds of a world without a bug, in parts. @returns what was wrong */
function runAll(
  all: readonly number[],
  settings: Omit<Task, "seeds">,
  part?: number,
): Promise<string[]> {
  return runInParts(all, (some) => run({ seeds: some, ...settings }), part);
}

const { seeds, name } = drawSeeds("fleet", { c: 24, r: 2000, s: 100_000 });

test("a patch of the fleet is on all nodes or on none, also if a node dies, stands still or is cut off", async () => {
  deepEqual(await runAll(seeds, { size: 6, troubleMs: 60_000, plant: "none" }), []);
});

test("nor when the node that leads it decides too late", async () => {
  const few = seeds.slice(0, Math.ceil(seeds.length / 4));
  deepEqual(await runAll(few, { size: 6, troubleMs: 60_000, plant: "slow" }), []);
});

test("of many nodes, too", async () => {
  const size = name === "c" ? 25 : 100;
  const few = seeds.slice(0, Math.ceil(seeds.length / 100));
  deepEqual(await runAll(few, { size, troubleMs: 20_000, plant: "none" }, 1), []);
});

const PLANTS = {
  rash: [
    /is committed, and n\d does not have it in/,
    "a node that says yes before it has the patch",
  ],
  stubborn: [/is decided twice/, "who overwrites a decision"],
  impatient: [
    /is committed, and n\d does not have it in|undoes patch \d+, which is committed/,
    "a node that undoes by its own clock alone",
  ],
  hasty: [
    /goes on without patch \d+ after \d+/,
    "a node that holds no services for an engine that is away",
  ],
  proud: [
    /says that it is ready|is ready without patch/,
    "a node without a patch that says that it is ready",
  ],
  forgetful: [
    /lacks t\d|is without a patch/,
    "nodes that do not tell an engine that has lost its memory",
  ],
} as const;

for (const [plant, [pattern, title]] of Object.entries(PLANTS)) {
  test(`planted: ${title} is found`, async () => {
    const few = Array.from({ length: 100 }, (_each, index) => index + 1);
    match((await run({ seeds: few, size: 6, troubleMs: 60_000, plant })).join(), pattern);
  });
}
