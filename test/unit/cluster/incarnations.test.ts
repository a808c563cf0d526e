/** References of handles: of which process they are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Incarnations, readReference, referenceTo } from "../../../src/cluster/hub/incarnations.ts";

test("each incarnation of each node has an epoch of its own, and no earlier one comes back", () => {
  const incarnations = new Incarnations();
  const first = incarnations.epochOf("db", "a");
  assert.equal(incarnations.epochOf("db", "a"), first);
  const second = incarnations.epochOf("db", "b");
  const game = incarnations.epochOf("game", "b");
  const third = incarnations.epochOf("db", "a");
  assert.equal(new Set([first, second, game, third]).size, 4);
});

test("as many incarnations as the limit says are told apart, and one more is refused", () => {
  const incarnations = new Incarnations(3);
  for (const name of ["a", "b", "c"]) incarnations.epochOf("db", name);
  assert.equal(incarnations.epochOf("db", "c"), 3);
  assert.throws(() => incarnations.epochOf("db", "d"), { code: "ERR_EXHAUSTED" });
});

test("a reference gives back its epoch and its handle, at their limits too", () => {
  for (const epoch of [1, 1 << 20]) {
    for (const handle of [1, 0x0100000a, 0xffffffff]) {
      const reference = referenceTo(epoch, handle);
      assert.ok(Number.isSafeInteger(reference));
      assert.deepEqual(readReference(reference), { epoch, handle });
    }
  }
  assert.deepEqual(readReference(10), { epoch: 0, handle: 10 });
});

test("two processes have two incarnations", () => {
  assert.match(new Incarnations().own, /^[0-9a-f]{16}$/);
  assert.notEqual(new Incarnations().own, new Incarnations().own);
});
