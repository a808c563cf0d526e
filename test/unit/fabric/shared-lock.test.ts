/** A lock in shared memory: one holder at a time, and no holder that was cut off keeps it for ever. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { LOCK_STALE_MS, SharedLock } from "../../../src/fabric/shared-lock.ts";
import { runRace } from "./shared-race.ts";

function createWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(16));
}

test("a lock that was given back is taken without a word about its last holder", () => {
  const words = createWords();
  const [mine, theirs] = [1, 2].map((thread) => new SharedLock(words, 0, thread)) as SharedLock[];
  equal(mine?.take(), false);
  mine?.give();
  equal(theirs?.take(), false);
});

test("two threads that count under a lock lose nothing", async () => {
  const memory = new SharedArrayBuffer(16);
  await runRace({ task: "count", memory, times: 20_000 });
  equal(new Int32Array(memory)[2], 40_000);
});

test("a thread that was cut off while it held the lock takes it again and learns so", () => {
  const words = createWords();
  new SharedLock(words, 0, 1).take();
  equal(new SharedLock(words, 0, 1).take(), true);
});

test("a lock whose holder never gives it back is taken over after LOCK_STALE_MS", () => {
  const words = createWords();
  new SharedLock(words, 0, 1).take();
  const since = performance.now();
  equal(new SharedLock(words, 0, 2).take(), true);
  const waited = performance.now() - since;
  ok(waited >= LOCK_STALE_MS && waited < LOCK_STALE_MS * 10, `${waited} ms`);
});

test("a holder from whom the lock was taken over does not free it for a third one", () => {
  const words = createWords();
  const late = new SharedLock(words, 0, 1);
  const heir = new SharedLock(words, 0, 2);
  late.take();
  // As an heir leaves the word that has waited LOCK_STALE_MS.
  words[0] = 3;
  late.give();
  equal(words[0], 3);
  heir.give();
  deepEqual([words[0], late.take()], [0, false]);
});

test("the lock of a thread that is known to be dead is taken at once, and that of another one is not", () => {
  const words = createWords();
  const heir = new SharedLock(words, 0, 2);
  new SharedLock(words, 0, 1).take();
  const since = performance.now();
  equal(heir.takeFrom(1), true);
  ok(performance.now() - since < LOCK_STALE_MS);
  heir.give();
  equal(heir.takeFrom(1), false);
  heir.give();
  new SharedLock(words, 0, 3).take();
  equal(heir.takeFrom(1), true);
  ok(performance.now() - since >= LOCK_STALE_MS);
});
