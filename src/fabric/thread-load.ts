/**
 * How much the worker threads have to do, for the code that chooses one for a new service.
 *
 *     a look at each phase ten times a second -> is a service at work there? -> the last sixteen answers
 *
 *     stuck   in the same dispatch for PLACEMENT_STUCK_MS: what is begun there waits until that ends
 *     busy    a service was at work at PLACEMENT_BUSY_LOOKS of the last PLACEMENT_LOOKS looks
 *     free    anything else
 *
 * A share of looks, not a time that is measured: it costs the threads nothing, and what a thread spends on looking for mail is
 * no work. Nothing is known of a thread before it was looked at; it is free then.
 */

import type { Worker } from "node:worker_threads";
import { PLACEMENT_BUSY_LOOKS, PLACEMENT_LOOKS, PLACEMENT_STUCK_MS } from "../base/limits.ts";
import type { Phase } from "./phase.ts";
import { readPhase } from "./phase.ts";
import { hasStayed, Stay } from "./stay.ts";
import type { Visitor } from "./rounds.ts";
import type { WatchedThread } from "./thread-watchdog.ts";

/** How welcome a new service is on a thread, best first. */
export const STANDING = { free: 0, busy: 1, stuck: 2 } as const;

/** One of {@link STANDING}. */
export type Standing = (typeof STANDING)[keyof typeof STANDING];

/** Milliseconds between two looks. */
const PERIOD_MS = 100;

/** What was seen of one worker. */
interface Record {
  readonly stay: Stay<Phase>;
  /** One bit a look, the last one lowest: a service was at work. */
  looks: number;
}

const LOOKS_MASK = 2 ** PLACEMENT_LOOKS - 1;

/** The loads of one node's workers. */
export class ThreadLoads implements Visitor {
  readonly #threads: () => Iterable<WatchedThread>;
  readonly #records = new WeakMap<Worker, Record>();

  /** @param threads - the threads that are up. */
  constructor(threads: () => Iterable<WatchedThread>) {
    this.#threads = threads;
  }

  round(now: number): number {
    for (const { worker, phase: words } of this.#threads()) {
      const phase = readPhase(words);
      const isAtWork = phase.handle === 0 ? 0 : 1;
      let record = this.#records.get(worker);
      if (record === undefined) {
        record = { stay: new Stay(), looks: 0 };
        this.#records.set(worker, record);
      }
      record.stay.look(now, phase);
      record.looks = ((record.looks << 1) | isAtWork) & LOOKS_MASK;
    }
    return now + PERIOD_MS;
  }

  /** Says how welcome a new service is. */
  standing(
    { worker, phase: words }: Pick<WatchedThread, "worker" | "phase">,
    now: number,
  ): Standing {
    const record = this.#records.get(worker);
    if (record === undefined) return STANDING.free;
    const { stay } = record;
    const phase = readPhase(words);
    const isStill = phase.handle !== 0 && hasStayed(stay.seen, phase);
    if (isStill && stay.ageMs(now) >= PLACEMENT_STUCK_MS) return STANDING.stuck;
    return countBits(record.looks) >= PLACEMENT_BUSY_LOOKS ? STANDING.busy : STANDING.free;
  }
}

function countBits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
