/** What the thread codec carries: every value arrives as base/copy would have copied it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { copyArguments } from "../../../src/base/copy.ts";
import { SnaxError } from "../../../src/base/error.ts";
import { ThreadDecoder } from "../../../src/wire/codec-decoder.ts";
import { ThreadEncoder } from "../../../src/wire/codec-encoder.ts";
import { CodecMemory } from "../../../src/wire/codec-memory.ts";
import { PortableTable } from "../../../src/wire/codec-portable.ts";

const REGION_BYTES = 1 << 20;

/** Sends values once through a region of shared memory. */
function send(...values: unknown[]): unknown[] {
  const table = new PortableTable();
  const memory = new CodecMemory(new Uint8Array(new SharedArrayBuffer(REGION_BYTES)));
  const end = new ThreadEncoder(table).encodeArguments(values, memory, 7, REGION_BYTES);
  assert.ok(end > 7, `the message does not fit: ${end}`);
  return new ThreadDecoder(table).decodeArguments(memory, 7, end, undefined);
}

/** Sends a value through a region and says what arrived. */
function pass<T>(value: T): T {
  return send(value)[0] as T;
}

/** Sends a value in a parcel and says what arrived. */
function passApart<T>(value: T): T {
  const table = new PortableTable();
  const parcel = new ThreadEncoder(table).encodeResultApart(value);
  return new ThreadDecoder(table).decodeResultApart(parcel, undefined) as T;
}

function assertLikeCopy(...values: unknown[]): void {
  assert.deepStrictEqual(send(...values), copyArguments(values, undefined));
}

test("no arguments and many arguments arrive in order", () => {
  assertLikeCopy();
  for (const count of [1, 2, 3, 4, 200])
    assertLikeCopy(...Array.from({ length: count }, (_, index) => `argument ${index}`));
});

test("numbers arrive as they are, at every border between two forms", () => {
  const numbers = [0, -0, 1, -1, 127, 128, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1];
  const others = [0.5, NaN, Infinity, -Infinity, 5e-324, 2 ** 53, 1e308];
  for (const number of [...numbers, ...others]) assert.ok(Object.is(pass(number), number));
});

test("bigints of any size arrive", () => {
  const borders = [0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n];
  assertLikeCopy(...borders, 2n ** 1000n, -(3n ** 700n));
});

test("texts of any length and alphabet arrive, also halves of surrogate pairs", () => {
  for (const unit of ["a", "\0", "é", "ÿ", "Ā", "中", "😀", "\ud800", "\udc00"]) {
    for (const length of [0, 1, 23, 24, 25, 63, 64, 65, 255, 256, 70_000]) {
      const text = unit.repeat(length);
      assert.equal(pass(text), text);
    }
  }
});

test("an object that is referred to twice, or from inside itself, arrives once", () => {
  const shared = { n: 1 };
  const loop: Record<string, unknown> = { shared, list: [shared, [shared]] };
  loop["self"] = loop;
  const [first, second] = send(loop, shared) as [Record<string, unknown>, object];
  assert.equal(first["self"], first);
  assert.equal(first["shared"], second);
  assert.equal((first["list"] as unknown[])[0], second);
});

test("sharing is kept among more objects than the short list holds", () => {
  const objects = Array.from({ length: 100 }, (_, n) => ({ n }));
  const copy = pass([objects, objects.toReversed()]);
  assert.deepStrictEqual(copy[0], objects);
  assert.ok(copy[0]?.every((each, index) => each === copy[1]?.[99 - index]));
});

test("cycles through Map, Set and error lead back to the copy", () => {
  const map = new Map<string, unknown>();
  const set = new Set<unknown>([map]);
  const error = new Error("loop", { cause: set });
  map.set("error", error);
  const copy = pass(map);
  const back = copy.get("error") as Error;
  assert.ok((back.cause as Set<unknown>).has(copy));
});

test("arrays of integers, doubles and others arrive with every element", () => {
  assertLikeCopy([], [1, 2, 3], [1, -0, 3], [1, 2 ** 31, 3], [0.5, NaN, -0], [1, "two", 3]);
  assertLikeCopy([undefined, null], [1, undefined, 2], [0, {}, 1]);
  assertLikeCopy(Array.from({ length: 1000 }, (_, index) => index * 3));
});

test("holes and named properties of arrays are kept", () => {
  const long = Array.from({ length: 1000 }, (_, index) => index);
  Reflect.deleteProperty(long, 500);
  const matched = /b(?<rest>.*)/.exec("abc");
  assertLikeCopy(new Array<unknown>(3), Object.assign([1], { extra: { b: 2 } }), long, matched);
});

