/**
 * Nodes that call each other over links, in virtual time: processes die and start anew, drain, stand still, machines lose their power, ways are cut one way
 * and both, connections are reset on both sides and on one. Half of the worlds find each other by an engine, which is cut off, stops, dies and forgets. All
 * but the network, the clock and the engine is the product's: kernel, services, sockets, clusterd.
 *
 * Promises: each call ends once, in time, and with the answer of the service that got it; a request arrives at most once, and in the order in which its
 * service has sent it; nothing arrives that was said not to have been sent, or whose deadline passed before there was a link; a handle leads to the service that it was of, or to none; a monitor
 * is told of ups and downs in turn, of processes in their order, and in the end of those that are there. Planted faults are found. Left out:
 * connections that do not take what is written, and TLS.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { LinkResult, LinkTask } from "./link-world.ts";
import { drawSeeds, runInParts } from "./scale.ts";

/** Runs tasks, one after the other. */
async function run(tasks: readonly LinkTask[]): Promise<LinkResult[][]> {
  const worker = new Worker(new URL("./link-world.js", import.meta.url), { workerData: tasks });
  const [results] = (await once(worker, "message")) as [LinkResult[][]];
  return results;
}

/** Runs seeds of a world without a bug. @returns what was wrong */
async function findFaults(
  all: readonly number[],
  settings: { size: number; troubleMs: number },
  part?: number,
): Promise<string[]> {
  const one = async (some: readonly number[]): Promise<LinkResult[]> => {
    const [results = []] = await run([{ seeds: some, plant: "none", ...settings }]);
    return results;
  };
  const results = await runInParts(all, one, part);
  equal(results.length, all.length);
  return results.flatMap(({ seed, fault }) =>
    fault === undefined ? [] : [`seed ${seed}: ${fault}`],
  );
}

const { seeds, name } = drawSeeds("links", { c: 4, r: 2000, s: 100_000 });

test("calls between nodes end once, reach the service that they were meant for and keep their order, whatever happens to nodes and ways", async () => {
  deepEqual(await findFaults(seeds, { size: 4, troubleMs: 15_000 }), []);
});

test("so do those of many nodes", async () => {
  const few = seeds.slice(0, Math.ceil(seeds.length / 100));
  const size = name === "c" ? 15 : 100;
  deepEqual(await findFaults(few, { size, troubleMs: 5000 }, 1), []);
});

/** What happens in a handful of runs. */
const KINDS = [
  ...["process killed", "machine off", "drained", "stands still", "service replaced"],
  ...["way cut", "cut off", "connection reset", "engine away"],
  ...["answered", "ERR_NODE_DOWN true", "ERR_NODE_DOWN false", "ERR_NODE_UNREACHABLE false"],
  ...["ERR_SERVICE_DEAD undefined", "ERR_TIMEOUT undefined"],
  "ERR_NOT_SENDABLE undefined",
];

test("a seed gives the same run each time, and all that can happen does", async () => {
  const task = { seeds: [1, 2, 3], size: 3, troubleMs: 15_000, plant: "none" };
  const [first = [], second = []] = await run([task, task]);
  deepEqual(second, first);
  const happened = new Set(first.flatMap(({ counts }) => Object.keys(counts)));
  deepEqual(
    KINDS.filter((kind) => !happened.has(kind)),
    [],
  );
});

/** What each bug is found as, and a seed from which on it soon is. */
const PLANTS: Readonly<Record<string, readonly [RegExp, number]>> = {
  twice: [/arrived twice/, 1],
  swapped: [/arrived after \d+, of the same service/, 1],
  doubled: [/gets a second answer/, 1],
  stubborn: [/was not sent \(.* no answer .*, and reached/, 2],
  mixed: [/was answered with/, 1],
  lost: [/never ended/, 1],
  liar: [/was not sent .*, and reached/, 1],
  stale: [/ reached .* of n\d|by a handle of service|failed with ERR_FORBIDDEN/, 1],
  patient: [/arrived after \d+, of the same service/, 4],
  deaf: [/took \d+ ms/, 15],
  quiet: [/up twice in a row|down of \w+, up was/, 1],
};

test("planted faults are found, and named for what they are", async () => {
  const tasks = Object.entries(PLANTS).map(([plant, [, first]]) => ({
    seeds: Array.from({ length: 50 }, (_each, index) => first + index),
    ...{ size: 3, troubleMs: 15_000, plant },
  }));
  const results = await run(tasks);
  for (const [index, [plant, [pattern]]] of Object.entries(PLANTS).entries()) {
    match(results[index]?.at(-1)?.fault ?? "nothing found", pattern, plant);
  }
});
