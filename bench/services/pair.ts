/** A service that calls another one of its own thread. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "./counter.ts";
import { expectEqual, sumBelow } from "./lib/check.ts";

let partner: ServiceObject<typeof Counter>;

export async function init() {
  partner = await snax.at("near").newservice<typeof Counter>("counter");
}

export const response = {
  /** Calls its partner so often, one call after the other. */
  async play(calls: number) {
    let sum = 0;
    for (let i = 0; i < calls; i += 1) sum += await partner.req.echo(i);
    expectEqual(sum, sumBelow(calls), "sum of the echoes");
  },
};
