/** What a copied message keeps, kind by kind: the copy must read like the original and be another object. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { copyArguments, copyResult, isPlain } from "../../../src/base/copy.ts";
import { SnaxError } from "../../../src/base/error.ts";
import { kPort } from "../../../src/base/portable.ts";

function copyOf<T>(value: T): T {
  return copyResult(value, undefined) as T;
}

test("primitives other than symbols are their own copies", () => {
  const values = [1, -0, NaN, 10n, "text", true, null, undefined];
  const copies = copyArguments(values, undefined);
  assert.notEqual(copies, values);
  assert.equal(copies.length, values.length);
  assert.ok(copies.every((copy, index) => Object.is(copy, values[index])));
  assert.ok(values.every(isPlain));
});

test("functions, symbols and objects are not plain", () => {
  assert.deepEqual([() => 0, Symbol("s"), {}, []].map(isPlain), [false, false, false, false]);
});

test("a nested object is equal to its copy and shares no object with it", () => {
  const source = { id: 1, at: { x: 1.5, y: -2 }, list: [1, "two", { three: 3 }] };
  const copy = copyOf(source);
  assert.deepEqual(copy, source);
  assert.notEqual(copy.at, source.at);
  assert.notEqual(copy.list, source.list);
  assert.notEqual(copy.list[2], source.list[2]);
});

test("an object without a prototype becomes a plain object", () => {
  const copy = copyOf(Object.assign(Object.create(null) as object, { a: 1 }));
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.deepEqual(copy, { a: 1 });
});

const kTag = Symbol("tag");

test("an instance of a class becomes a plain object of its enumerable string keys", () => {
  class Point {
    x = 1;
    #hidden = 2;
    [kTag] = 3;
    get sum(): number {
      return this.x + this.#hidden;
    }
  }
  const copy = copyOf(new Point());
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.deepEqual(Reflect.ownKeys(copy), ["x"]);
});

test("a getter is read and arrives as data", () => {
  const copy = copyOf({
    get now() {
      return { time: 7 };
    },
  });
  assert.deepEqual(Object.getOwnPropertyDescriptor(copy, "now")?.value, { time: 7 });
});

test("an own __proto__ key stays an own property and changes no prototype", () => {
  const copy = copyOf(JSON.parse('{"__proto__":{"evil":true},"a":1}') as object);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.deepEqual(Object.keys(copy), ["__proto__", "a"]);
  assert.equal("evil" in copy, false);
});

test("a cycle leads back to the copy", () => {
  const source: { self?: unknown; list: unknown[]; map: Map<string, unknown> } = {
    list: [],
    map: new Map(),
  };
  source.self = source;
  source.list.push(source, source.list);
  source.map.set("root", source);
  const copy = copyOf(source);
  assert.equal(copy.self, copy);
  assert.deepEqual([copy.list[0] === copy, copy.list[1] === copy.list], [true, true]);
  assert.equal(copy.map.get("root"), copy);
});

test("an object that two arguments hold is one object in the copy", () => {
  const shared = { n: 1 };
  const [left, right] = copyArguments([{ shared }, [shared]], undefined) as [
    { shared: unknown },
    unknown[],
  ];
  assert.equal(left.shared, right[0]);
  assert.notEqual(left.shared, shared);
});

test("sharing is kept among more objects than the short list holds", () => {
  const shared = { n: 1 };
  const source = Array.from({ length: 100 }, (_, id) => ({ id, shared }));
  source.push(...source.slice(0, 50));
  const copy = copyOf(source);
  assert.deepEqual(copy, source);
  assert.equal(new Set(copy).size, 100);
  assert.equal(new Set(copy.map((each) => each.shared)).size, 1);
});

test("holes and named properties of an array are kept", () => {
  const source = Object.assign(new Array<unknown>(3), { 0: 1, 2: { a: 1 }, extra: { b: 2 } });
  const copy = copyOf(source);
  assert.deepEqual(Object.entries(copy), Object.entries(source));
  assert.equal(copy.length, 3);
  assert.notEqual(copy.extra, source.extra);
});

test("holes and named properties of a long array are kept", () => {
  const long = Array.from({ length: 1000 }, (_, index) => index);
  Reflect.deleteProperty(long, 500);
  const named = Object.assign(long.slice(), { extra: 1 });
  assert.deepEqual(copyOf(long), long);
  assert.equal(501 in copyOf(long) && !(500 in copyOf(long)), true);
  assert.equal(copyOf(named).extra, 1);
});

test("a huge array with few elements is copied at once", () => {
  const source: number[] = [];
  source[4_000_000_000] = 1;
  assert.deepEqual(Object.entries(copyOf(source)), [["4000000000", 1]]);
  assert.equal(copyOf(source).length, 4_000_000_001);
});

test("an instance of an array subclass becomes an array without running its constructor", () => {
  class Stack extends Array<number> {
    constructor(...values: number[]) {
      super();
      this.push(...values);
    }
  }
  const copy = copyOf(new Stack(1, 2, 3));
  assert.equal(Object.getPrototypeOf(copy), Array.prototype);
  assert.deepEqual(copy, [1, 2, 3]);
});

test("maps and sets are copied with keys and values", () => {
  const source = new Map<unknown, unknown>([
    [{ key: 1 }, new Set([{ a: 1 }, 2])],
    ["plain", 3],
  ]);
  const copy = copyOf(source);
  assert.deepEqual(copy, source);
  assert.notEqual([...copy.keys()][0], [...source.keys()][0]);
});

test("dates, regular expressions and boxed primitives are copied", () => {
  const source = [new Date(7), /a+/giu, Object(1), Object("s"), Object(1n), Object(false)];
  const copy = copyOf(source);
  assert.deepEqual(copy, source);
  assert.ok(copy.every((each, index) => each !== source[index]));
});

test("an invalid date stays one", () => {
  assert.ok(Number.isNaN(copyOf(new Date(NaN)).getTime()));
});

test("views of one buffer are views of one copied buffer", () => {
  const buffer = new ArrayBuffer(16);
  const source = [
    new Uint8Array(buffer, 4, 8),
    new DataView(buffer, 2, 6),
    new Float64Array(buffer),
  ];
  const copy = copyOf(source);
  assert.deepEqual(copy, source);
  assert.equal(new Set(copy.map((view) => view.buffer)).size, 1);
  assert.notEqual(copy[0]?.buffer, buffer);
});

test("a resizable buffer stays resizable", () => {
  type Resizable = ArrayBuffer & { maxByteLength: number };
  const Make = ArrayBuffer as unknown as new (size: number, options: object) => Resizable;
  const copy = copyOf(new Make(4, { maxByteLength: 64 }));
  assert.deepEqual([copy.byteLength, copy.maxByteLength], [4, 64]);
});

test("a Buffer stays a Buffer and brings only its own bytes", () => {
  const source = Buffer.from("abc");
  const copy = copyOf(source);
  assert.ok(Buffer.isBuffer(copy) && copy.equals(source));
  source[0] = 0;
  assert.equal(copy.toString(), "abc");
});

test("shared memory stays shared", () => {
  const memory = new SharedArrayBuffer(8);
  const copy = copyOf({ memory, view: new Int32Array(memory), bytes: Buffer.from(memory) });
  assert.equal(copy.memory, memory);
  assert.equal(copy.view.buffer, memory);
  assert.equal(copy.bytes.buffer, memory);
});

test("a portable object says itself what arrives, once for each message", () => {
  const receiver = {};
  let count = 0;
  const portable = { [kPort]: (to: object | undefined) => ({ to, number: ++count }) };
  const [first, second] = copyArguments([portable, { portable }], receiver) as [
    { to: unknown; number: number },
    { portable: unknown },
  ];
  assert.equal(first.to, receiver);
  assert.equal(second.portable, first);
  assert.equal(count, 1);
});

test("a portable method on the prototype of a class counts too", () => {
  class Handle {
    id = 7;
    [kPort](): string {
      return `handle ${this.id}`;
    }
  }
  assert.deepEqual(copyOf([new Handle()]), ["handle 7"]);
});

test("a getter may send a message of its own", () => {
  const source = {
    a: {},
    get inner() {
      return copyOf({ a: source.a });
    },
    z: {},
  };
  const copy = copyOf(source);
  assert.deepEqual(copy, { a: {}, inner: { a: {} }, z: {} });
});

test("a built-in error keeps class, message, stack, cause and data", () => {
  const source = Object.assign(new RangeError("far", { cause: { at: 1 } }), {
    code: "E_FAR",
    detail: { n: 1 },
  });
  const copy = copyOf(source);
  assert.equal(Object.getPrototypeOf(copy), RangeError.prototype);
  assert.deepEqual(
    [copy.message, copy.stack, copy.code, copy.detail, copy.cause],
    [source.message, source.stack, "E_FAR", { n: 1 }, { at: 1 }],
  );
  assert.notEqual(copy.detail, source.detail);
  assert.deepEqual(Object.keys(copy), ["code", "detail"]);
});

test("an error of a class of the user keeps its name and the built-in class above it", () => {
  class PayError extends TypeError {
    override name = "PayError";
    amount = 5;
  }
  const copy = copyOf(new PayError("no money"));
  assert.equal(Object.getPrototypeOf(copy), TypeError.prototype);
  assert.deepEqual([copy.name, copy.amount, String(copy)], ["PayError", 5, "PayError: no money"]);
});

test("a SnaxError stays one, with code and data", () => {
  const source = new SnaxError("ERR_TIMEOUT", "late", { data: { ms: 5 }, cause: new Error("why") });
  const copy = copyOf(source);
  assert.ok(copy instanceof SnaxError && copy !== source);
  assert.deepEqual([copy.code, copy.data, copy.message], ["ERR_TIMEOUT", { ms: 5 }, "late"]);
  assert.equal((copy.cause as Error).message, "why");
});

test("an AggregateError keeps its errors and a DOMException its name", () => {
  const many = copyOf(new AggregateError([new TypeError("a")], "many"));
  assert.ok(many instanceof AggregateError && many.errors[0] instanceof TypeError);
  const aborted = copyOf(new DOMException("stop", "AbortError"));
  assert.ok(aborted instanceof DOMException);
  assert.deepEqual([aborted.name, aborted.message], ["AbortError", "stop"]);
});

test("an error that is its own cause is copied", () => {
  const source = new Error("loop");
  source.cause = source;
  const copy = copyOf(source);
  assert.equal(copy.cause, copy);
});
