/**
 * Messages against the bytes that sproto.c makes, both ways, and the rules where the languages differ.
 *
 * The vectors are what sproto's own module prints for the same values.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { sproto } from "../../../src/sproto/library.ts";
import { SCHEMA, fromHex, hex, plain } from "./bytes.ts";

const ALICE = {
  name: "Alice",
  id: 10_000,
  phone: [
    { number: "123456789", type: 1 },
    { number: "87654321", type: 2 },
  ],
  height: 1.76,
  data: Uint8Array.of(0, 1, 255),
  weight: 60.5,
};

type Vector = readonly [title: string, type: string, value: Record<string, unknown>, bytes: string];

/** Values with the bytes that stand for them, in both directions. */
const VECTORS: readonly Vector[] = [
  ["nothing", "Data", {}, "00 00"],
  ["0", "Data", { number: 0 }, "02 00 03 00 02 00"],
  ["-1", "Data", { number: -1 }, "02 00 03 00 00 00 04 00 00 00 ff ff ff ff"],
  ["the largest number in a word", "Data", { number: 0x7ffe }, "02 00 03 00 fe ff"],
  [
    "the smallest number in a chunk",
    "Data",
    { number: 0x7fff },
    "02 00 03 00 00 00 04 00 00 00 ff 7f 00 00",
  ],
  ["2^31 - 1", "Data", { number: 2 ** 31 - 1 }, "02 00 03 00 00 00 04 00 00 00 ff ff ff 7f"],
  ["2^31", "Data", { number: 2 ** 31 }, "02 00 03 00 00 00 08 00 00 00 00 00 00 80 00 00 00 00"],
  ["-2^31", "Data", { number: -(2 ** 31) }, "02 00 03 00 00 00 04 00 00 00 00 00 00 80"],
  [
    "-2^31 - 1",
    "Data",
    { number: -(2 ** 31) - 1 },
    "02 00 03 00 00 00 08 00 00 00 ff ff ff 7f ff ff ff ff",
  ],
  [
    "the largest safe integer",
    "Data",
    { number: 2 ** 53 - 1 },
    "02 00 03 00 00 00 08 00 00 00 ff ff ff ff ff ff 1f 00",
  ],
  [
    "short integers",
    "Data",
    { numbers: [1, 2, 3, 4, 5] },
    "01 00 00 00 15 00 00 00 04 01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00 05 00 00 00",
  ],
  [
    "integers of which one is long",
    "Data",
    { numbers: [2 ** 32 + 1, 2, -1] },
    `01 00 00 00 19 00 00 00 08 01 00 00 00 01 00 00 00 02 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff`,
  ],
  ["an empty list", "Data", { numbers: [] }, "01 00 00 00 00 00 00 00"],
  ["booleans", "Data", { bools: [false, true, false] }, "02 00 01 00 00 00 03 00 00 00 00 01 00"],
  [
    "two integers",
    "Data",
    { number: 100_000, bignumber: -10_000_000_000 },
    "03 00 03 00 00 00 00 00 04 00 00 00 a0 86 01 00 08 00 00 00 00 1c f4 ab fd ff ff ff",
  ],
  [
    "doubles",
    "Data",
    { double: 0.01171875, doubles: [0.01171875, 23, 4] },
    `03 00 07 00 00 00 00 00 08 00 00 00 00 00 00 00 00 00 88 3f
     19 00 00 00 08 00 00 00 00 00 00 88 3f 00 00 00 00 00 00 37 40 00 00 00 00 00 00 10 40`,
  ],
  ["a decimal", "Data", { fpn: 1.82 }, "02 00 0b 00 6e 01"],
  ["a negative decimal", "Data", { fpn: -0.01 }, "02 00 0b 00 00 00 04 00 00 00 ff ff ff ff"],
  [
    "texts",
    "Data",
    { strs: ["a", "", "bc"] },
    "02 00 0d 00 00 00 0f 00 00 00 01 00 00 00 61 00 00 00 00 02 00 00 00 62 63",
  ],
  ["a tag far behind", "Data", { b: true }, "02 00 27 00 04 00"],
  ["a text that is not ASCII", "Gap", { c: "é中" }, "02 00 13 00 00 00 05 00 00 00 c3 a9 e4 b8 ad"],
  [
    "gaps between tags",
    "Gap",
    { a: 1, b: 2, c: "x" },
    "05 00 05 00 04 00 09 00 06 00 00 00 01 00 00 00 78",
  ],
  ["an empty text", "Gap", { c: "" }, "02 00 13 00 00 00 00 00 00 00"],
  ["one field of three", "Gap", { b: 7 }, "02 00 11 00 10 00"],
  [
    "types in types, a list by key, bytes",
    "AddressBook",
    { person: new Map([[10_000, ALICE]]), others: [{ name: "Bob" }, {}] },
    `020000000000610000005d00000007000000224e0100000062010000000005000000416c6963652d00000013000000020000000400090000003132
     33343536373839120000000200000006000800000038373635343332310300 00000001ff080000000000000000404e4015000000
     0b0000000100000003000000426f62020000000000`,
  ],
  [
    "a map, and a list by a key that is not the first field",
    "Maps",
    { m: new Map([["a", 1]]), n: new Map([[-5, { k: "q", v: -5 }]]) },
    "03000000030000000f0000000b00000002000000040001000000611700000013000000020000000000010000007104000000fbffffff",
  ],
];

