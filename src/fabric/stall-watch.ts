/**
 * Finds dispatches that do not end, by looking at a phase now and then. Knows no thread and no inspector: the caller
 * acts on what is due.
 *
 *     seen            reported at `warn`, 2 x warn, 4 x warn ...            interrupted at `interrupt`, once more if that did not
 *     first           |                                                    help; then it is hopeless
 *
 * How a stall is dated: stay.ts.
 */

import type { Phase } from "./phase.ts";
import { Stay } from "./stay.ts";

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
  readonly #stay = new Stay<Phase>();
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
    const before = this.#stay.seen;
    const ms = this.#stay.ageMs(now);
    const isStill = this.#stay.look(now, phase);
    if (before === undefined || before.handle === 0 || !isStill) return this.#begin(before, ms);
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
    if (!this.#isInside) return period;
    const left = Math.min(this.#reportAt, this.#interruptAt) - this.#stay.ageMs(now);
    return Math.max(1, Math.min(period, Math.ceil(left)));
  }

  /** For how many milliseconds the dispatch that was seen last has been seen; 0 = none was. */
  age(now: number): number {
    return this.#isInside ? this.#stay.ageMs(now) : 0;
  }

  get #isInside(): boolean {
    return (this.#stay.seen?.handle ?? 0) !== 0;
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

  /** Dates the stall anew: for a while something else held the thread, such as a debugger. */
  excuse(now: number): void {
    this.#stay.excuse(now);
    this.#rewind();
  }

  /** Something else is under way. @param ms - how long the one before was seen */
  #begin(before: Phase | undefined, ms: number): StallEvent[] {
    const told = this.#isReported;
    this.#said.clear();
    this.#rewind();
    return told && before !== undefined ? [{ kind: "return", phase: before, ms }] : [];
  }

  #rewind(): void {
    const { warn, interrupt } = this.#limits;
    this.#isReported = false;
    this.#reportAt = warn > 0 ? warn : Infinity;
    this.#interruptAt = interrupt > 0 ? interrupt : Infinity;
  }
}
