/**
 * Times in buckets that grow by a hundredth, so that millions of them cost a few kilobytes and a percentile is true to 1 %.
 */

const GROWTH = Math.log(1.01);
/** The shortest time that is told apart, in milliseconds. */
const LEAST_MS = 0.001;
const BUCKETS = 2048;

/** Counts times. */
export class Histogram {
  count = 0;
  maxMs = 0;
  readonly #counts = new Float64Array(BUCKETS);

  add(ms: number): void {
    const bucket = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / GROWTH);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.count += 1;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** The time in milliseconds that this share of all times, 0 to 1, does not exceed. */
  percentile(share: number): number {
    let left = this.count * share;
    for (let index = 0; index < BUCKETS; index += 1) {
      left -= this.#counts[index] as number;
      if (left <= 0) return Math.min(LEAST_MS * Math.exp(GROWTH * index), this.maxMs);
    }
    return this.maxMs;
  }
}
