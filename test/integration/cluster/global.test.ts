/** Services of which there is one in the whole cluster: one owner, calls from every node, a fencing token, and what happens when the owner goes. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config } from "snax";
import { memoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { codeOfFailure, world } from "../../world.ts";
import type { World } from "../../world.ts";
import { TOKEN } from "./links.ts";

const AUCTION = `
  import { cluster, skynet } from "snax";
  let bids = 0;
  let given;
  export function init(...args) { given = args; }
  export const response = {
    bid: () => { bids += 1; return bids; },
    where: () => [skynet.getenv("node"), cluster.token(), given],
    die: () => { skynet.exit(); },
  };
`;

let engines = 0;
const newEngine = (): string => `memory://global-${process.pid}-${(engines += 1)}`;

function member(t: TestContext, node: string, engine: string, config: Config = {}): Promise<World> {
  const cluster = { listen: 0, token: TOKEN, engine };
  return world(t, { auction: AUCTION }, { node, cluster, ...config });
}

/** Asks until the engine says yes: a node has its place a moment after its start. */
async function globalAt(node: World, ...args: unknown[]): Promise<any> {
  for (;;) {
    try {
      return await node.snax.globalservice<any>("auction", ...args);
    } catch (error) {
      if (!["ERR_ENGINE_DOWN", "ERR_NODE_UNKNOWN"].includes((error as { code: string }).code))
        throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

for (const thread of [0, 2]) {
  test(`three nodes ask at once and get one service, ${thread} worker threads`, async (t) => {
    const engine = newEngine();
    const nodes = await Promise.all(
      ["a", "b", "c"].map((node) => member(t, node, engine, { thread })),
    );
    const all = await Promise.all(nodes.map((node, index) => globalAt(node, index)));
    const places = await Promise.all(all.map((auction) => auction.req.where()));
    deepEqual(places[1], places[0]);
    deepEqual(places[2], places[0]);
    const bids = await Promise.all(all.map((auction) => auction.req.bid()));
    deepEqual(
      bids.sort((one, other) => one - other),
      [1, 2, 3],
    );
    const [owner, token] = places[0] as [string, number];
    const others = nodes.filter((_node, index) => ["a", "b", "c"][index] !== owner);
    equal((await others[0]?.snax.queryglobal<any>("auction"))?.type, "auction");
    // It ends: the next one that asks starts it, under a higher token.
    await all[0].req.die().catch(() => undefined);
    let next: any;
    do {
      next = await globalAt(others[0] as World);
    } while ((await codeOfFailure(next.req.bid())).startsWith("ERR_"));
    ok((await next.req.where())[1] > token);
  });
}

test("an owner that ends gives the service to the next caller", async (t) => {
  const engine = newEngine();
  const [a, b] = [await member(t, "a", engine), await member(t, "b", engine)];
  const first = await globalAt(a);
  const [, token] = await first.req.where();
  equal((await (await globalAt(b)).req.where())[0], "a");
  await a.drain();
  const [node, higher] = await (await globalAt(b)).req.where();
  equal(node, "b");
  ok(higher > token);
});

test("an owner that lost the engine ends its service before another node has it", async (t) => {
  const name = newEngine();
  const engine = memoryEngine(name);
  const [a, b] = [await member(t, "a", name), await member(t, "b", name)];
  const first = await globalAt(a);
  const [, token] = await first.req.where();
  engine.partition("a");
  // As long as it may act it answers; then it is ended, and no other node has it before.
  let last = "";
  do {
    await new Promise((resolve) => setImmediate(resolve));
    last = await codeOfFailure(first.req.where());
  } while (!last.startsWith("ERR_"));
  match(last, /^ERR_(ENGINE_DOWN|SERVICE_DEAD)$/);
  let place: [string, number] | undefined;
  while (place?.[0] !== "b") {
    await new Promise((resolve) => setImmediate(resolve));
    place = await (await globalAt(b)).req.where().catch(() => undefined);
  }
  ok(place[1] > token);
  equal(await codeOfFailure(a.snax.globalservice<any>("auction")), "ERR_ENGINE_DOWN");
});

test("a service that is not global has no token; without an engine global means this node", async (t) => {
  const node = await world(t, { auction: AUCTION });
  const auction = await node.snax.globalservice<any>("auction");
  equal(await auction.req.bid(), 1);
  equal(await codeOfFailure(auction.req.where()), "ERR_ARGUMENT");
});
