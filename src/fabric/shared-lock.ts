/**
 * A lock in shared memory for work of some microseconds that calls no code of a user.
 *
 * A thread can be ended, or a handler of it cut off, in the middle of such work. So a thread that finds the lock held by its
 * own thread, or by the same holder for LOCK_STALE_MS, takes it over and is told that the work was left unfinished. The code
 * that buries a thread takes the lock from it at once.
 */

/** Milliseconds after which a holder is taken for dead: what the lock guards takes some thousandths of that. */
export const LOCK_STALE_MS = 1000;

const FREE = 0;
/** Looks at the word before the thread is laid to sleep; most holders are gone by then. */
const SPINS = 200;
const NAP_MS = 1;

/** A lock as one thread sees it. */
export class SharedLock {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #mark: number;

  /**
   * @param words - shared memory; the word at `index` is the lock's, the one behind it counts how often it was taken.
   * @param thread - this thread's number.
   */
  constructor(words: Int32Array, index: number, thread: number) {
    this.#words = words;
    this.#index = index;
    this.#mark = thread + 1;
  }

  /**
   * Takes the lock; it must be given back in the same synchronous step.
   *
   * @returns true if the last holder was cut off before it gave the lock back.
   */
  take(): boolean {
    const words = this.#words;
    const index = this.#index;
    for (let tries = 0; tries < SPINS; tries += 1) {
      const holder = Atomics.compareExchange(words, index, FREE, this.#mark);
      if (holder === FREE) return this.#taken(false);
      if (holder === this.#mark) return this.#taken(true);
    }
    return this.#takeWaiting();
  }

  /**
   * Takes the lock as {@link take} does, and at once if its holder is a thread that is known to be dead.
   *
   * @returns true if the last holder was cut off before it gave the lock back.
   */
  takeFrom(dead: number): boolean {
    const holder = Atomics.compareExchange(this.#words, this.#index, dead + 1, this.#mark);
    return holder === dead + 1 ? this.#taken(true) : this.take();
  }

  #takeWaiting(): boolean {
    const words = this.#words;
    const index = this.#index;
    let naps = 0;
    let count = Atomics.load(words, index + 1);
    for (;;) {
      const holder = Atomics.compareExchange(words, index, FREE, this.#mark);
      if (holder === FREE) return this.#taken(false);
      if (Atomics.load(words, index + 1) !== count) {
        count = Atomics.load(words, index + 1);
        naps = 0;
      }
      if (naps * NAP_MS >= LOCK_STALE_MS) {
        const found = Atomics.compareExchange(words, index, holder, this.#mark);
        if (found === holder) return this.#taken(true);
      }
      Atomics.wait(words, index, holder, NAP_MS);
      naps += 1;
    }
  }

  #taken(isUnfinished: boolean): boolean {
    Atomics.add(this.#words, this.#index + 1, 1);
    return isUnfinished;
  }

  /** Gives the lock back. */
  give(): void {
    const words = this.#words;
    const index = this.#index;
    if (Atomics.compareExchange(words, index, this.#mark, FREE) === this.#mark) {
      Atomics.notify(words, index);
    }
  }
}
