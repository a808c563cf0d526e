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
} as const;

/** How many numbers a tally has; a cache line. */
export const TALLY_LENGTH = 8;

/** Where a kernel finds the tally of a type. */
export interface TallyBook {
  /** Returns the tally of a type; always the same for the same name. */
  of(type: string): Tally;
}

/** The tally of those that nobody counts. */
export const UNCOUNTED: Tally = new Float64Array(TALLY_LENGTH);

/** Adds to one of the numbers. */
export function count(tally: Tally, index: number, amount = 1): void {
  tally[index] = (tally[index] as number) + amount;
}
