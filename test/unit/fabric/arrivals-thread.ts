/** A thread with an event loop of its own, in which a turn is asked for behind the callback of a socket; see event-loop.test.ts. */

import { createHook } from "node:async_hooks";
import { MessageChannel, parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../../src/base/clock.ts";
import { Arrivals, createWaker } from "../../../src/fabric/event-loop.ts";

/** What is tried. */
export interface Case {
  /** Chunks that the sockets have read in the round before. */
  readonly lastRound: number;
  /** A socket asks for the turn. @defaultValue true */
  readonly isSocket?: boolean;
  /** A hook follows promises. */
  readonly hasHooks?: boolean;
  /** Turns may begin in a tick at all. @defaultValue true: this is a worker */
  readonly isOn?: boolean;
}

/** Runs something in a callback of the event loop, as a socket's; resolves when the round is over. */
async function inCallback<T>(run: () => T | Promise<T>): Promise<T> {
  const { port1, port2 } = new MessageChannel();
  const result = await new Promise<T>((resolve) => {
    port2.once("message", () => {
      const value = run();
      setImmediate(() => resolve(value));
    });
    port1.postMessage(0);
  });
  port1.close();
  return result;
}

async function run({ lastRound, isSocket = true, hasHooks = false, isOn }: Case): Promise<void> {
  let turns = 0;
  const waker = createWaker(systemClock, undefined, new Arrivals(isOn));
  waker.attach({
    turn() {
      turns += 1;
    },
  });
  if (hasHooks) createHook({ init: () => {} }).enable();
  await inCallback(() => {
    for (let chunk = 0; chunk < lastRound; chunk += 1) waker.arrived();
  });
  const inRound = await inCallback(() => {
    if (isSocket) waker.arrived();
    waker.wake();
    // Ticks are behind the callback. An immediate is behind all callbacks of the round, but the port may be one of them.
    return new Promise<number>((resolve) => process.nextTick(() => resolve(turns)));
  });
  // A turn comes with the next pass of the event loop, or the one after it.
  for (let pass = 0; pass < 20; pass += 1) await new Promise(setImmediate);
  waker.close();
  parentPort?.postMessage({ inRound, inAll: turns });
}

await run(workerData as Case);
