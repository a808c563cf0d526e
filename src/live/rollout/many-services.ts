/**
 * Work on very many services: in slices, between which others get their turn, and with one promise for all of them. A promise for
 * each would be a good part of the work that a small patch is.
 */

import type { Runtime } from "../../service/runtime.ts";

/** Services that are dealt with before others get their turn. */
const SLICE = 64;

/** Yields slice after slice; between two of them the services in the run queue get their turn. */
export async function* inSlices<T>(
  { kernel, owner }: Runtime,
  all: readonly T[],
): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < all.length; at += SLICE) {
    yield all.slice(at, at + SLICE);
    const service = kernel.services.get(owner);
    if (service !== undefined) {
      await new Promise<void>((resolve) => void kernel.soon(service, resolve));
    }
  }
}

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
