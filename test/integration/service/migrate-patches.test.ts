/** A service with patches goes to another thread: it can't be told from one that stayed, whatever is done to both. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeOf } from "snax";
import type { ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";
import { desk } from "../console/console-client.ts";

const THREE = { thread: 3 };

const FILES = {
  shop: `import { skynet } from "snax"; import { round } from "./lib/money.ts"; import { label } from "./label.ts";
const TAX = 0.2; const FACTOR = 1 + TAX; let sold = 5; let last = "none"; const items = new Map<string, Item>(); let any: any;
class Item { n = 1; name = ""; constructor(name: string) { this.name = name; } price() { return 10 * this.n; } }
function price(n: number) { return round(n * (1 + TAX)); }
const table = { a() { return "a1"; }, b: { c() { return "c1"; } } };
export const response = {
  put(name: string) { items.set(name, new Item(name)); return items.size; },
  ask() { return [price(100), FACTOR, sold, last, table.a(), table.b.c(), label(), [...items.values()].map((i) => i.price() + i.name)]; },
  sell() { return (sold += 1); }, keep() { const n = sold; any = () => n; },
};
export const accept = { arm(ms: number) { setTimeout(price, ms, 1); } };
`,
  "lib/money.ts": `let digits = 0; export function round(n: number) { return Math.round(n * 10 ** digits) / 10 ** digits; } export function setDigits(n: number) { digits = n; }`,
  "label.ts": `"use shared"; let text = "label"; export function label() { return text; } export function next() { text += "!"; }`,
};

/** Patches of a kind each. */
const PATCHES: Readonly<Record<string, string | Record<string, string>>> = {
  constant: `const TAX = 0.5;`,
  function: `declare const TAX: number; declare function round(n: number): number; function price(n: number) { return round(n * TAX) + 1; }`,
  class: `class Item { n = 2; name: string; extra = 3; constructor(name: string) { this.name = name; } price() { return 7 * this.n; } more() { return this.extra; } }`,
  state: `declare let sold: number; let bonus = 4; export const response = { bonus() { bonus += 1; return bonus + sold; } };`,
  assigns: `declare let sold: number; declare let last: string; export function hotfix() { sold = 50; last = "x"; }`,
  "assigns again": `declare let last: string; export function hotfix() { last = "y"; }`,
  module: {
    "./lib/money.ts": `declare let digits: number; export function round(n: number) { return Math.floor(n) + digits; }`,
  },
  "two modules": {
    "": `import { twice } from "./lib/money.ts"; function price(n: number) { return twice(n); }`,
    "./lib/money.ts": `export function twice(n: number) { return 2 * n; }`,
  },
  table: `const table = { b: { c() { return "c2"; }, d() { return "d2"; } } };`,
  removal: `delete response.sell;`,
};

/** Moves it to another thread, whichever it is on. */
async function move({ skynet }: Pick<World, "skynet">, { handle }: ServiceObject): Promise<number> {
  const { from } = await skynet.migrate(handle, { thread: 1 });
  return from === 1 ? (await skynet.migrate(handle, { thread: 2 })).to : 1;
}

/** Asks a service all that its patches may have given. */
async function probe(shop: ServiceObject): Promise<string> {
  const bonus = await shop.req.bonus().catch((error: unknown) => codeOf(error));
  const sell = await shop.req.sell().catch((error: unknown) => codeOf(error));
  return JSON.stringify([await shop.req.put("new"), await shop.req.ask(), bonus, sell]);
}

/** Two services with one history, of which the second one moves whenever it is told to. */
async function twins(
  node: World,
): Promise<{ pair: ServiceObject[]; check: (what: string) => Promise<void> }> {
  const pair = [await node.make("shop"), await node.make("shop")];
  const check = async (what: string): Promise<void> => {
    const [one, two] = pair as [ServiceObject, ServiceObject];
    equal(await probe(two), await probe(one), what);
    await move(node, two);
    equal(await probe(two), await probe(one), `${what}, moved`);
  };
  for (const each of pair) await each.req.put("apple");
  return { pair, check };
}

for (const [name, patch] of Object.entries(PATCHES)) {
  test(`one patch moves along, is taken back there and comes again: ${name}`, async (t) => {
    const node = await world(t, FILES, THREE);
    const { pair, check } = await twins(node);
    await check("before");
    const { id } = await node.snax.hotfixall("shop", patch);
    await check("patched");
    await check("patched and moved twice");
    const back = await node.snax.rollback(id);
    deepEqual(new Set(back.applied), new Set(pair.map(({ handle }) => handle)));
    await check("taken back");
    // State that was taken back stays, and may not begin anew.
    const again = await node.snax.hotfixall("shop", patch).catch((error: unknown) => codeOf(error));
    equal(typeof again === "string" && again.startsWith("ERR_PATCH"), name === "state");
    await check("again");
  });
}

test("many patches, of one service and of all, those born with them too: taken back in any order after moves back and forth", async (t) => {
  const node = await world(t, FILES, THREE);
  const { pair, check } = await twins(node);
  const ids: number[] = [];
  for (const patch of Object.values(PATCHES)) {
    ids.push((await node.snax.hotfixall("shop", patch)).id);
    await check(`after ${ids.length}`);
  }
  // Born from the text with all of them.
  const { pair: born, check: checkBorn } = await twins(node);
  await checkBorn("born");
  for (const each of [...pair, ...born])
    await node.snax.hotfix(each, `function price() { return 77; }`);
  await check("one more of its own");
  await checkBorn("one more of its own");
  for (const id of [ids[4], ids[1], ids[9], ids[6]]) {
    await node.snax.rollback(id as number);
    await check(`without ${id}`);
    await checkBorn(`born, without ${id}`);
  }
});

