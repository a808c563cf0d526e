/** Rows stay the same objects over updates: a Map keyed by rows, and `===`, mean what they say. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../src/base/random.ts";
import type { Random } from "../../../src/base/random.ts";
import { createTables } from "./harness.ts";
import type { Harness } from "./harness.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

const items = (count: number, price: number, from = 0): Record<string, object> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [n + from, { name: `i${n + from}`, attr: { price } }]),
  );

/** Loads two versions, and returns what stands at a place in each. */
function twice(before: object, after: object, get: (root: any) => any): [any, any, Harness] {
  const here = createTables();
  here.load({ t: before });
  const row = get(here.shown("t"));
  assert.equal(typeof row.attr.price, "number");
  here.load({ t: after });
  return [row, get(here.shown("t")), here];
}

const CASES: Readonly<Record<string, readonly [object, object, (root: any) => any]>> = {
  "an item is added at the root": [items(1, 1), items(2, 2), (t) => t[0]],
  "an item is taken away at the root": [items(3, 1), items(2, 2), (t) => t[1]],
  "an item is added in a branch": [{ a: items(1, 1) }, { a: items(2, 2) }, (t) => t.a[0]],
  "branches are added and items, too": [
    { a: { b: items(1, 1) } },
    { z: 1, a: { y: 1, b: items(2, 2) } },
    (t) => t.a.b[0],
  ],
  "keys change their order": [{ a: items(1, 1), b: 1 }, { b: 1, a: items(1, 2) }, (t) => t.a[0]],
  "an item is added to a list": [
    { a: [...Object.values(items(1, 1))] },
    { a: Object.values(items(2, 2)) },
    (t) => t.a[0],
  ],
  "an item is added in front, at the place of a list": [
    { a: Object.values(items(2, 1, 1)) },
    { a: Object.values(items(3, 2)) },
    (t) => t.a[1],
  ],
  "the list's owner gains a field": [
    { a: Object.values(items(1, 1)) },
    { a: Object.values(items(2, 2)), b: 1 },
    (t) => t.a[0],
  ],
  "a record grows into a dictionary": [items(64, 1), items(65, 2), (t) => t[3]],
  "a dictionary shrinks to a record": [items(65, 1), items(64, 2), (t) => t[3]],
  "a branch grows into a dictionary": [{ a: items(64, 1) }, { a: items(65, 2) }, (t) => t.a[3]],
  "a branch shrinks to a record": [{ a: items(65, 1) }, { a: items(64, 2) }, (t) => t.a[3]],
  "a list lies in a branch that grows": [
    { a: { 0: Object.values(items(1, 1)), ...items(63, 1, 1) } },
    { a: { 0: Object.values(items(1, 2)), ...items(64, 2, 1) } },
    (t) => t.a[0][0],
  ],
};

for (const [title, [before, after, get]] of Object.entries(CASES)) {
  test(`a row stays the same object when ${title}`, () => {
    const [row, now, { load, shown }] = twice(before, after, get);
    assert.equal(row, now);
    assert.equal(row.attr, now.attr);
    assert.deepEqual([row.name, row.attr.price], [get(after).name, 2]);
    // There and back again, and once more without a read in between.
    load({ t: before });
    assert.equal(get(shown("t")), row);
    assert.equal(row.attr.price, 1);
    load({ t: after });
    load({ t: before });
    load({ t: after });
    assert.equal(row.attr.price, 2);
    assert.equal(get(shown("t")), row);
  });
}

test("a held row is found by itself, before its table is read again, and stays the same object", () => {
  const { load, shown } = createTables();
  load({ t: { a: items(2, 1) } });
  const row = shown("t").a[1];
  const branch = shown("t").a;
  load({ t: { a: items(3, 2) } });
  assert.equal(row.attr.price, 2);
  assert.equal(branch[1], row);
  assert.equal(shown("t").a[1], row);
  assert.notEqual(shown("t").a, branch);
});

test("a row that gains a key becomes another object, what lies in it does not", () => {
  const { load, shown } = createTables();
  load({ t: { a: { id: 1, attr: { atk: 1 } } } });
  const { a } = shown("t");
  const { attr } = a;
  load({ t: { a: { id: 1, attr: { atk: 2 }, more: true } } });
  assert.notEqual(shown("t").a, a);
  assert.equal(shown("t").a.attr, attr);
  assert.equal(a.attr, attr);
  assert.equal(attr.atk, 2);
});

