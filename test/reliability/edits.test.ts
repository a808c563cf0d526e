/** Thousands of random edits, carried over live: none leaves a service that answers otherwise than one born from the edited file. */

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../src/base/random.ts";
import { runEdits } from "../integration/hotfix/edit-run.ts";
import { World } from "../integration/hotfix/harness.ts";
import { drawSeeds } from "../sim/scale.ts";

/** Edits of one seed; a thread holds the programs of all of them. */
const COUNT = 500;

const { seeds } = drawSeeds("edits", { c: 5, r: 10, s: 100 });

for (const seed of seeds) {
  test(`${COUNT} random edits of seed ${seed} leave services as if born from the edited files`, async (t) => {
    const world = await World.open(t);
    const counts = await runEdits(world, createRandom(seed), COUNT);
    const { applied, same, noted, refused, different, unmerged } = counts;
    console.log(`seed ${seed}: ${applied} applied, ${same} same, ${noted} noted`);
    equal(different.length, 0, different[0]);
    equal(refused.length, 0, refused[0]);
    equal(unmerged.length, 0, unmerged[0]);
    ok(applied >= COUNT);
  });
}
