// @ts-check
/** Nact as a subject: actors of one system, queried, dispatched to, and spawned. */

import nact from "nact";
import {
  callEach,
  callInTurn,
  drainBatches,
  expectEqual,
  microsecondsEach,
  sumBelow,
} from "../peer-work.mjs";

const { start, spawn, query, dispatch, stop } = nact;

/** @typedef {import("../child.mjs").Job} Job */
/** @typedef {{ add?: number, value?: number, sender?: any }} Message */

const TIMEOUT_MS = 10_000;

/**
 * @param {any} system
 * @param {number} first
 * @param {string} [name]
 */
function spawnCounter(system, first, name) {
  return spawn(
    system,
    (/** @type {number} */ total = first, /** @type {Message} */ message) => {
      if (message.add !== undefined) return total + message.add;
      dispatch(message.sender, message.value ?? total);
      return total;
    },
    name,
  );
}

/** @param {any} actor @returns {Promise<any>} */
const askTotal = (actor) => query(actor, (/** @type {any} */ sender) => ({ sender }), TIMEOUT_MS);

/** @param {any} actor @returns {(value: number) => Promise<any>} */
const echoOf = (actor) => (value) =>
  query(actor, (/** @type {any} */ sender) => ({ value, sender }), TIMEOUT_MS);

/** @type {Record<string, (job: Job) => Promise<() => Promise<Record<string, number>>>>} */
const work = {
  async call({ size: { count = 0 } }) {
    const echo = echoOf(spawnCounter(start(), 0));
    return async () => ({ query: await callInTurn(count, echo) });
  },
  async callers({ size: { count = 0, callers = 0 } }) {
    const echo = echoOf(spawnCounter(start(), 0));
    return async () => ({ query: await callEach(count, callers, echo) });
  },
  async send({ size: { count = 0, batch = 0, burst = 0 } }) {
    const actor = spawnCounter(start(), 0);
    const counter = { add: () => dispatch(actor, { add: 1 }), total: () => askTotal(actor) };
    return async () => ({
      batches: await drainBatches(count, batch, counter),
      burst: await drainBatches(burst, burst, counter),
    });
  },
  async spawn({ size: { count = 0 } }) {
    const system = start();
    return async () => {
      const actors = [];
      const beginMs = performance.now();
      for (let i = 0; i < count; i += 1) actors.push(spawnCounter(system, i));
      const us = microsecondsEach(beginMs, count);
      let sum = 0;
      for (const actor of actors) sum += await askTotal(actor);
      expectEqual(sum, sumBelow(count), "sum of what the actors were given");
      for (const actor of actors) stop(actor);
      return { spawn: us };
    };
  },
};

/** @param {Job} job */
export const prepare = (job) => work[job.section]?.(job);
