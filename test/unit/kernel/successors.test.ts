/** Who took the place of services that are gone. */

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { MOVED_MAX } from "../../../src/base/limits.ts";
import { Successors } from "../../../src/kernel/forwarder.ts";

test("the last of several in a row is found, the oldest is forgotten beyond the limit, and a ring ends", () => {
  const successors = new Successors();
  successors.note(1, 2);
  successors.note(2, 3);
  equal(successors.find(1), 3);
  equal(successors.find(3), undefined);
  for (let handle = 10; handle < 10 + MOVED_MAX - 2; handle += 1) successors.note(handle, 5);
  equal(successors.find(1), 3);
  successors.note(7, 5);
  equal(successors.find(1), undefined);
  equal(successors.find(2), 3);
  successors.note(5, 7);
  equal(successors.find(7) === undefined, false);
});
