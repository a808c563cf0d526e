// @ts-check
/** Moleculer as a subject: a broker without transporter, local calls of one action, started services. */

import { ServiceBroker } from "moleculer";
import { callEach, callInTurn, expectEqual, microsecondsEach, sumBelow } from "../peer-work.mjs";

/** @typedef {import("../child.mjs").Job} Job */

/** What to call when the service of this name can be called; `started` itself runs before the broker knows it. */
const whenStarted = new Map();

async function startBroker() {
  const serviceStarted = async (/** @type {import("moleculer").Service} */ service) =>
    whenStarted.get(service.name)?.(service);
  const broker = new ServiceBroker({ logger: false, middlewares: [{ serviceStarted }] });
  await broker.start();
  return broker;
}

/**
 * @param {ServiceBroker} broker
 * @param {string} name
 * @param {number} start
 * @returns {Promise<import("moleculer").Service>} once it can be called, as a snax service resolves after `init`.
 */
function startService(broker, name, start) {
  return new Promise((resolve) => {
    whenStarted.set(name, resolve);
    broker.createService({
      name,
      actions: {
        echo: (/** @type {import("moleculer").Context<{ value: number }>} */ ctx) =>
          ctx.params.value,
        total: () => start,
      },
    });
  });
}

/** @type {Record<string, (job: Job) => Promise<() => Promise<Record<string, number>>>>} */
const work = {
  async call({ size: { count = 0 } }) {
    const broker = await startBroker();
    await startService(broker, "counter", 0);
    return async () => ({
      call: await callInTurn(count, (value) => broker.call("counter.echo", { value })),
    });
  },
  async callers({ size: { count = 0, callers = 0 } }) {
    const broker = await startBroker();
    await startService(broker, "counter", 0);
    const echo = (/** @type {number} */ value) => broker.call("counter.echo", { value });
    return async () => ({ call: await callEach(count, callers, echo) });
  },
  async spawn({ size: { count = 0 } }) {
    const broker = await startBroker();
    return async () => {
      const services = [];
      const beginMs = performance.now();
      for (let i = 0; i < count; i += 1)
        services.push(await startService(broker, `counter${i}`, i));
      const us = microsecondsEach(beginMs, count);
      let sum = 0;
      for (let i = 0; i < count; i += 1) sum += Number(await broker.call(`counter${i}.total`));
      expectEqual(sum, sumBelow(count), "sum of what the services were given");
      for (const service of services) await broker.destroyService(service);
      return { service: us };
    };
  },
};

/** @param {Job} job */
export const prepare = (job) => work[job.section]?.(job);
