/**
 * Finds handlers of services that have ended and run on: one that was killed in the middle of a loop, or that loops behind its own
 * `skynet.exit()`. What such a handler does is not awaited, and every service of its thread waits for its end: it is cut off,
 * whatever `stall.interrupt` says.
 *
 *     a look at every phase -> a handle under which no service lives any more -> the same dispatch for KILLED_HANDLER_MS -> cut off
 *
 * A thread is told of a kill by a message, which it can't take in before its handler returns; the directory, which all
 * threads share, knows of it at once.
 */

import { KILLED_HANDLER_MS } from "../base/limits.ts";
import type { Phase } from "./phase.ts";
import { readPhase } from "./phase.ts";
import type { Visitor } from "./rounds.ts";
import { Stay } from "./stay.ts";
import type { WatchedThread } from "./thread-watchdog.ts";

/** Milliseconds between two looks. */
const PERIOD_MS = 100;

/** What the watch is made of. */
export interface DeadHandlerOptions {
  /** The threads that are up. */
  readonly threads: () => Iterable<WatchedThread>;
  /** Whether a service lives under a handle. */
  readonly lives: (handle: number) => boolean;
  /** Cuts off what runs under a handle; resolves when that has come to its end, whichever way. */
  readonly cutOff: (handle: number) => Promise<unknown>;
}

/** A dispatch of a service that has ended. */
interface Seen {
  readonly stay: Stay<Phase>;
  isBeingCut: boolean;
}

/** The watch over the workers of one node. */
export class DeadHandlerWatch implements Visitor {
  readonly #options: DeadHandlerOptions;
  readonly #seen = new Map<number, Seen>();

  constructor(options: DeadHandlerOptions) {
    this.#options = options;
  }

  round(now: number): number {
    for (const watched of this.#options.threads()) this.#look(now, watched);
    return now + PERIOD_MS;
  }

  #look(at: number, { thread, phase }: WatchedThread): void {
    const { lives, cutOff } = this.#options;
    const now = readPhase(phase);
    const { handle } = now;
    if (handle === 0 || lives(handle)) return void this.#seen.delete(thread);
    const seen = this.#seen.get(thread);
    if (seen?.stay.look(at, now) !== true) {
      const stay = new Stay<Phase>();
      stay.look(at, now);
      return void this.#seen.set(thread, { stay, isBeingCut: false });
    }
    if (seen.isBeingCut || seen.stay.ageMs(at) < KILLED_HANDLER_MS) return;
    seen.isBeingCut = true;
    const goOn = (): void => {
      seen.isBeingCut = false;
    };
    cutOff(handle).then(goOn, goOn);
  }
}
