/** Turns that begin with mail from other threads. */

import { equal } from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../../../src/base/clock.ts";
import type { EventLoopWaker } from "../../../src/fabric/event-loop.ts";
import { createWaker } from "../../../src/fabric/event-loop.ts";

/** Runs a thread whose mail wakes the kernel so many times; returns the turns that it had until it slept. */
async function countTurns(wakes: {
  readonly inMail: number;
  readonly inTurn: number;
}): Promise<number> {
  let turns = 0;
  const waker: EventLoopWaker = createWaker(systemClock, {
    receive: () => {
      if (turns === 0) for (let wake = 0; wake < wakes.inMail; wake += 1) waker.wake();
    },
    hasMail: () => false,
    rest: () => "asleep",
  });
  waker.attach(() => {
    turns += 1;
    if (turns === 1) for (let wake = 0; wake < wakes.inTurn; wake += 1) waker.wake();
  });
  waker.wake();
  // A turn comes with the next pass of the event loop, or the one after it.
  for (let pass = 0; pass < 20; pass += 1) await new Promise(setImmediate);
  waker.close();
  return turns;
}

test("mail that wakes the kernel is handled in the turn that it began, and asks for no other", async () => {
  equal(await countTurns({ inMail: 1, inTurn: 0 }), 1);
});

test("a kernel that is not done with its turn gets another", async () => {
  equal(await countTurns({ inMail: 0, inTurn: 1 }), 2);
});
