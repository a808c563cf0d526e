/** Hundreds of births after random patches: none answers otherwise than one of the edited file, however it came to be. */

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../src/base/random.ts";
import { runBirths } from "../integration/hotfix/born-run.ts";
import { World } from "../integration/hotfix/harness.ts";
import { drawSeeds } from "../sim/scale.ts";

/** Edits of one seed after which births are compared. */
const COUNT = 250;

const { seeds } = drawSeeds("births", { c: 4, r: 8, s: 80 });

for (const seed of seeds) {
  test(`births after ${COUNT} random edits of seed ${seed} are like those of the edited files`, async (t) => {
    const world = await World.open(t);
    const { different, astray } = await runBirths(world, createRandom(seed), COUNT);
    equal(different.length, 0, different[0]);
    equal(astray.length, 0, astray[0]);
  });
}