for (const [title, type, value, bytes] of VECTORS) {
  test(`${title} has sproto's bytes`, () => {
    equal(hex(SCHEMA.encode(type, value)), plain(bytes));
  });
  test(`sproto's bytes of ${title} are understood`, () => {
    deepEqual(SCHEMA.decode(type, fromHex(bytes)), value);
  });
}

test("a list of integers with a width and no elements is an empty list", () => {
  deepEqual(SCHEMA.decode("Data", fromHex("01 00 00 00 01 00 00 00 04")), { numbers: [] });
});

test("tags that the type does not have are skipped", () => {
  const newer = sproto.parse(".Gap { x 0 : *integer a 3 : integer y 4 : string z 900 : double }");
  const bytes = newer.encode("Gap", { x: [1], a: 5, y: "new", z: 1 });
  deepEqual(SCHEMA.decode("Gap", bytes), { a: 5 });
});

test("bytes behind a message do not matter, and where it ended is told", () => {
  const bytes = fromHex("02 00 11 00 10 00 ff ff");
  deepEqual(SCHEMA.decode_prefix("Gap", bytes), { value: { b: 7 }, size: 6 });
});

test("undefined, null and properties that are no fields are not encoded", () => {
  const value = { number: undefined, b: null, other: () => {} };
  equal(hex(SCHEMA.encode("Data", value)), "0000");
});

test("a list ends at its first undefined or null", () => {
  equal(hex(SCHEMA.encode("Data", { bools: [true, undefined, true] })), "0200010000000100000001");
  equal(hex(SCHEMA.encode("Data", { bools: [null] })), "02000100000000000000");
});

test("an integer may be a bigint, or a text that is one", () => {
  const bytes = hex(SCHEMA.encode("Gap", { a: 12 }));
  for (const a of [12n, "12", " 12 ", "+12", "0xc", "12.0", "1.2e1"]) {
    equal(hex(SCHEMA.encode("Gap", { a })), bytes);
  }
  equal(hex(SCHEMA.encode("Gap", { a: "9223372036854775807" })).endsWith("ffffffffffffff7f"), true);
});

test("texts and bytes stand for each other, as in Lua", () => {
  const text = hex(SCHEMA.encode("Person", { name: "Bob", data: "Bob" }));
  const bytes = Uint8Array.from(Buffer.from("Bob"));
  equal(hex(SCHEMA.encode("Person", { name: bytes, data: bytes })), text);
});

test("a decimal is rounded half away from zero and comes back as a number", () => {
  for (const [value, back] of [
    [0.005, 0.01],
    [-0.005, -0.01],
    [1.234, 1.23],
    [3, 3],
    ["1.5", 1.5],
  ]) {
    deepEqual(SCHEMA.decode("Data", SCHEMA.encode("Data", { fpn: value })), { fpn: back });
  }
});

test("a list with a key may be given as a Map, a list or an object", () => {
  const bob = { id: 7, name: "Bob" };
  const bytes = hex(SCHEMA.encode("AddressBook", { person: new Map([[7, bob]]) }));
  equal(hex(SCHEMA.encode("AddressBook", { person: [bob] })), bytes);
  equal(hex(SCHEMA.encode("AddressBook", { person: { 7: bob } })), bytes);
  equal(
    hex(SCHEMA.encode("Maps", { m: { a: 1 } })),
    hex(SCHEMA.encode("Maps", { m: new Map([["a", 1]]) })),
  );
});

