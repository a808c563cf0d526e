/**
 * Posts without an answer, then one call that returns when all of them have been handled.
 *
 * Once in small batches, as a server under load sees them, and once in a single burst that piles up in the mailbox.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual } from "../services/lib/check.ts";

let counter: ServiceObject<typeof Counter>;

export async function init() {
  counter = await snax.newservice<typeof Counter>("counter");
}

/** Returns millions of messages a second. */
async function timeDrain(count: number, batch: number) {
  const before = await counter.req.total();
  const beginMs = performance.now();
  for (let sent = 0; sent < count; sent += batch) {
    for (let i = 0; i < batch; i += 1) counter.post.add(1);
    await counter.req.total();
  }
  const rate = count / (performance.now() - beginMs) / 1000;
  expectEqual((await counter.req.total()) - before, count, "messages handled");
  return rate;
}

export const response = {
  async round({ count, batch, burst }: { count: number; batch: number; burst: number }) {
    return { batches: await timeDrain(count, batch), burst: await timeDrain(burst, burst) };
  },
};
