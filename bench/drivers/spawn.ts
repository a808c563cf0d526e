/** Starts services one after the other, `init` included, and ends them again outside the time that counts. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual, microsecondsEach, sumBelow } from "../services/lib/check.ts";

export const response = {
  async round({ count }: { count: number }) {
    const started: ServiceObject<typeof Counter>[] = [];
    const beginMs = performance.now();
    for (let i = 0; i < count; i += 1)
      started.push(await snax.newservice<typeof Counter>("counter", i));
    const us = microsecondsEach(beginMs, count);
    let sum = 0;
    for (const counter of started) sum += await counter.req.total();
    expectEqual(sum, sumBelow(count), "sum of what init was given");
    for (const counter of started) await snax.exit(counter);
    return { newservice: us };
  },
};
