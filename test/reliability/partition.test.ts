/**
 * Two nodes whose ways to each other and to the engine are cut and healed again and again, in any combination, under calls both ways: each call
 * ends once, an answer is that of the request that was made, and after each healing both find each other again by themselves. `SEED` and `SCALE`
 * repeat and lengthen it.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { lackOfNats, natsServer } from "../integration/cluster/nats-server.ts";
import { knows, routed } from "../integration/cluster/network.ts";
import { createRandom } from "../../src/base/random.ts";
import type { CallCounts } from "./call-counts.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 12 * Number(process.env["SCALE"] ?? 1);
const WORKERS = 50;

/** Calls without an end, and counts how calls end. Between two nodes each says whom it is. */
const LOAD = `
  import { cluster, skynet } from "snax";
  const counts = { answered: 0, begun: 0, ended: 0, wrong: 0, byCode: {} };
  let isOver = false;
  let workers = [];
  async function work(node, first) {
    for (let id = first; !isOver; id += 1) {
      counts.begun += 1;
      try {
        const [who, what] = await cluster.call(node, "@named", id);
        counts.answered += 1;
        if (who !== node || what !== id) counts.wrong += 1;
      } catch (error) {
        const key = error.code + " " + error.data?.sent;
        counts.byCode[key] = (counts.byCode[key] ?? 0) + 1;
        await skynet.sleep(1);
      }
      counts.ended += 1;
      if (id % 3 === 0) await skynet.sleep(1);
    }
  }
  export const response = {
    begin: (node, count) => { workers = Array.from({ length: count }, (_each, index) => work(node, index * 1e6)); },
    counts: () => counts,
    end: async () => { isOver = true; await Promise.all(workers); return counts; },
  };
`;

const NAMED = `
  import { cluster, skynet } from "snax";
  skynet.start(async () => {
    const name = skynet.getenv("node");
    skynet.dispatch("lua", async (_session, _source, id) => {
      if (id % 4 === 0) await skynet.sleep(id % 30);
      return [name, id];
    });
    await cluster.register("named");
  });
`;

const lack = lackOfNats();

test(
  "ways are cut and come back under load: every call ends once, and the nodes find each other again",
  { skip: lack ?? false },
  async (t) => {
    t.diagnostic(`seed=${SEED} rounds=${ROUNDS}`);
    const random = createRandom(SEED);
    const server = await natsServer(t);
    const options = { files: { load: LOAD, named: NAMED } };
    const [a, b] = [
      await routed(t, server, "a", options),
      await routed(t, server, "b", options),
    ] as const;
    for (const { node } of [a, b]) await node.skynet.newservice("named");
    await knows(a, ["b"]);
    await knows(b, ["a"]);
    const loads = [await a.node.make("load"), await b.node.make("load")];
    await loads[0]?.req.begin("b", WORKERS);
    await loads[1]?.req.begin("a", WORKERS);
    const answered = async (): Promise<number[]> =>
      Promise.all(loads.map(async ({ req }) => ((await req.counts()) as CallCounts).answered));
    /** Waits until that number of further calls has been answered, both ways. */
    const progress = async (more: number): Promise<void> => {
      const before = await answered();
      while (!(await answered()).every((now, index) => now >= (before[index] ?? 0) + more)) {
        await a.node.skynet.sleep(20);
      }
    };
    const ways = [a.links, b.links, a.engine, b.engine];
    for (let round = 0; round < ROUNDS; round += 1) {
      await progress(100 + random.below(500));
      const chosen = ways.filter(() => random.below(2) === 0);
      for (const way of chosen) {
        if (random.below(2) === 0) await way.cut();
        else way.silence();
        if (random.below(3) === 0) await a.node.skynet.sleep(random.below(700));
      }
      // Beyond the lease of a member, now and then.
      await a.node.skynet.sleep(random.below(random.below(3) === 0 ? 6000 : 1500));
      for (const way of chosen.toSorted(() => random.below(3) - 1)) {
        await way.heal();
        if (random.below(3) === 0) await a.node.skynet.sleep(random.below(700));
      }
      await knows(a, ["b"]);
      await knows(b, ["a"]);
    }
    await progress(500);
    const known = ["ERR_NODE_DOWN true", "ERR_NODE_UNREACHABLE false", "ERR_NODE_UNKNOWN false"];
    for (const { req } of loads) {
      const counts = (await req.end()) as CallCounts;
      t.diagnostic(JSON.stringify(counts));
      equal(counts.wrong, 0);
      equal(counts.ended, counts.begun);
      deepEqual(
        Object.keys(counts.byCode).filter((key) => !known.includes(key)),
        [],
      );
      ok((counts.byCode["ERR_NODE_DOWN true"] ?? 0) > 0);
    }
    for (const [{ node }, other] of [
      [a, "b"],
      [b, "a"],
    ] as const) {
      const { links } = await node.skynet.call<any>(".clusterd", "debug", "INFO");
      deepEqual([links[other].calls, links[other].queued], [0, 0]);
    }
  },
);
