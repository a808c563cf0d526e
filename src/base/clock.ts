/**
 * Time as the runtime sees it: milliseconds that only go forward.
 *
 * Everything below the operating system takes its time from a Clock that was handed in, so that the simulator can run a
 * day in a second and repeat it to the microsecond.
 */

/** A source of monotonic time. */
export interface Clock {
  /** Returns milliseconds, with fractions, since some fixed moment; never goes back. */
  now(): number;
  /** Returns the wall clock as milliseconds since 1970. */
  wall(): number;
  /**
   * Keeps the alarm of a kernel that takes its time from this clock, for a clock that does not run by
   * itself.
   *
   * @param at - the moment; undefined = none.
   * @param wake - what the alarm does.
   * @returns false if it does not: then a timer is needed.
   */
  alarm?(at: number | undefined, wake: () => void): boolean;
}

/**
 * Milliseconds of the machine, with fractions, which are the same on every thread of a process: each thread's systemClock counts
 * from its own beginning.
 */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Readings of two clocks, of which the closest pair counts. */
const PAIRS = 16;

/**
 * Returns by how much a clock is ahead of machineMs(). The thread may be interrupted between the reading of one and of the
 * other, for milliseconds on a busy machine; so both are read several times, and the pair counts that took least.
 */
export function aheadOfMachine(clock: Pick<Clock, "now">): number {
  let ahead = 0;
  let shortest = Infinity;
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const before = machineMs();
    const now = clock.now();
    const took = machineMs() - before;
    if (took >= shortest) continue;
    shortest = took;
    ahead = now - before - took / 2;
  }
  return ahead;
}

/** The machine's own clock. One reading costs about 40 ns. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};
