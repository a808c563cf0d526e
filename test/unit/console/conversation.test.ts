/** Completion, as the console at a terminal and the command line's console offer it. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { WordSource } from "../../../src/console/doors/conversation.ts";
import { completerFor } from "../../../src/console/doors/conversation.ts";

function complete(words: WordSource, line: string): Promise<[string[], string]> {
  return new Promise((resolve, reject) => {
    completerFor(words)(line, (error, result) => {
      if (error === null && result !== undefined) resolve(result);
      else reject(error as Error);
    });
  });
}

const source: WordSource = (isFirst) =>
  Promise.resolve(isFirst ? ["list", "log", "stat"] : [":00000001", ":0000000a", ".launcher"]);

test("the first word is completed to a command, and a blank follows it", async () => {
  deepEqual(await complete(source, "l"), [["list ", "log "], "l"]);
  deepEqual(await complete(source, "  st"), [["stat "], "st"]);
  deepEqual(await complete(source, "x"), [[], "x"]);
});

test("every other word is completed to an address", async () => {
  deepEqual(await complete(source, "info :0000"), [[":00000001", ":0000000a"], ":0000"]);
  deepEqual(await complete(source, "call .l"), [[".launcher"], ".l"]);
  equal((await complete(source, "info "))[0].length, 3);
});

test("of a million addresses a thousand are offered", async () => {
  const many = Array.from({ length: 1_000_000 }, (_, index) => `:${index}`);
  equal((await complete(() => Promise.resolve(many), "info "))[0].length, 1000);
});

test("words that can't be had are not offered", async () => {
  deepEqual(await complete(() => Promise.reject(new Error("closed")), "li"), [[], "li"]);
});
