/**
 * Starts instances of the generated service (30 local modules, 360 functions, 30 classes) and weighs them.
 *
 * The first instance pays for reading and compiling the files; it is a figure of its own. Each answers a call that goes
 * through all its modules, so that none of them can have been left out.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import { expectEqual, microsecondsEach } from "../services/lib/check.ts";
import { readFootprint } from "../services/lib/heap.ts";

/** What the generated service exports. */
interface World {
  response: { walk(value: number): number };
}

let firstMs: number;

export async function init() {
  const beginMs = performance.now();
  await snax.newservice<World>("world");
  firstMs = performance.now() - beginMs;
}

export const response = {
  async round({ count, answer }: { count: number; answer: number }) {
    const started: ServiceObject<World>[] = [];
    const before = readFootprint();
    const beginMs = performance.now();
    for (let i = 0; i < count; i += 1) started.push(await snax.newservice<World>("world"));
    const us = microsecondsEach(beginMs, count);
    const bytes = readFootprint().heapBytes - before.heapBytes;
    for (const service of started) expectEqual(await service.req.walk(1), answer, "the walk");
    const walkedBytes = readFootprint().heapBytes - before.heapBytes;
    for (const service of started) await snax.exit(service);
    return {
      newservice: us,
      kilobytes: bytes / count / 1024,
      walked: walkedBytes / count / 1024,
      first: firstMs,
    };
  },
};
