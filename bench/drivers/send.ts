/**
 * Posts without an answer, then one call that returns when all of them have been handled.
 *
 * Once in small batches, as a server under load sees them, and once in a single burst that piles up in the mailbox.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { timeDrain } from "../services/lib/drain.ts";

let counter: ServiceObject<typeof Counter>;

export async function init() {
  counter = await snax.newservice<typeof Counter>("counter");
}

export const response = {
  async round({ count, batch, burst }: { count: number; batch: number; burst: number }) {
    return {
      batches: await timeDrain(counter, count, batch),
      burst: await timeDrain(counter, burst, burst),
    };
  },
};
