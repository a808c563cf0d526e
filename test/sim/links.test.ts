/**
 * Nodes that call each other over links, in virtual time: processes die and start anew, stand still, machines lose their power, ways are cut one way and both,
 * connections are reset on both sides and on one. All but the network and the clock is the product's: kernel, services, sockets, clusterd.
 *
 * Promises: each call ends once, in time, and with the answer of the service that got it; a request arrives at most once, and in the order in which its
 * service has sent it; nothing arrives that was said not to have been sent; a handle leads to the service that it was of, or to nobody; a monitor
 * is told of ups and downs in turn, of processes in their order, and in the end of those that are there. Planted faults are found. Left out:
 * connections that do not take what is written, TLS, and nodes that an engine names.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { LinkResult, LinkTask } from "./link-world.ts";
import { drawSeeds } from "./scale.ts";

/** Runs tasks, one after the other. */
async function run(tasks: readonly LinkTask[]): Promise<LinkResult[][]> {
  const worker = new Worker(new URL("./link-world.js", import.meta.url), { workerData: tasks });
  const [results] = (await once(worker, "message")) as [LinkResult[][]];
  return results;
}

/** Runs seeds. @returns what was wrong */
async function findFaults(task: LinkTask): Promise<string[]> {
  const [results = []] = await run([task]);
  equal(results.length, task.seeds.length);
  return results.flatMap(({ seed, fault }) =>
    fault === undefined ? [] : [`seed ${seed}: ${fault}`],
  );
}

const { seeds, name } = drawSeeds("links", { c: 6, r: 2000, s: 100_000 });

test("calls between nodes end once, reach whom they were meant for and keep their order, whatever happens to nodes and ways", async () => {
  deepEqual(await findFaults({ seeds, size: 4, troubleMs: 15_000, plant: "none" }), []);
});

test("so do those of many nodes", async () => {
  const few = seeds.slice(0, Math.ceil(seeds.length / 100));
  const size = name === "c" ? 15 : 100;
  deepEqual(await findFaults({ seeds: few, size, troubleMs: 5000, plant: "none" }), []);
});

test("a seed gives the same run each time, and most of what can happen does", async () => {
  const task = { seeds: [1], size: 4, troubleMs: 15_000, plant: "none" };
  const [[first] = [], [second] = []] = await run([task, task]);
  ok((first?.calls ?? 0) > 200);
  deepEqual(second, first);
  const kinds = ["answered", "ERR_NODE_DOWN true", "ERR_NODE_DOWN false", "process killed"];
  for (const kind of kinds) ok((first?.counts[kind] ?? 0) > 3, kind);
});

const PLANTS: Readonly<Record<string, readonly [RegExp, string]>> = {
  twice: [/arrived twice/, "a request that arrives twice"],
  swapped: [/arrived after \d+, of the same service/, "a request that is overtaken"],
  mixed: [/was answered with/, "the answer of another call"],
  lost: [/never ended/, "a call that is forgotten when its link is lost"],
  liar: [/has sent: false, and reached/, "a call that has left, and is said not to have"],
  stale: [/ reached /, "a handle of an earlier process that is taken"],
  patient: [/arrived after \d+, of the same service/, "a connection that was given up and is read"],
  deaf: [/took \d+ ms/, "a node that is not dead for being silent"],
  quiet: [/up twice in a row|down of \w+, up was/, "a monitor that is not told of a down"],
};

test("planted faults are found, and named for what they are", async () => {
  const few = Array.from({ length: 100 }, (_each, index) => index + 1);
  const tasks = Object.keys(PLANTS).map((plant) => ({
    ...{ seeds: few, size: 3, troubleMs: 15_000, plant },
  }));
  const results = await run(tasks);
  for (const [index, [pattern, title]] of Object.values(PLANTS).entries()) {
    match(results[index]?.at(-1)?.fault ?? "nothing found", pattern, title);
  }
});
