/**
 * The heap guard: a service that leaks costs its thread, and neither the process nor the services of other threads. Test 18 of
 * the reliability list at its small scale.
 */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";

import { leak } from "./leaky.ts";
import { codeOfFailure, world } from "./world.ts";

test("a thread whose heap is full is ended; the process and the other threads live, and garbage is no leak", async (t) => {
  const shapes = ["map", "slow", "garbage"];
  const { outcomes, log } = await leak(t, 64, shapes);
  deepEqual(outcomes, [
    ["map", "ERR_SERVICE_DEAD", "hello"],
    ["slow", "ERR_SERVICE_DEAD", "hello"],
    ["garbage", true, "hello"],
  ]);
  match(log, /thread 1 uses \d+ MiB of 64 MiB of heap and is ended; :0000000\w runs/);
  match(log, /thread 1 has died with \d services: its heap is full, \d+ MiB of 64 MiB/);
});

test("a bound that makes no sense is refused", async (t) => {
  deepEqual(
    [
      await codeOfFailure(world(t, {}, { heap: 31 })),
      await codeOfFailure(world(t, {}, { heap: -1 })),
      await codeOfFailure(world(t, {}, { stall: { warn: -1 } })),
      await codeOfFailure(world(t, {}, { stall: { wran: 1 } as never })),
      await codeOfFailure(world(t, {}, { stall: 1000 as never })),
    ],
    Array.from({ length: 5 }, () => "ERR_CONFIG"),
  );
  await world(t, {}, { heap: 32, stall: { warn: 0x7fffffff } });
});