test("an integer that is not safe is refused, or a bigint on demand", () => {
  const text = ".a { id 0 : integer ids 1 : *integer }";
  const value = { id: 2n ** 60n, ids: [1n, -(2n ** 63n)] };
  const bytes = sproto.parse(text).encode("a", value);
  throws(() => sproto.parse(text).decode("a", bytes), {
    code: "ERR_MALFORMED",
    message:
      "decode error: a.id: 1152921504606846976 is no safe integer, and bigint is not allowed",
  });
  const decoded = sproto.parse(text, { bigint: true }).decode("a", bytes);
  deepEqual(decoded, { id: 2n ** 60n, ids: [1, -(2n ** 63n)] });
});

test("a text that is not UTF-8 is refused where a string is asked for, and read as binary", () => {
  const bytes = sproto.parse(".a { x 0 : string }").encode("a", { x: Uint8Array.of(0xc3) });
  throws(() => sproto.parse(".a { x 0 : string }").decode("a", bytes), {
    code: "ERR_MALFORMED",
    message: /a\.x: a string that is not UTF-8/,
  });
  deepEqual(sproto.parse(".a { x 0 : binary }").decode("a", bytes), { x: Uint8Array.of(0xc3) });
});

test("U+FFFD itself is text", () => {
  const schema = sproto.parse(".a { x 0 : string }");
  deepEqual(schema.decode("a", schema.encode("a", { x: "\ufffd" })), { x: "\ufffd" });
});

test("a lone surrogate goes as U+FFFD", () => {
  const schema = sproto.parse(".a { x 0 : string }");
  deepEqual(schema.decode("a", schema.encode("a", { x: "\ud800" })), { x: "\ufffd" });
});

test("long texts come back as they were", () => {
  const schema = sproto.parse(".a { x 0 : string y 1 : string }");
  for (const length of [23, 24, 25, 40, 41, 20_000, 100_000]) {
    const value = { x: "a".repeat(length), y: "é".repeat(length) };
    deepEqual(schema.decode("a", schema.encode("a", value)), value);
  }
});

test("fields with names that every object inherits are the object's own", () => {
  const schema = sproto.parse(
    ".a { __proto__ 0 : a constructor 1 : string toString 2 : *integer }",
  );
  equal(hex(schema.encode("a", {})), "0000");
  const value = JSON.parse(`{"__proto__":{"constructor":"x"},"toString":[1]}`) as object;
  const back = schema.decode("a", schema.encode("a", value as Record<string, unknown>));
  deepEqual(back, value);
  equal(Object.getPrototypeOf(back), Object.prototype);
});

test("the keys of a list come into no prototype", () => {
  const value = { m: new Map([["__proto__", 1]]) };
  const back = SCHEMA.decode("Maps", SCHEMA.encode("Maps", value));
  deepEqual(back, value);
});

test("an error of a getter comes as it is, and the next message is whole", () => {
  const error = new Error("no");
  const value = {
    get number(): number {
      throw error;
    },
  };
  throws(() => SCHEMA.encode("Data", value), error);
  equal(hex(SCHEMA.encode("Data", { b: true })), "020027000400");
});

test("a getter that encodes a message does not disturb the one around it", () => {
  const value = {
    get number(): number {
      return SCHEMA.encode("Gap", { c: "inner" }).length;
    },
  };
  equal(hex(SCHEMA.encode("Data", value)), hex(SCHEMA.encode("Data", { number: 15 })));
});

test("a default value has all fields, and nothing in them", () => {
  deepEqual(SCHEMA.default("AddressBook"), { person: new Map(), others: [] });
  deepEqual(SCHEMA.default("Person"), {
    name: "",
    id: 0,
    email: "",
    phone: [],
    height: 0,
    data: new Uint8Array(0),
    weight: 0,
  });
  const { foo } = { foo: sproto.parse(".a {} foo 1 { request { a 0 : a b 1 : boolean } }") };
  deepEqual(foo.default("foo", "REQUEST"), { a: {}, b: false });
  equal(foo.default("foo", "RESPONSE"), undefined);
});
