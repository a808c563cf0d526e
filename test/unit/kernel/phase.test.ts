/**
 * The phase: another thread can read whose message is handled.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { PHASE, PHASE_LENGTH } from "../../../src/kernel/instruments.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

test("while a message is handled the phase says whose it is and what it is", () => {
  const phase = new Int32Array(PHASE_LENGTH);
  const simulator = createSimulator({ seed: 1, kernel: { phase } });
  const { kernel } = simulator;
  const seen: (number | undefined)[][] = [];
  const look = (): void => {
    const { handle, type, method, source: from, session } = PHASE;
    seen.push([handle, type, method, from, session].map((word) => phase[word]));
  };
  const target = createProbe(kernel, (message) => {
    look();
    simulator.microtasks.defer(look);
    if (message.session !== 0) kernel.reply(target.service, message, 1);
  });
  const source = createProbe(kernel);
  source.call(target.handle);
  source.send(target.handle);
  simulator.drain();
  const called = [target.handle, PTYPE.snax, 1, source.handle, 1];
  const posted = [target.handle, PTYPE.snax, 1, source.handle, 0];
  deepEqual(seen, [called, called, posted, posted]);
  equal(phase[PHASE.handle], 0, "no service's after the turn");
  equal(phase[PHASE.dispatch], 3, "a call, a post and an answer");
});
