/** V8's collector at hand, for tests of what is let go of. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects garbage now. */
export const collect = runInNewContext("gc") as (options?: Record<string, string>) => void;

/** Waits until the collector has taken an object, and says whether it has after twenty rounds. */
export async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 20; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    if (reference.deref() === undefined) return true;
  }
  return false;
}
