/**
 * How much a random test does, and from which seed: SCALE (c, r or s) and SEED of the environment.
 *
 * c belongs to every check and takes a second, r to the reliability tests, s runs as long as you like. A run
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

/**
 * Runs seeds in parts, and says how far it is: a test of which nothing is heard for long is ended (scripts/test.mjs).
 *
 * @param run - runs some of the seeds.
 * @param part - how many at a time.
 * @returns what came of all of them
 */
export async function runInParts<T>(
  seeds: readonly number[],
  run: (seeds: readonly number[]) => Promise<readonly T[]>,
  part = 50,
): Promise<T[]> {
  const all: T[] = [];
  for (let at = 0; at < seeds.length; at += part) {
    if (at > 0) console.log(`${at} of ${seeds.length} seeds have run`);
    all.push(...(await run(seeds.slice(at, at + part))));
  }
  return all;
}

function keptSeeds(subject: string): readonly number[] {
  const kept = JSON.parse(readFileSync("test/seeds.json", "utf8")) as Record<string, number[]>;
  return Object.hasOwn(kept, subject) ? (kept[subject] ?? []) : [];
}
