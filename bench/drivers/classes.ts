/**
 * The same handler with two classes in groups of instances of its service: nanoseconds of processor time for one tick of one unit.
 *
 * The groups take turns in slices of a few milliseconds, so that what else the machine does, and how far V8 has come, meets all of
 * them alike. A ratio is that of two slices side by side. The figures are medians; `spread` is the upper quartile of the ratios over the lower.
 */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Units from "../services/units.ts";
import { expectEqual } from "../services/lib/check.ts";

const UNITS_EACH = 8;
/** Calls to each instance before anything counts: by then V8 has optimised what it runs. Many instances get fewer. */
const WARM_CALLS = 200;
const WARM_CALLS_MAX = 20_000;
const SLICES = 25;

const groups: ServiceObject<typeof Units>[][] = [];

export async function init({ type, instances }: { type: string; instances: readonly number[] }) {
  for (const count of instances) {
    const group: ServiceObject<typeof Units>[] = [];
    for (let i = 0; i < count; i += 1) group.push(await snax.newservice<typeof Units>(type));
    groups.push(group);
  }
}

let isWarm = false;

export const response = {
  async round({ calls, turns }: { calls: number; turns: number }) {
    if (!isWarm) for (const group of groups) await warm(group, turns);
    isWarm = true;
    const slices: number[][] = groups.map(() => []);
    for (let slice = 0; slice < SLICES; slice += 1) {
      for (const [at, group] of groups.entries())
        slices[at]?.push(await run(group, Math.ceil(calls / SLICES), turns));
    }
    const figures: Record<string, number> = {};
    const first = slices[0] ?? [];
    for (const [at, { length }] of groups.entries()) {
      const times = slices[at] ?? [];
      const ratios = times.map((time, slice) => time / (first[slice] ?? NaN));
      figures[`tick${length}`] = quantile(times, 0.5);
      figures[`over${length}`] = quantile(ratios, 0.5);
      figures[`spread${length}`] = quantile(ratios, 0.75) / quantile(ratios, 0.25);
    }
    return figures;
  },
};

function warm(group: ServiceObject<typeof Units>[], turns: number) {
  return run(group, Math.min(WARM_CALLS * group.length, WARM_CALLS_MAX), turns);
}

async function run(group: ServiceObject<typeof Units>[], calls: number, turns: number) {
  // What else the machine does has no part in it.
  const before = process.cpuUsage();
  let ticks = 0;
  for (let call = 0; call < calls; call += 1) {
    const service = group[call % group.length] as ServiceObject<typeof Units>;
    ticks += await service.req.work(turns);
  }
  const { user, system } = process.cpuUsage(before);
  expectEqual(ticks, calls * turns * UNITS_EACH, "ticks");
  return ((user + system) * 1e3) / ticks;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
