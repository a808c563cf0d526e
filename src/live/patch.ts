/**
 * A patch as an operator gives it: a text for the service's own file, or texts for several of its modules.
 *
 * Compiled against a program it becomes a list of parts, one for each module, in an order in which a part may import
 * what another one adds.
 */

import { basename } from "node:path";
import { SnaxError } from "../base/error.ts";
import { PATCH_LENGTH_MAX } from "../base/limits.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import type { Program } from "../loader/program.ts";
import { resolveFile } from "../loader/resolution.ts";
import { INJECTED_NAMES } from "../service/surroundings.ts";
import type { Patch } from "../snax/types.ts";
import type { NameScope, PatchCode } from "./name-scope.ts";
import { compilePatch, hashOf } from "./patch-code.ts";
import { moduleOf, resolveImports } from "./patch-import.ts";
import type { PatchPart } from "./patch-part.ts";

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

/** Returns the hash by which the ledger knows a patch: that of its text, or of all its texts with their paths. */
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
 * @throws {ERR_PATCH_NAME} if a module or an imported name does not exist, and whatever the texts break.
 */
export async function compileParts(texts: PatchTexts, target: CompileTarget): Promise<PatchPart[]> {
  const { program, scopeOf } = target;
  const find = target.find ?? ((path: string) => findNode(program, path));
  const codes = new Map<ModuleNode, PatchCode>();
  for (const [path, text] of texts) {
    const node = find(path);
    if (codes.has(node)) throw new SnaxError("ERR_PATCH", `the patch has two texts for ${path}`);
    const hasMethods = target.hasMethods && !node.isShared && node === program.entry;
    const module = { image: node.image, scope: scopeOf(node), injected: INJECTED, hasMethods };
    codes.set(node, compilePatch(text, module));
  }
  const parts: PatchPart[] = [];
  for (const [node, code] of codes) {
    const imports = await resolveImports(node, code, { ...target, codes });
    parts.push({ node, scope: scopeOf(node), code, imports });
  }
  return inOrder(parts);
}

/**
 * Finds a module of a program by the path that a patch gives.
 *
 * @throws {ERR_PATCH_NAME} if there is none.
 * @throws {ERR_PATCH} if it is shared by all services.
 */
export function findNode(program: Program, path: string): ModuleNode {
  const node = path === "" ? program.entry : program.node(path);
  if (node === undefined) {
    const known = [...program.nodes.keys()].join(", ");
    throw new SnaxError(
      "ERR_PATCH_NAME",
      `the service has no module ${path}; it consists of ${known}`,
    );
  }
  if (!node.isShared) return node;
  throw new SnaxError(
    "ERR_PATCH",
    `${path} is shared by all services: patch it with snax.hotfixshared`,
  );
}

/** Finds a shared module of a thread by its absolute path; undefined if no service has needed it yet. */
export function findSharedNode(program: Program, path: string): ModuleNode | undefined {
  const node = program.nodes.get(path) ?? program.nodes.get(resolveFile(path) ?? path);
  return node?.shared === undefined ? undefined : node;
}

/** Says what the parts of a patch do, for the log. */
export function summaryOf(parts: readonly PatchPart[]): string {
  if (parts.length === 1) return parts[0]?.code.summary ?? "";
  return parts.map(({ node, code }) => `${basename(node.image.file)} ${code.summary}`).join("; ");
}

/** Parts whose additions others import go first; what imports each other stays as it was given. */
function inOrder(parts: readonly PatchPart[]): PatchPart[] {
  const sorted: PatchPart[] = [];
  const visit = (part: PatchPart, path: readonly PatchPart[]): void => {
    if (sorted.includes(part) || path.includes(part)) return;
    for (const { source } of part.imports) {
      const below = parts.find(({ node }) => node === moduleOf(source));
      if (below !== undefined) visit(below, [...path, part]);
    }
    sorted.push(part);
  };
  for (const part of parts) visit(part, []);
  return sorted;
}
