// @ts-check
/** XState as a subject: a machine with a counter, sent to and started. Its actors have no calls, so those rows stay empty. */

import { assign, createActor, setup } from "xstate";
import { drainBatches, expectEqual, microsecondsEach, sumBelow } from "../peer-work.mjs";

/** @typedef {import("../child.mjs").Job} Job */

const machine = setup({
  types: {
    context: /** @type {{ total: number }} */ ({}),
    events: /** @type {{ type: "add", amount: number }} */ ({}),
    input: /** @type {number} */ (0),
  },
}).createMachine({
  context: ({ input }) => ({ total: input }),
  on: {
    add: { actions: assign({ total: ({ context, event }) => context.total + event.amount }) },
  },
});

/** @param {number} first */
const startCounter = (first) => createActor(machine, { input: first }).start();

/** @type {Record<string, (job: Job) => Promise<() => Promise<Record<string, number>>>>} */
const work = {
  async send({ size: { count = 0, batch = 0, burst = 0 } }) {
    const actor = startCounter(0);
    const counter = {
      add: () => actor.send({ type: "add", amount: 1 }),
      total: async () => actor.getSnapshot().context.total,
    };
    return async () => ({
      batches: await drainBatches(count, batch, counter),
      burst: await drainBatches(burst, burst, counter),
    });
  },
  async spawn({ size: { count = 0 } }) {
    return async () => {
      const actors = [];
      const beginMs = performance.now();
      for (let i = 0; i < count; i += 1) actors.push(startCounter(i));
      const us = microsecondsEach(beginMs, count);
      const sum = actors.reduce((total, actor) => total + actor.getSnapshot().context.total, 0);
      expectEqual(sum, sumBelow(count), "sum of what the actors were given");
      for (const actor of actors) actor.stop();
      return { spawn: us };
    };
  },
};

/** @param {Job} job */
export const prepare = (job) => work[job.section]?.(job);
