/**
 * Finds dispatches that do not end, by looking at a phase now and then: whoever is seen twice with the same number of the
 * dispatch has not returned in between. Knows no thread and no inspector; somebody else does something about it.
 *
 *     seen            reported at `warn`, 2 x warn, 4 x warn ...            interrupted at `interrupt`, once more if that did not
 *     first           |                                                    help; then it is hopeless
 *
 * A stall is dated from the first look that saw it, so it is found up to one period late and never too early.
 */

import type { Phase } from "./phase.ts";

/** After how many milliseconds something is done about a handler that does not return; 0 = never. */
export interface StallLimits {
  readonly warn: number;
  readonly interrupt: number;
}

/** What is due. */
export type StallEvent =
  /** Tell of it. */
  | { readonly kind: "report"; readonly phase: Phase; readonly ms: number }
  /** Interrupt it. */
  | { readonly kind: "interrupt"; readonly phase: Phase; readonly ms: number }
  /** It is over, and has been told of. */
  | { readonly kind: "return"; readonly phase: Phase; readonly ms: number };

/** Most and least milliseconds between two looks. */
const PERIOD_MAX_MS = 100;
const PERIOD_MIN_MS = 5;

/** Milliseconds after which an interrupt that did not help is tried again. */
export const RETRY_MS = 500;

/** How long to wait between two looks so that a stall is found within a tenth of its limit, in milliseconds. */
export function periodOf({ warn, interrupt }: StallLimits): number {
  const limits = [warn, interrupt].filter((ms) => ms > 0);
  return Math.max(PERIOD_MIN_MS, Math.min(PERIOD_MAX_MS, Math.min(...limits) / 10));
}

/** The watch over one kernel. */
export class StallWatch {
  readonly #limits: StallLimits;
  /** The dispatch that was seen last, and when it was seen first. */
  #phase: Phase | undefined = undefined;
  #since = 0;
  #reportAt = 0;
  #interruptAt = 0;
  #isReported = false;
  /** What has been said of why it is not cut off. */
  #said = new Set<string>();

  constructor(limits: StallLimits) {
    this.#limits = limits;
  }

  /** Looks at the phase. @param now - milliseconds of a steady clock. @returns what is due, most urgent last. */
  look(now: number, phase: Phase): StallEvent[] {
    const before = this.#phase;
    if (before?.dispatch !== phase.dispatch || before.handle !== phase.handle) {
      return this.#begin(now, phase);
    }
    const ms = now - this.#since;
    const events: StallEvent[] = [];
    if (ms >= this.#reportAt) {
      events.push({ kind: "report", phase: before, ms });
      while (this.#reportAt <= ms) this.#reportAt *= 2;
      this.#isReported = true;
    }
    if (ms >= this.#interruptAt) {
      events.push({ kind: "interrupt", phase: before, ms });
      this.#interruptAt = ms + RETRY_MS;
    }
    return events;
  }

  /** Says for how long no look is needed, in milliseconds. */
  pause(now: number): number {
    const period = periodOf(this.#limits);
    if (this.#phase === undefined) return period;
    const left = Math.min(this.#reportAt, this.#interruptAt) - (now - this.#since);
    return Math.max(1, Math.min(period, Math.ceil(left)));
  }

  /** For how many milliseconds the dispatch that was seen last has been seen; 0 = none was. */
  age(now: number): number {
    return this.#phase === undefined ? 0 : now - this.#since;
  }

  /** Learns that it was cut off: that it is over then needs no word. */
  noteInterrupt(): void {
    this.#isReported = false;
  }

  /** Says whether that is to be said: why a stall can't be cut off is said once, however often it is tried. */
  isNews(why: string): boolean {
    if (this.#said.has(why)) return false;
    this.#said.add(why);
    return true;
  }

  /** Dates the stall anew: for a while somebody else held the thread, a debugger for one. */
  excuse(now: number): void {
    this.#since = now;
    this.#isReported = false;
    this.#reportAt = this.#limits.warn > 0 ? this.#limits.warn : Infinity;
    this.#interruptAt = this.#limits.interrupt > 0 ? this.#limits.interrupt : Infinity;
  }

  #begin(now: number, phase: Phase): StallEvent[] {
    const before = this.#phase;
    const told = this.#isReported && before !== undefined;
    const ms = now - this.#since;
    this.#phase = phase.handle === 0 ? undefined : phase;
    this.#said.clear();
    this.#since = now;
    this.#isReported = false;
    this.#reportAt = this.#limits.warn > 0 ? this.#limits.warn : Infinity;
    this.#interruptAt = this.#limits.interrupt > 0 ? this.#limits.interrupt : Infinity;
    return told ? [{ kind: "return", phase: before, ms }] : [];
  }
}
