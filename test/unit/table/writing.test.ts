/** Every way of writing that the language has, tried on everything that a table gives. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTables } from "./harness.ts";

const data = (): object => ({
  1: {
    name: "sword",
    price: 10,
    attr: { atk: 5 },
    tags: ["a", "b"],
    made: new Date(5),
    drops: [{ id: 1 }],
  },
  2: { name: "shield", price: 20, attr: { atk: 0 }, tags: [], made: new Date(6), drops: [] },
});

const dictionary = (): object =>
  Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`k${index}`, { n: index }]));

type Writable = Record<PropertyKey, unknown>;

/** Ways to write; each throws or is refused with `false`. */
const WAYS: Readonly<Record<string, (target: any, key: PropertyKey) => unknown>> = {
  assign: (target, key) => (target[key] = "evil"),
  "assign a new key": (target) => (target.fresh = "evil"),
  "assign a symbol": (target) => (target[Symbol("fresh")] = "evil"),
  "compound assignment": (target, key) => (target[key] += 1),
  increment: (target, key) => target[key]++,
  "logical assignment": (target) => (target.fresh ??= 1),
  destructuring: (target, key) => ([target[key]] = ["evil"]),
  "delete a key": (target, key) => delete target[key],
  "Object.assign": (target, key) => Object.assign(target, { [key]: "evil" }),
  "Object.assign of a new key": (target) => Object.assign(target, { fresh: 1 }),
  "Object.defineProperty": (target, key) => Object.defineProperty(target, key, { value: "evil" }),
  "Object.defineProperty of a getter": (target, key) =>
    Object.defineProperty(target, key, { get: () => "evil" }),
  "Object.defineProperties": (target, key) =>
    Object.defineProperties(target, { [key]: { value: "evil", writable: true } }),
  "Object.setPrototypeOf": (target) => Object.setPrototypeOf(target, { evil: true }),
  __proto__: (target) => (target.__proto__ = { evil: true }),
  __defineGetter__: (target, key) => target.__defineGetter__(key, () => "evil"),
  __defineSetter__: (target, key) => target.__defineSetter__(key, () => "evil"),
  "Reflect.set": (target, key) => Reflect.set(target, key, "evil"),
  "Reflect.set through an heir": (target, key) => {
    const heir = Object.create(target) as Writable;
    return Reflect.set(heir, key, "evil", target);
  },
  "Reflect.defineProperty": (target, key) => Reflect.defineProperty(target, key, { value: "evil" }),
  "Reflect.deleteProperty": (target, key) => Reflect.deleteProperty(target, key),
  "Reflect.setPrototypeOf": (target) => Reflect.setPrototypeOf(target, { evil: true }),
  "the setter itself": (target, key) => {
    const setter = Object.getOwnPropertyDescriptor(target, key)?.set;
    return setter === undefined ? false : Reflect.apply(setter, target, ["evil"]);
  },
};

/** Ways to write a list. */
const LIST_WAYS: Readonly<Record<string, (list: any) => unknown>> = {
  push: (list) => list.push(1),
  pop: (list) => list.pop(),
  shift: (list) => list.shift(),
  unshift: (list) => list.unshift(1),
  splice: (list) => list.splice(0, 1),
  sort: (list) => list.sort(() => -1),
  reverse: (list) => list.reverse(),
  fill: (list) => list.fill(0),
  copyWithin: (list) => list.copyWithin(0, 1),
  length: (list) => (list.length = 0),
  "through the prototype": (list) => Array.prototype.push.call(list, 1),
};

function tryWay(name: string, write: () => unknown): void {
  let result: unknown;
  try {
    result = write();
  } catch (error) {
    assert.ok(error instanceof Error && error.message !== "", `${name}: a clear error`);
    return;
  }
  assert.equal(result, false, `${name} is refused`);
}

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, each: unknown) => (each === undefined ? null : each)));

