/** The process that owns a global service is stopped for longer than its right lasts: when it goes on it does nothing in the name that another one has. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { stopOwners } from "./claimants.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";

for (const thread of [0, 1]) {
  test(
    `an owner that was stopped does not act by requests, timers or behind a sleep, ${thread} worker threads`,
    { skip: lackOfNats() ?? false },
    async (t) => {
      const engine = (await natsServer(t)).url;
      const verdict = await stopOwners(t, { engine, rounds: 2, thread });
      deepEqual(verdict.stale, []);
      equal(verdict.owners, 3);
      deepEqual([...verdict.ways].toSorted(), ["interval", "request", "sleep", "timeout"]);
      ok(verdict.acts > 4);
    },
  );
}
