/**
 * What each method of a service costs.
 *
 * Calls are counted exactly; time is measured on the first call and then on each sixteenth, and the
 * rest is taken to be like it, because two readings of the clock would cost as much as a small
 * method.
 */

import type { MethodNumbers } from "./method-numbers.ts";
import type { MethodProfile } from "./types.ts";

const SAMPLE_MASK = 15;

/** Counters of one service. */
export class MethodProfiler {
  #counts: number[] | undefined = undefined;
  #samples: Map<number, { count: number; ms: number }> | undefined = undefined;

  /** Counts a call and says whether it is one to measure. */
  isDue(method: number): boolean {
    const counts = (this.#counts ??= []);
    const count = counts[method] ?? 0;
    while (counts.length < method) counts.push(0);
    counts[method] = count + 1;
    return (count & SAMPLE_MASK) === 0;
  }

  /** Runs a call and notes the CPU time of its synchronous part. */
  measure<R>(method: number, run: () => R): R {
    const began = performance.now();
    try {
      return run();
    } finally {
      const samples = (this.#samples ??= new Map());
      const sample = samples.get(method) ?? { count: 0, ms: 0 };
      sample.count += 1;
      sample.ms += performance.now() - began;
      samples.set(method, sample);
    }
  }

  /** Returns calls and CPU milliseconds by method name. */
  report(numbers: MethodNumbers): Record<string, MethodProfile> {
    const report = Object.create(null) as Record<string, MethodProfile>;
    for (const [method, count] of (this.#counts ?? []).entries()) {
      const name = numbers.nameOf(method)?.name;
      if (count === 0 || name === undefined) continue;
      const sample = this.#samples?.get(method);
      const time = sample === undefined ? 0 : (sample.ms / sample.count) * count;
      report[name] = { count, time };
    }
    return report;
  }
}
