/**
 * The time of a node under test: it stands still until the test moves it, and flows when the node
 * is told to stop.
 *
 *     kernel -> alarm(at)     what a timer of Node's would wait for is only noted
 *     test   -> moveTo, ring  the kernel finds that the moment has come
 *     stop   -> release       `exit` functions may wait for time, which is not moved any more
 */

/* oxlint-disable no-restricted-globals -- this is a clock */

import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/clock.ts";

/**
 * Readings without a breath of the event loop after which a millisecond passes: services that talk
 * to each other without end use up their turn, as they do with a clock that runs.
 */
const READINGS_PER_MS = 10_000;

/** setTimeout takes no longer delay. */
const DELAY_MAX_MS = 0x7fffffff;

/** The clock of one node with one thread. */
export class TestClock implements Clock {
  /** How often it was read: what does not rest reads it. */
  readings = 0;
  readonly #startWallMs: number;
  #now = 0;
  #alarm: number | undefined;
  #wake: () => void = () => {};
  /** What the machine's clock showed when time began to flow. */
  #releasedAt: number | undefined;
  #readingsInRow = 0;
  readonly #breathe = (): void => {
    this.#readingsInRow = 0;
  };

  /** @param wallMs - the wall clock at the first moment, in milliseconds since 1970. */
  constructor(wallMs: number) {
    this.#startWallMs = wallMs;
  }

  now(): number {
    this.readings += 1;
    if (this.#releasedAt !== undefined) return this.#now + systemClock.now() - this.#releasedAt;
    if (this.#readingsInRow === 0) setImmediate(this.#breathe).unref();
    this.#readingsInRow += 1;
    if (this.#readingsInRow % READINGS_PER_MS === 0) this.#now += 1;
    return this.#now;
  }

  wall(): number {
    return Math.floor(this.#startWallMs + this.now());
  }

  /** Notes when a turn is wanted. @returns false when time flows: then Node's timers are asked. */
  alarm(at: number | undefined, wake: () => void): boolean {
    this.#alarm = at;
    this.#wake = wake;
    return this.#releasedAt === undefined;
  }

  /** The next moment at which something is due; undefined if nothing is. */
  get next(): number | undefined {
    return this.#alarm;
  }

  /** Moves on to a moment; nothing happens if it is past. */
  moveTo(moment: number): void {
    this.#now = Math.max(this.#now, moment);
  }

  /** Has the kernel look at its timers, once for each alarm, as a timer of Node's does. */
  ring(): void {
    this.#alarm = undefined;
    this.#wake();
  }

  /** Lets time flow from now on. */
  release(): void {
    if (this.#releasedAt !== undefined) return;
    this.#releasedAt = systemClock.now();
    // This alarm is not asked for again: the kernel believes that it is set.
    if (this.#alarm !== undefined) this.#ringAt(this.#alarm);
  }

  #ringAt(at: number): void {
    const delay = Math.min(Math.max(Math.ceil(at - this.now()), 0), DELAY_MAX_MS);
    setTimeout(() => {
      // A timer may fire a fraction of a millisecond early, and the kernel would ask for no other.
      if (this.now() < at) this.#ringAt(at);
      else this.#wake();
    }, delay).unref();
  }
}
