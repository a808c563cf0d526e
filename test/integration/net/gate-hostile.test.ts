/** Malformed streams at a gate: each is counted, and no other client notices. The same at scale: test/reliability. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateCounts } from "snax";
import { gateWorld, until } from "./gate-world.ts";
import { attack, attackAll, attackWeb, Honest, LIMIT_BYTES, sumOf } from "./hostile.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
console.log(`gate-hostile: seed=${seed}`);

const keysBefore = Reflect.ownKeys(Object.prototype);

for (const [name, attackOne] of [
  ["frames", attack],
  ["web sockets", attackWeb],
] as const) {
  test(`malformed ${name} are counted one by one, and an honest client is served all along`, async (t) => {
    const options = { frameLimitBytes: LIMIT_BYTES, maxclient: 100_000, websocket: { port: 0 } };
    const here = await gateWorld(t, "text", options);
    const honest = new Honest(here.port);
    honest.start();
    await attackAll(200, seed, (random) => attackOne(here, random));
    await honest.stop();
    const counts = await until(
      () => here.skynet.call<GateCounts>(here.gate, "lua", "counts"),
      ({ clients }) => clients === 0,
    );
    assert.equal(sumOf(counts.cut), 200);
    assert.ok((counts.cut["ERR_MALFORMED"] ?? 0) > 0);
    assert.ok(honest.times.length > 0);
    assert.deepEqual(Reflect.ownKeys(Object.prototype), keysBefore);
  });
}
