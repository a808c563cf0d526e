/**
 * What a kernel counts by type of service, so that nobody has to walk a hundred thousand services to know it.
 *
 * The numbers may lie in memory that other threads read: one thread writes them, and each is read by itself.
 *
 * Hot path (bench: call, send).
 */

/** The numbers of one type; see {@link TALLY}. */
export type Tally = Float64Array;

/** Indexes of the numbers. They only rise, but for what a new thread takes over; see fabric/board.ts. */
export const TALLY = {
  /** Messages that services of the type have handled, answers and timers included. */
  messages: 0,
  /** Milliseconds of CPU, if the node counts them. */
  cpuMs: 1,
  /** Requests answered with an error, and what was thrown where nobody waits. */
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

/** The tally of those that nobody counts. */
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
