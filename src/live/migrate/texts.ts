/**
 * The texts of a service that goes to another thread: what its modules run, with the patches that led to that.
 *
 *     A   of each module the hash of its file's text, and its patches           packTexts
 *     B   the program of the same texts, as services are born from it there;    findProgram
 *         with patches the program of the effective texts (births/birth-image.ts)
 *
 * So patches do not run again there: the state has what they did. An operator finds the same patches in the same order at the service on the other thread,
 * and takes them back as here.
 */

import type { Program } from "../../loader/run/program.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import type { CodeCache } from "../../loader/code-cache.ts";
import { fetchCode } from "../../service/birth.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import type { MovingWritten } from "../apply/written-state.ts";
import { bringWritten, listWritten } from "../apply/written-state.ts";
import type { PatchedText } from "../births/birth-image.ts";
import { succeed } from "../births/birth-image.ts";
import { scopeOf, rootOf, textOf } from "../text/patched-module.ts";
import { hashOf } from "../text/compile.ts";
import { migrateError } from "./pack.ts";

/** A module on its way. */
export interface MovingText {
  readonly file: string;
  /** Hash of the text of its file. */
  readonly base: string;
  readonly isShared: boolean;
  /** Hashes of its patches, the oldest first. */
  readonly patches: readonly string[];
  /** Their texts, and the names that the module has with them; undefined if there are none, or it is the thread's. */
  readonly patched: Patched | undefined;
}

interface Patched {
  readonly texts: readonly string[];
  readonly names: readonly string[];
  /** The patches that added names. */
  readonly had: readonly string[];
  /**
   * Constants of literals: what one computes from another one that a patch has replaced since would be another value in the
   * text with the patches.
   */
  readonly literals: ReadonlyMap<string, unknown>;
}

/** Tells what the modules of a service run. @throws {ERR_MIGRATE} if no text says it */
export function packTexts(instance: Instance, isService: boolean): MovingText[] {
  const { program } = instance;
  return [...program.modules()].map((node) => {
    const { image, isShared } = node;
    const text = textIn(instance, node, isService);
    const { patches } = text;
    const told = { file: image.file, base: hashOf(text.base), isShared };
    const isOwn = patches.length > 0 && !isShared;
    if (isOwn) requireWhole(text);
    const patched = isOwn ? patchedOf(instance, node, patches) : undefined;
    return { ...told, patches: patches.map(hashOf), patched };
  });
}

function textIn(instance: Instance, node: ModuleNode, isService: boolean): EffectiveText {
  const module = instance.find(node);
  const isOwn = isService && node === instance.program.entry;
  return module === undefined ? rootOf(node.image, isOwn) : textOf(module, isOwn);
}

function patchedOf(instance: Instance, node: ModuleNode, texts: readonly string[]): Patched {
  const module = instance.find(node);
  if (module === undefined) return { texts, names: [], had: [], literals: new Map() };
  const scope = scopeOf(module);
  const names = [...scope.names()];
  const literals = names.filter((name) => scope.get(name)?.kind === "literal");
  return {
    ...{ texts, names, had: [...scope.history] },
    literals: new Map(literals.map((name) => [name, module.read(name)])),
  };
}

/** Gives constants of literals in patched modules the values that they had. */
export function bringLiterals(fresh: Instance, texts: readonly MovingText[]): void {
  for (const { file, patched } of texts) {
    const node = fresh.program.nodes.get(file);
    const module = node && fresh.find(node);
    for (const [name, value] of patched?.literals ?? []) {
      if (module !== undefined && !Object.is(module.read(name), value)) module.write(name, value);
    }
  }
}

/** A patch that means something else in a text than in its turn can't be a part of one. */
function requireWhole(text: EffectiveText): void {
  const why = readWhy(text);
  if (why === undefined) return;
  throw migrateError(
    `the text of ${text.home.file} with its patches does not say all that they did: ${why}; write them into the file and reload it`,
  );
}

function readWhy(text: EffectiveText): string | undefined {
  try {
    return text.whyInTurn;
  } catch (error) {
    return messageOf(error);
  }
}

/** The images of the texts of the files, for a thread that has others. */
export function imagesOfBases(
  cache: CodeCache,
  instance: Instance,
  isService: boolean,
): ImageData[] {
  return [...instance.program.nodes.values()].map((node) => {
    const { image } = node;
    const { base } = textIn(instance, node, isService);
    return (base === image.text ? image : cache.buildText(image.file, base)).toData();
  });
}

/** What a thread needs to find the program of a service that comes. */
export interface Wanted {
  readonly name: string;
  readonly isService: boolean;
  readonly texts: readonly MovingText[];
}

/** Whether the program of the files says all: no module is patched, or belongs to the thread. */
export function hasFileTexts({ texts }: Wanted): boolean {
  return texts.every(({ isShared, patches }) => !isShared && patches.length === 0);
}

/** The program of the same texts; undefined if the images of the files are to be sent. */
export async function findProgram(
  steward: Context,
  wanted: Wanted,
  images: readonly ImageData[] | undefined,
): Promise<Program | undefined> {
  const { cache, paths } = steward.runtime;
  const path = paths.find(wanted.name);
  if (images === undefined && !cache.has(path)) await fetchCode(steward, wanted.name);
  const files = await (images === undefined ? cache.load(path) : cache.fresh(path, images));
  if (images === undefined && !hasBases(files, wanted)) return undefined;
  // A module that all services of the thread share is there before any code compares it.
  await files.prepareShared();
  requireShared(files, wanted);
  return withPatches(cache, files, wanted);
}

