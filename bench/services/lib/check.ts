/**
 * What every driver uses to prove that the work it has timed was done.
 *
 * A figure without the work behind it is worse than none: a check that fails rejects the round, and the bench shows the
 * section as failed.
 */

/** Throws unless the two are the same number, with both in the message. */
export function expectEqual(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

/** Returns the sum of the whole numbers from 0 to `count` - 1. */
export function sumBelow(count: number): number {
  return (count * (count - 1)) / 2;
}

/** Returns the microseconds since `beginMs` (of `performance.now()`), shared among `count` pieces of work. */
export function microsecondsEach(beginMs: number, count: number): number {
  return ((performance.now() - beginMs) * 1000) / count;
}
