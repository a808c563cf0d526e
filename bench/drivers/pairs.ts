/**
 * Independent pairs of services that call each other, on one thread or spread over all: what a second thread is worth.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Pair from "../services/pair.ts";

let pairs: ServiceObject<typeof Pair>[];

export async function init({ threads, count }: { threads: number; count: number }) {
  pairs = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      snax.at(1 + (i % threads)).newservice<typeof Pair>("pair"),
    ),
  );
}

export const response = {
  async round({ calls }: { calls: number }) {
    const beginMs = performance.now();
    await Promise.all(pairs.map((pair) => pair.req.play(calls)));
    return { rate: (pairs.length * calls) / (performance.now() - beginMs) / 1000 };
  },
};
