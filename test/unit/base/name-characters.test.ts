/** Characters of names: any script, nothing that can't be seen, one way to write each. */

import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";

import {
  describeCharacter,
  faultOfCharacters,
  quoteName,
} from "../../../src/base/name-characters.ts";

test("a name may be of any script", () => {
  const names = [
    "room",
    ".logger 2",
    "房间",
    "игрок",
    "プレイヤー",
    "한글",
    "لاعب",
    "खिलाड़ी",
    "ผู้เล่น",
    "né",
    "🏰",
    "𠮷",
  ];
  for (const name of names) {
    equal(faultOfCharacters(name.normalize("NFC")), undefined, name);
  }
});

test("what can't be seen is refused, by its number", () => {
  const unseen = [
    0, 9, 10, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x200b, 0x200d, 0x200e, 0x2028, 0x202e, 0x2066, 0x3164,
    0xfe0f, 0xfeff, 0xe0041, 0xd800, 0xdfff,
  ];
  for (const number of unseen) {
    const fault = faultOfCharacters(`a${String.fromCodePoint(number)}b`);
    const name = `U+${number.toString(16).toUpperCase().padStart(4, "0")}`;
    equal(fault, `${name} can't be in a name`);
  }
});

test("letters that are not composed are refused, with the composed name", () => {
  match(faultOfCharacters("jose\u0301") ?? "", /composed form \(NFC\), here "jos\u00e9"$/);
  equal(faultOfCharacters("jos\u00e9"), undefined);
});

test("a message shows what can't be seen by its number, and nothing else", () => {
  equal(quoteName('房"间'), '"房\\"间"');
  const shown = quoteName("a\u001b[2J\u202e\u{e0041}\ud800");
  ok(/^[ -~]*$/.test(shown), shown);
  equal(describeCharacter("é"), '"é" (U+00E9)');
  equal(describeCharacter("\u202e"), "U+202E");
});
