/**
 * The heap guard: a service that leaks costs its thread, and neither the process nor the services of other threads. Test 18 of
 * the reliability list at its small scale.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";

import { leak } from "./leaky.ts";
import { codeOfFailure, world } from "../../world.ts";

test("a thread whose heap is full is ended; the process and the other threads live, and garbage is no leak", async (t) => {
  const shapes = ["map", "slow", "garbage"];
  const { outcomes, log } = await leak(t, { heap: 64 }, shapes);
  deepEqual(outcomes, [
    ["map", "ERR_SERVICE_DEAD", "hello"],
    ["slow", "ERR_SERVICE_DEAD", "hello"],
    ["garbage", true, "hello"],
  ]);
  match(log, /thread 1 uses \d+ MiB of 64 MiB of heap and is ended; :0000000\w runs/);
  match(log, /thread 1 has died with \d services: its heap is full, \d+ MiB of 64 MiB/);
});

test("a thousand services that fill a thread together end with it, and every call to them", async (t) => {
  const { outcomes, log } = await leak(t, { heap: 64, services: 1000 }, ["share"]);
  deepEqual(outcomes, [["share", "ERR_SERVICE_DEAD", "hello"]]);
  match(log, /thread 1 has died with 1000 services: its heap is full/);
});

test("what Buffers hold is no heap: the thread goes on, and the process has what they take", async (t) => {
  const mib = 128;
  const { outcomes } = await leak(t, { heap: 64, argument: mib }, ["buffers"]);
  const [, grown, hello] = outcomes[0] ?? [];
  equal(hello, "hello");
  ok(Number(grown) > 0.9 * mib * 2 ** 20, `${String(grown)} bytes`);
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