test("variables go back to what they were before a patch assigned them, unless other code has written them since", async (t) => {
  const node = await world(t, FILES, THREE);
  const { pair, check } = await twins(node);
  const [one, two] = pair as [ServiceObject, ServiceObject];
  const { id } = await node.snax.hotfixall("shop", PATCHES["assigns"] as string);
  const { id: again } = await node.snax.hotfixall("shop", PATCHES["assigns again"] as string);
  await move(node, two);
  await node.snax.rollback(again);
  deepEqual([(await one.req.ask())[3], (await two.req.ask())[3]], ["x", "x"]);
  await check("the later one is out");
  await two.req.sell();
  const { kept } = await node.snax.rollback(id);
  const named = new Map(kept.map(({ handle, names }) => [handle, names]));
  deepEqual([named.get(one.handle), named.get(two.handle)], [["sold"], ["sold"]]);
  equal((await two.req.ask())[3], "none");
});

test("what a patch had found in a variable and can't move is not given back there, and says so", async (t) => {
  const node = await world(t, FILES, THREE);
  const shop = await node.make("shop");
  await shop.req.keep();
  const { id } = await node.snax.hotfixall(
    "shop",
    `declare let any: any; declare let last: string; export function hotfix() { any = 1; last = "x"; }`,
  );
  await move(node, shop);
  const { kept } = await node.snax.rollback(id);
  deepEqual(kept, [{ handle: shop.handle, names: ["any", "last"] }]);
  equal((await shop.req.ask())[3], "x");
});

test("source, drift and patches say of a service that has moved what they say of one that stayed", async (t) => {
  const node = await desk(t, FILES, THREE);
  const pair = [await node.make("shop"), await node.make("shop")];
  await node.snax.hotfixall("shop", PATCHES["class"] as string);
  await node.snax.hotfixall("shop", PATCHES["two modules"] as Record<string, string>);
  // Which threads have a shared module changes with a move.
  const ask = async (what: string): Promise<string[]> =>
    (await node.ask(what)).map((line) => line.replace(/\tthreads:[\d,]+$/, ""));
  const before = [await ask("drift"), await ask("source shop")];
  await move(node, pair[1] as ServiceObject);
  deepEqual([await ask("drift"), await ask("source shop")], before);
  await node.snax.hotfix(pair[1] as ServiceObject, "const TAX = 0.1;");
  const apart = await ask("drift");
  await move(node, pair[1] as ServiceObject);
  deepEqual(await ask("drift"), apart);
  ok(apart.join() !== (before[0] as string[]).join());
});

test("a service born from another text than the files have now moves with its own, patches and all", async (t) => {
  const node = await world(t, FILES, THREE);
  const { check } = await twins(node);
  await node.snax.hotfixall("shop", PATCHES["class"] as string);
  writeFileSync(join(node.folder, "shop.ts"), "export const response = { other() { return 1; } };");
  node.skynet.cache.clear();
  await check("files changed");
});

test("a shared module that has the same patches on both threads stays the threads' own", async (t) => {
  const node = await world(t, FILES, THREE);
  const shop = await node.make("shop");
  await node.snax.hotfixshared(
    join(node.folder, "label.ts"),
    `declare let text: string; export function label() { return "patched " + text; }`,
  );
  for (let count = 0; count < 4; count += 1) {
    await move(node, shop);
    equal((await shop.req.ask())[6], "patched label");
  }
});

test("what no text says refuses with its reason", async (t) => {
  const node = await world(t, FILES, THREE);
  const shop = await node.make("shop");
  await node.snax.hotfix(
    shop,
    `declare function price(n: number): number; let seen = price(3); export const response = { seen() { return seen; } };`,
  );
  const error = await failureOf(move(node, shop));
  equal(codeOf(error), "ERR_MIGRATE");
  match(
    error.message,
    /shop\.ts with its patches does not say all that they did: when seen is evaluated may matter/,
  );
  equal(await shop.req.seen(), 4);
});

test("each patch of a type and of a service reaches a service once, wherever it is on its way", async (t) => {
  const text = `let count = 0; let mine = 0; export const response = { counts() { return [count, mine]; } };`;
  const node = await world(t, { text }, THREE);
  const services = await Promise.all(Array.from({ length: 6 }, () => node.make("text")));
  let isOver = false;
  let moves = 0;
  const moving = services.map(async (each) => {
    while (!isOver) {
      await node.skynet.migrate(each.handle, { thread: 1 + (moves % 3) });
      moves += 1;
    }
  });
  const rounds = 12;
  for (let round = 1; round <= rounds; round += 1) {
    const all = node.snax.repair({ atomic: round % 3 === 0 });
    const [result] = await Promise.all([
      all.hotfixall(
        "text",
        `declare let count: number; function f${round}() { return ${round}; } export function hotfix() { count += 1; }`,
      ),
      ...services.map((each) =>
        node.snax.hotfix(each, `declare let mine: number; export function hotfix() { mine += 1; }`),
      ),
    ]);
    deepEqual(
      [result.applied.length, result.failed.length],
      [services.length, 0],
      JSON.stringify(result),
    );
    for (const each of services) deepEqual(await each.req.counts(), [round, round]);
  }
  isOver = true;
  await Promise.all(moving);
  ok(moves > rounds, `${moves}`);
});
