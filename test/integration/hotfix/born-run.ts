/**
 * Edits of random programs, carried over to a type, and what is born of it in three ways.
 *
 *     image:  the type was patched, so its services are born from a text that has the patches in it
 *     turns:  its first patch can't be in a text, so they are born from the file, and get all patches in turn
 *     fresh:  born from the edited file
 *
 * Given the same state, all of them and the service that was patched must answer alike, whatever is edited.
 */

import type { ServiceObject } from "snax";
import type { Random } from "../../../src/base/random.ts";
import { diffProgram } from "../../../src/texts/diff.ts";
import { answerOf } from "./edit-run.ts";
import { Programs, writeTexts } from "./edit-programs.ts";
import type { Model, Texts } from "./edit-programs.ts";
import type { World } from "./harness.ts";

/** What came of a run. */
export interface BornCounts {
  /** Edits after which births were compared. */
  compared: number;
  /** Births that answered otherwise; each with its texts. */
  readonly different: string[];
  /** Births that came to be in another way than they should. */
  readonly astray: string[];
}

/** Edits of one type, one upon the other. */
const CHAIN = 3;
const CALLS = 6;

/** The value of `SEEN` tells how a service was born: the file computes it from a constant that is patched. */
const PROBE = "const FROM = 1; const SEEN = FROM + 0;";

/** No text can have it: when it is evaluated matters. */
const IN_TURN = "let inTurn = Date.now();";

/**
 * Runs edits until births after `count` of them have been compared.
 *
 * @param fault - has the type patched otherwise than the file was edited; the run ends when that is noticed.
 */
export async function runBirths(
  world: World,
  random: Random,
  count: number,
  fault = false,
): Promise<BornCounts> {
  const counts: BornCounts = { compared: 0, different: [], astray: [] };
  const run = new BornRun(world, random, counts, fault);
  for (let type = 0; counts.compared < count; type += 1) {
    await run.runType(type);
    if (fault && counts.different.length > 0) break;
  }
  return counts;
}

class BornRun {
  readonly #world: World;
  readonly #random: Random;
  readonly #counts: BornCounts;
  readonly #fault: boolean;
  readonly #programs: Programs;

  constructor(world: World, random: Random, counts: BornCounts, fault: boolean) {
    this.#world = world;
    this.#random = random;
    this.#counts = counts;
    this.#fault = fault;
    this.#programs = new Programs(random);
  }

  async runType(number: number): Promise<void> {
    const names = { image: `p${number}`, turns: `p${number}x` };
    let model = this.#programs.create(1);
    let running = this.#write(names.image, model);
    this.#write(names.turns, model);
    const patched = await this.#world.start(names.image);
    const other = await this.#world.start(names.turns);
    await this.#world.hotfixall(names.image, "const FROM = 2;");
    await this.#world.hotfixall(names.turns, `${IN_TURN} const FROM = 2;`);
    for (let step = 0; step < CHAIN; step += 1) {
      const edited = this.#programs.edit(model);
      const texts = this.#write(`${names.image}b${step}`, edited);
      const patch = this.#patchOf(running, texts);
      if (patch === undefined) break;
      model = edited;
      running = texts;
      if (Object.keys(patch).length === 0) continue;
      for (const name of Object.values(names)) {
        await this.#world.hotfixall(name, pathsFor(name, patch));
      }
      await this.#compare(names, [patched, `${names.image}b${step}`], [model, texts, patch]);
    }
    for (const each of [patched, other]) await this.#world.node.snax.exit(each);
  }

  /** By module; undefined if the edit can't be wholly applied. */
  #patchOf(running: Texts, texts: Texts): Record<string, string> | undefined {
    const found = diffProgram([
      { file: "p.ts", running: running.service, edited: texts.service },
      { file: "plib.ts", running: running.library, edited: texts.library },
    ]);
    const isApplied = found.every(({ changes }) =>
      changes.every(({ verdict }) => verdict === "same" || verdict === "applied"),
    );
    if (!isApplied) return undefined;
    const patch: Record<string, string> = {};
    for (const { file, patch: text } of found) if (text !== undefined) patch[file] = text;
    return patch;
  }

  async #compare(
    names: { readonly image: string; readonly turns: string },
    [patched, edited]: readonly [ServiceObject, string],
    [model, texts, patch]: readonly [Model, Texts, Record<string, string>],
  ): Promise<void> {
    const counts = this.#counts;
    if (this.#fault) await this.#spoil(names.image, patch);
    const image = await this.#world.start(names.image);
    const turns = await this.#world.start(names.turns);
    const fresh = await this.#world.start(edited);
    const seen = [await image.req.seen?.(), await turns.req.seen?.()];
    if (seen.join() !== "2,1") counts.astray.push(`${seen.join()} ${JSON.stringify(patch)}`);
    const state = (await patched.req.dump?.()) as number[];
    for (const each of [image, turns, fresh]) await each.req.load?.(...state);
    const all = { patched, fresh, image, turns };
    const difference = await findDifference(this.#random, all, model.responses.length);
    if (difference !== undefined) {
      const shown = JSON.stringify(patch, null, 1).replaceAll("\\n", "\n");
      counts.different.push(`${difference}\n${shown}\n${texts.library}\n${texts.service}`);
    }
    counts.compared += 1;
    for (const each of [image, turns, fresh]) await this.#world.node.snax.exit(each);
  }

  /** Gives the births something else. */
  async #spoil(name: string, patch: Record<string, string>): Promise<void> {
    const spoilt = Object.entries(patch).map(([file, text]) => {
      return [file, text.replace(/return (?=[^;}]*; ?})/, "return 1 + ")];
    });
    await this.#world.hotfixall(name, pathsFor(name, Object.fromEntries(spoilt)));
  }

  #write(name: string, model: Model): Texts {
    const texts = writeTexts(model, "p");
    const service = texts.service
      .replace("let s0 = 1;", `${PROBE} let s0 = 1;`)
      .replace(
        "export const response = {",
        "export const response = {\n  seen() { return SEEN; },",
      );
    const own = nameLibrary(name, service);
    this.#world.write({ [`${name}.ts`]: own, [`${name}lib.ts`]: texts.library });
    return { service, library: texts.library };
  }
}

function pathsFor(name: string, patch: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(patch).map(([file, text]) => {
      return [`./${name}${file.slice(1)}`, nameLibrary(name, text)];
    }),
  );
}

function nameLibrary(name: string, text: string): string {
  return text.replaceAll("./plib.ts", `./${name}lib.ts`);
}

/** Calls services alike; the first answer, or the state at the end, in which they differ. */
async function findDifference(
  random: Random,
  services: Readonly<Record<string, ServiceObject>>,
  methods: number,
): Promise<string | undefined> {
  const look = async (method: string, x: number): Promise<string | undefined> => {
    const answers: string[] = [];
    for (const each of Object.values(services)) answers.push(await answerOf(each, method, x));
    if (new Set(answers).size === 1) return undefined;
    return `${method}(${x}): ${JSON.stringify([Object.keys(services), answers])}`;
  };
  for (let call = 0; call < CALLS; call += 1) {
    const method = call === 0 ? "kept" : `r${random.below(methods)}`;
    const difference = await look(method, random.below(9));
    if (difference !== undefined) return difference;
  }
  return await look("dump", 0);
}