/** Whether the files are the same. */
function hasBases({ nodes }: Program, { texts }: Wanted): boolean {
  const own = texts.filter(({ isShared }) => !isShared);
  return (
    nodes.size === own.length &&
    own.every(({ file, base }) => {
      const image = nodes.get(file)?.image;
      return image !== undefined && hashOf(image.text) === base;
    })
  );
}

function requireShared(program: Program, { texts }: Wanted): void {
  const here = new Map([...program.modules()].map((node) => [node.image.file, node]));
  for (const { file, base, patches, isShared } of texts) {
    const node = here.get(file);
    if (!isShared || node === undefined) continue;
    const text = node.shared ? textOf(node.shared, false) : rootOf(node.image, false);
    const isSame = hashOf(text.base) === base && text.patches.map(hashOf).join() === patches.join();
    if (isSame) continue;
    throw migrateError(`the shared module ${file} runs another text on the other thread`);
  }
}

/** The programs that services have come with, by the program of their files. */
const programs = new WeakMap<Program, Map<string, WeakRef<Program>>>();

function withPatches(cache: CodeCache, files: Program, { texts, isService }: Wanted): Program {
  const patched = texts.filter((each) => each.patched !== undefined);
  if (patched.length === 0) return files;
  const born = files.successor?.program();
  if (born !== undefined && runs(born, texts, isService)) return born;
  let known = programs.get(files);
  if (known === undefined) programs.set(files, (known = new Map()));
  const key = JSON.stringify(patched.map(({ file, patches }) => [file, patches]));
  const made = known.get(key)?.deref() ?? create(cache, files, { patched, isService });
  known.set(key, new WeakRef(made));
  for (const [each, ref] of known) if (ref.deref() === undefined) known.delete(each);
  return made;
}

/** Whether services are born from these very texts. */
function runs(program: Program, texts: readonly MovingText[], isService: boolean): boolean {
  return texts.every(({ file, isShared, patches }) => {
    const node = program.nodes.get(file);
    if (isShared || node === undefined) return isShared;
    const own = isService && node === program.entry;
    return rootOf(node.image, own).patches.map(hashOf).join() === patches.join();
  });
}

function create(
  cache: CodeCache,
  files: Program,
  { patched, isService }: { readonly patched: readonly MovingText[]; readonly isService: boolean },
): Program {
  const texts = patched.map(({ file, patched: given }): PatchedText => {
    const node = files.nodes.get(file);
    if (node === undefined || given === undefined) throw migrateError(`${file} is not there`);
    let text = rootOf(node.image, isService && node === files.entry);
    for (const patch of given.texts) text = text.with(patch);
    const [had, names] = [new Set(given.had), new Set(given.names)];
    return { text, had, names, image: node.image };
  });
  try {
    return succeed(cache, files, texts);
  } catch (error) {
    throw migrateError(
      `no program can be made of its texts with their patches: ${messageOf(error)}`,
      error,
    );
  }
}

/** By which the state knows what patches had assigned. */
const UNDO = "a variable before patch ";

/** What patches of a service have assigned, for a rollback there. */
export class MovingUndo {
  /** The values, by name: to be carried with the state. */
  readonly extras: Map<string, unknown> = new Map();
  readonly #entries: UndoEntry[] = [];

  constructor(instance: Instance) {
    for (const node of instance.program.nodes.values()) {
      const module = instance.find(node);
      for (const { values, ...written } of module === undefined ? [] : listWritten(module)) {
        const name = values && `${UNDO}${hashOf(written.text)} #${this.#entries.length + 1}`;
        if (name !== undefined) this.extras.set(name, values);
        this.#entries.push({ ...written, file: node.image.file, name });
      }
    }
  }

  /** What travels, without values that can't be carried: then no rollback gives them back. */
  pack(lost: readonly string[]): UndoEntry[] {
    const isLost = (name: string | undefined): boolean =>
      name !== undefined && lost.some((path) => path.startsWith(`${name}[`));
    return this.#entries.map((each) => (isLost(each.name) ? { ...each, name: undefined } : each));
  }
}

/** What one patch has assigned, on its way. */
export interface UndoEntry extends Omit<MovingWritten, "values"> {
  readonly file: string;
  /** By which the state has the values; undefined if they are gone. */
  readonly name: string | undefined;
}

/** Whether something that the state could not carry is only wanted by a rollback. */
export function isOfUndo({
  file,
  path,
}: {
  readonly file: string;
  readonly path: string;
}): boolean {
  return file === "" && path.startsWith(UNDO);
}

/** Keeps with an instance that has come what patches had assigned. */
export function bringUndo(
  fresh: Instance,
  entries: readonly UndoEntry[],
  extras: ReadonlyMap<string, unknown>,
): void {
  for (const { file, name, ...written } of entries) {
    const node = fresh.program.nodes.get(file);
    const module = node && fresh.find(node);
    const values = name === undefined ? undefined : (extras.get(name) as unknown[]);
    if (module !== undefined) bringWritten(module, { ...written, values });
  }
}
