/** Starts services of a type that has been patched, each patch another function, and ends them outside the time that counts. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Wide from "../services/wide.ts";
import { expectEqual, microsecondsEach, sumBelow } from "../services/lib/check.ts";

let patches = 0;

export async function init(given: { patches: number }) {
  patches = given.patches;
  const one = await snax.newservice<typeof Wide>("wide", 0);
  for (let at = 0; at < patches; at += 1) {
    await snax.hotfixall("wide", `function add${at}(n: number) { return n + 1; }`);
  }
  await snax.exit(one);
}

export const response = {
  async round({ count }: { count: number }) {
    const started: ServiceObject<typeof Wide>[] = [];
    const beginMs = performance.now();
    for (let i = 0; i < count; i += 1) started.push(await snax.newservice<typeof Wide>("wide", i));
    const birth = microsecondsEach(beginMs, count);
    let sum = 0;
    for (const wide of started) sum += await wide.req.sum();
    expectEqual(sum, sumBelow(count) + count * patches, "sum of what init and the patches gave");
    for (const wide of started) await snax.exit(wide);
    return { birth };
  },
};
