/**
 * The ledger of a node: which patch went where, when, and what came of it.
 *
 * It is bounded: the oldest entries go first, and an entry of a patch for very many services keeps the failures and a
 * sample of the rest, with the full counts.
 */

import type { Clock } from "../base/clock.ts";
import { LEDGER_LENGTH_MAX, LEDGER_RESULTS_MAX } from "../base/limits.ts";
import type { PatchRecord, PatchResult } from "../snax/types.ts";

/** The patches of one node, newest last. */
export class Ledger {
  readonly #clock: Clock;
  readonly #records: PatchRecord[] = [];
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hands out the number of a new patch. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Enters a patch whose outcome is known. */
  enter(id: number, hash: string, target: string, results: readonly PatchResult[]): void {
    const failed = results.filter((result) => !result.ok);
    const applied = results.filter((result) => result.ok);
    const room = Math.max(LEDGER_RESULTS_MAX - failed.length, 0);
    const kept = [...failed.slice(0, LEDGER_RESULTS_MAX), ...applied.slice(0, room)];
    this.#records.push({
      id,
      hash,
      target,
      time: this.#clock.wall(),
      applied: applied.length,
      failed: failed.length,
      results: kept,
    });
    if (this.#records.length > LEDGER_LENGTH_MAX) this.#records.shift();
  }

  /** Returns the entries, newest last. */
  records(): readonly PatchRecord[] {
    return structuredClone(this.#records);
  }
}
