/** Values that are not of their type, in skynet's words, and bytes that are no message. */

import { throws } from "node:assert/strict";
import { test } from "node:test";

import { SCHEMA, fromHex } from "./bytes.ts";

const REFUSED: readonly (readonly [type: string, value: unknown, message: string])[] = [
  ["Data", { number: "x" }, "Data.number[0] is not an integer (Is a string)"],
  ["Data", { number: "" }, "Data.number[0] is not an integer (Is a string)"],
  ["Data", { number: 1.5 }, "Data.number[0] is not an integer (Is a number): 1.5"],
  ["Data", { number: NaN }, "Data.number[0] is not an integer (Is a number): NaN"],
  [
    "Data",
    { number: 2 ** 63 },
    "Data.number[0] is not an integer (Is a number): 9223372036854776000 needs more than 64 bits",
  ],
  [
    "Data",
    { number: 2n ** 63n },
    "Data.number[0] is not an integer (Is a number): 9223372036854775808 needs more than 64 bits",
  ],
  ["Data", { numbers: [1, true] }, "Data.numbers[2] is not an integer (Is a boolean)"],
  ["Data", { b: 1 }, "Data.b[0] is not a boolean (Is a number)"],
  ["Data", { double: {} }, "Data.double[0] is not a number (Is a table)"],
  ["Data", { fpn: Infinity }, "Data.fpn[0] is not a number (Is a number): Infinity"],
  ["Data", { strs: ["a", 5] }, "Data.strs[2] is not a string (Is a number)"],
  [
    "Data",
    { numbers: 1 },
    "Data.numbers(1) should be a table or an userdata with metamethods (Is a number)",
  ],
  [
    "Data",
    { numbers: { a: 1 } },
    "Data.numbers(1) should be a table or an userdata with metamethods (Is a table): an array is expected, not an object",
  ],
  [
    "Data",
    { numbers: new Map([[1, 2]]) },
    "Data.numbers(1) should be a table or an userdata with metamethods (Is a table): an array is expected, not a Map",
  ],
  [
    "Data",
    { numbers: new Set([1]) },
    "Data.numbers(1) should be a table or an userdata with metamethods (Is a table): an array is expected, not a Set",
  ],
  [
    "Maps",
    { m: [1] },
    "Maps.m(1) should be a table or an userdata with metamethods (Is a table): a Map or an object of its pairs is expected, not an array",
  ],
  ["Person", { name: 1 }, "Person.name[0] is not a string (Is a number)"],
  ["Person", { phone: [1] }, "Person.phone[1] is not a table (Is a number)"],
  ["Maps", { m: 5 }, "Maps.m(1) should be a table or an userdata with metamethods (Is a number)"],
  ["Data", undefined, "Data should be a table (Is a nil)"],
];

for (const [type, value, message] of REFUSED) {
  test(`a value is refused: ${message}, ${String(value)}`, () => {
    const encode = () => SCHEMA.encode(type, value as Record<string, unknown>);
    throws(encode, { code: "ERR_NOT_SENDABLE", message });
  });
}

const MALFORMED: readonly (readonly [title: string, type: string, bytes: string])[] = [
  ["no head", "Data", "01"],
  ["fewer words than the head says", "Data", "02 00 03 00"],
  ["a chunk without a size", "Data", "02 00 03 00 00 00 04 00"],
  ["a chunk that is cut off", "Data", "02 00 03 00 00 00 04 00 00 00 ff"],
  ["a chunk as long as there are numbers", "Data", "02 00 03 00 00 00 ff ff ff ff ff"],
  ["an unknown field whose chunk is cut off", "Gap", "01 00 00 00 04 00 00 00 01"],
  ["an integer of three bytes", "Data", "02 00 03 00 00 00 03 00 00 00 01 02 03"],
  ["a boolean in a chunk", "Data", "02 00 27 00 00 00 01 00 00 00 01"],
  ["a double of four bytes", "Data", "02 00 07 00 00 00 04 00 00 00 00 00 00 00"],
  ["a double in a word", "Data", "02 00 07 00 02 00"],
  ["a text in a word", "Gap", "02 00 13 00 02 00"],
  ["a list in a word", "Data", "01 00 02 00"],
  ["a list of integers of an invalid width", "Data", "01 00 00 00 02 00 00 00 01 01"],
  ["a list of integers with half an integer", "Data", "01 00 00 00 04 00 00 00 04 01 00 00"],
  ["a list of doubles of four bytes", "Data", "02 00 09 00 00 00 05 00 00 00 04 00 00 00 00"],
  ["a list of texts with half a size", "Data", "02 00 0d 00 00 00 02 00 00 00 01 00"],
  ["a list with a text that is cut off", "Data", "02 00 0d 00 00 00 05 00 00 00 02 00 00 00 61"],
  ["a struct with bytes behind it", "Person", "02 00 05 00 00 00 07 00 00 00 03 00 00 00 00 00 00"],
];

for (const [title, type, bytes] of MALFORMED) {
  test(`bytes are refused: ${title}`, () => {
    throws(() => SCHEMA.decode(type, fromHex(bytes)), {
      code: "ERR_MALFORMED",
      message: /^decode error: /,
    });
  });
}

test("a list with a key needs the key in each value, a map both fields", () => {
  throws(() => SCHEMA.decode("AddressBook", fromHex("01 00 00 00 06 00 00 00 02 00 00 00 00 00")), {
    code: "ERR_MALFORMED",
    message: "Can't find main index (tag=1) in [person]",
  });
  throws(() => SCHEMA.decode("Maps", fromHex("01 00 00 00 06 00 00 00 02 00 00 00 00 00")), {
    message: "Can't find key field in [m]",
  });
  const keyOnly = "01 00 00 00 0d 00 00 00 09 00 00 00 01 00 00 00 01 00 00 00 61";
  throws(() => SCHEMA.decode("Maps", fromHex(keyOnly)), {
    message: "Can't find value field in [m]",
  });
});
