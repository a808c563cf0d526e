/**
 * Edits of random programs, carried over live and compared with services born from the edited files.
 *
 *     patched: born from the text, called, then patched with what diff() makes of the edit
 *     born:    born from the edited text, with the state of the patched one
 *
 * Whenever a diff says that everything is applied, both must answer alike and end with the same state.
 */

import { equal, ok } from "node:assert/strict";
import type { TestContext } from "node:test";
import type { ServiceObject } from "snax";
import type { Random } from "../../../src/base/random.ts";
import { createRandom } from "../../../src/base/random.ts";
import { diffProgram } from "../../../src/texts/diff.ts";
import { fold } from "../../../src/texts/merge.ts";
import type { ModuleDiff } from "../../../src/texts/verdict.ts";
import { Programs, writeTexts } from "./edit-programs.ts";
import type { Model, Texts } from "./edit-programs.ts";
import { World } from "./harness.ts";

/** A fault of the diff that a run must notice. */
export type PlantedFault = "constant" | "method" | "notes";

/** What came of a run. */
export interface EditCounts {
  /** Edits that were applied and compared. */
  applied: number;
  same: number;
  /** Edits of which a diff said more than that they are applied. */
  noted: number;
  /** Edits that answered otherwise than a service born from the file; each with its texts. */
  readonly different: string[];
  /** Patches that the product refused. */
  readonly refused: string[];
  /** Patches that did not lead to the edited text. */
  readonly unmerged: string[];
}

/** Edits of one service, one upon the other. */
const CHAIN = 3;
const CALLS = 6;

/** What a note may say of names that are taken out: nothing of it shows in an answer. */
const HARMLESS = /^taken out of the file: it stays|^taken away$/;

/** Runs edits until `count` of them have been applied, or a fault that was planted has been noticed. */
export async function runEdits(
  world: World,
  random: Random,
  count: number,
  fault?: PlantedFault,
): Promise<EditCounts> {
  const counts: EditCounts = {
    applied: 0,
    same: 0,
    noted: 0,
    different: [],
    refused: [],
    unmerged: [],
  };
  const run = new EditRun(world, random, counts, fault);
  for (let service = 0; counts.applied < count; service += 1) {
    await run.runService(service);
    if (fault !== undefined && counts.different.length > 0) break;
  }
  return counts;
}

class EditRun {
  readonly #world: World;
  readonly #random: Random;
  readonly #counts: EditCounts;
  readonly #fault: PlantedFault | undefined;
  readonly #programs: Programs;

  constructor(world: World, random: Random, counts: EditCounts, fault: PlantedFault | undefined) {
    this.#world = world;
    this.#random = random;
    this.#counts = counts;
    this.#fault = fault;
    this.#programs = new Programs(random);
  }

