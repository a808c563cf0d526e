/**
 * Births while services are spread over threads: beside the caller, on the other thread, and a hundred under way at a time.
 * The services end again outside the time that counts.
 */

import { threadId } from "node:worker_threads";
import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import type * as Where from "../services/where.ts";
import { expectEqual, microsecondsEach, sumBelow } from "../services/lib/check.ts";

type Born = ServiceObject<typeof Counter>;
type Birth = (first: number) => Promise<Born>;

let other = 0;

export async function init() {
  const one = await snax.at(1).newservice<typeof Where>("where");
  other = (await one.req.thread()) === threadId ? 2 : 1;
  await snax.exit(one);
}

/** Starts `count` services, `inFlight` at a time, and proves that each was given its number. */
async function timeBirths(count: number, inFlight: number, birth: Birth): Promise<number> {
  const born: Born[] = [];
  let next = 0;
  const beginMs = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const first = next;
        next += 1;
        born.push(await birth(first));
      }
    }),
  );
  const us = microsecondsEach(beginMs, count);
  let sum = 0;
  for (const service of born) sum += await service.req.total();
  expectEqual(sum, sumBelow(count), "sum of what init was given");
  for (const service of born) await snax.exit(service);
  return us;
}

export const response = {
  async round({ count = 0, callers = 1 }: Record<string, number>) {
    const near: Birth = (first) => snax.at("near").newservice<typeof Counter>("counter", first);
    const far: Birth = (first) => snax.at(other).newservice<typeof Counter>("counter", first);
    const anywhere: Birth = (first) => snax.newservice<typeof Counter>("counter", first);
    return {
      near: await timeBirths(count, 1, near),
      far: await timeBirths(count, 1, far),
      flight: await timeBirths(count, callers, anywhere),
    };
  },
};
