/** One caller, one call at a time, one small argument: through a snax object, and as a bare `skynet.call`. */

import { skynet, snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual, microsecondsEach, sumBelow } from "../services/lib/check.ts";

let counter: ServiceObject<typeof Counter>;
let plain: number;

export async function init() {
  counter = await snax.newservice<typeof Counter>("counter");
  plain = await skynet.newservice("plain");
}

async function timeRequests(count: number) {
  const beginMs = performance.now();
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += await counter.req.echo(i);
  const us = microsecondsEach(beginMs, count);
  expectEqual(sum, sumBelow(count), "sum of the echoes");
  return us;
}

async function timeCalls(count: number) {
  const beginMs = performance.now();
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += Number(await skynet.call(plain, "lua", i));
  const us = microsecondsEach(beginMs, count);
  expectEqual(sum, sumBelow(count), "sum of the answers");
  return us;
}

export const response = {
  async round({ count }: { count: number }) {
    return { req: await timeRequests(count), call: await timeCalls(count) };
  },
};
