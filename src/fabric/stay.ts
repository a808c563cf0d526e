/**
 * Since when a thread has been where it is: in one dispatch, or outside any message in one turn. The one place that says
 * what "still the same" means and from when it counts.
 *
 * The answer comes from looks now and then at the thread's phase. Seen twice with the same number, a dispatch has not
 * returned in between. So a stay is dated from the first look that saw it: up to one period late, never too early.
 *
 * Each watch looks in its own rhythm: the watchdog as often as its limits need (stall-watch.ts), the choice of a thread
 * for a new service ten times a second (thread-load.ts), an order to a thread eight times within its limit.
 */

/** What is compared: a phase, or a thread's work as other threads see it. */
export interface Seen {
  /** The handle of the service whose message is handled; 0 = none is. */
  readonly handle: number;
  /** The number of that dispatch. */
  readonly dispatch: number;
  /** The number of the turn. */
  readonly turn: number;
}

/** Says whether a thread has not moved between two looks. */
export function hasStayed(before: Seen | undefined, now: Seen): boolean {
  if (before?.handle !== now.handle || before.dispatch !== now.dispatch) return false;
  return now.handle !== 0 || before.turn === now.turn;
}

/** Where one thread was seen last, and since when. */
export class Stay<S extends Seen> {
  #seen: S | undefined = undefined;
  #since = 0;

  /** What the last look saw; undefined before the first one. */
  get seen(): S | undefined {
    return this.#seen;
  }

  /** Looks. @param now - milliseconds of a steady clock. @returns whether the thread has stayed since the last look. */
  look(now: number, seen: S): boolean {
    const isSame = hasStayed(this.#seen, seen);
    if (!isSame) this.#since = now;
    this.#seen = seen;
    return isSame;
  }

  /** For how many milliseconds it has been there, as of the last look; 0 before the first one. */
  ageMs(now: number): number {
    return this.#seen === undefined ? 0 : now - this.#since;
  }

  /** Dates the stay anew, because it is no reason to complain. */
  excuse(now: number): void {
    this.#since = now;
  }
}
