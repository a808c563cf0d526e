/** The arguments of `call`: literals are read, and nothing is run. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { parseLiterals } from "../../../src/texts/literal.ts";

test("literals of Lua and JavaScript are read", () => {
  const text = `"a", 'b', 1, -1.5, 0x10, true, nil, null, undefined, \`c\`, [1, , [2]], { a: 1, "b c": { } }`;
  deepEqual(parseLiterals(text), [
    ...["a", "b", 1, -1.5, 16, true, undefined, null, undefined, "c"],
    [1, undefined, [2]],
    { a: 1, "b c": {} },
  ]);
});

test("a key like __proto__ is a key like any other", () => {
  const [value] = parseLiterals(`{ "__proto__": { evil: 1 }, constructor: 2 }`) as [object];
  equal(Object.getPrototypeOf(value), Object.prototype);
  deepEqual(Object.keys(value), ["__proto__", "constructor"]);
});

test("anything else is refused", () => {
  const texts = [
    "f()",
    "a.b",
    "() => 1",
    "1 + 1",
    "!1",
    '-"1"',
    "...x",
    "{ [x]: 1 }",
    "{ ...x }",
    "{ get a() { return 1 } }",
    "`${1}`",
    "/x/",
    "1], [2",
    "1]; x",
    "(",
    "new Date",
    "this",
    "globalThis",
    "[".repeat(8000),
  ];
  for (const text of texts) {
    throws(() => parseLiterals(text), { code: "ERR_ARGUMENT" }, text);
  }
});
