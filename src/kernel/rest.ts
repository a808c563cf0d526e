/**
 * The rest of a service whose handler was cut off: what made it loop may come again at once, such as an overdue timer, and the
 * service would be lost to the operator who wants to repair it, and its thread with it.
 *
 *     cut off -> HOLD.resting: requests, posts, answers and timers wait; patches, jobs and debug messages pass
 *             -> after the rest, or when a patch has been applied: released
 *     cut off again soon after the rest -> the next one is twice as long
 *
 * What a patch, an injected script or a debug command waits for passes as well. The other services of the thread go on.
 */

import type { Clock } from "../base/clock.ts";
import {
  INTERRUPT_BY_HAND_FACTOR,
  INTERRUPT_FORGOTTEN_MS,
  INTERRUPT_REST_MAX_MS,
} from "../base/limits.ts";
import type { Condemned } from "./interrupt.ts";
import type { KernelTimers } from "./timers.ts";
import type { Message } from "./message.ts";
import { HOLD, isOfOperator } from "./service.ts";
import type { Service } from "./service.ts";

/** What rests need of their kernel. */
export interface RestsOptions {
  readonly clock: Clock;
  readonly timers: KernelTimers;
  /** Milliseconds of a first rest; 0 = services do not rest. */
  readonly firstMs: number;
  readonly release: (service: Service, bit: number) => void;
  /** Tells of a rest that begins. */
  readonly onRest: (service: Service, ms: number) => void;
}

interface Rest {
  readonly ms: number;
  /** When it ends. */
  readonly until: number;
}

/** The rests of a kernel's services. */
export class Rests {
  readonly #options: RestsOptions;
  #firstMs: number;
  readonly #last = new WeakMap<Service, Rest>();
  readonly #resting = new Set<Service>();

  constructor(options: RestsOptions) {
    this.#options = options;
    this.#firstMs = options.firstMs;
  }

  /** Milliseconds for which a service rests that an operator's signal has cut off; 0 = it does not. */
  get byHandMs(): number {
    return Math.min(this.#firstMs * INTERRUPT_BY_HAND_FACTOR, INTERRUPT_REST_MAX_MS);
  }

  /** Holds a service that is about to be cut off: nothing may follow in the same turn. */
  announce({ service, origin }: Condemned): void {
    if (this.#isDue(origin)) service.holds |= HOLD.resting;
  }

  /**
   * Begins the rest of a service that was cut off.
   *
   * @param began - the moment at which what was cut off began to run, as far as it is known.
   * @returns for how many milliseconds it rests.
   */
  begin({ service, origin, isByHand }: Condemned, began: number): number {
    if (!this.#isDue(origin)) {
      // It was announced, and the node has begun to stop since.
      if (this.#firstMs === 0) this.#open(service);
      return 0;
    }
    const { clock, timers, onRest } = this.#options;
    const last = this.#last.get(service);
    const isAgain = last !== undefined && began < last.until + INTERRUPT_FORGOTTEN_MS;
    const usualMs = isAgain ? Math.min(last.ms * 2, INTERRUPT_REST_MAX_MS) : this.#firstMs;
    const ms = isByHand === true ? Math.max(usualMs, this.byHandMs) : usualMs;
    const rest: Rest = { ms, until: clock.now() + ms };
    this.#last.set(service, rest);
    this.#resting.add(service);
    service.holds |= HOLD.resting;
    timers.later(ms, () => {
      if (this.#last.get(service) === rest) this.#open(service);
    });
    onRest(service, ms);
    return ms;
  }

  /** Ends the rest of a service, whose code has been changed; of all services if none is given. */
  end(service?: Service): void {
    for (const each of service === undefined ? [...this.#resting] : [service]) {
      this.#last.delete(each);
      this.#open(each);
    }
  }

  /** Ends all rests for good: the node stops, and every service has its `exit` to run. */
  close(): void {
    this.#firstMs = 0;
    this.end();
  }

  #open(service: Service): void {
    this.#resting.delete(service);
    if ((service.holds & HOLD.resting) !== 0) this.#options.release(service, HOLD.resting);
  }

  /** An operator's script that was cut off says nothing of the service that it ran in. */
  #isDue(origin: Message | undefined): boolean {
    return this.#firstMs > 0 && !isOfOperator(origin);
  }
}
