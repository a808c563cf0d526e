/**
 * Test 18: every shape of a JavaScript heap, in threads of 64 and of 256 MiB; the process lives through all of them.
 */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";

import { leak } from "../integration/leaky.ts";

const SHAPES = ["array", "map", "set", "objects", "strings", "closures", "slow"];

const ROUNDS = Number(process.env["SCALE"] ?? 1);

for (const mib of [64, 256]) {
  for (const shape of SHAPES) {
    test(`a thread of ${mib} MiB that fills with ${shape} is ended, and not the process`, async (t) => {
      const shapes = Array.from({ length: 3 * ROUNDS }, () => shape);
      const since = performance.now();
      const { outcomes } = await leak(t, mib, shapes);
      deepEqual(
        outcomes,
        shapes.map(() => [shape, "ERR_SERVICE_DEAD", "hello"]),
      );
      const ms = Math.round((performance.now() - since) / shapes.length);
      console.log(
        `heap-guard ${mib} MiB ${shape}: ${shapes.length} of ${shapes.length}, ${ms} ms each`,
      );
    });
  }
}
