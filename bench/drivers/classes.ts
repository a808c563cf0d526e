/** The same handler with two classes in many instances of its service: nanoseconds of processor time for one tick of one unit. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Units from "../services/units.ts";
import { expectEqual } from "../services/lib/check.ts";

const UNITS_EACH = 8;

const services: ServiceObject<typeof Units>[] = [];

export async function init({ type, instances }: { type: string; instances: number }) {
  for (let i = 0; i < instances; i += 1) services.push(await snax.newservice<typeof Units>(type));
}

export const response = {
  async round({ calls, turns }: { calls: number; turns: number }) {
    // What else the machine does has no part in it.
    const before = process.cpuUsage();
    let ticks = 0;
    for (let call = 0; call < calls; call += 1) {
      const service = services[call % services.length] as ServiceObject<typeof Units>;
      ticks += await service.req.work(turns);
    }
    const { user, system } = process.cpuUsage(before);
    expectEqual(ticks, calls * turns * UNITS_EACH, "ticks");
    return { tick: ((user + system) * 1e3) / ticks };
  },
};
