/** Random patches of classes: instances made afterwards are those of the text that an author of the patched classes would write. */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { createRandom } from "../../src/base/random.ts";
import { World } from "../integration/hotfix/harness.ts";
import { drawSeeds } from "../sim/scale.ts";
import { createRound } from "./class-texts.ts";

const ROUNDS = 100;

const { seeds } = drawSeeds("hotfix-classes", { c: 1, r: 10, s: 100 });

for (const seed of seeds) {
  test(`${ROUNDS} classes of seed ${seed} are after their patches as if written so`, async (t) => {
    const random = createRandom(seed);
    const world = await World.open(t);
    let found = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { running, patches, merged, takenOver } = createRound(random);
      const look = async (
        name: string,
        text: string,
        fixes: readonly string[],
      ): Promise<unknown> => {
        world.write({ [`${name}${round}.ts`]: text });
        const service = await world.start(`${name}${round}`);
        for (const fix of fixes) await world.hotfix(service, fix);
        return await service.req.look();
      };
      const patched = await look("patched", running, patches);
      const text = [running, ...patches].join("\n---\n");
      deepEqual(patched, await look("merged", merged, []), `round ${round}:\n${text}`);
      // The planted fault: the class of the patch takes over, and what it does not repeat is lost.
      if (!isDeepStrictEqual(patched, await look("taken", takenOver, []))) found += 1;
    }
    ok(found > ROUNDS / 2, `the planted fault was found in ${found} of ${ROUNDS} rounds`);
    console.log(`seed ${seed}: ${ROUNDS} rounds, planted fault found in ${found}`);
  });
}
