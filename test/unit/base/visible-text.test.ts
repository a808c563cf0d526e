/** Texts of others, as logs and terminals get them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LEVEL } from "../../../src/base/log-level.ts";
import {
  LogFormatter,
  showControls,
  showInLine,
  showJson,
  showStyled,
} from "../../../src/base/log-line.ts";

const FILE = { isJson: false, isFile: true, isTerminal: false };
const PIPE = { ...FILE, isFile: false };
const TERMINAL = { ...PIPE, isTerminal: true };
const JSON_LINES = { ...FILE, isJson: true };

const formatted = (text: string, isPlain: boolean, format: typeof FILE): string => {
  const { isJson, isFile, isTerminal } = format;
  const formatter = new LogFormatter({ isJson, node: "n", address: () => ":0000000a" });
  const line = { handle: 10, text, isPlain, level: LEVEL.info };
  return formatter.format(0, line, isFile, isTerminal);
};
const logged = (text: string, format = PIPE): string => formatted(text, false, format);
const printed = (text: string, format = PIPE): string => formatted(text, true, format);

test("every character that steers a terminal or turns text round is shown, and no other", () => {
  for (let code = 0; code < 0x10000; code += 1) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCharCode(code);
    const isControl = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(character);
    const isKept = !isControl || character === "\n" || character === "\t";
    const shown = showControls(`a${character}b`);
    if (isKept) assert.equal(shown, `a${character}b`);
    else assert.match(shown, /^a\\(?:r|x[0-9a-f]{2}|u[0-9a-f]{4})b$/, code.toString(16));
    assert.doesNotMatch(showInLine(`a${character}b`), /\n/);
    assert.equal(JSON.parse(showJson(character)), character);
    if (isControl)
      assert.doesNotMatch(showJson(character), new RegExp(`\\u{${code.toString(16)}}`, "u"));
  }
  assert.equal(showControls("a\r\nb\rc"), "a\nb\\rc");
});

test("text of others begins no line of the log", () => {
  const text =
    "a\n[:00000001] KILL :0000000b\r\n01/01/70 00:00:00.00 [:00000001] x\n    at f (a.ts:1:1)";
  const lines = logged(text).split("\n");
  assert.deepEqual(lines, [
    "[:0000000a] a",
    "    [:00000001] KILL :0000000b",
    "    01/01/70 00:00:00.00 [:00000001] x",
    "    at f (a.ts:1:1)",
  ]);
  for (const space of [" ", "\u200b", "\u00a0", "\u3000", "\ufeff"]) {
    assert.match(logged(`a\n${space}[:00000001] x`), /\n {4}\S?/);
  }
  const file = logged("\x1b[31mred\x1b]0;title\x07\u202e\x9b2J", FILE);
  assert.match(file, /^\S+ \S+ \[:0000000a\] \\x1b\[31mred\\x1b\]0;title\\x07\\u202e\\x9b2J$/);
});

test("what a program prints keeps its lines, but passes for none of the log's and for no answer's end", () => {
  assert.equal(printed("a\n  b\nc"), "a\n  b\nc");
  assert.equal(printed("[:00000001] KILL"), "    [:00000001] KILL");
  assert.equal(printed("a\n\u200b[:00000001] K"), "a\n    \u200b[:00000001] K");
  assert.equal(
    printed("01/01/70 00:00:00.00 [:00000001] x"),
    "    01/01/70 00:00:00.00 [:00000001] x",
  );
  assert.equal(printed("a\n<CMD OK>\nb"), "a\n    <CMD OK>\nb");
  assert.equal(printed("\x1b[31mred"), "\\x1b[31mred");
  assert.equal(printed("see [:00000001] there"), "see [:00000001] there");
});

test("a terminal gets the colours of what is printed, which end with their line, and nothing else", () => {
  assert.equal(printed("\x1b[31mred\x1b[39m\nx", TERMINAL), "\x1b[31mred\x1b[39m\x1b[0m\nx");
  assert.equal(printed("\x1b[8mhidden", TERMINAL), "\x1b[8mhidden\x1b[0m");
  assert.equal(printed("\x1b[2J\x1b]0;t\x07", TERMINAL), "\\x1b[2J\\x1b]0;t\\x07");
  assert.equal(logged("\x1b[31mred", TERMINAL), "[:0000000a] \\x1b[31mred");
  assert.equal(showStyled("\x1b[1m\x1b[2Ja"), "\x1b[1m\\x1b[2Ja\x1b[0m");
});

test("a line in JSON keeps its text, and shows no control character", () => {
  const text = "a\n\x1b]0;t\x07\x9b2J\u202e\u2028";
  const line = logged(text, JSON_LINES);
  assert.equal((JSON.parse(line) as { message: string }).message, text);
  assert.equal(showInLine(line), line);
});
