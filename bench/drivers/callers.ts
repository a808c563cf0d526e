/** A hundred callers in one service, each with one call under way: what a call costs when there is always another. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual, microsecondsEach, sumBelow } from "../services/lib/check.ts";

let counter: ServiceObject<typeof Counter>;

export async function init() {
  counter = await snax.newservice<typeof Counter>("counter");
}

async function callInTurn(count: number) {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += await counter.req.echo(i);
  return sum;
}

export const response = {
  async round({ count, callers }: { count: number; callers: number }) {
    const each = count / callers;
    const beginMs = performance.now();
    const sums = await Promise.all(Array.from({ length: callers }, () => callInTurn(each)));
    const us = microsecondsEach(beginMs, count);
    for (const sum of sums) expectEqual(sum, sumBelow(each), "sum of one caller's echoes");
    return { call: us };
  },
};
