/**
 * The generator repeats from its seed and spreads well enough for faults and delays.
 */

import { deepEqual, notDeepEqual, ok } from "node:assert/strict";
import { test } from "node:test";

import { createRandom } from "../../../src/base/random.ts";

function draw(seed: number, count: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

test("the same seed gives the same numbers", () => {
  deepEqual(draw(42, 100), draw(42, 100));
});

test("seeds that are neighbours give different numbers from the first one on", () => {
  const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => draw(seed, 1)[0]));
  ok(firsts.size > 995);
  notDeepEqual(draw(0, 10), draw(1, 10));
});

test("numbers lie in [0, 1) and fill it evenly", () => {
  const buckets = new Array<number>(10).fill(0);
  for (const number of draw(7, 10_000)) {
    ok(number >= 0 && number < 1);
    const bucket = Math.floor(number * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) ok(count > 850 && count < 1150, `${count} in a tenth`);
});

test("below gives integers that are smaller than the bound, all of them", () => {
  const random = createRandom(3);
  const seen = new Set(Array.from({ length: 200 }, () => random.below(6)));
  deepEqual(
    [...seen].toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5],
  );
});
