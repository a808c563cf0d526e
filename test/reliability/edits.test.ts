/** Thousands of random edits, carried over live: none leaves a service that answers otherwise than one born from the edited file. */

import { test } from "node:test";
import { checkEdits } from "../integration/hotfix/edit-run.ts";
import { drawSeeds } from "../sim/scale.ts";

/** Edits of one seed; a thread holds the programs of all of them. */
const COUNT = 500;

const { seeds } = drawSeeds("edits", { c: 5, r: 10, s: 100 });

for (const seed of seeds) {
  test(`${COUNT} random edits of seed ${seed} leave services as if born from the edited files`, (t) =>
    checkEdits(t, seed, COUNT));
}
