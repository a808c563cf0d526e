/** Results in skynet's form. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { CommandResult } from "../../../src/console/operator/command.ts";
import { formatFloat, formatNumber, printOutcome } from "../../../src/console/print/print.ts";

const COMMAND = { help: "", run: (): undefined => undefined };

function print(result: CommandResult, command: object = COMMAND): string[] {
  return [...printOutcome({ ok: true, command: { ...COMMAND, ...command }, result })]
    .join("")
    .split("\n");
}

test("floats are printed as Lua 5.5 prints them", () => {
  // The texts are those of `print` of Lua 5.5.
  const texts: [number, string][] = [
    [0, "0.0"],
    [1, "1.0"],
    [-3, "-3.0"],
    [0.1, "0.1"],
    [1 / 3, "0.33333333333333331"],
    [2 / 3, "0.66666666666666663"],
    [3.14, "3.14"],
    [1e15, "1e+15"],
    [123456789012345, "123456789012345.0"],
    [1e100, "1e+100"],
    [1e-4, "0.0001"],
    [1e-5, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [0.000612, "0.000612"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
  ];
  for (const [value, text] of texts) equal(formatFloat(value), text);
});

test("whole numbers are printed as Lua's integers", () => {
  deepEqual([0, 10, -7, 2 ** 40, 1.5].map(formatNumber), ["0", "10", "-7", "1099511627776", "1.5"]);
});

test("a table is printed in the order of its keys as texts", () => {
  const table = new Map(["1", "10", "2", "a", ":0a"].map((key) => [key, key]));
  deepEqual(print(table), ["1\t1", "10\t10", "2\t2", ":0a\t:0a", "a\ta", "<CMD OK>", ""]);
});

test("a command may keep its own order and print rows itself", () => {
  const table = new Map([
    ["b", 1],
    ["a", 2],
  ]);
  const printed = print(table, {
    isOrdered: true,
    print: (value: unknown) => `<${String(value)}>`,
  });
  deepEqual(printed, ["b\t<1>", "a\t<2>", "<CMD OK>", ""]);
});

test("a record is one line, and what Lua has no value for is left out", () => {
  const row = { b: true, a: "x", none: undefined, list: [1, 2] };
  deepEqual(print(new Map([["k", row]])), ["k\ta:x\tb:true\tlist:[ 1, 2 ]", "<CMD OK>", ""]);
  deepEqual(print(new Map([["k", ["x", undefined, 3]]])), ["k\t1:x\t3:3", "<CMD OK>", ""]);
  deepEqual(print(new Map([["k", new Map([[1, "x"]])]])), ["k\t1:x", "<CMD OK>", ""]);
});

test("a text is printed as one block, and nothing as nothing", () => {
  deepEqual(print("a\nb"), ["a", "b", "<CMD OK>", ""]);
  deepEqual(print(""), ["", "<CMD OK>", ""]);
  deepEqual(print(undefined), ["<CMD OK>", ""]);
});

test("a value whose inspection throws is printed all the same", () => {
  class Hostile {
    get [Symbol.toStringTag](): string {
      throw new Error("no");
    }
  }
  equal(print(new Map([["k", new Hostile()]])).at(-2), "<CMD OK>");
});

/** An answer as a client reads it, without the mark at its end. */
function body(texts: Iterable<string>): string[] {
  const lines = [...texts].join("").split("\n");
  equal(lines.pop(), "");
  const marks = lines.filter((line) => line.trim().startsWith("<CMD") && !/^\s/.test(line));
  deepEqual(marks, lines.splice(-1));
  return lines;
}

test("no text makes an answer end, or begin, before its time", () => {
  const text = "a\n<CMD OK>\nWelcome to skynet console\n<CMD Error>";
  const shown = ["a", "\t<CMD OK>", "\tWelcome to skynet console", "\t<CMD Error>"];
  deepEqual(body(printOutcome({ ok: true, command: COMMAND, result: text })), shown);
  const error = new Error(text);
  deepEqual(body(printOutcome({ ok: false, command: COMMAND, error })), shown);
  deepEqual(body(printOutcome({ ok: true, command: COMMAND, result: "\u200b<CMD OK>" })), [
    "\t\u200b<CMD OK>",
  ]);
});

test("no text in a table adds a row", () => {
  const table = new Map<string, unknown>([
    [":0a", "snlua x\n:0b\tsnlua forged"],
    [":0c", { name: "x\n:0d\tforged", "k\n:0e": 1 }],
    [":0f", ["x\n:10\tforged"]],
    [":1a\n:1b", "key"],
  ]);
  deepEqual(body(printOutcome({ ok: true, command: COMMAND, result: table })), [
    ":0a\tsnlua x",
    "\t:0b\tsnlua forged",
    ":0c\tk\\n:0e:1\tname:x\\n:0d\tforged",
    ":0f\t1:x\\n:10\tforged",
    ":1a",
    "\t:1b\tkey",
  ]);
});

test("an answer steers no terminal", () => {
  const hostile = "\x1b[31m\x1b]0;t\x07\x9b2J\u202e\r";
  const shown = "\\x1b[31m\\x1b]0;t\\x07\\x9b2J\\u202e\\r";
  const table = new Map([[hostile, { [hostile]: hostile }]]);
  deepEqual(print(hostile), [shown, "<CMD OK>", ""]);
  deepEqual(print(table), [`${shown}\t${shown}:${shown}`, "<CMD OK>", ""]);
});
