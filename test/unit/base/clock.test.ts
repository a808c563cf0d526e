/** Clocks that are compared: what a thread loses between two readings must not count. */

import { ok } from "node:assert/strict";
import { test } from "node:test";
import { aheadOfMachine, machineMs } from "../../../src/base/clock.ts";

test("a clock is compared with the machine's by the readings that were not interrupted", () => {
  let reading = 0;
  const now = (): number => {
    const at = machineMs() + 1000;
    // Every other time the thread loses the processor behind the reading.
    if ((reading += 1) % 2 === 1) while (machineMs() < at - 1000 + 5);
    return at;
  };
  const ahead = aheadOfMachine({ now });
  ok(Math.abs(ahead - 1000) < 2, String(ahead));
});
