/**
 * Two processes want one global service; whichever owns it is stopped for longer than its right lasts, fifty times: nothing is done under a token that was
 * replaced. `SCALE` lengthens it.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { stopOwners } from "../integration/cluster/claimants.ts";
import { lackOfNats, natsServer } from "../integration/cluster/nats-server.ts";

const ROUNDS = 50 * Number(process.env["SCALE"] ?? 1);

test(
  `${ROUNDS} owners are stopped: none of them acts when another one has its name`,
  { skip: lackOfNats() ?? false },
  async (t) => {
    const engine = (await natsServer(t)).url;
    const verdict = await stopOwners(t, { engine, rounds: ROUNDS, thread: 1 });
    deepEqual(verdict.stale, []);
    equal(verdict.owners, ROUNDS + 1);
    t.diagnostic(`${verdict.acts} acts of ${verdict.owners} owners`);
  },
);
