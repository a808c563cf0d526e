/**
 * Whose code runs, written where another thread can read it: the kernel's side.
 *
 * Before each message the scheduler stores handle, number of the dispatch and what the message is; after the turn it stores
 * 0 as the handle. Plain stores: whoever reads them looks twice, at least milliseconds apart, and means a dispatch that
 * was the same both times. test/unit/kernel/phase.test.ts
 *
 * Hot path (bench: call, send).
 */

import type { Message } from "./message.ts";

/** Where each fact stands among the words of a phase. */
export const PHASE = {
  /** The handle of the service whose message is handled, continuations included; 0 = none is. */
  handle: 0,
  /** The number of that dispatch, counted since the kernel began; wraps. skynet calls it version. */
  dispatch: 1,
  /** The type of the message. */
  type: 2,
  /** The method of a snax message. */
  method: 3,
  /** The handle of its sender; 0 = the runtime. */
  source: 4,
  /** The session under which the sender waits; 0 = nobody does. */
  session: 5,
  /** The number of turns that have begun; wraps. */
  turn: 6,
} as const;

/** How many words a phase has. */
export const PHASE_LENGTH = 8;

/** The words of one kernel; another thread may read them if they lie in shared memory. */
export type PhaseWords = Int32Array;

/** Notes that a service handles a message from now on. */
export function writePhase(words: PhaseWords, handle: number, message: Message): void {
  words[PHASE.type] = message.type;
  words[PHASE.method] = message.method;
  words[PHASE.source] = message.source;
  words[PHASE.session] = message.session;
  words[PHASE.dispatch] = (words[PHASE.dispatch] as number) + 1;
  words[PHASE.handle] = handle;
}
