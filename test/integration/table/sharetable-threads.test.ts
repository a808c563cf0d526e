/** Shared tables of a node with worker threads: services on two of them, and the program on the main one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { world } from "../../world.ts";
import type { World } from "../../world.ts";

const READER = `
  import { sharetable, skynet, tables } from "snax";
  let row, changes, pinned;
  sharetable.onupdate("items", (what) => (changes = what));
  export const response = {
    load: (factor: number) => sharetable.loadtable("items", {
      7: { price: 7 * factor, attr: { atk: factor }, tags: ["a"] }, 8: { price: 8, attr: {}, tags: [] },
    }),
    see: () => sharetable.update("items"),
    unload: () => sharetable.loadtable("items", { 8: { price: 8, attr: {}, tags: [] } }),
    async hold() { row = (await sharetable.query("items"))[7]; return row.price; },
    async price() { await sharetable.update("items"); return row.price; },
    changes: () => changes,
    pin() { pinned = sharetable.pin("items"); },
    give: () => [tables.items[7], tables.items[7].attr, tables.items],
    take: (given, attr, all) => [
      given === tables.items[7], attr === given.attr, all[7] === given, given.price, attr.atk,
    ],
    keep(given) { row = given; },
    info: () => sharetable.info(),
    thread: () => skynet.self(),
  };
`;

async function readers(t: TestContext): Promise<World & { a: any; b: any }> {
  const node = await world(t, { reader: READER }, { thread: 2 });
  const [a, b] = await Promise.all(
    [1, 2].map((thread) => node.snax.at(thread).newservice<any>("reader")),
  );
  return { ...node, a, b };
}

test("services of all threads read what a service of one has loaded, and hold rows over updates", async (t) => {
  const { a, b, sharetable, tables } = await readers(t);
  await a.req.load(1);
  await sharetable.update("items");
  const row = tables["items"][7];
  assert.deepEqual([await a.req.hold(), await b.req.hold(), row.price], [7, 7, 7]);
  await b.req.load(3);
  await sharetable.update("items");
  assert.deepEqual([await a.req.price(), await b.req.price(), row.price], [21, 21, 21]);
});

test("the first service of a thread that asks for tables finds what was published before it was asked", async (t) => {
  const first = `
    import { tables } from "snax";
    const names = Object.keys(tables);
    export const response = { begin: () => names, price: (id: number) => tables.items[id].price };
  `;
  const plain = `export const response = { is: () => true };`;
  const code = { first, plain };
  const { snax, sharetable } = await world(t, code, { thread: 2 });
  await Promise.all([1, 2].map((thread) => snax.at(thread).newservice<any>("plain")));
  const early = await snax.at(1).newservice<any>("first");
  assert.deepEqual(await early.req.begin(), []);
  await sharetable.loadtable("items", { 7: { price: 7 } });
  assert.equal(await early.req.price(7), 7);
  const late = await snax.at(2).newservice<any>("first");
  assert.deepEqual([await late.req.begin(), await late.req.price(7)], [["items"], 7]);
  await sharetable.loadtable("items", { 7: { price: 8 } });
  assert.deepEqual([await early.req.price(7), await late.req.price(7)], [8, 8]);
});

test("rows travel between threads by name and path, and arrive as the rows of that thread", async (t) => {
  const { a, b } = await readers(t);
  await a.req.load(2);
  const [row, attr, all] = (await a.req.give()) as [any, any, any];
  assert.deepEqual([row.price, attr.atk, all[7] === row], [14, 2, true]);
  assert.deepEqual(await b.req.take(row, attr, all), [true, true, true, 14, 2]);
  await b.req.keep(row);
  await a.req.load(5);
  assert.equal(await b.req.price(), 35);
});

test("a row that has gone before it arrives says so on the other thread, and comes back", async (t) => {
  const { a, b } = await readers(t);
  await a.req.load(1);
  const [row] = (await a.req.give()) as [any];
  await a.req.unload();
  await b.req.keep(row);
  await assert.rejects(b.req.price(), { code: "ERR_ROW_GONE" });
  await a.req.load(4);
  assert.equal(await b.req.price(), 28);
});

test("a version is kept as long as a thread pins it, and all threads tell the same of it", async (t) => {
  const { a, b, sharetable, snax } = await readers(t);
  await a.req.load(1);
  await b.req.price().catch(() => {});
  await b.req.pin();
  await a.req.load(2);
  await sharetable.update("items");
  await b.req.hold();
  const versions = (list: any): unknown => list.map(({ version, pins }: any) => [version, pins]);
  const expected = [
    [1, 1],
    [2, 0],
  ];
  assert.deepEqual(versions(await a.req.info()), expected);
  assert.deepEqual(versions(sharetable.info()), expected);
  await snax.exit(b);
  assert.deepEqual(versions(sharetable.info()), [[2, 0]]);
});

test("listeners of every thread hear which keys an update changed", async (t) => {
  const { a, b } = await readers(t);
  await a.req.load(1);
  // Its thread shows the first version; else both updates may be one to it, which adds all keys.
  await b.req.see();
  await a.req.load(2);
  await b.req.see();
  const changes = { added: [], changed: ["7"], removed: [] };
  assert.deepEqual(await a.req.changes(), changes);
  assert.deepEqual(await b.req.changes(), changes);
});

test("a thread that takes the place of one that died shows the newest versions, and old pins are gone", async (t) => {
  const node = await world(
    t,
    {
      reader: READER,
      deadly: `export const accept = { die() { process.exit(7); } };`,
    },
    { thread: 1 },
  );
  const a = await node.snax.newservice<any>("reader");
  await a.req.load(1);
  await a.req.pin();
  await a.req.load(2);
  assert.equal(node.sharetable.info().length, 2);
  const deadly = await node.snax.newservice<any>("deadly");
  const died = a.req.hold().then(
    () => undefined,
    () => undefined,
  );
  deadly.post.die();
  await died;
  await assert.rejects(async () => {
    for (;;) await a.req.hold();
  });
  let b: any;
  while (b === undefined) {
    b = await node.snax.newservice<any>("reader").catch(() => node.skynet.sleep(10));
  }
  assert.equal(await b.req.hold(), 14);
  while (node.sharetable.info().length > 1) await node.skynet.sleep(10);
});
