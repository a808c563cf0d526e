/**
 * lua-seri against the bytes that skynet's own module makes, both ways, and the rules where the languages differ.
 *
 * The vectors hold what lua-seri.c of skynet prints for the same Lua values. NaN is the one value with more than one
 * form, and a list with a gap has one for each place where Lua may find its end. What is refused: lua-seri-refusal.
 */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { LuaFloat, LuaPointer, decodeSeri, encodeSeri } from "../../../src/wire/lua-seri.ts";

/** Values with the bytes that stand for them, in both directions. */
const VECTORS: readonly (readonly [title: string, bytes: string, ...values: unknown[]])[] = [
  ["no values", ""],
  ["nil", "00", undefined],
  ["false", "01", false],
  ["true", "09", true],
  ["0", "02", 0],
  ["1", "0a 01", 1],
  ["the largest byte", "0a ff", 0xff],
  ["the smallest word", "12 00 01", 0x100],
  ["the largest word", "12 ff ff", 0xffff],
  ["the smallest double word", "22 00 00 01 00", 0x10000],
  ["the largest double word", "22 ff ff ff 7f", 0x7fffffff],
  ["-1", "22 ff ff ff ff", -1],
  ["-2^31", "22 00 00 00 80", -(2 ** 31)],
  ["2^31", "32 00 00 00 80 00 00 00 00", 2 ** 31],
  ["-2^31 - 1", "32 ff ff ff 7f ff ff ff ff", -(2 ** 31) - 1],
  ["the largest safe integer", "32 ff ff ff ff ff ff 1f 00", Number.MAX_SAFE_INTEGER],
  ["2^53 as an integer", "32 00 00 00 00 00 00 20 00", 2n ** 53n],
  ["the smallest integer", "32 00 00 00 00 00 00 00 80", -(2n ** 63n)],
  ["the largest integer", "32 ff ff ff ff ff ff ff 7f", 2n ** 63n - 1n],
  ["1.5", "42 00 00 00 00 00 00 f8 3f", 1.5],
  ["-0.0", "42 00 00 00 00 00 00 00 80", -0],
  ["2^53 as a float", "42 00 00 00 00 00 00 40 43", 2 ** 53],
  ["infinity", "42 00 00 00 00 00 00 f0 7f", Infinity],
  ["a pointer", "03 08 07 06 05 04 03 02 81", new LuaPointer(0x8102030405060708n)],
  ["the empty string", "04", ""],
  ["a string of 1 byte", "0c 61", "a"],
  ["a string of 31 bytes", `fc ${"61 ".repeat(31)}`, "a".repeat(31)],
  ["a string of 32 bytes", `15 20 00 ${"61 ".repeat(32)}`, "a".repeat(32)],
  ["a string of 65535 bytes", `15 ff ff ${"61 ".repeat(65535)}`, "a".repeat(65535)],
  ["a string of 65536 bytes", `25 00 00 01 00 ${"61 ".repeat(65536)}`, "a".repeat(65536)],
  ["a string that is not ASCII", "1c e4 bd a0", "你"],
  ["a string that is not UTF-8", "14 ff 61", Uint8Array.of(0xff, 0x61)],
  ["a surrogate, which is not UTF-8", "1c ed a0 80", Uint8Array.of(0xed, 0xa0, 0x80)],
  ["U+FFFD itself", "1c ef bf bd", "\ufffd"],
  ["an empty table", "06 00", []],
  ["a list", "1e 0a 01 0a 02 0a 03 00", [1, 2, 3]],
  ["a list with a gap", "1e 0a 01 00 0a 03 00", [1, undefined, 3]],
  ["a list of 30", `f6 ${"09 ".repeat(30)} 00`, Array(30).fill(true)],
  ["a list of 31", `fe 0a 1f ${"09 ".repeat(31)} 00`, Array(31).fill(true)],
  ["a list of 300", `fe 12 2c 01 ${"09 ".repeat(300)} 00`, Array(300).fill(true)],
  ["a record", "06 0c 61 0a 01 00", { a: 1 }],
  ["a table in a table", "0e 06 00 00", [[]]],
  [
    "a list and record in one",
    "16 0a 0a 0a 14 0c 61 0c 62 00",
    new Map<unknown, unknown>([
      [1, 10],
      [2, 20],
      ["a", "b"],
    ]),
  ],
  [
    "a list whose end Lua found early",
    "0e 0a 01 0a 03 0a 03 00",
    new Map([
      [1, 1],
      [3, 3],
    ]),
  ],
  ["a record by number", "06 12 e9 03 0c 61 00", new Map([[1001, "a"]])],
  ["several values", "0a 01 0c 61 00 09", 1, "a", undefined, true],
  ["skynet's DATACENTER", "34 55 50 44 41 54 45 1c 6b 65 79", "UPDATE", "key"],
];

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