test("nothing that a table gives can be written, in any way that the language has", () => {
  const { load, shown, view, thread } = createTables();
  load({
    items: data(),
    keyed: dictionary(),
    list: [{ n: 1 }, { n: 2 }],
    record: { n: 1, inner: {} },
  });
  const pinned = thread.pin("items", () => {}).view.shown as Writable;
  const targets: [string, any, PropertyKey][] = [
    ["a row", shown("items")[1], "price"],
    ["an object in a row", shown("items")[1].attr, "atk"],
    ["a list", shown("items")[1].tags, 0],
    ["a row in a list", shown("items")[1].drops[0], "id"],
    ["the root of rows", shown("items"), 1],
    ["a live root", view("items"), 1],
    ["a large root", shown("keyed"), "k1"],
    ["a live large root", view("keyed"), "k1"],
    ["a row of a large root", shown("keyed").k1, "n"],
    ["a list as root", shown("list"), 0],
    ["a live list as root", view("list"), 0],
    ["a row of a list", shown("list")[0], "n"],
    ["a pinned root", pinned, 1],
    ["a pinned row", pinned[1], "price"],
  ];
  const before = ["items", "keyed", "list", "record"].map((name) => plain(shown(name)));
  for (const [what, target, key] of targets) {
    for (const [way, write] of Object.entries(WAYS)) {
      tryWay(`${way} on ${what}`, () => write(target, key));
    }
    if (!Array.isArray(target)) continue;
    for (const [way, write] of Object.entries(LIST_WAYS)) {
      tryWay(`${way} on ${what}`, () => write(target));
    }
  }
  const after = ["items", "keyed", "list", "record"].map((name) => plain(shown(name)));
  assert.deepEqual(after, before);
});

test("a large root can't be written when it has become a plain object either", () => {
  const { load, shown } = createTables();
  load({ keyed: dictionary() });
  const live = shown("keyed");
  for (let round = 0; round < 300; round++) assert.equal(shown("keyed").k7.n, 7);
  const root = shown("keyed");
  assert.notEqual(root, live);
  for (const [way, write] of Object.entries(WAYS)) tryWay(way, () => write(root, "k1"));
  assert.deepEqual(plain(root), plain(dictionary()));
});

test("an assignment to a field says which one, and that the table is shared", () => {
  const { load, shown } = createTables();
  load({ items: data() });
  const row = shown("items")[1];
  assert.throws(() => (row.attr.atk = 1), {
    code: "ERR_READ_ONLY",
    message: "items[1].attr.atk can't be written: the table is shared by all services",
  });
});

test("a date that a service sets is its own", () => {
  const { load, shown } = createTables();
  load({ items: { row: { at: new Date(5), all: [new Date(6)] } } });
  const { row } = shown("items");
  (row.at as Date).setTime(0);
  (row.all[0] as Date).setTime(0);
  assert.deepEqual([row.at.getTime(), row.all[0].getTime()], [5, 6]);
});

test("no symbol, prototype or accessor of a row leads to where it lies", () => {
  const { load, shown } = createTables();
  load({ items: data() });
  const row = shown("items")[1];
  for (const symbol of Object.getOwnPropertySymbols(row)) {
    const value: unknown = row[symbol];
    assert.ok(typeof value === "function" || typeof value === "string", String(symbol));
    const { writable, configurable } = Object.getOwnPropertyDescriptor(row, symbol) ?? {};
    assert.ok(writable !== true && configurable === false);
  }
  assert.equal(Object.getPrototypeOf(row), Object.prototype);
  assert.ok(Object.isFrozen(row));
});

test("a date in a root that is read often stays each reader's own", () => {
  const { load, shown } = createTables();
  for (const odd of [new Date(5), [new Date(5)], [[new Date(5)]]]) {
    load({ keyed: { ...dictionary(), odd } });
    for (let round = 0; round < 1000; round++) assert.equal(shown("keyed").k7.n, 7);
    const read = (): Date => [shown("keyed").odd].flat(2)[0] as Date;
    read().setTime(0);
    assert.equal(read().getTime(), 5);
  }
});
