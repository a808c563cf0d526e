/**
 * The program that services are born from when patches are in its texts: a birth costs the same, however many there are.
 *
 *     texts of the program + patches in their order -> effective texts -> images -> the succeeding program
 *
 * A service that is born from it is like one that was born from the files and got the patches in turn. In addition, lines of
 * the files that depend on patches see them: a constant that is computed from a patched one. Where a text can't say what the
 * patches do, or it may matter when that is evaluated, there is no such program (in-turn.ts).
 */

import type { CodeCache } from "../../loader/code-cache.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Fold } from "../../loader/text/fold.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import type { NameScope } from "../text/patched-module.ts";
import { setRootScope, rootOf, setRoot } from "../text/patched-module.ts";
import type { PatchPart } from "../text/compile.ts";
import { urlOfPatch } from "../text/compile.ts";

/** A module with its patches. */
interface Patched {
  text: EffectiveText;
  /** The patches that added names. */
  readonly had: Set<string>;
  /** The names that it has with all of them. */
  scope: NameScope;
}

/**
 * Builds the program that succeeds another one.
 *
 * @param parts - what the patches give, in the order in which they go in.
 * @throws what is in the way: then services are born from the program, and get the patches in turn.
 */
export function createSuccessor(
  cache: CodeCache,
  before: Program,
  parts: readonly PatchPart[],
): Program {
  const patched = new Map<ModuleNode, Patched>();
  for (const part of parts) addPart(patched, before, part);
  const texts = [...patched.values()].map(({ text, had, scope }) => {
    return { text, had, names: scope.names(), image: scope.image };
  });
  return succeed(cache, before, texts);
}

/** The text of a module with its patches, and the names that it has. */
export interface PatchedText {
  readonly text: EffectiveText;
  /** The patches that added names. */
  readonly had: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  /** Of the text of the file. */
  readonly image: Image;
}

/**
 * Builds the program that has other texts in the place of those of some files.
 *
 * @throws what is in the way: no service can be born from these texts.
 */
export function succeed(cache: CodeCache, before: Program, texts: readonly PatchedText[]): Program {
  const images = new Map<string, Image>();
  for (const { text, names, image: base } of texts) {
    if (text.whyInTurn !== undefined) throw new TypeError(text.whyInTurn);
    const { file } = text.home;
    const made = { fold: foldOf(text, base), kept: names };
    const image = cache.buildFolded(file, text.text, made);
    checkNames(image, names);
    images.set(file, image);
  }
  const program = before.withImages(images);
  checkModules(program, before);
  for (const { text, had } of texts) {
    const node = program.nodes.get(text.home.file);
    if (node === undefined) throw new TypeError(`${text.home.file} is not in the program`);
    setRoot(node.image, text);
    setRootScope(node.image, had);
  }
  return program;
}

function addPart(patched: Map<ModuleNode, Patched>, before: Program, part: PatchPart): void {
  const { node, code, scope } = part;
  if (node.isShared || !before.isImportedStatically(node)) {
    throw new TypeError(`not every service has ${node.image.file} from its birth on`);
  }
  let module = patched.get(node);
  if (module === undefined) {
    module = { text: rootOf(node.image, code.hasMethods), had: new Set(), scope };
    patched.set(node, module);
  }
  module.text = module.text.with(code.text);
  module.scope = code.scopeAfter;
  if (code.scopeAfter !== scope) module.had.add(code.text);
}

function foldOf(text: EffectiveText, image: Image): Fold {
  const patches = [...new Set(text.patches)];
  const sources = [
    { url: image.url, text: text.base },
    ...patches.map((patch) => ({ url: urlOfPatch(patch, image), text: patch })),
  ];
  const numbers = new Map(patches.map((patch, index) => [patch, index + 1]));
  const parts = text.parts.map(({ start, end, patch, from }) => {
    return { start, end, source: patch === undefined ? 0 : (numbers.get(patch) ?? 0), from };
  });
  return { sources, parts };
}

/** A later patch must find in such a service what it finds in another one. */
function checkNames(image: Image, names: ReadonlySet<string>): void {
  const other =
    [...names].find((name) => !image.names.has(name)) ??
    [...image.names.keys()].find((name) => !names.has(name));
  if (other !== undefined) throw new TypeError(`${image.file} has another ${other}`);
}

/** What modules import must not change how they are evaluated. */
function checkModules(program: Program, before: Program): void {
  const known = new Set(before.modules());
  for (const node of program.modules()) {
    const { file, data } = node.image;
    if (data.isAsync) throw new TypeError(`${file} awaits at top level`);
    if (node.isShared && !known.has(node)) throw new TypeError(`${file} was loaded anew`);
    const isInCycle = before.nodes.get(file)?.isInCycle === true;
    if (!node.isShared && node.isInCycle && !isInCycle) {
      throw new TypeError(`${file} would belong to modules that import each other`);
    }
  }
}
