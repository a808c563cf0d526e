/**
 * Test 18: every shape of a JavaScript heap, in threads of 64 and of 256 MiB; the process lives through all of them. Without the
 * guard it does not.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { leak, runLeak } from "../integration/fabric/leaky.ts";

const SHAPES = ["array", "map", "set", "objects", "strings", "closures", "slow"];

const ROUNDS = Number(process.env["SCALE"] ?? 1);

for (const mib of [64, 256]) {
  for (const shape of SHAPES) {
    test(`a thread of ${mib} MiB that fills with ${shape} is ended, and not the process`, async (t) => {
      const shapes = Array.from({ length: 3 * ROUNDS }, () => shape);
      const since = performance.now();
      const { outcomes } = await leak(t, { heap: mib }, shapes);
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

for (const mib of [64, 256]) {
  test(`a thread of ${mib} MiB that a thousand services fill is ended, and not the process`, async (t) => {
    const shapes = Array.from({ length: 3 * ROUNDS }, () => "share");
    const since = performance.now();
    const { outcomes } = await leak(t, { heap: mib, services: 1000 }, shapes);
    deepEqual(
      outcomes,
      shapes.map((shape) => [shape, "ERR_SERVICE_DEAD", "hello"]),
    );
    const ms = Math.round((performance.now() - since) / shapes.length);
    console.log(
      `heap-guard ${mib} MiB 1000 services: ${shapes.length} of ${shapes.length}, ${ms} ms each`,
    );
  });
}

test("the guard off, some shapes end the process; the guard on, they do not", async (t) => {
  const v8 = 512;
  const ends: string[] = [];
  for (const shape of SHAPES.filter((each) => each !== "slow")) {
    const { code } = await runLeak(t, { heap: 0, v8 }, [shape]);
    ends.push(`${shape} ${code === 0 ? "lives" : "ends"}`);
  }
  console.log(`heap-guard off, V8 at ${v8} MiB: ${ends.join(", ")}`);
  const dead = SHAPES.filter((shape) => ends.includes(`${shape} ends`));
  ok(dead.length > 0, "or this test proves nothing");
  const { outcomes } = await leak(t, { heap: 64, v8 }, dead);
  deepEqual(
    outcomes,
    dead.map((shape) => [shape, "ERR_SERVICE_DEAD", "hello"]),
  );
});

test("Buffers of 512 MiB in a thread of 64 MiB: no heap, the thread goes on", async (t) => {
  const mib = 512;
  const since = performance.now();
  const { outcomes } = await leak(t, { heap: 64, argument: mib }, ["buffers"]);
  const [, grown, hello] = outcomes[0] ?? [];
  equal(hello, "hello");
  ok(Number(grown) > 0.9 * mib * 2 ** 20, `${String(grown)} bytes`);
  const ms = Math.round(performance.now() - since);
  console.log(
    `heap-guard Buffers: the process grew by ${Math.round(Number(grown) / 2 ** 20)} MiB, ${ms} ms`,
  );
});
