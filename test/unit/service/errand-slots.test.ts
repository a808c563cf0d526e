/** The memory of errands that go often: it goes along once, and no errand finds what another one left in it. */

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import type { SentErrand, TakenSlot } from "../../../src/service/errand-slots.ts";
import { openErrand, takeSlot } from "../../../src/service/errand-slots.ts";
import { commitErrand, takeErrand, withdrawErrand } from "../../../src/service/errand-state.ts";
import type { Runtime } from "../../../src/service/runtime.ts";

function createThread(own: number): Runtime & { onThreadDeath: ((dead: number) => void)[] } {
  return { threads: { own }, onThreadDeath: [] } as never;
}

/** Two threads, and an errand from the one to the other. */
function pair(): { send: () => TakenSlot; open: (sent: SentErrand) => SharedArrayBuffer } {
  const [one, two] = [createThread(1), createThread(2)];
  return { send: () => takeSlot(one, 2), open: (sent) => openErrand(two, sent) };
}

const hasMemory = (sent: SentErrand): boolean => !Array.isArray(sent) || sent.length > 2;

test("memory goes along once; afterwards its number does, and the errand begins anew", () => {
  const { send, open } = pair();
  const first = send();
  ok(hasMemory(first.sent));
  const there = open(first.sent);
  ok(takeErrand(there) && commitErrand(there));
  first.release(true);
  const second = send();
  equal(hasMemory(second.sent), false);
  equal(open(second.sent), there);
  ok(takeErrand(open(second.sent)));
  // It was not committed.
  ok(withdrawErrand(second.errand));
});

test("an errand that was given up keeps its memory for itself", () => {
  const { send, open } = pair();
  const first = send();
  const there = open(first.sent);
  ok(withdrawErrand(first.errand));
  first.release(false);
  const second = send();
  ok(hasMemory(second.sent));
  notEqual(open(second.sent), there);
  ok(takeErrand(open(second.sent)));
  // A thread that gets the first one late learns that it was given up.
  equal(takeErrand(there), false);
});

test("errands at once have memory each, also more than there are numbers", () => {
  const { send, open } = pair();
  const sent = Array.from({ length: 20 }, send);
  const there = sent.map((each) => open(each.sent));
  equal(new Set(there).size, 20);
  for (const [index, each] of sent.entries()) {
    ok(takeErrand(there[index] as SharedArrayBuffer));
    equal(commitErrand(each.errand), true);
    each.release(true);
  }
  deepEqual(
    Array.from({ length: 9 }, send).map((each) => hasMemory(each.sent)),
    [false, false, false, false, false, false, false, false, true],
  );
});

test("a thread that takes the place of a dead one is sent the memory anew", () => {
  const [one, two] = [createThread(1), createThread(2)];
  const first = takeSlot(one, 2);
  openErrand(two, first.sent);
  first.release(true);
  for (const tell of one.onThreadDeath) tell(2);
  const again = takeSlot(one, 2);
  ok(hasMemory(again.sent));
  ok(takeErrand(openErrand(createThread(2), again.sent)));
});
