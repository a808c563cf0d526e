/** What can stand in a table, what is refused, and with which words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SnaxError } from "../../../src/base/error.ts";
import { TABLE_DEPTH_MAX } from "../../../src/base/limits.ts";
import { encodeTable } from "../../../src/table/encoder.ts";
import { runs } from "../../fuzz/runs.ts";
import { createTables } from "./harness.ts";

function nested(depth: number): object {
  let at: object = {};
  for (let level = 1; level < depth; level++) at = { at };
  return at;
}

class Vector {
  x = 1;
}

test("what a table can't hold is refused with its path", () => {
  const cyclic: Record<string, unknown> = { a: {} };
  cyclic["b"] = { back: cyclic };
  const cases: [string, unknown, RegExp][] = [
    ["items", { 3: { onUse() {} } }, /^items\[3\]\.onUse is a function$/],
    ["items", { 3: { at: new Vector() } }, /^items\[3\]\.at is an instance of Vector$/],
    ["items", { list: [1, [Symbol("x")]] }, /^items\.list\[1\]\[0\] is a symbol$/],
    ["items", { "a b": new Map() }, /^items\["a b"\] is an instance of Map$/],
    ["items", { p: Promise.resolve() }, /^items\.p is a promise/],
    ["items", { b: new Uint8Array(2) }, /^items\.b is an instance of Uint8Array$/],
    ["items", cyclic, /^items\.b\.back leads back to items$/],
    ["items", 5, /^items is a number; a table is an object or a list$/],
    ["items", undefined, /^items is undefined; a table is an object or a list$/],
    ["items", null, /^items is null; a table is an object or a list$/],
    ["items", null, /^items is null; /],
    ["items", () => {}, /^items is a function; /],
    ["items", nested(TABLE_DEPTH_MAX + 1), /is nested deeper than TABLE_DEPTH_MAX 200$/],
  ];
  for (const [name, data, message] of cases) {
    assert.throws(() => encodeTable(name, data), { code: "ERR_TABLE", message });
  }
});

test("what throws when it is read is refused with its path, and its error is the cause", () => {
  const boom = (thrown: unknown): PropertyDescriptor & ThisType<unknown> => ({
    enumerable: true,
    get() {
      throw thrown;
    },
  });
  const error = new RangeError("no price yet");
  const coded = new SnaxError("ERR_TABLE", "drops is gone");
  const dictionary = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`k${n}`, n]));
  const trap = new Proxy([1], {
    ownKeys: () => {
      throw error;
    },
  });
  const cases: [unknown, RegExp, unknown][] = [
    [
      { 1: Object.defineProperty({ id: 1 }, "price", boom(error)) },
      /^t\[1\]\.price can't be read: no price yet$/,
      error,
    ],
    [
      Object.defineProperty({}, "price", boom(coded)),
      /^t\.price can't be read: drops is gone$/,
      coded,
    ],
    [
      { a: Object.defineProperty(dictionary, "z", boom("words")) },
      /^t\.a\.z can't be read: words$/,
      "words",
    ],
    [
      { a: { list: Object.defineProperty([0, "x", 0], 2, boom(error)) } },
      /^t\.a\.list\[2\] can't be read/,
      error,
    ],
    [
      { a: { list: Object.defineProperty([1, 2, 0], 2, boom(error)) } },
      /^t\.a\.list(\[2\])? can't be read/,
      error,
    ],
    [{ a: { trap } }, /^t\.a\.trap can't be read: no price yet$/, error],
  ];
  for (const [data, message, cause] of cases) {
    assert.throws(() => encodeTable("t", data), { code: "ERR_TABLE", message, cause });
  }
});

test("a list with properties beside its elements is refused, where they would be lost", () => {
  const list = Object.assign([1, 2], { max: 9 });
  const message = /^t\.a\[0\] has the property "max" beside its elements/;
  assert.throws(() => encodeTable("t", { a: [list] }), { code: "ERR_TABLE", message });
  assert.throws(() => encodeTable("t", { a: [/b/.exec("b")] }), { message: /"groups" beside/ });
  const { load, shown } = createTables();
  load({
    t: {
      a: [...list],
      holes: Object.assign([1], { 2: 3 }),
      hidden: Object.defineProperty([1], "x", { value: 2 }),
    },
  });
  assert.deepEqual(shown("t"), { a: [1, 2], holes: [1, undefined, 3], hidden: [1] });
});

test("data as deep as the limit is accepted, and read to the bottom", () => {
  const { load, shown } = createTables();
  load({ deep: nested(TABLE_DEPTH_MAX) });
  let depth = 1;
  for (let at = shown("deep"); at.at !== undefined; at = at.at) depth++;
  assert.equal(depth, TABLE_DEPTH_MAX);
});

test("an object that several others hold is one object, also after an update", () => {
  const { load, shown } = createTables();
  const make = (atk: number): object => {
    const attr = { atk };
    const list = [1, attr];
    return { a: { attr, list }, b: { attr, list }, c: [attr] };
  };
  load({ items: make(1) });
  const { a, b, c } = shown("items");
  const check = (atk: number): void => {
    assert.equal(b.attr, a.attr);
    assert.equal(b.list, a.list);
    assert.equal(a.list[1], a.attr);
    assert.equal(b.attr.atk, atk);
  };
  check(1);
  assert.equal(c[0], a.attr);
  load({ items: make(2) });
  check(2);
});

test("objects that were one and are two after an update show each its own", () => {
  const { load, shown } = createTables();
  const attr = { atk: 1 };
  load({ items: { a: { attr }, b: { attr } } });
  const { a, b } = shown("items");
  assert.equal(a.attr, b.attr);
  load({ items: { a: { attr: { atk: 2 } }, b: { attr: { atk: 3 } } } });
  assert.deepEqual([a.attr.atk, b.attr.atk], [2, 3]);
});

/** Values that a table can hold, with all that is odd about them. */
const { value } = fc.letrec<{ value: unknown }>((tie) => {
  const inner = tie("value");
  const key = fc.oneof(fc.string(), fc.nat().map(String), fc.constantFrom("__proto__", "length"));
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.double(),
      fc.integer(),
      fc.string({ unit: "binary" }),
      fc.bigInt(),
      fc.constantFrom<unknown>(true, false, null, undefined, -0, NaN, "\ud800"),
      fc.date({ noInvalidDate: true }),
      fc.array(fc.integer({ min: -200, max: 70_000 })),
      fc.array(inner, { maxLength: 6 }),
      fc.array(fc.tuple(key, inner), { maxLength: 6 }).map(define),
      fc.array(fc.tuple(key, fc.integer()), { minLength: 60, maxLength: 90 }).map(define),
    ),
  };
});

function define(entries: [string, unknown][]): object {
  const target = {};
  for (const [key, each] of entries) {
    Object.defineProperty(target, key, {
      value: each,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return target;
}

test("whatever a table can hold is read as it was, with the order of its keys", (t) => {
  const property = fc.property(value, value, (first, second) => {
    const { load, shown, view } = createTables();
    for (const data of [first, second]) {
      load({ items: { data }, list: [data] });
      const read: unknown = shown("items").data;
      assert.deepStrictEqual(read, data);
      assert.deepStrictEqual(view("list")[0], data);
      assert.equal(show(read), show(data));
    }
  });
  fc.assert(property, runs(t, 300));
});

/** The text of a value, in which the order of keys shows. */
function show(read: unknown): string {
  return JSON.stringify(read, (_key, each: unknown) =>
    typeof each === "bigint" ? `${each}n` : each,
  );
}

test("a text that comes often is written once", () => {
  const texts = Array.from({ length: 20_000 }, (_, index) => `text number ${index}`);
  const once = encodeTable("texts", texts).byteLength;
  const often = encodeTable("texts", [texts, texts.slice(0, 10_000)]).byteLength;
  assert.ok(often - once < 10_000 * 8 + 100, `${often - once} bytes more`);
});
