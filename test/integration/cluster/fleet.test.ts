/** A patch of the whole fleet: on every node or on none, also if a node refuses it, is silent, dies, or comes late. */

import { createHash } from "node:crypto";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Config, Node } from "snax";
import { FLEET_PATCHES_MAX } from "../../../src/base/limits.ts";
import type { MemoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { memoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import type { FleetPatch, FleetRecord } from "../../../src/cluster/fleet/record.ts";
import { FleetSeal } from "../../../src/cluster/fleet/record.ts";
import { failureOf, world, writeFiles } from "../../world.ts";
import type { World } from "../../world.ts";
import { TOKEN } from "./links.ts";
import { desk } from "../console/console-client.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";

const SHOP = `
  let sold = 0;
  function price() { return 1; }
  export const response = { buy() { sold += price(); return sold; }, price: () => price() };
`;

const BAD = `export function hotfix() { throw new Error("no"); }`;
const DEARER = `function price() { return 10; }`;

let engines = 0;
const newEngine = (): string => `memory://fleet-${process.pid}-${(engines += 1)}`;

type Settings = Config & { files?: Record<string, string> };

function member(
  t: TestContext,
  node: string,
  engine: string,
  settings: Settings = {},
): Promise<World> {
  const { files = { shop: SHOP }, ...config } = settings;
  return world(t, files, { node, cluster: { listen: 0, token: TOKEN, engine }, ...config });
}

/** Waits until nodes know each other. */
async function together(nodes: readonly World[]): Promise<void> {
  for (;;) {
    const states = await Promise.all(
      nodes.map((node) => node.skynet.call<any>(".clusterd", "debug", "INFO")),
    );
    if (states.every(({ members }) => Object.keys(members).length === nodes.length - 1)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What `/readyz` says: "ready", or why not. */
async function readiness(node: World): Promise<string> {
  const line = (await node.log()).find((text) => text.endsWith("for health and metrics")) ?? "";
  const [, port = ""] = /:(\d+) for/.exec(line) ?? [];
  const reply = await fetch(`http://127.0.0.1:${port}/readyz`);
  const { reason } = (await reply.json()) as { reason?: string };
  return reply.ok ? "ready" : (reason ?? "");
}

for (const thread of [0, 2]) {
  test(`a patch goes into all services of all nodes, ${thread} worker threads`, async (t) => {
    const engine = newEngine();
    const nodes = await Promise.all(
      ["a", "b", "c"].map((node) => member(t, node, engine, { thread })),
    );
    const [a, b, c] = nodes as [World, World, World];
    await together(nodes);
    const shops = [await a.make("shop"), await a.make("shop"), await b.make("shop")];
    const { id, nodes: rows } = await a.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
    equal(id, 1);
    deepEqual(rows["a"]?.applied.length, 2);
    deepEqual(rows["b"]?.applied, [shops[2]?.handle]);
    deepEqual(rows["c"], {
      ...{ applied: [], failed: [], skipped: [] },
      counts: { applied: 0, failed: 0, skipped: 0 },
    });
    for (const shop of shops) equal(await shop.req.buy(), 10);
    // No service lived there; a new one has it.
    equal(await (await c.make("shop")).req.buy(), 10);
    for (const node of nodes) equal(node.snax.patches().at(-1)?.fleet, 1);
  });
}

test("one service of one node that refuses it keeps it from all", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, engine)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const shops = [await a.make("shop"), await b.make("shop")];
  const wary = await b.make("shop");
  await wary.req.buy();
  const patch = `declare let sold: number; ${DEARER}
    export function hotfix() { if (sold > 0) throw new Error("it has sold"); }`;
  const error = await failureOf(a.snax.repair({ fleet: true }).hotfixall("shop", patch));
  equal(error.code, "ERR_PATCH_FAILED");
  match(error.message, /the patch is in no node: b refuses it: .*it has sold/);
  for (const shop of shops) equal(await shop.req.buy(), 1);
  equal(await wary.req.buy(), 2);
  equal(await (await a.make("shop")).req.buy(), 1);
  // The number is used up; the next patch goes in.
  const { id } = await b.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  equal(id, 2);
  equal(await shops[0]?.req.buy(), 11);
});

test("nodes that run different files refuse it, with both hashes", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  const b = await member(t, "b", engine, { files: { shop: `${SHOP}// another release\n` } });
  await together([a, b]);
  const shop = await b.make("shop");
  const error = await failureOf(a.snax.repair({ fleet: true }).hotfixall("shop", DEARER));
  equal(error.code, "ERR_PATCH");
  match(
    error.message,
    /shop is [0-9a-f]{12} on a and [0-9a-f]{12} here: the nodes run different files/,
  );
  equal(await shop.req.buy(), 1);
});

test("a node that comes later has it before its first service is born", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  await a.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  await a.snax
    .repair({ fleet: true })
    .hotfixall("shop", `export const response = { name() { return "shop"; } };`);
  for (const thread of [0, 2]) {
    const b = await member(t, `b${thread}`, engine, { thread });
    const shop = await b.make("shop");
    equal(await shop.req.buy(), 10);
    equal(await (shop as any).req.name(), "shop");
  }
});

test("it is taken back on all nodes by its number in the fleet", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, engine)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const shops = [await a.make("shop"), await b.make("shop")];
  await b.snax.hotfixall("shop", `export const response = { other() { return 1; } };`);
  const { id } = await a.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  for (const shop of shops) equal(await shop.req.buy(), 10);
  const back = await a.snax.repair({ fleet: true }).rollback(id);
  equal(back.id, 2);
  for (const shop of shops) equal(await shop.req.buy(), 11);
  const c = await member(t, "c", engine);
  equal(await (await c.make("shop")).req.buy(), 1);
});

