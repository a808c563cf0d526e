/**
 * A patch as an operator gives it: a text for the service's own file, or texts for several of its
 * modules.
 *
 * Compiled against a program it becomes a list of parts, one for each module, in an order in which
 * a part may import what another one adds.
 */

import { SnaxError } from "../../base/error.ts";
import { PATCH_LENGTH_MAX } from "../../base/limits.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import { INJECTED_NAMES } from "../../service/surroundings.ts";
import type { Patch } from "../../snax/types.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import { findNode, tellHome, tellOrigin } from "./module-search.ts";
import type { NameScope } from "./name-scope.ts";
import type { PatchCode } from "./patch-code.ts";
import { compilePatch, hashOf } from "./patch-code.ts";
import { moduleOf, resolveImports } from "./patch-import.ts";
import type { PatchPart } from "./patch-code.ts";

const INJECTED: ReadonlySet<string> = new Set(INJECTED_NAMES);

/** The texts of a patch, by module path; "" is the service's own file. */
export type PatchTexts = ReadonlyMap<string, string>;

/**
 * Reads what a program gave as a patch.
 *
 * @throws {ERR_ARGUMENT} if it is neither a text nor a record of texts.
 * @throws {ERR_PATCH_SIZE} if its texts together are longer than PATCH_LENGTH_MAX.
 */
export function readPatch(patch: Patch): PatchTexts {
  if (typeof patch === "string") return checkSize(new Map([["", patch]]));
  const isRecord = typeof patch === "object" && patch !== null && !Array.isArray(patch);
  const texts = isRecord ? Object.values(patch) : [];
  const isGood = texts.length > 0 && texts.every((text) => typeof text === "string");
  if (!isGood || Object.prototype.toString.call(patch) !== "[object Object]") {
    throw new SnaxError("ERR_ARGUMENT", "a patch is a text, or a record from module path to text");
  }
  return checkSize(new Map(Object.entries(patch)));
}

function checkSize(texts: PatchTexts): PatchTexts {
  let length = 0;
  for (const text of texts.values()) length += text.length;
  if (length <= PATCH_LENGTH_MAX) return texts;
  throw new SnaxError(
    "ERR_PATCH_SIZE",
    `a patch of ${length} characters exceeds the limit of ${PATCH_LENGTH_MAX}`,
  );
}

/**
 * Returns the hash by which the ledger knows a patch: that of its text, or of all its texts with
 * their paths.
 */
export function hashOfPatch(texts: PatchTexts): string {
  const own = texts.get("");
  if (own !== undefined && texts.size === 1) return hashOf(own);
  return hashOf([...texts].flat().join("\0"));
}

/** What a patch is compiled for. */
export interface CompileTarget {
  readonly program: Program;
  /** Tells which names each module has. */
  scopeOf(node: ModuleNode): NameScope;
  /** Whether the service is a snax service. */
  readonly hasMethods: boolean;
  /** What a patch may import from "snax". */
  readonly apiNames: ReadonlySet<string>;
  /** Finds the module of a path. @defaultValue {@link findNode} */
  readonly find?: (path: string) => ModuleNode;
}

/**
 * Compiles a patch for a program and resolves what it imports.
 *
 * @throws {ERR_PATCH_NAME} if a module or an imported name does not exist, and whatever the texts
 * break.
 */
export async function compileParts(texts: PatchTexts, target: CompileTarget): Promise<PatchPart[]> {
  const { program, scopeOf } = target;
  const find = target.find ?? ((path: string) => findNode(program, path));
  const codes = new Map<ModuleNode, PatchCode>();
  for (const [path, text] of texts) {
    const node = find(path);
    if (codes.has(node)) throw new SnaxError("ERR_PATCH", `the patch has two texts for ${path}`);
    const hasMethods = target.hasMethods && !node.isShared && node === program.entry;
    const elsewhere = (name: string): string => tellWhere(target, node, name);
    const { image } = node;
    const module = { image, scope: scopeOf(node), injected: INJECTED, hasMethods, elsewhere };
    codes.set(node, compilePatch(text, module));
  }
  const imported = new Set([...codes.values()].flatMap(namesImported));
  for (const [node, code] of codes) {
    checkExports(code, (name) => tellOrigin(program, node, name));
    checkHome(code, imported, (name) => tellWhere(target, node, name));
  }
  const parts: PatchPart[] = [];
  for (const [node, code] of codes) {
    const imports = await resolveImports(node, code, { ...target, codes });
    parts.push({ node, scope: scopeOf(node), code, imports });
  }
  return inOrder(parts);
}

function namesImported({ imports }: PatchCode): string[] {
  return imports.map(({ name }) => name);
}

/**
 * Says where a name is that a module does not declare: what it imports or exports under the name
 * counts first.
 */
function tellWhere({ program, scopeOf }: CompileTarget, node: ModuleNode, name: string): string {
  return tellOrigin(program, node, name) || tellHome(program, { node, scopeOf }, name);
}

/**
 * A module that exports another one's name gives that to all importers, whatever a patch adds
 * beside it.
 */
function checkExports({ fresh, added }: PatchCode, origin: (name: string) => string): void {
  for (const [name, { place }] of added) {
    const home = fresh.get(name)?.isExported === true ? origin(name) : "";
    if (home === "") continue;
    const why = `the module has an export named ${name} already, which is not declared under that name here${home}`;
    throw createPlacedError("ERR_PATCH_NAME", place, why);
  }
}

/**
 * What a patch adds, and nothing of it uses, while another module of the service has one of that
 * name, was meant for that one: here it would do nothing, and nobody would notice.
 */
function checkHome(
  { added }: PatchCode,
  imported: ReadonlySet<string>,
  elsewhere: (name: string) => string,
): void {
  for (const [name, { place, isUsed }] of added) {
    if (isUsed || imported.has(name)) continue;
    if (name === "init") {
      const why = "a patch has no init of its own, and nothing uses this one; use hotfix()";
      throw createPlacedError("ERR_PATCH", place, why);
    }
    const home = elsewhere(name);
    if (home === "") continue;
    const why = `${name} would be new to this module, and nothing uses it${home}`;
    throw createPlacedError("ERR_PATCH_NAME", place, why);
  }
}

/** Parts whose additions others import go first; what imports each other stays as it was given. */
function inOrder(parts: readonly PatchPart[]): PatchPart[] {
  const byNode = new Map(parts.map((part) => [part.node, part]));
  const sorted = new Set<PatchPart>();
  const begun = new Set<PatchPart>();
  // Without recursion: a patch may be for as many modules as a program has.
  const rest = parts.toReversed();
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (begun.has(part)) {
      sorted.add(part);
      continue;
    }
    begun.add(part);
    rest.push(part);
    for (const { source } of part.imports.toReversed()) {
      const node = moduleOf(source);
      const below = node === undefined ? undefined : byNode.get(node);
      if (below !== undefined && !begun.has(below)) rest.push(below);
    }
  }
  return [...sorted];
}
