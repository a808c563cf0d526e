/**
 * What lua-seri refuses: values that Lua has no type for, payloads that skynet can't have made, and whatever is too deep
 * or too long. A refusal of a value names the place, one of a payload says what skynet's unpacker says.
 */

import { deepEqual, equal, match, throws } from "node:assert/strict";
import { test } from "node:test";

import { kPort } from "../../../src/base/portable.ts";
import { SERI_DEPTH_MAX } from "../../../src/wire/lua-seri-format.ts";
import { SeriWriter } from "../../../src/wire/lua-seri-writer.ts";
import { decodeSeri, encodeSeri } from "../../../src/wire/lua-seri.ts";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

/** Puts a value into that number of tables, one in the other. */
function nest(depth: number, value: unknown): unknown {
  let at = value;
  for (let level = 0; level < depth; level++) at = [at];
  return at;
}

/** Encodes what must be refused, and returns the words. */
function refusalOf(...values: unknown[]): string {
  try {
    encodeSeri(values);
  } catch (error) {
    equal((error as { code?: unknown }).code, "ERR_NOT_SENDABLE");
    return (error as Error).message;
  }
  throw new Error("the values were encoded");
}

test("a bigint of more than 64 bits is refused", () => {
  equal(refusalOf({ n: 2n ** 63n }), "argument 1 .n is a bigint of more than 64 bits");
  match(refusalOf(-(2n ** 63n) - 1n), /^argument 1 is a bigint/);
});

test("a scalar may lie in as many tables as skynet packs, and no deeper", () => {
  deepEqual(decodeSeri(encodeSeri([nest(SERI_DEPTH_MAX, 1)])), [nest(SERI_DEPTH_MAX, 1)]);
  match(refusalOf(nest(SERI_DEPTH_MAX + 1, 1)), /^argument 1 (\[0\]){33} is nested deeper than/);
});

test("an empty table may lie one deeper than a scalar, in both directions", () => {
  deepEqual(decodeSeri(encodeSeri([nest(SERI_DEPTH_MAX, [])])), [nest(SERI_DEPTH_MAX, [])]);
  match(refusalOf(nest(SERI_DEPTH_MAX + 1, [])), /is nested deeper than SERI_DEPTH_MAX 32$/);
  throws(() => decodeSeri(fromHex(`${"0e".repeat(SERI_DEPTH_MAX + 1)}0600`)), {
    message: "Invalid serialize stream 1",
  });
});

test("a cycle is refused as too deep, with the start of its path", () => {
  const list: Record<string, unknown> = {};
  list["next"] = list;
  match(refusalOf(list), /^argument 1 \.next\.next.* is nested deeper than SERI_DEPTH_MAX 32$/);
});

test("what Lua has no type for is refused with the way to it", () => {
  const refusals: readonly (readonly [unknown, string])[] = [
    [{ list: [1, () => 0] }, "argument 2 .list[1] is a function"],
    [Symbol("x"), "argument 2 is a symbol"],
    [{ "a b": Promise.resolve() }, 'argument 2 ["a b"] is a promise (a missing await?)'],
    [new Map([["k", new Set()]]), 'argument 2 .get("k") is of type Set, which Lua does not have'],
    [new Date(), "argument 2 is of type Date, which Lua does not have"],
    [new Float64Array(1), "argument 2 is of type Float64Array, which Lua does not have"],
    [new WeakMap(), "argument 2 is a WeakMap"],
    [new Map([[NaN, 1]]), "argument 2 .get(NaN) has a key that no Lua table can have"],
    [new Map([[null, 1]]), "argument 2 .get(null) has a key that no Lua table can have"],
  ];
  for (const [value, message] of refusals) equal(refusalOf("fine", value), message);
});

test("an object of the runtime is refused, not sent as an empty table", () => {
  match(refusalOf({ [kPort]: () => 0 }), /^argument 1 is an object of the runtime/);
});

test("the error of a getter comes as it is, and the next message is whole", () => {
  const failure = new Error("no");
  const value = {
    get a(): unknown {
      throw failure;
    },
  };
  throws(() => encodeSeri([1, { value }]), failure);
  equal(hex(encodeSeri([1])), "0a01");
});

test("a message may be as long as the bound, and not a byte longer", () => {
  const writer = new SeriWriter(600);
  writer.bytes(new Uint8Array(597));
  equal(writer.finish().length, 600);
  writer.bytes(new Uint8Array(598));
  throws(() => writer.finish(), { code: "ERR_NOT_SENDABLE" });
});

test("a sparse array of billions is refused before it is gone through", () => {
  const sparse: unknown[] = [];
  sparse.length = 2 ** 32 - 1;
  match(refusalOf(sparse), /exceeds SERI_BYTES_MAX 2147483647$/);
});

const MALFORMED: readonly (readonly [title: string, bytes: string, left: number])[] = [
  ["a type that does not exist", "07 00", 1],
  ["a number of an unknown size", "1a 00 00", 2],
  ["a long string with a length of an unknown size", "1d 00 00 00", 3],
  ["a table sized by a float", "fe 42 00 00 00 00 00 00 00 00", 8],
  ["a table sized by a string", "fe 0c 61 00", 2],
  ["a short string cut off", "1c 61", 1],
  ["a long string that claims 4 GiB", "25 ff ff ff ff 61", 1],
  ["a list that claims 2^31 - 1 values", "fe 22 ff ff ff 7f 00", 0],
  ["a list that claims 2^63 - 1 values", "fe 32 ff ff ff ff ff ff ff 7f 00", 0],
  ["a table without an end", "06 0c 61 09", 0],
];

for (const [title, bytes, left] of MALFORMED) {
  test(`${title} is refused in skynet's words`, () => {
    throws(() => decodeSeri(fromHex(bytes)), {
      code: "ERR_ARGUMENT",
      message: `Invalid serialize stream ${left}`,
    });
  });
}

test("NaN as a key is refused in skynet's words", () => {
  throws(() => decodeSeri(fromHex("06 42 00 00 00 00 00 00 f8 7f 09 00")), {
    code: "ERR_ARGUMENT",
    message: "table index is NaN",
  });
});