test("without an engine it is refused; away from it too, and nothing has changed", async (t) => {
  const alone = await world(t, { shop: SHOP });
  const shop = await alone.make("shop");
  const none = await failureOf(alone.snax.repair({ fleet: true }).hotfixall("shop", DEARER));
  equal(none.code, "ERR_ENGINE_DOWN");
  equal(await shop.req.buy(), 1);
  const name = newEngine();
  const a = await member(t, "a", name);
  const other = await a.make("shop");
  memoryEngine(name).kill();
  const away = await failureOf(a.snax.repair({ fleet: true }).hotfixall("shop", DEARER));
  equal(away.code, "ERR_ENGINE_DOWN");
  equal((away.data as { sent: boolean }).sent, false);
  equal(await other.req.buy(), 1);
});

test("a node that is silent keeps it from all, unless it may be missing; then it gets it when it is back", async (t) => {
  const name = newEngine();
  const engine = memoryEngine(name);
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, name)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const shops = [await a.make("shop"), await b.make("shop")];
  engine.partition("b");
  const error = await failureOf(a.snax.repair({ fleet: true }).hotfixall("shop", DEARER));
  equal(error.code, "ERR_PATCH_TIMEOUT");
  match(error.message, /the patch is in no node: b /);
  equal(await shops[0]?.req.buy(), 1);
  engine.heal("b");
  await together(nodes);
  engine.partition("b");
  const { nodes: rows } = await a.snax
    .repair({ fleet: true, allowMissing: true })
    .hotfixall("shop", DEARER);
  deepEqual(
    rows["b"]?.failed.map(({ code }) => code),
    ["ERR_NODE_DOWN"],
  );
  equal(await shops[0]?.req.buy(), 11);
  engine.heal("b");
  while ((await (shops[1] as any).req.price()) < 10)
    await new Promise((resolve) => setImmediate(resolve));
  ok(b.snax.patches().some(({ fleet }) => fleet !== undefined));
});

