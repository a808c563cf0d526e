/** Work on very many services in slices, between which others get their turn. */

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
