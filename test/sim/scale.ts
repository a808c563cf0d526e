/**
 * How much a random test does, and from which seed: SCALE (c, r or s) and SEED of the environment.
 *
 * c belongs to every check and takes a second, r to the reliability tests, s runs as long as somebody likes. A run
 * that failed is repeated with the SEED that it printed; seeds that found a bug stay in test/seeds.json for good.
 */

import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";

/** What a random test is told. */
export interface Scale {
  /** The seeds to run, the ones that once failed first. */
  readonly seeds: readonly number[];
  /** c, r or s. */
  readonly name: string;
}

/** How many seeds each scale runs. */
export type SeedCounts = Readonly<Record<"c" | "r" | "s", number>>;

/**
 * Draws the seeds of a test and prints them. With SEED set, that seed alone is run.
 *
 * @param subject - the test's key in test/seeds.json.
 */
export function drawSeeds(subject: string, counts: SeedCounts): Scale {
  const { SEED, SCALE } = process.env;
  const name = SCALE === "r" || SCALE === "s" ? SCALE : "c";
  const count = SEED === undefined ? counts[name] : 1;
  const first = SEED === undefined ? randomInt(2 ** 31) : Number(SEED);
  const drawn = Array.from({ length: count }, (_, index) => first + index);
  console.log(`${subject}: seed=${first} scale=${name} seeds=${count}`);
  return { name, seeds: SEED === undefined ? [...keptSeeds(subject), ...drawn] : drawn };
}

function keptSeeds(subject: string): readonly number[] {
  const kept = JSON.parse(readFileSync("test/seeds.json", "utf8")) as Record<string, number[]>;
  return Object.hasOwn(kept, subject) ? (kept[subject] ?? []) : [];
}
