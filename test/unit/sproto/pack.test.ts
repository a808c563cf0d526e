/** 0-packing against sproto.c, both ways; what is cut off is refused. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { sproto } from "../../../src/sproto/library.ts";
import { fromHex, hex, plain } from "./bytes.ts";

const GROUP = "01 02 03 04 05 06 07 08";

/** Bytes with what they pack to. */
const VECTORS: readonly (readonly [title: string, bytes: string, packed: string])[] = [
  ["nothing", "", ""],
  ["a 0", "00", "00"],
  [
    "two groups with 0 in them",
    "08 00 00 00 03 00 02 00 19 00 00 00 aa 01 00 00",
    "51 08 03 02 31 19 aa 01",
  ],
  ["30 times the same", "8a ".repeat(30), `ff 03 ${"8a ".repeat(30)} 00 00`],
  ["seven alone", "01 02 03 04 05 06 07 00", "7f 01 02 03 04 05 06 07"],
  [
    "eight, then seven",
    `${GROUP} 01 02 03 04 05 06 07 00`,
    `ff 01 ${GROUP} 01 02 03 04 05 06 07 00`,
  ],
  ["eight, then six", `${GROUP} 01 02 03 04 05 06 00 00`, `ff 01 ${GROUP} 01 02 03 04 05 06 00 00`],
  ["eight, then five", `${GROUP} 01 02 03 04 05 00 00 00`, `ff 00 ${GROUP} 1f 01 02 03 04 05`],
  ["256 groups in one run", GROUP.repeat(256), `ff ff ${GROUP.repeat(256)}`],
  ["257 groups", GROUP.repeat(257), `ff ff ${GROUP.repeat(256)} ff 00 ${GROUP}`],
  [
    "256 groups, then seven",
    `${GROUP.repeat(256)} 01 02 03 04 05 06 07 00`,
    `ff ff ${GROUP.repeat(256)} 7f 01 02 03 04 05 06 07`,
  ],
];

for (const [title, bytes, packed] of VECTORS) {
  test(`${title}: packed as sproto.c packs`, () => {
    equal(hex(sproto.pack(fromHex(bytes))), plain(packed));
  });
  test(`${title}: unpacked to what it was, filled up to eight bytes`, () => {
    const whole = plain(bytes);
    const filled = whole.padEnd(Math.ceil(whole.length / 16) * 16, "0");
    equal(hex(sproto.unpack(fromHex(packed))), filled);
  });
  test(`${title}: cut off at any byte it is refused, or a shorter message`, () => {
    const whole = fromHex(packed);
    for (let length = 0; length < whole.length && length < 64; length++) {
      const cut = whole.subarray(0, length);
      try {
        equal(sproto.unpack(cut).length % 8, 0);
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        deepEqual([code, message.slice(0, 21)], ["ERR_MALFORMED", "Invalid unpack stream"]);
      }
    }
  });
}

test("a run without its groups, and a tag without its bytes, are refused", () => {
  for (const bytes of ["ff", "ff 00", `ff 01 ${GROUP}`, "01", "80", "51 08 03"]) {
    throws(() => sproto.unpack(fromHex(bytes)), {
      code: "ERR_MALFORMED",
      message: /^Invalid unpack stream/,
    });
  }
});

test("what is packed or unpacked is memory of its own", () => {
  const first = sproto.pack(fromHex("01"));
  const second = sproto.unpack(first);
  sproto.pack(fromHex("02 02 02 02 02 02 02 02"));
  deepEqual([hex(first), hex(second)], ["0101", "0100000000000000"]);
  deepEqual([first.buffer.byteLength, second.buffer.byteLength], [2, 8]);
});
