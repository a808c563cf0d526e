/** Errors as text: whatever is thrown can be printed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError, messageOf } from "../../../src/service/error-text.ts";

test("an error is printed with its stack, its code and its causes", () => {
  const cause = new TypeError("below");
  const error = Object.assign(new Error("above", { cause }), { code: "E_ABOVE" });
  const text = describeError(error);
  assert.match(text, /^Error: above\n {4}at /);
  assert.match(text, /\n {4}code: E_ABOVE\n {2}cause: TypeError: below\n/);
});

test("what was left out of an error on its way is printed below its stack", () => {
  const error = Object.assign(new Error("x"), { leftOut: ["a is a function", "b is a symbol"] });
  assert.match(describeError(error), /\n {4}left out: a is a function; b is a symbol$/);
});

test("a chain of causes that leads back to itself is cut off", () => {
  const error = new Error("round");
  error.cause = error;
  assert.equal(describeError(error).match(/Error: round/g)?.length, 4);
});

test("what is no error is printed as a value", () => {
  assert.deepEqual(
    ["text", undefined, 5, Object.create(null), Symbol("s")].map((value) => describeError(value)),
    ["text", "undefined", "5", "[Object: null prototype] {}", "Symbol(s)"],
  );
});

test("an error that throws when it is read is printed all the same", () => {
  const hostile = new Error("x");
  const fail = (): never => {
    throw hostile;
  };
  for (const key of ["stack", "message", "name", "cause"]) {
    Object.defineProperty(hostile, key, { get: fail });
  }
  assert.equal(describeError(hostile), "something that can't be printed");
  assert.equal(messageOf(hostile), "something that can't be printed");
});

test("a message adds no frame, no code and no cause to its stack", () => {
  const message =
    "first\n    at forged (bank.ts:1:1)\n    code: ERR_FORGED\n  cause: Error: x\nlast";
  for (const error of [new TypeError(message), new AggregateError([], message)]) {
    const lines = describeError(new Error("above", { cause: error })).split("\n");
    const from = lines.findIndex((line) => line.startsWith("  cause: "));
    assert.deepEqual(lines.slice(from, from + 5), [
      `  cause: ${error.name}: first`,
      "  |     at forged (bank.ts:1:1)",
      "  |     code: ERR_FORGED",
      "  |   cause: Error: x",
      "  | last",
    ]);
    assert.match(lines[from + 5] ?? "", /^ {4}at /);
  }
});
