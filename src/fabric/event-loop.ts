/**
 * Lets a kernel run on Node's event loop: how a turn begins, and how microtasks are drained inside it.
 *
 * Turns begin in a MessagePort callback, never in a timer: user code that is interrupted inside a timer's callback would
 * take the process with it (docs: live-access). A timer only posts the message. The port also keeps the process alive
 * while a node runs, and lets sockets and timers breathe between two turns.
 */

/* oxlint-disable no-restricted-globals -- this file is where the kernel meets Node's timers; all they do is post */

import { MessageChannel } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { Drain, Waker } from "../kernel/scheduler.ts";

/** setTimeout takes no longer delay; a later deadline is reached in several steps. */
const DELAY_MAX_MS = 0x7fffffff;

/** A waker that can be closed. */
export interface EventLoopWaker extends Waker {
  /** Says what a turn is; nothing happens before. */
  attach(turn: () => void): void;
  /** Ends the port and the alarm; the process may then end. */
  close(): void;
}

/** Creates a waker on this thread's event loop. */
export function createWaker(clock: Clock): EventLoopWaker {
  const { port1, port2 } = new MessageChannel();
  let alarmTimer: NodeJS.Timeout | undefined;
  let isInTurn = false;
  let isClosed = false;
  const post = (): void => port1.postMessage(0);
  const wake = (): void => {
    // Node hands a port up to 1000 messages in a row, those posted meanwhile included: a turn that asked for the next
    // one directly would keep sockets and timers waiting for 1000 turns. test/unit/kernel/scheduler.test.ts
    if (isInTurn) setImmediate(post);
    else post();
  };
  const alarm = (at: number | undefined): void => {
    if (alarmTimer !== undefined) clearTimeout(alarmTimer);
    alarmTimer = undefined;
    if (at === undefined || isClosed) return;
    const delay = Math.min(Math.max(Math.ceil(at - clock.now()), 0), DELAY_MAX_MS);
    alarmTimer = setTimeout(() => {
      // A timer may fire a fraction of a millisecond early.
      if (clock.now() < at) alarm(at);
      else wake();
    }, delay);
  };
  return {
    wake,
    alarm,
    attach: (turn) => {
      port2.on("message", () => {
        isInTurn = true;
        try {
          turn();
          isInTurn = false;
        } finally {
          // Something threw that must not, and cut the turn off: the mail behind it still waits.
          if (isInTurn) setImmediate(post);
        }
      });
    },
    close: () => {
      // Race: the turn that closes it ends afterwards and asks for its next alarm, which would keep the process alive;
      // test/integration/stray-errors.test.ts
      isClosed = true;
      alarm(undefined);
      port2.close();
    },
  };
}

/**
 * Creates the drain for this thread.
 *
 * `process._tickCallback` is what Node itself runs after each callback: next ticks, microtasks, and the reports of
 * rejections. It is undocumented but present on every release from 20 to 26; where it is missing, the scheduler makes
 * its turns one message long, and Node drains between them.
 */
export function createDrain(): Drain {
  const drain = (process as { _tickCallback?: unknown })._tickCallback;
  if (typeof drain !== "function") return { isSynchronous: false, drain: () => {} };
  const run = drain as () => void;
  return {
    isSynchronous: true,
    drain: () => {
      for (;;) {
        try {
          run();
          return;
        } catch (error) {
          // A next tick threw and stays on Node's stack of async ids; back in the port's callback Node would find the
          // stack corrupted and abort the process. Thrown from a microtask the error takes Node's own way: the handler
          // of uncaught exceptions, while the scheduler still tells whose it was, and then the stack is emptied.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
