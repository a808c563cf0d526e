/**
 * The closed list of error codes and the page that explains each to an operator say the same.
 *
 * The page is read from the repository; the tests run from its root.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ERROR_CODES, SnaxError, assert, codeOf } from "../../../src/base/error.ts";

/** The sections of the page: heading to text. */
function readSections(): Map<string, string> {
  const page = readFileSync("docs/errors.md", "utf8");
  const parts = page.split(/^## (ERR_\w+)$/m).slice(1);
  const sections = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) sections.set(parts[i] ?? "", parts[i + 1] ?? "");
  return sections;
}

test("docs/errors.md has a heading for each code and none for anything else, in alphabetical order", () => {
  deepEqual([...readSections().keys()], Object.keys(ERROR_CODES).toSorted());
});

test("each section of docs/errors.md says what the code means, where it comes from and what to do", () => {
  for (const [code, text] of readSections()) {
    for (const label of ["Meaning", "Cause", "What to do"]) {
      match(text, new RegExp(`^\\*\\*${label}\\.\\*\\* \\S`, "m"), `${code} lacks "${label}"`);
    }
  }
});

test("the table in front of docs/errors.md leads to each code once", () => {
  const [front = ""] = readFileSync("docs/errors.md", "utf8").split(/^## /m);
  const links = [...front.matchAll(/\[(ERR_\w+)\]\(#(\w+)\)/g)];
  const shown = links.map(([, code = "", anchor = ""]) => [code, anchor]);
  const all = Object.keys(ERROR_CODES).map((code) => [code, code.toLowerCase()]);
  deepEqual(Object.fromEntries(shown), Object.fromEntries(all));
  equal(shown.length, all.length);
});

test("an error carries its code, its message, its data and its cause", () => {
  const cause = new Error("why");
  const error = new SnaxError("ERR_TIMEOUT", "no answer", { cause, data: { timeoutMs: 5 } });
  ok(error instanceof Error);
  equal(error.code, "ERR_TIMEOUT");
  equal(error.message, "no answer");
  equal(error.cause, cause);
  deepEqual(error.data, { timeoutMs: 5 });
});

test("an error without options has neither data nor cause as an own property", () => {
  const error = new SnaxError("ERR_BUG", "x");
  ok(!Object.hasOwn(error, "cause"));
  equal(error.data, undefined);
});

test("codeOf knows the code of a copy that has lost its class", () => {
  equal(codeOf({ code: "ERR_NO_METHOD" }), "ERR_NO_METHOD");
});

test("codeOf takes no code from outside the list, not even a name of Object.prototype", () => {
  for (const value of [undefined, null, 1, "ERR_BUG", {}, { code: "constructor" }, { code: 1 }]) {
    equal(codeOf(value), undefined);
  }
});

test("a false claim is thrown as ERR_BUG, a true one passes", () => {
  assert(true, "fine");
  try {
    assert(false, "broken");
  } catch (error) {
    equal(codeOf(error), "ERR_BUG");
    return;
  }
  throw new Error("assert let a false claim pass");
});
