/**
 * What other threads read of a kernel while it runs: whose code runs (its phase), and what it has counted by type of service
 * (its tallies).
 *
 * Both may be in shared memory. The kernel's thread alone writes them, with plain stores.
 *
 * Hot path (bench: call, send).
 */

import type { Message } from "./message.ts";

/**
 * Where each fact is among the words of a phase.
 *
 * Before each message the scheduler stores the handle, the number of the dispatch and what the message is; after the turn it
 * stores 0 as the handle. A reader looks twice, at least milliseconds apart, and means a dispatch that was the same both
 * times. test/unit/kernel/phase.test.ts
 */
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
  /** The session under which the sender waits; 0 = no answer is awaited. */
  session: 5,
  /** The number of turns that have begun; wraps. */
  turn: 6,
} as const;

/** How many words a phase has. */
export const PHASE_LENGTH = 8;

/** The words of one kernel; another thread may read them if they are in shared memory. */
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

/** The numbers of one type of service, each read by itself: there is no need to walk all services. See {@link TALLY}. */
export type Tally = Float64Array;

/** Indexes of the numbers. They only rise, but for what a new thread takes over; see fabric/board.ts. */
export const TALLY = {
  /** Messages that services of the type have handled, answers and timers included. */
  messages: 0,
  /** Milliseconds of CPU, if the node counts them. */
  cpuMs: 1,
  /** Requests answered with an error, and what was thrown where no answer is awaited. */
  errors: 2,
  /** Services that were made. */
  born: 3,
  /** Services that have ended. */
  ended: 4,
  /** Runs of up to a millisecond; a run is what a service does until the thread goes on with another. */
  short: 5,
  /** The first of {@link LONG_RUNS} numbers: runs above 1, 2, 4 ... milliseconds. A cache line of its own, rarely touched. */
  long: 8,
} as const;

/** How many classes of long runs there are: up to 2, 4, 8 ... 4096 ms, and above. */
export const LONG_RUNS = 13;

/** How many numbers a tally has; whole cache lines. */
export const TALLY_LENGTH = 24;

/** Where a kernel finds the tally of a type. */
export interface TallyBook {
  /** Returns the tally of a type; always the same for the same name. */
  of(type: string): Tally;
}

/** The tally of those that are not counted. */
export const UNCOUNTED: Tally = new Float64Array(TALLY_LENGTH);

/** Counts one run: what it has cost, and how long it was. */
export function countRun(tally: Tally, ms: number): void {
  count(tally, TALLY.cpuMs, ms);
  count(tally, ms > 1 ? TALLY.long + longClass(ms) : TALLY.short);
}

/** The class of a run: 0 = above 1 and up to 2 ms, 1 = up to 4 ms, and so on. */
function longClass(ms: number): number {
  return Math.min(31 - Math.clz32(Math.ceil(ms) - 1), LONG_RUNS - 1);
}

/** Adds to one of the numbers. */
export function count(tally: Tally, index: number, amount = 1): void {
  tally[index] = (tally[index] as number) + amount;
}
