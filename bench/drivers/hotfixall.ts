/**
 * Repairs all running services of a type: the time in all, and for how long the event loop is held at a stretch.
 *
 * Two repairs a round, because the meter itself takes its share of the loop: the first is timed alone, the second is
 * watched; and a third for all or none, for which the services are held. Afterwards every single service is asked whether it has been repaired.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual } from "../services/lib/check.ts";
import { createGapMeter } from "../services/lib/gap-meter.ts";

const counters: ServiceObject<typeof Counter>[] = [];
let serial = 0;

export async function init({ services }: { services: number }) {
  for (let i = 0; i < services; i += 1) {
    counters.push(await snax.newservice<typeof Counter>("counter", 1));
  }
}

async function repairAll({ hotfixall } = snax) {
  serial += 1;
  const result = await hotfixall(
    "counter",
    `declare let total: number;
export const response = { total() { return total * ${serial}; } };`,
  );
  expectEqual(result.applied.length, counters.length, "services repaired");
  return result;
}

async function expectRepaired() {
  for (const counter of counters) expectEqual(await counter.req.total(), serial, "answer");
}

export const response = {
  async round() {
    const beginMs = performance.now();
    await repairAll();
    const work = performance.now() - beginMs;
    await expectRepaired();
    const meter = createGapMeter();
    await repairAll();
    const slice = meter.stop();
    await expectRepaired();
    const atomic = snax.repair({ atomic: true });
    const beginAtomicMs = performance.now();
    const { held } = await repairAll(atomic);
    const atomicWork = performance.now() - beginAtomicMs;
    await expectRepaired();
    return { work, slice, held, times: atomicWork / work };
  },
};
