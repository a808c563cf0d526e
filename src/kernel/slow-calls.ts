/**
 * Finds the calls that have waited long for an answer, and reports each once.
 *
 * A call without a deadline waits as long as its target lives, as in skynet; this is how an operator learns of it. A walk
 * over all services looks at one page of them (up to 4096) and lets traffic through before the next; it begins when the
 * oldest call that may be slow is due. When every waiting call has been reported, no timer is armed: an idle node,
 * or one whose calls wait for ever, is never woken.
 */

import type { Clock } from "../base/clock.ts";
import type { Service, ServiceTable } from "./service.ts";
import type { OpenCall } from "./open-calls.ts";

/** Milliseconds after which an unanswered call is told of. */
export const SLOW_CALL_MS = 30_000;

/** Least milliseconds between the beginnings of two walks, so that a call may be told of this much late. */
export const WALK_PERIOD_MIN_MS = 5000;

/** What the sweep needs. */
export interface SlowCallOptions {
  readonly clock: Clock;
  readonly services: ServiceTable;
  /** Runs something in a later turn; one such run is asked for at a time. */
  readonly later: (ms: number, run: () => void) => void;
  /** Is told of a call that has waited `ms` milliseconds; must not throw. */
  readonly onSlowCall: (service: Service, call: OpenCall, ms: number) => void;
}

/** The walk and its alarm. */
export class SlowCallSweep {
  /** No call was opened since the last walk began; the kernel then says {@link noticeCall} for the next one. */
  isQuiet = true;
  /** A run is asked for: the next walk, or the next page of this one. */
  #isArmed = false;
  #page = 0;
  #beganAt = 0;
  /** When the oldest call began that this walk has seen and not told of. */
  #oldest = Number.POSITIVE_INFINITY;
  readonly #options: SlowCallOptions;

  constructor(options: SlowCallOptions) {
    this.#options = options;
  }

  /** Learns that a call was opened. */
  noticeCall(): void {
    this.isQuiet = false;
    if (!this.#isArmed) this.#arm(SLOW_CALL_MS, () => this.#begin());
  }

  #arm(ms: number, run: () => void): void {
    this.#isArmed = true;
    this.#options.later(ms, run);
  }

  #begin(): void {
    this.isQuiet = true;
    this.#page = 0;
    this.#oldest = Number.POSITIVE_INFINITY;
    this.#beganAt = this.#options.clock.now();
    this.#walk();
  }

  /** Looks at one page, then rests. */
  #walk(): void {
    const { services } = this.#options;
    while (this.#page < services.pageCount) {
      const places = services.page(this.#page);
      this.#page += 1;
      if (places === undefined) continue;
      for (const service of places) if (service?.calls !== undefined) this.#examine(service);
      this.#arm(1, () => this.#walk());
      return;
    }
    this.#rest();
  }

  #examine(service: Service): void {
    const now = this.#options.clock.now();
    for (const call of service.calls ?? []) {
      const ms = now - call.since;
      if (ms >= SLOW_CALL_MS) {
        call.since = Number.NaN;
        this.#options.onSlowCall(service, call, ms);
      } else if (call.since < this.#oldest) {
        this.#oldest = call.since;
      }
    }
  }

  #rest(): void {
    this.#isArmed = false;
    // Race: a call opened behind the walk's back was not seen; it is no older than the walk.
    const oldest = this.isQuiet ? this.#oldest : Math.min(this.#oldest, this.#beganAt);
    if (oldest === Number.POSITIVE_INFINITY) return;
    const dueAt = Math.max(oldest + SLOW_CALL_MS, this.#beganAt + WALK_PERIOD_MIN_MS);
    this.#arm(dueAt - this.#options.clock.now(), () => this.#begin());
  }
}