test("the console patches the fleet, and says what came of it on each node", async (t) => {
  const engine = newEngine();
  const files = { shop: SHOP, "dear.ts": DEARER, "bad.ts": BAD };
  const a = await desk(t, files, { node: "a", cluster: { listen: 0, token: TOKEN, engine } });
  const b = await member(t, "b", engine);
  await together([a, b]);
  const shop = await b.make("shop");
  const ask = async (line: string): Promise<string> => (await a.ask(line)).join("\n");
  const bad = await ask(`hotfix shop ${a.folder}/bad.ts --fleet`);
  match(bad, /the patch is in no node: b refuses it/);
  const done = await ask(`hotfix shop ${a.folder}/dear.ts --fleet --allow-missing`);
  match(done, /^id\t2$/m);
  match(done, /^applied\t1$/m);
  match(done, /^node a\t.*applied:0/m);
  match(done, /^node b\t.*applied:1/m);
  equal(await shop.req.buy(), 10);
  match(await ask("cluster"), /^patch 2\t.*state:commit/m);
  await a.make("shop");
  match(await ask("rollback 2 --fleet"), /^applied\t2$/m);
  equal(await shop.req.buy(), 11);
  match(await ask("hotfix shop x.ts --fleet --once"), /--once does not go with --fleet/);
  match(await ask("rollback 2 --allow-missing"), /add --fleet/);
  match(await ask(`hotfix :00000001 ${a.folder}/dear.ts --fleet`), /--fleet is for a type/);
});

test("over NATS as in memory, and a node that starts when the engine is away is not ready before it knows", async (t) => {
  const lack = lackOfNats();
  if (lack !== undefined) return t.skip(lack);
  const server = await natsServer(t);
  const nodes = await Promise.all(["a", "b", "c.d/e"].map((node) => member(t, node, server.url)));
  await together(nodes);
  const [a, b] = nodes as [World, World];
  const shops = await Promise.all(nodes.map((node) => node.make("shop")));
  await a.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  for (const shop of shops) equal(await shop.req.buy(), 10);
  await b.snax.repair({ fleet: true }).rollback(1);
  for (const shop of shops) equal(await shop.req.buy(), 11);
  await b.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  await server.kill();
  const d = await member(t, "d", server.url, { metrics: 0 });
  match(await readiness(d), /has not told which patches it has/);
  await server.start();
  while ((await readiness(d)) !== "ready") await new Promise((resolve) => setImmediate(resolve));
  equal(await (await d.make("shop")).req.buy(), 10);
});

test("a node that is started anew knows from its ledger what it has", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  const config = {
    node: "b",
    cluster: { listen: 0, token: TOKEN, engine },
    ledger: "ledger.jsonl",
  };
  const folder = writeFiles(t, { shop: SHOP });
  const launch = async (): Promise<Node> => {
    const node = await start(
      { thread: 0, services: `${folder}/?.ts`, logger: "b.log", ...config },
      { root: folder },
    );
    t.after(() => node.stop());
    return node;
  };
  const first = await launch();
  await together([a, first as unknown as World]);
  await a.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  deepEqual(
    first.snax.patches().map(({ fleet }) => fleet),
    [1],
  );
  await first.stop();
  await a.snax.repair({ fleet: true }).hotfixall("shop", `function price() { return 100; }`);
  const again = await launch();
  deepEqual(
    again.snax.patches().map(({ fleet }) => fleet),
    [1, 2],
  );
  const shop = await again.snax.newservice<any>("shop");
  equal(await shop.req.buy(), 100);
});

/** Fills an engine with patches that nodes have agreed on before: each is as the last one, but for its text. */
function fill(engine: MemoryEngine, last: number, textOf: (id: number) => string): void {
  const seal = new FleetSeal(TOKEN);
  const before = engine.entriesOf("patch").length;
  const { value = "" } = engine.peek(`patch/${before}`) ?? {};
  const record = seal.open(`patch/${before}`, value) as FleetRecord;
  for (let id = before + 1; id <= last; id += 1) {
    const patch = { ...(record.patch as FleetPatch), texts: [["", textOf(id)]] as const };
    const body = { ...record, key: `${record.key}${id}`, patch };
    engine.write(`patch/${id}`, seal.seal(`patch/${id}`, body), 0);
  }
  const { token = 0 } = engine.peek("fleet/head") ?? {};
  engine.write("fleet/head", seal.seal("fleet/head", { head: last }), token);
}

