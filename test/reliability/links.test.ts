/**
 * A node that is killed, stopped and started anew, again and again, under calls of another one: each call ends once, an answer is
 * the answer of the request that was made, and a handle of an earlier process reaches no service. `SEED` and `SCALE` repeat and lengthen it.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Running } from "../integration/process.ts";
import { PACKAGE, startNode } from "../integration/process.ts";
import { createRandom } from "../../src/base/random.ts";
import { world, writeFiles } from "../world.ts";
import type { CallCounts } from "./call-counts.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 12 * Number(process.env["SCALE"] ?? 1);
const TOKEN = "the token of the tests";

/** Answers with its name and what it was given, some of it later. With LIAR every hundredth answer is another one's. */
const NAMED = `
  import { cluster, skynet } from "snax";
  const isLiar = process.env.LIAR !== undefined;
  let count = 0;
  skynet.start(async (name) => {
    skynet.dispatch("lua", async (_session, _source, id, ms) => {
      if (ms > 0) await skynet.sleep(ms);
      count += 1;
      return [name, isLiar && count % 100 === 0 ? id - 1 : id];
    });
    await cluster.register(name);
  });
`;

/** Calls without an end, by name and by the handles that it gets, and counts how calls end. */
const CALLER = `
  import { cluster, skynet } from "snax";
  const counts = { answered: 0, begun: 0, ended: 0, wrong: 0, byCode: {} };
  let isOver = false;
  let random = 1;
  const next = (limit) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return random % limit;
  };
  async function one(name, address, id) {
    counts.begun += 1;
    let ends = 0;
    try {
      const [who, what] = await cluster.call("db", address, id, next(4) === 0 ? next(30) : 0);
      counts.answered += 1;
      if (who !== name || what !== id) counts.wrong += 1;
    } catch (error) {
      const key = error.code + (error.data?.sent === undefined ? "" : " " + error.data.sent);
      counts.byCode[key] = (counts.byCode[key] ?? 0) + 1;
    }
    ends += 1;
    counts.ended += ends;
  }
  async function worker(seed) {
    let handle;
    const name = seed % 2 === 0 ? "bank" : "trash";
    for (let id = seed * 1e6; !isOver; id += 1) {
      if (next(5) === 0) handle = await cluster.query("db", name).catch(() => handle);
      await one(name, handle === undefined || next(2) === 0 ? "@" + name : handle, id);
      if (next(3) === 0) await skynet.sleep(1);
    }
  }
  let workers = [];
  export const response = {
    begin: (count, seed) => {
      random = seed;
      workers = Array.from({ length: count }, (_each, index) => worker(index + 1));
    },
    counts: () => counts,
    end: async () => { isOver = true; await Promise.all(workers); return counts; },
  };
`;

/** Plays a number of rounds. @returns how calls ended, and what the link holds when all have */
async function play(t: TestContext, rounds: number): Promise<[CallCounts, links: any]> {
  t.diagnostic(`seed=${SEED}`);
  const { below: random } = createRandom(SEED);
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, "close");
  const folder = writeFiles(t, {
    named: NAMED,
    "node.mjs": `
      import { start } from ${JSON.stringify(PACKAGE)};
      const cluster = { listen: ${port}, token: ${JSON.stringify(TOKEN)}, deadAfter: 500 };
      const node = await start({ thread: ${random(2)}, services: "./?.ts", node: "db", cluster, root: process.cwd() });
      for (const name of process.argv.slice(2)) await node.skynet.newservice("named", name);
      console.log("all are there");
    `,
  });
  let running: Running | undefined;
  t.after(() => running?.child.kill("SIGKILL"));
  const begin = async (): Promise<void> => {
    const order = random(2) === 0 ? ["bank", "trash"] : ["trash", "bank"];
    running = startNode(["node.mjs", ...order], folder);
    await running.says("all are there");
  };
  await begin();
  const client = await world(
    t,
    { caller: CALLER },
    {
      node: "client",
      cluster: { nodes: { db: `127.0.0.1:${port}` }, token: TOKEN, deadAfter: 500 },
    },
  );
  const caller = await client.make("caller");
  await caller.req.begin(100, SEED);
  /** Waits until that number of further calls has been answered. */
  const progress = async (more: number): Promise<void> => {
    const { answered } = (await caller.req.counts()) as { answered: number };
    for (;;) {
      const now = (await caller.req.counts()) as { answered: number };
      if (now.answered >= answered + more) return;
      await client.skynet.sleep(20);
    }
  };
  for (let round = 0; round < rounds; round += 1) {
    await progress(200 + random(2000));
    const child = running?.child;
    if (random(3) === 0) {
      child?.kill("SIGSTOP");
      await client.skynet.sleep(random(1200));
      child?.kill("SIGCONT");
    } else {
      child?.kill("SIGKILL");
      await begin();
    }
  }
  await progress(500);
  const counts = (await caller.req.end()) as CallCounts;
  t.diagnostic(JSON.stringify(counts));
  const { links } = await client.skynet.call<any>(".clusterd", "debug", "INFO");
  return [counts, links];
}

test("a node dies, stands still and comes back under load: every call ends once, and reaches the service that it was meant for", async (t) => {
  const [counts, links] = await play(t, ROUNDS);
  equal(counts.wrong, 0);
  equal(counts.ended, counts.begun);
  const known = [
    "ERR_NODE_DOWN true",
    "ERR_NODE_DOWN false",
    "ERR_NODE_UNREACHABLE false",
    "ERR_NO_SERVICE",
  ];
  deepEqual(
    Object.keys(counts.byCode).filter((key) => !known.includes(key)),
    [],
  );
  ok((counts.byCode["ERR_NODE_DOWN true"] ?? 0) > 0);
  deepEqual([links.db.calls, links.db.queued], [0, 0]);
});

test("a node that answers with what another request asked for is found out", async (t) => {
  process.env["LIAR"] = "yes";
  t.after(() => delete process.env["LIAR"]);
  const [counts] = await play(t, 1);
  ok(counts.wrong > 0);
});
