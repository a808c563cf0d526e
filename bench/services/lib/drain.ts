/** Posts to a counter, and calls that return when all posts have been handled. */

import type { ServiceObject } from "snax";
import type * as Counter from "../counter.ts";
import { expectEqual } from "./check.ts";

/** Posts `count` additions, a call after each `batch`; returns millions of messages a second. */
export async function timeDrain(
  counter: ServiceObject<typeof Counter>,
  count: number,
  batch: number,
) {
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
