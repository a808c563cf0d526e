/** Agents, on the main thread and on a worker, are patched while a thousand clients play: every reply is counted. */

import { ok } from "node:assert/strict";
import { test } from "node:test";
import { playThrough } from "../integration/simple/players.ts";

for (const thread of [0, 2]) {
  test(`a hotfix of the agents while 1,000 clients play loses no request and closes no connection, thread: ${thread}`, async (t) => {
    const config = { thread };
    const answers = await playThrough(t, { clients: 1000, inFlight: 4, patches: 20, config });
    ok(answers >= 1000 * 20);
    t.diagnostic(`${answers} answers`);
  });
}