test("a dictionary in a branch stays one object when it took the place of a row", () => {
  const { load, shown } = createTables();
  const many = (n: number): object => ({ k: 1, ...items(90, n) });
  load({ t: { ...items(70, 0), x: { id: 1 } } });
  assert.equal(shown("t").x.id, 1);
  load({ t: { ...items(70, 0), x: many(1) } });
  const dictionary = shown("t").x;
  const row = dictionary[5];
  load({ t: { ...items(70, 0), x: many(2) } });
  assert.equal(shown("t").x, dictionary);
  assert.equal(shown("t").x, shown("t").x);
  assert.equal(dictionary[5], row);
  assert.equal(row.attr.price, 2);
});

test("a pin keeps its own rows", () => {
  const { thread, load, shown } = createTables();
  load({ t: items(1, 1) });
  const pin = thread.pin("t", () => {}).view.shown as any;
  const pinned = pin[0];
  load({ t: items(2, 2) });
  assert.notEqual(shown("t")[0], pinned);
  assert.deepEqual([pinned.attr.price, pin[1], pin[0] === pinned], [1, undefined, true]);
});

/** Changes data a little: adds, removes, replaces and reorders, at every depth. */
function change(random: Random, data: unknown, depth: number): unknown {
  if (typeof data !== "object" || data === null || random.below(12) === 0) {
    return create(random, depth);
  }
  if (Array.isArray(data)) {
    const list = data.map((value) => change(random, value, depth + 1));
    return random.below(3) === 0 ? [...list, create(random, depth + 1)] : list;
  }
  let entries = Object.entries(data).map(([key, value]) => [key, change(random, value, depth + 1)]);
  if (random.below(4) === 0) entries = entries.filter(() => random.below(4) > 0);
  if (random.below(4) === 0) entries.push([`n${random.below(100)}`, create(random, depth + 1)]);
  if (random.below(6) === 0) entries.reverse();
  return Object.fromEntries(entries) as object;
}

function create(random: Random, depth: number): unknown {
  const kind = depth > 4 ? 0 : random.below(5);
  if (kind === 0) return random.below(1000);
  const values = (count: number): unknown[] =>
    Array.from({ length: count }, () => create(random, depth + 1));
  if (kind === 1) return values(random.below(4));
  // Around the number of keys at which an object becomes a dictionary.
  const count = depth < 3 && random.below(4) === 0 ? 62 + random.below(5) : random.below(5);
  return Object.fromEntries(values(count).map((value, index) => [`n${index}`, value]));
}

/** A version as data, and what was read of it. */
interface Sight {
  readonly data: any;
  readonly held: any;
}

/** Compares every object of two versions; returns how many had to be the same. */
function compare(one: Sight, other: Sight, path = "t"): number {
  if (Array.isArray(one.data) !== Array.isArray(other.data)) return 0;
  const keys = Object.keys(one.data);
  const isRow = !Array.isArray(one.data) && keys.length <= 64 && path !== "t";
  let count = 0;
  if (isRow && JSON.stringify(keys) === JSON.stringify(Object.keys(other.data))) {
    assert.equal(one.held.view, other.held.view, `${path}, seed=${seed}`);
    count += 1;
  }
  const at = ({ data, held }: Sight, key: string): Sight => ({
    data: Object.hasOwn(data, key) ? data[key] : undefined,
    held: held.children.get(key),
  });
  for (const key of keys) {
    const [a, b] = [at(one, key), at(other, key)];
    if (typeof a.data !== "object" || typeof b.data !== "object") continue;
    count += compare(a, b, `${path}.${key}`);
  }
  return count;
}

/** Reads all, as plain data whose objects are the views. */
function read(view: any): unknown {
  if (typeof view !== "object" || view === null) return view;
  const copy: any = Array.isArray(view) ? [] : {};
  for (const key of Object.keys(view)) copy[key] = read(view[key]);
  return copy;
}

/** The same tree, with what was read in it: lists are new in each version. */
function hold(view: any): any {
  if (typeof view !== "object" || view === null) return view;
  const children = new Map(Object.keys(view).map((key) => [key, hold(view[key])]));
  return { view, children };
}

test(`rows whose own keys did not change stay the same objects over random updates (seed=${seed})`, () => {
  const random = createRandom(seed);
  let count = 0;
  for (let round = 0; round < 60; round += 1) {
    const { load, shown, view } = createTables();
    let data: any = { a: create(random, 1), b: create(random, 1), c: create(random, 1) };
    load({ t: data });
    let held = hold(shown("t"));
    for (let version = 0; version < 8; version += 1) {
      const next: any = { ...(change(random, data, 0) as object) };
      load({ t: next });
      // Versions without a reader must not matter.
      if (random.below(4) === 0) load({ t: next });
      const root = random.below(2) === 0 ? shown("t") : view("t");
      const now = hold(root);
      assert.deepEqual(read(root), next, `seed=${seed}`);
      count += compare({ data, held }, { data: next, held: now });
      data = next;
      held = now;
    }
  }
  assert.ok(count > 1000, `${count} rows were compared`);
});
