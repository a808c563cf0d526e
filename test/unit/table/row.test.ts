/** Rows read like plain objects, and stay the same ones over updates. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { copyResult } from "../../../src/base/copy.ts";
import { encodeSeri } from "../../../src/wire/lua-seri.ts";
import { collect, isCollected } from "../../collector.ts";
import { createTables } from "./harness.ts";

const PLAIN = {
  id: 1,
  name: "sword",
  attr: { atk: 5, def: -0 },
  tags: ["a"],
  big: 2n ** 70n,
  no: null,
};

test("a row is read in every way in which a plain object is", () => {
  const { load, shown } = createTables();
  load({ items: { 1: PLAIN } });
  const row = shown("items")[1];
  const { name, ...rest } = row;
  assert.deepEqual([name, Object.keys(rest)], ["sword", ["id", "attr", "tags", "big", "no"]]);
  assert.deepEqual(row, PLAIN);
  assert.deepEqual({ ...row }, PLAIN);
  assert.deepEqual(Object.entries(row), Object.entries(PLAIN));
  assert.deepEqual(["id" in row, "x" in row, Object.hasOwn(row, "no")], [true, false, true]);
  assert.equal((row as Record<string, unknown>)["x"], undefined);
  assert.equal(JSON.stringify(row.attr), '{"atk":5,"def":0}');
  assert.deepEqual(structuredClone({ ...row.attr }), PLAIN.attr);
  assert.deepEqual(inspect(row), inspect(PLAIN));
  const keys: string[] = [];
  for (const key in row) keys.push(key);
  assert.deepEqual(keys, Object.keys(PLAIN));
  assert.equal(row.attr, row.attr);
  assert.equal(row.tags, row.tags);
  assert.ok(Array.isArray(row.tags) && Object.isFrozen(row.tags));
});

test("a live root is read like the plain object that it stands for, and prints like it", () => {
  const { load, view } = createTables();
  for (const data of [
    { 1: PLAIN, 2: {} },
    Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`k${n}`, { n }])),
  ]) {
    load({ items: data });
    const root = view("items");
    assert.deepEqual(root, data);
    assert.deepEqual({ ...root }, data);
    assert.equal(inspect(root), inspect(data));
    assert.deepEqual(Object.keys(root), Object.keys(data));
    assert.deepEqual(
      ["1" in root, Object.hasOwn(root, "k1"), "toString" in root],
      ["1" in data, "k1" in data, true],
    );
    assert.equal((root as Record<string, unknown>)["nosuch"], undefined);
  }
});

test("a list as root is an array in every way, live and as it is shown", () => {
  const { load, shown, view } = createTables();
  load({ list: [{ n: 1 }, { n: 2 }, { n: 3 }] });
  const live = view("list");
  for (const root of [live, shown("list")]) {
    assert.ok(Array.isArray(root));
    assert.equal(root.length, 3);
    assert.deepEqual(
      root.map(({ n }: { n: number }) => n),
      [1, 2, 3],
    );
    assert.equal([...root][1], root[1]);
    assert.deepEqual(JSON.stringify(root), '[{"n":1},{"n":2},{"n":3}]');
    assert.deepEqual(root.slice(1), [{ n: 2 }, { n: 3 }]);
  }
  load({ list: [{ n: 4 }] });
  assert.deepEqual([live.length, live[0].n, live[1]], [1, 4, undefined]);
});

test("a row whose keys changed answers by name, lists the keys it was made with, and is made anew for a reader that asks again", () => {
  const { load, shown } = createTables();
  load({ items: { 1: { id: 1, price: 10, old: true } } });
  const row = shown("items")[1];
  load({ items: { 1: { rarity: 3, price: 20, id: 1 } } });
  assert.deepEqual([row.price, row.id, row.old], [20, 1, undefined]);
  assert.deepEqual(Object.keys(row), ["id", "price", "old"]);
  const fresh = shown("items")[1];
  assert.deepEqual(fresh, { rarity: 3, price: 20, id: 1 });
  load({ items: { 1: { rarity: 4, price: 30, id: 1 } } });
  assert.deepEqual([row.price, fresh.price, shown("items")[1] === fresh], [30, 30, true]);
});

test("a row that is gone prints that it is, and throws when it is read or listed with its values", () => {
  const { load, shown } = createTables();
  load({ items: { 1: { n: 1, inner: { m: 1 } } } });
  const row = shown("items")[1];
  const { inner } = row;
  load({ items: { 1: [1, 2] } });
  assert.throws(() => row.n as number, {
    code: "ERR_ROW_GONE",
    message: "items[1] is a list in version 2",
  });
  assert.throws(() => inner.m as number, {
    code: "ERR_ROW_GONE",
    message: "items[1].inner is gone: there is none in version 2",
  });
  assert.throws(() => ({ ...row }), { code: "ERR_ROW_GONE" });
  assert.throws(() => JSON.stringify(row), { code: "ERR_ROW_GONE" });
  assert.deepEqual(Object.keys(row), ["n", "inner"]);
  assert.equal(inspect({ row }), "{ row: [items[1] is gone] }");
});

test("rows of a large root move with their keys when others come and go", () => {
  const { load, shown, view } = createTables();
  const make = (from: number): object =>
    Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`k${n + from}`, { n: n + from, from }]),
    );
  load({ items: make(0) });
  const held = [60, 70, 99].map((n) => view("items")[`k${n}`]);
  const lost = view("items").k10;
  load({ items: make(50) });
  assert.deepEqual(
    held.map(({ n, from }) => [n, from]),
    [
      [60, 50],
      [70, 50],
      [99, 50],
    ],
  );
  assert.equal(view("items").k60, held[0]);
  assert.equal(shown("items").k70, held[1]);
  assert.throws(() => lost.n as number, { code: "ERR_ROW_GONE" });
});

test("a row arrives in a message of the same thread as it is, and one of a pin as a copy", () => {
  const { load, shown, view, thread } = createTables();
  load({ items: { 1: PLAIN } });
  const pinned = thread.pin("items", () => {}).view.shown as Record<number, typeof PLAIN>;
  const sent = { row: shown("items")[1], root: view("items"), pinned: pinned[1] };
  const copy = copyResult(sent, undefined) as typeof sent;
  assert.equal(copy.row, sent.row);
  assert.equal(copy.root, sent.root);
  assert.deepEqual(copy.pinned, PLAIN);
  assert.notEqual(copy.pinned, sent.pinned);
  assert.ok(!Object.isFrozen(copy.pinned));
});

test("a pin that no code holds any more ends by itself", async () => {
  const { load, thread } = createTables();
  load({ items: { 1: PLAIN } });
  let ended = false;
  const reference = ((): WeakRef<object> => {
    const { view } = thread.pin("items", () => (ended = true));
    return new WeakRef((view.shown as Record<number, object>)[1] as object);
  })();
  load({ items: { 1: PLAIN } });
  assert.ok(await isCollected(reference));
  for (let round = 0; round < 100 && !ended; round++)
    await new Promise((done) => setImmediate(done));
  assert.ok(ended);
  assert.deepEqual(
    thread.versions().map(({ version }) => version),
    [2],
  );
});

test("a thousand updates leave no memory behind, also while a row is held and not read", async () => {
  const { load, shown, thread } = createTables();
  const make = (factor: number): object =>
    Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [
        n,
        { n, text: `text ${n * factor}`, attr: { factor } },
      ]),
    );
  load({ items: make(0) });
  const held = shown("items")[7];
  const first = new WeakRef(thread.get("items").memory?.buffer as object);
  const before = process.memoryUsage();
  for (let update = 1; update <= 1000; update++) {
    load({ items: make(update) });
    if (update % 7 === 0) assert.equal(shown("items")[update % 200].attr.factor, update);
  }
  assert.ok(await isCollected(first));
  const grown = (): number => process.memoryUsage().arrayBuffers - before.arrayBuffers;
  for (let round = 0; round < 50 && grown() > 500_000; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  assert.ok(grown() <= 500_000, `${grown()} bytes of buffers`);
  assert.deepEqual(
    thread.versions().map(({ version }) => version),
    [1001],
  );
  assert.equal(held.attr.factor, 1000);
});

test("objects of many shapes are read as well as those of few", () => {
  const { load, shown } = createTables();
  const make = (salt: number): Record<string, object> =>
    Object.fromEntries(
      Array.from({ length: 700 }, (_, n) => [
        n,
        { [`key${n}`]: n + salt, inner: { [`x${n}`]: [n] } },
      ]),
    );
  for (const salt of [1, 2]) {
    const data = make(salt);
    load({ items: data });
    for (let n = 0; n < 700; n++) assert.deepEqual(shown("items")[n], data[n]);
  }
});

test("rows and lists are packed for Lua like the plain data that they show", () => {
  const { load, shown, view } = createTables();
  load({ items: { a: { n: 1, list: [1, "x"], inner: { m: true } } } });
  const plain = encodeSeri([{ n: 1, list: [1, "x"], inner: { m: true } }]);
  assert.deepEqual(encodeSeri([shown("items").a]), plain);
  assert.deepEqual(encodeSeri([view("items").a]), plain);
  assert.deepEqual(encodeSeri([view("items")]), encodeSeri([{ a: shown("items").a }]));
});
