/** Times calls, some of them at the same time. */

import { microsecondsEach } from "./check.ts";

/** Runs a number of calls, `width` of them at a time. @returns microseconds a call */
export async function timeCalls(
  count: number,
  width: number,
  one: (index: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  const beginMs = performance.now();
  const worker = async () => {
    while (next < count) {
      next += 1;
      await one(next - 1);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return microsecondsEach(beginMs, count);
}