test("what all nodes have retired the engine forgets; what nodes need has a limit", async (t) => {
  const name = newEngine();
  const engine = memoryEngine(name);
  // A hundred rounds of votes would take long, and test nothing more.
  const before = await member(t, "before", name);
  for (const text of [`function price() { return 5; }`, DEARER]) {
    await before.snax.repair({ fleet: true }).hotfixall("shop", text);
  }
  await before.stop();
  const method = (more: number): string =>
    `export const response = { m${more}() { return ${more}; } };`;
  fill(engine, FLEET_PATCHES_MAX - 1, method);
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, name)));
  const [a] = nodes as [World, World];
  await together(nodes);
  const fleet = a.snax.repair({ fleet: true });
  const shop = await a.make("shop");
  const another = async (more: number): Promise<number> =>
    (await fleet.hotfixall("shop", method(more))).id;
  deepEqual([await shop.req.price(), await (shop.req as any)["m3"]()], [10, 3]);
  equal(await another(0), FLEET_PATCHES_MAX);
  // There is no more room, but nothing is left of the first one. The number between is that of the question.
  equal(await another(FLEET_PATCHES_MAX), FLEET_PATCHES_MAX + 2);
  const states = (await a.skynet.call<any>(".clusterd", "debug", "INFO")).patches;
  ok(states[1] === undefined || states[1].state === "over");
  const error = await failureOf(another(FLEET_PATCHES_MAX + 1));
  equal(error.code, "ERR_EXHAUSTED");
  match(error.message, /FLEET_PATCHES_MAX/);
  while (engine.entriesOf("vote").length > 0) await new Promise((resolve) => setImmediate(resolve));
  equal(await shop.req.price(), 10);
  const late = (await (await member(t, "c", name)).make("shop")) as any;
  deepEqual([await late.req.price(), await late.req[`m${FLEET_PATCHES_MAX}`]()], [10, 100]);
});

test("a patch that is too large for the engine is refused", async (t) => {
  const a = await member(t, "a", newEngine());
  let noise = "";
  for (let seed = 1; noise.length < 800_000; seed += 1)
    noise += createHash("sha256").update(`${seed}`).digest("base64");
  const error = await failureOf(
    a.snax.repair({ fleet: true }).hotfixall("shop", `${DEARER} // ${noise}`),
  );
  equal(error.code, "ERR_PATCH_SIZE");
  match(error.message, /FLEET_RECORD_MAX/);
});

test("what strangers write to the engine changes nothing", async (t) => {
  const name = newEngine();
  const engine = memoryEngine(name);
  const a = await member(t, "a", name);
  const b = await member(t, "b", name, { cluster: { listen: 0, token: TOKEN, engine: name } });
  await together([a, b]);
  const shop = await a.make("shop");
  await a.snax.repair({ fleet: true }).hotfixall("shop", DEARER);
  const { value = "" } = engine.peek("patch/1") ?? {};
  ok(!value.includes("price"));
  // What was sealed for one key is worth nothing under another one.
  const texts = [
    value,
    "",
    "x",
    Buffer.alloc(100).toString("base64"),
    `${value.slice(0, -8)}AAAAAAA=`,
  ];
  for (const [index, text] of texts.entries()) engine.write(`patch/${2 + index}`, text, 0);
  for (const key of ["patch/0", "patch/x", "patch/99999999999", "vote/2", "vote/2.a"])
    engine.write(key, value, 0);
  await a.skynet.sleep(50);
  equal(await shop.req.price(), 10);
  equal(await (await b.make("shop")).req.price(), 10);
  equal(a.snax.patches().length, 1);
});

test("what the fleet has not is refused", async (t) => {
  const a = await member(t, "a", newEngine());
  const shop = await a.make("shop");
  const fleet = a.snax.repair({ fleet: true }) as any;
  const refusals = [
    () => fleet.hotfix(shop, DEARER),
    () => fleet.hotfixshared("./x.ts", DEARER),
    () => a.snax.repair({ fleet: true, once: true } as any),
    () => a.snax.repair({ fleet: true, atomic: false } as any),
    () => a.snax.repair({ allowMissing: true } as any),
  ];
  for (const refusal of refusals) {
    equal((await failureOf((async () => refusal())())).code, "ERR_ARGUMENT");
  }
  equal((await failureOf(fleet.hotfixall("shop", 5))).code, "ERR_ARGUMENT");
  equal((await failureOf(fleet.rollback(7))).code, "ERR_ARGUMENT");
  equal((await failureOf(fleet.hotfixall("shop", DEARER, () => 1))).code, "ERR_NOT_SENDABLE");
});
