/** Numbers of methods on skynet's wire: by their order in the text, and what has none. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { wireNumbersOf } from "../../../src/snax/wire-numbers.ts";

function numbered(text: string): string[] {
  const numbers = wireNumbersOf(text, "a.ts");
  const names: string[] = [];
  for (let number = 5; numbers.nameOf(number) !== undefined; number++) {
    const { group, name } = numbers.nameOf(number) as { group: string; name: string };
    equal(numbers.numberOf(group as "response", name), number);
    names.push(`${group}.${name}`);
  }
  return names;
}

test("methods count from 5, in the order of the text, both groups together", () => {
  deepEqual(
    numbered(`
      export const accept = { a() {}, b: (n: number): void => {} };
      export const response = { async c() {}, "d e": function () {}, 5: () => 1 };
      export const subscribe = { f() {} };
    `),
    ["accept.a", "accept.b", "response.c", "response.d e", "response.5", "accept.f"],
  );
});

test("a function that the group names stands where it is written, so groups may be mixed as in Lua", () => {
  deepEqual(
    numbered(`
      export const response = { ping, error, inline() {} };
      function ping() {}
      const sleep = async () => {};
      export const accept = { wake: sleep, imported };
      function error() {}
    `),
    ["response.inline", "response.ping", "accept.wake", "accept.imported", "response.error"],
  );
});

test("groups may be exported by a list, and with types", () => {
  deepEqual(
    numbered(`
      const here = { a() {} } satisfies object;
      const response = { b(): number { return 1; } } as const;
      export { response, here as accept };
    `),
    ["accept.a", "response.b"],
  );
});

test("what is plainly no function counts for nothing, nor does a file without groups", () => {
  deepEqual(numbered(`export const response = { version: 1, a() {} };`), ["response.a"]);
  deepEqual(numbered(`export const other = { a() {} };`), []);
});

test("a group that only shows when it runs is refused, with the file and what to do", () => {
  for (const text of [
    `export const response = { ...other };`,
    `export const response = { [name]() {} };`,
    `export const response = make();`,
    `export let accept;`,
  ]) {
    throws(() => wireNumbersOf(text, "a.ts"), {
      code: "ERR_MODULE",
      message: /^a\.ts: (response|accept) can't be numbered/,
    });
  }
});
