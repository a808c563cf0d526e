/**
 * Repairs one running service at a time, from the text to the result.
 *
 * New: every text differs from all before it, so each is parsed, checked and compiled. Seen: one text for services of the
 * same type one after the other, as an operator's loop would do. Every repair must show in the service's next answer.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual, microsecondsEach } from "../services/lib/check.ts";

type CounterObject = ServiceObject<typeof Counter>;

let serial = 0;

/** A patch as one is written by hand: a live variable, a request that changes. */
function patchText(factor: number) {
  return `declare let total: number;
export const response = { total() { return total * ${factor}; } };`;
}

async function startCounters(count: number) {
  const counters: CounterObject[] = [];
  for (let i = 0; i < count; i += 1) {
    counters.push(await snax.newservice<typeof Counter>("counter", 1));
  }
  return counters;
}

/** Returns milliseconds for one text that was never seen. */
async function timeNewTexts(count: number) {
  const [counter] = (await startCounters(1)) as [CounterObject];
  let elapsedMs = 0;
  for (let i = 0; i < count; i += 1) {
    serial += 1;
    const text = patchText(serial);
    const beginMs = performance.now();
    await snax.hotfix(counter, text);
    elapsedMs += performance.now() - beginMs;
    expectEqual(await counter.req.total(), serial, "answer of the repaired service");
  }
  await snax.exit(counter);
  return elapsedMs / count;
}

/** Returns microseconds for each service that gets a text seen before. */
async function timeSeenText(count: number) {
  const counters = await startCounters(count + 1);
  serial += 1;
  const text = patchText(serial);
  await snax.hotfix(counters[count] as CounterObject, text);
  const beginMs = performance.now();
  for (let i = 0; i < count; i += 1) await snax.hotfix(counters[i] as CounterObject, text);
  const us = microsecondsEach(beginMs, count);
  for (const counter of counters) {
    expectEqual(await counter.req.total(), serial, "answer of a repaired service");
    await snax.exit(counter);
  }
  return us;
}

export const response = {
  async round({ texts, services }: { texts: number; services: number }) {
    return { fresh: await timeNewTexts(texts), seen: await timeSeenText(services) };
  },
};