test("a huge array with few elements arrives at once", () => {
  const source: number[] = [];
  source[4_000_000_000] = 1;
  const copy = pass(source);
  assert.deepEqual(Object.entries(copy), [["4000000000", 1]]);
  assert.equal(copy.length, 4_000_000_001);
});

test("instances, getters and objects without a prototype arrive as plain objects", () => {
  class Point {
    x = 1;
    #hidden = 2;
    get sum(): number {
      return this.x + this.#hidden;
    }
  }
  const getter = {
    get now(): number {
      return 7;
    },
  };
  assertLikeCopy(new Point(), getter, Object.assign(Object.create(null) as object, { a: 1 }));
});

test("an own __proto__ key stays an own property and changes no prototype", () => {
  const copy = pass(JSON.parse('{"__proto__":{"evil":true},"toString":1}') as object);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.deepEqual(Object.keys(copy), ["__proto__", "toString"]);
  assert.equal("evil" in copy, false);
});

test("dates, regular expressions, boxed primitives, maps and sets are copied", () => {
  assertLikeCopy(new Date(7), /a+/giu, Object(1), Object("s"), Object(1n), Object(false));
  assertLikeCopy(new Map<unknown, unknown>([[{ key: 1 }, new Set([[]])]]), new Set(["a", NaN]));
  assert.ok(Number.isNaN(pass(new Date(NaN)).getTime()));
});

test("memory and every kind of view of it are copied", () => {
  const { buffer } = Uint8Array.from({ length: 64 }, (_, index) => index);
  const kinds = [Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
  const wide = [Float32Array, Float64Array, BigInt64Array, BigUint64Array];
  const views = [...kinds, ...wide].map((View) => new View(buffer, 8, 2));
  const copy = pass([buffer, new DataView(buffer, 3, 5), new Uint8Array(buffer, 1), ...views]);
  assert.deepStrictEqual(copy.slice(1), [
    new DataView(buffer, 3, 5),
    new Uint8Array(buffer, 1),
    ...views,
  ]);
  assert.equal(new Set(copy.slice(1).map((view) => (view as Uint8Array).buffer)).size, 1);
  assert.equal((copy[1] as DataView).buffer, copy[0]);
  assert.ok(copy[0] instanceof ArrayBuffer && copy[0] !== buffer);
});

test("a resizable buffer stays resizable", () => {
  type Resizable = ArrayBuffer & { maxByteLength: number };
  const Make = ArrayBuffer as unknown as new (size: number, options: object) => Resizable;
  const copy = pass(new Make(4, { maxByteLength: 64 }));
  assert.deepEqual([copy.byteLength, copy.maxByteLength], [4, 64]);
});

test("a Buffer stays a Buffer and brings only its own bytes", () => {
  const copy = pass(Buffer.from("abc"));
  assert.ok(Buffer.isBuffer(copy));
  assert.equal(copy.toString(), "abc");
});

test("shared memory fits no region and stays shared in a parcel", () => {
  const memory = new SharedArrayBuffer(8);
  const source = { memory, view: new Int32Array(memory), bytes: Buffer.from(memory, 2, 3) };
  const region = new CodecMemory(new Uint8Array(REGION_BYTES));
  const encoder = new ThreadEncoder(new PortableTable());
  assert.equal(encoder.encodeResult(source, region, 0, REGION_BYTES), -Infinity);
  const copy = passApart(source);
  assert.deepEqual([copy.memory, copy.view.buffer, copy.bytes.buffer], [memory, memory, memory]);
  assert.ok(Buffer.isBuffer(copy.bytes) && copy.memory === memory);
  assert.deepEqual([copy.bytes.byteOffset, copy.bytes.length], [2, 3]);
});

test("errors keep class, name, message, stack, cause, code and data", () => {
  class PayError extends TypeError {
    override name = "PayError";
    amount = { of: 5 };
  }
  const remote = { remote: ":0000000a" };
  const errors: Error[] = [
    Object.assign(new RangeError("far", { cause: { at: 1 } }), { code: "E_FAR" }),
    new PayError("no money"),
    Object.assign(new SnaxError("ERR_TIMEOUT", "late", { data: { ms: 5 } }), remote),
    new AggregateError([new TypeError("a"), "b"], "many"),
    new DOMException("stop", "AbortError"),
    new URIError("u"),
  ];
  for (const source of errors) {
    const copy = pass(source);
    const expected = copyArguments([source], undefined)[0] as Error;
    assert.equal(Object.getPrototypeOf(copy), Object.getPrototypeOf(expected));
    assert.deepEqual(describe(copy), describe(expected));
  }
});

/** Every own property of an error, whatever their order. */
function describe(error: Error): unknown {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(error));
  const known = properties.map(([key, { value, enumerable }]) => [key, String(value), enumerable]);
  return [error.name, error.message, error.stack, new Map(known.map((each) => [each[0], each]))];
}
