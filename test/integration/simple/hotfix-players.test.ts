/** Agents are patched while two hundred clients play: every reply is counted. */

import { ok } from "node:assert/strict";
import { test } from "node:test";
import { playThrough } from "./players.ts";

test("a hotfix of the agents while 200 clients play loses no request and closes no connection", async (t) => {
  const answers = await playThrough(t, { clients: 200, inFlight: 2, patches: 6 });
  ok(answers >= 200 * 6);
});
