/** What a diff makes of an edited file is what the running service does after it, for every kind of edit. */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { createRandom } from "../../../src/base/random.ts";
import { diffProgram } from "../../../src/texts/diff.ts";
import { drawSeeds } from "../../sim/scale.ts";
import { runEdits, checkEdits } from "./edit-run.ts";
import { applyEdit, BASE, EDITS, LIBRARY } from "./edit-table.ts";
import { World } from "./harness.ts";

const { seeds } = drawSeeds("edits", { c: 1, r: 10, s: 100 });

/** What the program of the table answers. */
async function look(service: ServiceObject): Promise<string[]> {
  const answers: string[] = [];
  for (const call of ["buy", "all", "buy", "all"]) {
    const answer = await service.req[call]?.(4).catch((error: Error) => error.message);
    answers.push(String(answer).replace(/(?:was|now)\d+ :[0-9a-f]+/g, "it"));
  }
  return answers;
}

test("every kind of edit that a diff calls applied does what a service born from the file does", async (t) => {
  const world = await World.open(t, { "lib/half.ts": LIBRARY });
  for (const [index, each] of EDITS.entries()) {
    if (each.verdict !== "applied" && each.verdict !== "note") continue;
    const edited = applyEdit(each);
    world.write({ [`was${index}.ts`]: BASE, [`now${index}.ts`]: edited });
    const service = await world.start(`was${index}`);
    const [found] = diffProgram([
      { file: `was${index}.ts`, running: BASE, edited },
      { file: "lib/half.ts", running: LIBRARY, edited: LIBRARY },
    ]);
    const patch = found?.patch;
    if (patch === undefined) continue;
    await world.hotfix(service, patch).catch((error: Error) => {
      throw new Error(`${each.title}: ${error.message}\n${patch}`);
    });
    if (each.verdict !== "applied") continue;
    const born = await world.start(`now${index}`);
    deepEqual(await look(service), await look(born), each.title);
  }
});

/** Edits of one seed. */
const COUNT = 200;

for (const seed of seeds) {
  test(`${COUNT} random edits of seed ${seed} leave services as if born from the edited files`, (t) =>
    checkEdits(t, seed, COUNT));
}

for (const fault of ["constant", "method", "notes"] as const) {
  test(`the comparison notices a fault in ${fault} that was planted`, async (t) => {
    const world = await World.open(t);
    const { different, refused } = await runEdits(world, createRandom(seeds[0] ?? 1), 400, fault);
    ok(different.length > 0, `none of 400 differs, ${refused.length} refused`);
  });
}
