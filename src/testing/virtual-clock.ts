/**
 * A clock that moves only when it is told to.
 *
 * It serves wherever a Clock is asked for, so that a test of a deadline of an hour takes no time,
 * and one of two moments that are a microsecond apart never fails by chance.
 */

import type { Clock } from "../base/clock.ts";
import { SnaxError } from "../base/error.ts";

/** A clock for tests. */
export interface VirtualClock extends Clock {
  /**
   * Moves on by some milliseconds, fractions allowed.
   *
   * @throws {ERR_ARGUMENT} if `ms` is negative or no number.
   */
  advance(ms: number): void;
  /** Moves on to a moment; nothing happens if it is past. */
  moveTo(moment: number): void;
}

/** What a virtual clock begins with. */
export interface VirtualClockOptions {
  /** The first moment, in milliseconds. @defaultValue 0 */
  readonly startMs?: number;
  /**
   * The wall clock at the first moment, in milliseconds since 1970.
   *
   * @defaultValue the first of January 2026, UTC
   */
  readonly wallMs?: number;
}

/**
 * Creates a clock that stands still.
 *
 * @example
 * const clock = virtualClock();
 * clock.advance(1500);
 * clock.now(); // 1500
 */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const startMs = options.startMs ?? 0;
  const wallMs = options.wallMs ?? Date.UTC(2026, 0, 1);
  let now = startMs;
  return {
    now: () => now,
    wall: () => Math.floor(wallMs + now - startMs),
    advance: (ms) => {
      if (!(ms >= 0)) throw new SnaxError("ERR_ARGUMENT", `a clock can't advance by ${ms} ms`);
      now += ms;
    },
    moveTo: (moment) => {
      if (moment > now) now = moment;
    },
  };
}
