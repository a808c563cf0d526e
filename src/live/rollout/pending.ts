/**
 * What is under way for very many services at once. A promise for each of them would be a good part of the work that a small
 * patch is; this is one for all.
 */

/** Counts what has begun and not ended. */
export class Pending {
  #left = 0;
  #end: (() => void) | undefined;

  /** Says that one more has begun. @returns what says that it has ended */
  begin(): () => void {
    this.#left += 1;
    return this.#done;
  }

  /** Resolves when all that has begun has ended. */
  over(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#left === 0) resolve();
      else this.#end = resolve;
    });
  }

  readonly #done = (): void => {
    this.#left -= 1;
    if (this.#left === 0) this.#end?.();
  };
}
