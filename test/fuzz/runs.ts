/** How much a random test does, and from which seed: SEED and SCALE of the environment. */

import type fc from "fast-check";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const scale = Number(process.env["SCALE"] ?? 1);

/** Says how many values a test tries, and prints the seed that repeats it. */
export function runs(
  context: { diagnostic(text: string): void },
  count: number,
): fc.Parameters<unknown> {
  context.diagnostic(`seed=${seed} scale=${scale}`);
  return { seed, numRuns: Math.round(count * scale) };
}
