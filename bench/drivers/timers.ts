/**
 * Many timers of 10 ms set in one go; the time runs from the first that is set to the last that has fired.
 *
 * Setting all of them takes longer than 10 ms, so the figure would not show timers that fire early: one alone is checked.
 */

import { skynet } from "snax";
import { expectEqual } from "../services/lib/check.ts";

const DELAY_MS = 10;

/** A clock of whole milliseconds may round the delay down by this much. */
const TOLERANCE_MS = 1;

/** Sets all timers and resolves when all have fired, to the milliseconds that took. */
async function timeTimers(count: number) {
  const beginMs = performance.now();
  let fired = 0;
  await new Promise<void>((resolve) => {
    const onTimer = () => {
      fired += 1;
      if (fired === count) resolve();
    };
    for (let i = 0; i < count; i += 1) skynet.timeout(DELAY_MS, onTimer);
  });
  const elapsedMs = performance.now() - beginMs;
  expectEqual(fired, count, "timers fired");
  return elapsedMs;
}

export const response = {
  async round({ count }: { count: number }) {
    const alone = await timeTimers(1);
    if (alone < DELAY_MS - TOLERANCE_MS) throw new Error(`a timer fired after ${alone} ms`);
    return { seconds: (await timeTimers(count)) / 1000 };
  },
};