for (const [title, bytes, ...values] of VECTORS) {
  test(`${title} has skynet's bytes`, () => {
    equal(hex(encodeSeri(values)), bytes.replaceAll(" ", ""));
  });
  test(`skynet's bytes of ${title} are understood`, () => {
    deepEqual(decodeSeri(fromHex(bytes)), values);
  });
}

test("null goes as nil", () => {
  equal(hex(encodeSeri([null])), "00");
});

test("a LuaFloat goes as a float, however integral it is", () => {
  equal(hex(encodeSeri([new LuaFloat(1)])), "42000000000000f03f");
});

test("a LuaFloat counts like a number", () => {
  equal(Number(new LuaFloat(2)) + 1, 3);
});

test("an integral float is read as a number, or kept as a float on demand", () => {
  const bytes = encodeSeri([new LuaFloat(3)]);
  deepEqual(decodeSeri(bytes), [3]);
  deepEqual(decodeSeri(bytes, { keepFloats: true }), [new LuaFloat(3)]);
});

test("NaN is read whatever its sign", () => {
  for (const last of ["7f", "ff"]) {
    deepEqual(decodeSeri(fromHex(`42 00 00 00 00 00 00 f8 ${last}`)), [NaN]);
  }
  deepEqual(decodeSeri(encodeSeri([NaN])), [NaN]);
});

test("a small bigint goes in the smallest form of an integer", () => {
  equal(hex(encodeSeri([1n, -1n, 0n])), "0a0122ffffffff02");
});

test("a lone surrogate goes as U+FFFD", () => {
  equal(hex(encodeSeri(["\ud800"])), "1cefbfbd");
});

test("any true boolean of the wire is true", () => {
  deepEqual(decodeSeri(fromHex("11")), [true]);
});

test("strings are read as bytes on demand, keys stay strings", () => {
  deepEqual(decodeSeri(fromHex("06 0c 61 0c 62 00"), { strings: "bytes" }), [
    { a: Uint8Array.of(0x62) },
  ]);
});

test("decoded bytes are a copy of the payload", () => {
  const payload = encodeSeri([Uint8Array.of(0xff)]);
  const [bytes] = decodeSeri(payload);
  payload.fill(0);
  deepEqual(bytes, Uint8Array.of(0xff));
});

test("encoded bytes have memory of their own", () => {
  const first = encodeSeri(["abc"]);
  encodeSeri(["xyz"]);
  equal(hex(first), "1c616263");
  equal(first.buffer.byteLength, first.length);
});

test("fields without a value are left out", () => {
  equal(hex(encodeSeri([{ a: undefined, b: null }, new Map([["a", undefined]])])), "06000600");
});

test("a key that looks like a number stays a string, and a Map has numbers as keys", () => {
  equal(hex(encodeSeri([{ 5: true }, new Map([[5, true]])])), "060c350900060a050900");
});

test("an instance of a class goes as its fields", () => {
  class Point {
    x = 1;
    get y(): number {
      return 2;
    }
  }
  deepEqual(decodeSeri(encodeSeri([new Point()])), [{ x: 1 }]);
});

test("an object without a prototype goes as its fields", () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  equal(hex(encodeSeri([bare])), "060c610a0100");
});

