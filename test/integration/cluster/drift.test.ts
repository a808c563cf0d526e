/** `drift` of the whole fleet: by node, and who is silent is named. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config } from "snax";
import { memoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";
import { desk } from "../console/console-client.ts";
import { Flag, IS_OVER } from "../flag.ts";
import { startSnax } from "../process.ts";
import { linkPlaceOf, TOKEN } from "./links.ts";

const SHOP = `${IS_OVER}
function price(): number { return 1; }
export const response = {
  price: () => price(),
  hang(flag: SharedArrayBuffer): void { while (!isOver(flag)); },
};
`;
const DEARER = `function price(): number { return 10; }`;

let engines = 0;
const newEngine = (): string => `memory://drift-${process.pid}-${(engines += 1)}`;

function member(t: TestContext, node: string, engine: string, config: Config = {}): Promise<World> {
  return world(
    t,
    { shop: SHOP },
    { node, cluster: { listen: 0, token: TOKEN, engine }, ...config },
  );
}

/** Waits until a node knows that number of others. */
async function knows(node: World, count: number): Promise<void> {
  for (;;) {
    const { members } = await node.skynet.call<any>(".clusterd", "debug", "INFO");
    if (Object.keys(members).length === count) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("each node says what it runs against its own files, and exit codes count all of them", async (t) => {
  const engine = newEngine();
  const cluster = { listen: 0, token: TOKEN, engine };
  const a = await desk(t, { shop: SHOP }, { node: "a", cluster });
  const b = await member(t, "b", engine, { thread: 2 });
  await knows(a, 1);
  await Promise.all([a.make("shop"), b.make("shop"), b.make("shop")]);
  const shell = async (): Promise<[number, string]> => {
    const words = ["drift", "--fleet", "--console", `${a.port}`];
    const { code, stdout } = await startSnax(words, a.folder).ended;
    return [code ?? -1, stdout];
  };
  equal((await a.snax.repair({ fleet: true }).drift()).drifts, false);
  const [same, text] = await shell();
  equal(same, 0);
  match(text, /^node a\tno drift\na shop\tsame\trunning:1\n\t\S*shop\.ts runs /m);
  match(text, /^node b\tno drift\nb shop\tsame\trunning:2\n\t\S*shop\.ts runs /m);
  await b.snax.hotfixall("shop", DEARER);
  const [drifts, after] = await shell();
  equal(drifts, 2);
  match(after, /^node a\tno drift$/m);
  match(
    after,
    /^node b\tdrift\nb shop\tdrifts\trunning:2\n\t\S*shop\.ts runs .* \+ patch 1 \(.*; differs in price$/m,
  );
  match(after, /^in all\tdrift$/m);
  // The file of the one node says so now, and no other.
  writeFileSync(join(b.folder, "shop.ts"), SHOP.replace("return 1", "return 10"));
  equal((await shell())[0], 0);
  const asked = await b.snax.repair({ fleet: true }).drift();
  deepEqual(
    [asked.drifts, asked.isComplete, Object.keys(asked.nodes), asked.silent],
    [false, true, ["a", "b"], []],
  );
  equal(asked.nodes["b"]?.root, process.cwd());
});

test("without an engine the nodes of the configuration are asked; a node that can't be reached is named", async (t) => {
  const b = await world(t, { shop: SHOP }, { node: "b", cluster: { listen: 0, token: TOKEN } });
  const nodes = { b: await linkPlaceOf(b), gone: "127.0.0.1:1" };
  const a = await desk(t, { shop: SHOP }, { node: "a", cluster: { token: TOKEN, nodes } });
  await b.make("shop");
  const { drifts, silent } = await a.snax.repair({ fleet: true }).drift();
  deepEqual(
    [drifts, silent.map(({ node, code }) => `${node} ${code}`)],
    [true, ["gone ERR_NODE_UNREACHABLE"]],
  );
  const lines = (await a.ask("drift --fleet")).join("\n");
  match(lines, /^node b\tno drift\nb shop\tsame/m);
  match(lines, /^node gone\tdoes not say: ERR_NODE_UNREACHABLE: /m);
  match(lines, /^in all\tdrift$/m);
  match(
    (await a.ask("drift --fleet --allow-missing")).join(),
    /does not know what to do with --allow-missing/,
  );
  match((await a.ask("drift --all")).join(), /--all/);
});

test("a thread that hangs is its node's; a node that takes too long is silent", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine, { hotfixtimeout: 500 });
  const b = await member(t, "b", engine, { hotfixtimeout: 100, thread: 1 });
  const c = await member(t, "c", engine, { hotfixtimeout: 60_000, thread: 1 });
  await knows(a, 2);
  const flag = new Flag();
  t.after(() => flag.raise());
  const shops = await Promise.all([b, c].map((node) => node.make("shop")));
  const hanging = shops.map((shop) => (shop as any).req.hang(flag.memory));
  const { nodes, silent } = await a.snax.repair({ fleet: true }).drift();
  deepEqual(
    nodes["b"]?.silent.map(({ thread }) => thread),
    [1],
  );
  deepEqual(
    silent.map(({ node, code }) => `${node} ${code}`),
    ["c ERR_TIMEOUT"],
  );
  flag.raise();
  await Promise.all(hanging);
});

test("when the engine is away the nodes that are known are asked, and it is said", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  const b = await member(t, "b", engine);
  await knows(a, 1);
  await knows(b, 1);
  memoryEngine(engine).kill();
  const { drifts, isComplete, nodes } = await a.snax.repair({ fleet: true }).drift();
  deepEqual([drifts, isComplete, Object.keys(nodes)], [true, false, ["a", "b"]]);
});

test("a node that has no fleet says so", async (t) => {
  const alone = await world(t, { shop: SHOP });
  const error = await failureOf(alone.snax.repair({ fleet: true }).drift());
  equal(error.code, "ERR_ENGINE_DOWN");
  match(error.message, /neither cluster\.engine nor cluster\.nodes/);
  ok(!(await alone.snax.drift()).drifts);
});
