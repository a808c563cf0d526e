/** What people read of a list. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { firstLines, nameFirst } from "../../../src/base/short-list.ts";

test("as many names as the limit are in a phrase, and of more the number", () => {
  equal(nameFirst(["a", "b"], 2), "a, b");
  equal(nameFirst(["a", "b", "c"], 2), "a, b and 1 more");
  equal(nameFirst(["a", "b", "c", "d"], 2, "; "), "a; b and 2 more");
  equal(nameFirst([], 2), "");
});

test("as many lines as the limit are given, and of more the number as the last one", () => {
  deepEqual(firstLines(["a", "b"], 2), ["a", "b"]);
  deepEqual(firstLines(["a", "b", "c"], 2), ["a", "b", "and 1 more"]);
  deepEqual(firstLines([], 2), []);
});