test("a Map may have keys of any kind", () => {
  const map = new Map<unknown, unknown>([
    [true, 1],
    [1.5, 2],
    [-3, 3],
    [2n ** 60n, 4],
  ]);
  deepEqual(decodeSeri(encodeSeri([map])), [map]);
});

test("a float that is an integer is that integer as a key", () => {
  deepEqual(decodeSeri(fromHex("06 42 00 00 00 00 00 00 14 40 09 00"), { keepFloats: true }), [
    new Map([[5, true]]),
  ]);
  equal(hex(encodeSeri([new Map([[new LuaFloat(5), true]])])), "060a050900");
});

test("a table that Lua sent key by key (__pairs) is a list if its keys are 1, 2, 3", () => {
  deepEqual(decodeSeri(fromHex("06 0a 01 0c 61 0a 02 0c 62 00")), [["a", "b"]]);
});

test("a table that Lua sent key by key (__pairs) is a Map if it is list and record in one", () => {
  deepEqual(decodeSeri(fromHex("06 0a 01 1c 6f 6e 65 0c 6b 0c 76 00")), [
    new Map<unknown, unknown>([
      [1, "one"],
      ["k", "v"],
    ]),
  ]);
});

test("a record that turns out to have other keys is a Map", () => {
  deepEqual(decodeSeri(fromHex("06 0c 61 09 09 01 00")), [
    new Map<unknown, unknown>([
      ["a", true],
      [true, false],
    ]),
  ]);
});

test("an empty table is an object on demand", () => {
  deepEqual(decodeSeri(fromHex("06 00"), { empty: "object" }), [{}]);
});

test("all tables are Maps on demand", () => {
  deepEqual(decodeSeri(fromHex("0e 06 0c 61 09 00 00 06 00"), { tables: "map" }), [
    new Map([[1, new Map([["a", true]])]]),
    new Map(),
  ]);
});

test("a key without a value does not exist, and takes an earlier one of its name away", () => {
  deepEqual(decodeSeri(fromHex("06 0c 61 00 0c 62 09 00")), [{ b: true }]);
  deepEqual(decodeSeri(fromHex("06 0c 61 09 0c 62 09 0c 61 00 00")), [{ b: true }]);
});

test("an array part of negative size is none, as in skynet", () => {
  deepEqual(decodeSeri(fromHex("fe 22 ff ff ff ff 00")), [[]]);
});

test("a field called __proto__ is data in both directions", () => {
  const evil = JSON.parse('{"__proto__":{"admin":true}}') as object;
  const [back] = decodeSeri(encodeSeri([evil]));
  ok(Object.hasOwn(back as object, "__proto__"));
  equal(Object.getPrototypeOf(back), Object.prototype);
  equal((back as { admin?: unknown }).admin, undefined);
});

test("a getter may encode a message of its own", () => {
  const value = {
    get a(): string {
      return hex(encodeSeri([2]));
    },
  };
  deepEqual(decodeSeri(encodeSeri([1, value])), [1, { a: "0a02" }]);
});

test("every vector cut off inside its last value is refused", () => {
  for (const [title, text, ...values] of VECTORS) {
    const bytes = fromHex(text);
    if (values.length !== 1 || bytes.length > 1000) continue;
    for (let length = 1; length < bytes.length; length++) {
      throws(() => decodeSeri(bytes.subarray(0, length)), /Invalid serialize stream/, title);
    }
  }
});

test("a payload in the middle of a larger buffer is read where it lies", () => {
  const buffer = Buffer.from("ff0a01ff", "hex");
  deepEqual(decodeSeri(buffer.subarray(1, 3)), [1]);
});

test("a pointer keeps its 64 bits", () => {
  const [pointer] = decodeSeri(encodeSeri([new LuaPointer(2n ** 64n - 1n)]));
  ok(pointer instanceof LuaPointer);
  equal(pointer.address, 2n ** 64n - 1n);
});

test("fields named like methods of every object are data in both directions", () => {
  const value = { toString: 1, constructor: 2, hasOwnProperty: 3 };
  deepEqual(decodeSeri(encodeSeri([value])), [value]);
});
