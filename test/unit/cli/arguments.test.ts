/** The command line's words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "../../../src/cli/arguments.ts";

test("start and types take the path of a configuration", () => {
  assert.deepEqual(parseArguments(["start"]), { command: "start", overrides: {} });
  assert.deepEqual(parseArguments(["types", "a.ts"]), {
    command: "types",
    config: "a.ts",
    overrides: {},
  });
});

test("--set reads JSON where it is JSON and text otherwise", () => {
  const words = [
    "start",
    "--set",
    "a=1",
    "--set=b=true",
    "--set",
    "c=./x",
    "--set",
    "d=",
    "--set",
    "e=[1]",
  ];
  assert.deepEqual(parseArguments(words).overrides, { a: 1, b: true, c: "./x", d: "", e: [1] });
});

test("help and version win over what else there is", () => {
  assert.equal(parseArguments(["start", "--help"]).command, "help");
  assert.equal(parseArguments(["-v"]).command, "version");
});

test("wrong usage is refused with ERR_ARGUMENT", () => {
  for (const words of [
    [],
    ["go"],
    ["start", "-x"],
    ["start", "a", "b"],
    ["start", "--set"],
    ["start", "--set", "=1"],
  ]) {
    assert.throws(() => parseArguments(words), { code: "ERR_ARGUMENT" }, words.join(" "));
  }
});

test("commands of the console take their words as they are, and where it listens", () => {
  const words = ["hotfix", "shop", "--from-source", "--console", "9000"];
  assert.deepEqual(parseArguments(words), {
    command: "hotfix",
    overrides: {},
    words: ["shop", "--from-source"],
    place: { host: "127.0.0.1", port: 9000 },
  });
  assert.deepEqual(parseArguments(["diff"]).words, []);
  for (const wrong of [["source"], ["hotfix", "--console", "no"], ["diff", "a b"]]) {
    assert.throws(() => parseArguments(wrong), { code: "ERR_ARGUMENT" });
  }
});
