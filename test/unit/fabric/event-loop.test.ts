/** Turns that begin with mail from other threads, and behind the callbacks of sockets. */

import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { systemClock } from "../../../src/base/clock.ts";
import type { EventLoopWaker } from "../../../src/fabric/event-loop.ts";
import { createWaker } from "../../../src/fabric/event-loop.ts";
import type { Case } from "./arrivals-thread.ts";

/** Runs a thread whose mail wakes the kernel a number of times; returns the turns that it had until it slept. */
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
  waker.attach({
    turn() {
      turns += 1;
      if (turns === 1) for (let wake = 0; wake < wakes.inTurn; wake += 1) waker.wake();
    },
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

/** Says whether a turn that a socket asks for begins before the round of the event loop is over. */
async function beginsAtOnce(given: Case): Promise<boolean> {
  // The test runner follows promises in this thread, with async hooks.
  const worker = new Worker(new URL("arrivals-thread.js", import.meta.url), { workerData: given });
  const [turns] = (await once(worker, "message")) as [{ inRound: number; inAll: number }];
  equal(turns.inAll, 1, "it begins in any case, once");
  return turns.inRound === 1;
}

test("what a lone socket asks for begins behind its callback, in the same round of the event loop", async () => {
  equal(await beginsAtOnce({ lastRound: 1 }), true);
});

test("where the last round read several sockets, a turn waits for all that this one reads", async () => {
  equal(await beginsAtOnce({ lastRound: 2 }), false);
});

test("a wakeup that comes from no socket goes through the port", async () => {
  equal(await beginsAtOnce({ lastRound: 1, isSocket: false }), false);
});

test("while async hooks are on, no turn begins in a tick", async () => {
  equal(await beginsAtOnce({ lastRound: 1, hasHooks: true }), false);
});

test("a thread that is told so begins no turn in a tick", async () => {
  equal(await beginsAtOnce({ lastRound: 1, isOn: false }), false);
});

test("what has to come before every turn comes before the kernel's part of it, from the next turn on", async () => {
  const order: string[] = [];
  const waker: EventLoopWaker = createWaker(systemClock);
  waker.attach({
    turn() {
      order.push("turn");
      if (order.length === 1) waker.before(() => order.push("before"));
      if (order.length < 4) waker.wake();
    },
  });
  waker.wake();
  for (let pass = 0; pass < 20; pass += 1) await new Promise(setImmediate);
  waker.close();
  deepEqual(order, ["turn", "before", "turn", "before", "turn"]);
});
