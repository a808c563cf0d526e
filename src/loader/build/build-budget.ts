/**
 * How long a thread may build images before it gives the rest of a program to another thread.
 *
 * A small program is built on the spot: that is faster than to ask, and is not felt. A large one
 * would hold up every service of the thread.
 */

/** After so long a pause what was spent is forgotten: others have had their turn. */
const PAUSE_MS = 250;

/** The time that one thread has for building images in one go. */
export class BuildBudget {
  readonly #limitMs: number;
  #spentMs = 0;
  #last = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Whether there is time for another image. */
  get isLeft(): boolean {
    if (performance.now() - this.#last > PAUSE_MS) this.#spentMs = 0;
    return this.#spentMs < this.#limitMs;
  }

  /** Builds something, and counts the time. */
  spend<T>(build: () => T): T {
    const begin = performance.now();
    try {
      return build();
    } finally {
      this.#last = performance.now();
      this.#spentMs += this.#last - begin;
    }
  }
}
