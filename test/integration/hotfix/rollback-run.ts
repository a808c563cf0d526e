/**
 * Random patches of random programs, of which one is taken back.
 *
 *     patched: born from the text, patched by some edits one upon the other, one of them taken back
 *     born:    born from the text folded with the other patches, with the state of the patched one
 *
 * Where a rollback says nothing of what stays, both must answer alike and end with the same state.
 */

import type { Random } from "../../../src/base/random.ts";
import { diffProgram } from "../../../src/texts/diff.ts";
import { fold } from "../../../src/texts/merge.ts";
import { Programs, writeTexts } from "./edit-programs.ts";
import { answerOf, findDifference } from "./edit-run.ts";
import type { World } from "./harness.ts";

/** What came of a run. */
export interface RollbackCounts {
  /** Rollbacks that were compared. */
  compared: number;
  /** Of these, such with later patches over the one that was taken back. */
  outOfOrder: number;
  /** Rollbacks that were refused, or said that something stays. */
  refused: number;
  noted: number;
  /** Services that answered otherwise than one without the patch; each with its patches. */
  readonly different: string[];
}

/** Edits of one service. */
const CHAIN = 4;

type Patch = Record<string, string>;

/**
 * Takes patches back until `count` rollbacks have been compared.
 *
 * @param isFaulty - leaves a rollback out, which the comparison must notice
 */
export async function runRollbacks(
  world: World,
  random: Random,
  count: number,
  isFaulty = false,
): Promise<RollbackCounts> {
  const counts = { compared: 0, outOfOrder: 0, refused: 0, noted: 0, different: [] };
  const programs = new Programs(random);
  for (let number = 0; counts.compared < count; number += 1) {
    await runService({ world, random, programs, counts, isFaulty }, `p${number}`);
    if (isFaulty && counts.different.length > 0) break;
  }
  return counts;
}

interface Run {
  readonly world: World;
  readonly random: Random;
  readonly programs: Programs;
  readonly counts: RollbackCounts;
  readonly isFaulty: boolean;
}

async function runService(run: Run, name: string): Promise<void> {
  const { world, random, programs } = run;
  const { snax } = world.node;
  let model = programs.create(1);
  const base = writeTexts(model, name);
  const files = { service: `${name}.ts`, library: `${name}lib.ts` };
  world.write({ [files.service]: base.service, [files.library]: base.library });
  const patched = await world.start(name);
  const patches: { readonly id: number; readonly patch: Patch }[] = [];
  let running = base;
  for (let step = 0; step < CHAIN; step += 1) {
    const edited = programs.edit(model);
    const texts = writeTexts(edited, name);
    const found = diffProgram([
      { file: files.service, running: running.service, edited: texts.service },
      { file: files.library, running: running.library, edited: texts.library },
    ]);
    if (found.some(({ verdict }) => verdict !== "same" && verdict !== "applied")) break;
    const patch: Patch = {};
    for (const { file, patch: text } of found) if (text !== undefined) patch[file] = text;
    if (Object.keys(patch).length > 0) {
      await world.hotfix(patched, prefix(patch));
      patches.push({ id: snax.patches().at(-1)?.id ?? 0, patch });
    }
    await answerOf(patched, `r${random.below(edited.responses.length)}`, random.below(9));
    [model, running] = [edited, texts];
  }
  if (patches.length > 0) await takeBack(run, { name, patched, patches, base, files, model });
  await snax.exit(patched);
}

type Patched = Awaited<ReturnType<World["start"]>>;

interface Case {
  readonly name: string;
  readonly patched: Patched;
  readonly patches: readonly { readonly id: number; readonly patch: Patch }[];
  readonly base: { readonly service: string; readonly library: string };
  readonly files: { readonly service: string; readonly library: string };
  readonly model: { readonly responses: readonly unknown[] };
}

async function takeBack(
  { world, random, counts, isFaulty }: Run,
  { name, patched, patches, base, files, model }: Case,
): Promise<void> {
  const at = random.below(patches.length);
  try {
    const { notes } = isFaulty
      ? { notes: [] }
      : await world.node.snax.rollback(patches[at]?.id ?? 0);
    // What later patches have replaced is as the folded text has it.
    if (notes.some((note) => !/ stays? as patch \d/.test(note))) {
      counts.noted += 1;
      return;
    }
  } catch {
    counts.refused += 1;
    return;
  }
  const left = patches.filter((_, index) => index !== at);
  const foldFile = (text: string, file: string): string =>
    fold(
      text,
      left.flatMap(({ patch }) => patch[file] ?? []),
      file,
    );
  const service = foldFile(base.service, files.service).replaceAll(`${name}lib`, `${name}xlib`);
  const library = foldFile(base.library, files.library);
  world.write({ [`${name}x.ts`]: service, [`${name}xlib.ts`]: library });
  const born = await world.start(`${name}x`);
  await born.req.load(...((await patched.req.dump()) as number[]));
  const difference = await findDifference(random, [patched, born], model.responses.length);
  await world.node.snax.exit(born);
  counts.compared += 1;
  if (at < patches.length - 1) counts.outOfOrder += 1;
  if (difference === undefined) return;
  const shown = patches.map(
    ({ patch }, index) => `--- patch ${index}\n${Object.values(patch).join("\n")}`,
  );
  counts.different.push(
    `${difference}, after taking back ${at}\n${base.library}\n${base.service}\n${shown.join("\n")}`,
  );
}

function prefix(patch: Patch): Patch {
  return Object.fromEntries(Object.entries(patch).map(([file, text]) => [`./${file}`, text]));
}
