/**
 * Random patches of whatever a patch can give: a service that was patched, one that is born with the patches, and a fresh one
 * of the patched text with the state carried over do the same. A patch that does not reach one kind of part is found.
 */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { ServiceObject } from "snax";
import { createRandom } from "../../src/base/random.ts";
import { World } from "../integration/hotfix/harness.ts";
import { drawSeeds } from "../sim/scale.ts";
import { PART_KINDS, drawParts, editParts, textOfParts } from "./part-texts.ts";
import type { Part } from "./part-texts.ts";

const ROUNDS = 40;
const PARTS = 5;
const PATCHES = 3;

const { seeds } = drawSeeds("hotfix-parts", { c: 1, r: 10, s: 100 });

for (const seed of seeds) {
  test(`${ROUNDS} programs of seed ${seed} are after their patches as if written so`, async (t) => {
    const random = createRandom(seed);
    const world = await World.open(t);
    const found = new Map(PART_KINDS.map(({ name }) => [name, 0]));
    const fresh = async (name: string, parts: readonly Part[]): Promise<ServiceObject> => {
      world.write({ [`${name}.ts`]: textOfParts(parts) });
      return await world.start(name);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `p${round}`;
      let parts = drawParts(random, PARTS);
      const one = await fresh(name, parts);
      const all = await fresh(`${name}all`, parts);
      const said = [textOfParts(parts)];
      for (let step = 0; step < PATCHES; step += 1) {
        for (const each of [one, all]) await each.req.look();
        const next = editParts(random, parts);
        if (next.edited.length === 0) continue;
        said.push(next.patch);
        const texts = said.join("\n---\n");
        await world.hotfix(one, next.patch).catch((error: unknown) => {
          throw new Error(`round ${round}: ${String(error)}\n${texts}`);
        });
        await world.hotfixall(`${name}all`, next.patch);
        const born = await world.start(`${name}all`);
        const written = await fresh(`${name}w${step}`, next.parts);
        const state = (await one.req.dump()) as number[];
        for (const each of [all, born, written]) await each.req.load(state);
        for (let look = 0; look < 2; look += 1) {
          const expected = await written.req.look();
          const why = `round ${round}, step ${step}`;
          deepEqual(await one.req.look(), expected, `${why}, patched:\n${texts}`);
          deepEqual(await all.req.look(), expected, `${why}, all of a type:\n${texts}`);
          deepEqual(await born.req.look(), expected, `${why}, born:\n${texts}`);
        }
        // The planted fault: the patch does not reach one of the parts.
        const at = next.edited[random.below(next.edited.length)] ?? 0;
        const kept = next.parts.map((part, n) => (n === at ? (parts[n] ?? part) : part));
        const faulty = await fresh(`${name}f${step}`, kept);
        await faulty.req.load(state);
        await written.req.load(state);
        const kind = next.parts[at]?.kind.name ?? "";
        if (!isDeepStrictEqual(await faulty.req.look(), await written.req.look())) {
          found.set(kind, (found.get(kind) ?? 0) + 1);
        }
        for (const each of [born, written, faulty]) await world.node.snax.exit(each);
        parts = next.parts;
      }
      for (const each of [one, all]) await world.node.snax.exit(each);
    }
    const missed = [...found].filter(([, count]) => count === 0).map(([kind]) => kind);
    ok(missed.length === 0, `planted faults were not found in ${missed.join()}`);
    console.log(
      `seed ${seed}: planted faults found in ${JSON.stringify(Object.fromEntries(found))}`,
    );
  });
}
