/** A service's answer with a fault at each step of the service layer: the caller is told all the same, once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { tableWith } from "../../../src/service/answers.ts";
import { createProbe } from "../../simulator.ts";
import { createContextWorld } from "./context-world.ts";

const planted = (): never => {
  throw new Error("planted");
};

const THEN: string = ["th", "en"].join("");

/** What a handler does. */
const HANDLERS: Record<string, () => unknown> = {
  returns: () => ({ a: 1 }),
  resolves: async () => ({ a: 1 }),
  throws: () => {
    throw new TypeError("no");
  },
  rejects: async () => {
    throw new TypeError("no");
  },
  thenable: () => ({ [THEN]: planted }),
  "a then that throws": () => Object.defineProperty({}, THEN, { get: planted }),
};

/** Where something goes wrong, in the runtime that the context stands on. */
const FAULTS: Record<string, object> = {
  nowhere: {},
  "when an answer is traced": { tracer: { answered: planted, ended: () => {} } },
};

for (const [what, handler] of Object.entries(HANDLERS)) {
  for (const [where, fault] of Object.entries(FAULTS)) {
    test(`a handler that ${what}, a fault ${where}: the call ends once`, async () => {
      const { simulator, context } = createContextWorld();
      Object.assign(context.runtime, { reportError: () => {} }, fault);
      let ended = 0;
      context.receivers = tableWith([], PTYPE.snax, (_context, message) =>
        context.answer(message, handler(), () => {
          ended += 1;
        }),
      );
      const outcome = createProbe(simulator.kernel).call(context.handle);
      simulator.drain();
      // The promises of the handlers are the platform's.
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      simulator.drain();
      assert.equal(outcome.settled, 1);
      if (what === "resolves") assert.equal(ended, 1);
    });
  }
}