  async runService(number: number): Promise<void> {
    const name = `p${number}`;
    const keeps = this.#fault === "notes" ? 5 : 1;
    let model = this.#programs.create(keeps);
    let running = this.#write(name, name, model);
    const patched = await this.#world.start(name);
    for (let step = 0; step < CHAIN; step += 1) {
      await this.#callSome(patched, model);
      const edited = this.#programs.edit(model);
      const texts = this.#write(`${name}n`, name, edited);
      const next = await this.#carryOver(name, patched, running, texts);
      if (next === undefined) break;
      running = texts;
      model = edited;
      if (next === "same") continue;
      if (!(await this.#compare(`${name}b${step}`, patched, edited, next))) break;
    }
    await this.#world.node.snax.exit(patched);
  }

  /** Patches the service; undefined if the edit was not wholly applied. */
  async #carryOver(
    name: string,
    patched: ServiceObject,
    running: Texts,
    texts: Texts,
  ): Promise<string | undefined> {
    const counts = this.#counts;
    const files = { service: `${name}.ts`, library: `${name}lib.ts` };
    const found = diffProgram([
      { file: files.service, running: running.service, edited: texts.service },
      { file: files.library, running: running.library, edited: texts.library },
    ]);
    const verdict = this.#judge(found);
    if (verdict === "same") {
      counts.same += 1;
      return "same";
    }
    if (verdict === "noted") {
      counts.noted += 1;
      return undefined;
    }
    const patch = this.#patchOf(found);
    const shown = `${show(found)}\n--- runs\n${running.library}\n${running.service}\n--- patch\n${JSON.stringify(patch, null, 1).replaceAll("\\n", "\n")}`;
    try {
      if (Object.keys(patch).length > 0) await this.#world.hotfix(patched, patch);
    } catch (error) {
      counts.refused.push(`${String(error)}\n${shown}`);
      return undefined;
    }
    this.#checkMerge(found, [running, texts], shown);
    return shown;
  }

  #judge(found: readonly ModuleDiff[]): "same" | "applied" | "noted" {
    const changes = found
      .flatMap((each) => each.changes)
      .filter(({ verdict }) => verdict !== "same");
    if (changes.length === 0) return "same";
    const rest = changes.filter(({ verdict, why }) => verdict !== "applied" && !HARMLESS.test(why));
    const isNoted = rest.some(({ verdict }) => verdict !== "note" || this.#fault !== "notes");
    return isNoted ? "noted" : "applied";
  }

  #patchOf(found: readonly ModuleDiff[]): Record<string, string> {
    const patches: Record<string, string> = {};
    for (const { file, patch } of found) if (patch !== undefined) patches[`./${file}`] = patch;
    for (const [file, text] of Object.entries(patches)) {
      if (this.#fault === "constant")
        patches[file] = text.replace(/(?:export )?const [KL]\d = \d+;/g, "");
      if (this.#fault === "method") patches[file] = text.replace(/this\.v \+= 2/g, "this.v += 3");
    }
    return patches;
  }

  /** The running text folded with the patch is the edited text, declaration by declaration. */
  #checkMerge(found: readonly ModuleDiff[], [running, texts]: Texts[], shown: string): void {
    if (this.#fault !== undefined || running === undefined || texts === undefined) return;
    const edits = found.map(({ file, patch }) => {
      const key = file.endsWith("lib.ts") ? "library" : "service";
      const text = patch === undefined ? running[key] : fold(running[key], [patch], file);
      return { file, running: text, edited: texts[key] };
    });
    const left = diffProgram(edits).flatMap(({ changes }) => changes);
    const real = left.filter(({ verdict, why }) => verdict !== "same" && !HARMLESS.test(why));
    if (real.length > 0) this.#counts.unmerged.push(`${JSON.stringify(real)}\n${shown}`);
  }

  async #compare(
    name: string,
    patched: ServiceObject,
    model: Model,
    shown: string,
  ): Promise<boolean> {
    const counts = this.#counts;
    const texts = this.#write(name, name, model);
    const born = await this.#world.start(name);
    await born.req.load(...((await patched.req.dump()) as number[]));
    const difference = await findDifference(this.#random, [patched, born], model.responses.length);
    await this.#world.node.snax.exit(born);
    counts.applied += 1;
    if (difference === undefined) return true;
    counts.different.push(
      `${difference}\n${shown}\n--- edited\n${texts.library}\n${texts.service}`,
    );
    return false;
  }

  async #callSome(service: ServiceObject, { responses }: Model): Promise<void> {
    for (let call = 0; call < 3; call += 1) {
      const method = `r${this.#random.below(responses.length)}`;
      await answerOf(service, method, this.#random.below(9));
    }
  }

  #write(name: string, imported: string, model: Model): Texts {
    const texts = writeTexts(model, imported);
    this.#world.write({ [`${name}.ts`]: texts.service, [`${name}lib.ts`]: texts.library });
    return texts;
  }
}

/** Calls two services alike; the first answer, or the state at the end, in which they differ. */
export async function findDifference(
  random: Random,
  [patched, born]: readonly [ServiceObject, ServiceObject],
  methods: number,
): Promise<string | undefined> {
  for (let call = 0; call < CALLS; call += 1) {
    const method = call === 0 ? "kept" : `r${random.below(methods)}`;
    const x = random.below(9);
    const [one, other] = [await answerOf(patched, method, x), await answerOf(born, method, x)];
    if (one !== other) return `${method}(${x}): ${one} patched, ${other} born`;
  }
  const states = [String(await patched.req.dump()), String(await born.req.dump())];
  return states[0] === states[1] ? undefined : `state: ${states[0]} patched, ${states[1]} born`;
}

/** What a method answers, whatever the service is called. */
export async function answerOf(service: ServiceObject, method: string, x: number): Promise<string> {
  try {
    return String(await service.req[method]?.(x));
  } catch (error) {
    return `error ${(error as Error).message.replace(/p\d+(?:b\d|x)?( :[0-9a-f]{8})?/g, "p")}`;
  }
}

function show(found: readonly ModuleDiff[]): string {
  return found
    .flatMap(({ file, changes }) =>
      changes.map(({ verdict, what, why }) => `${file}: ${verdict} ${what}: ${why}`),
    )
    .join("\n");
}

/** Runs random edits in a world of its own, and fails if one of them is not as the files say. */
export async function checkEdits(t: TestContext, seed: number, count: number): Promise<void> {
  const world = await World.open(t);
  const counts = await runEdits(world, createRandom(seed), count);
  const { applied, same, noted, refused, different, unmerged } = counts;
  console.log(`seed ${seed}: ${applied} applied, ${same} same, ${noted} noted`);
  equal(different.length, 0, different[0]);
  equal(refused.length, 0, refused[0]);
  equal(unmerged.length, 0, unmerged[0]);
  ok(applied >= count);
}
