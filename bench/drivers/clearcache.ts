/**
 * A service of a 600-line file after `clearcache`: the first start reads and compiles the file, the next ones do not.
 */

import { skynet, snax } from "snax";
import { expectEqual } from "../services/lib/check.ts";

interface Long {
  response: { last(): number };
}

/** Starts a service, checks that it is what it should be, and ends it. @returns the milliseconds of the start. */
async function start(functions: number): Promise<number> {
  const beginMs = performance.now();
  const long = await snax.newservice<Long>("long");
  const ms = performance.now() - beginMs;
  expectEqual(await long.req.last(), functions, "answer of the long service");
  await snax.exit(long);
  return ms;
}

export const response = {
  async round({ count, functions }: { count: number; functions: number }) {
    skynet.cache.clear();
    const first = await start(functions);
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += await start(functions);
    return { first, next: sum / count };
  },
};
