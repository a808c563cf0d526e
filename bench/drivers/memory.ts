/**
 * What one idle small service weighs: heap and resident memory, after each has answered and fallen idle again.
 *
 * The services of earlier rounds stay alive: memory that a dead one left behind would be used again and hide the weight of
 * the next.
 */

import { snax } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual } from "../services/lib/check.ts";
import { readFootprint } from "../services/lib/heap.ts";

/** Keeps nothing of the services but lets them live: the weight of a caller's objects is not theirs. */
async function startMany(count: number) {
  for (let i = 0; i < count; i += 1) {
    const counter = await snax.newservice<typeof Counter>("counter", i);
    expectEqual(await counter.req.total(), i, "answer of a new service");
  }
}

export const response = {
  async round({ count }: { count: number }) {
    const before = readFootprint();
    await startMany(count);
    const after = readFootprint();
    return {
      heap: (after.heapBytes - before.heapBytes) / count / 1024,
      resident: (after.residentBytes - before.residentBytes) / count / 1024,
    };
  },
};
