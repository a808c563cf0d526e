/**
 * A patch as an operator gives it: a text for the service's own file, or texts for several of its modules.
 *
 * Compiled against a program it becomes a list of parts, one for each module, in an order in which a part may import
 * what another one adds.
 */

import { SnaxError } from "../base/error.ts";
import type { Instance } from "../loader/instance.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import type { Program } from "../loader/program.ts";
import { NamespaceSource, PackageSource } from "../loader/source.ts";
import type { Source } from "../loader/source.ts";
import { INJECTED_NAMES } from "../service/surroundings.ts";
import type { Patch } from "../snax/types.ts";
import type { NameScope } from "./name-scope.ts";
import type { PatchCode } from "./patch-code.ts";
import { compilePatch, hashOf } from "./patch-code.ts";
import { PatchRun } from "./patch-run.ts";
import { suggest } from "./suggestion.ts";

const INJECTED: ReadonlySet<string> = new Set(INJECTED_NAMES);

/** The texts of a patch, by module path; "" is the service's own file. */
export type PatchTexts = ReadonlyMap<string, string>;

/**
 * Reads what a program gave as a patch.
 *
 * @throws {ERR_ARGUMENT} if it is neither a text nor a record of texts.
 */
export function readPatch(patch: Patch): PatchTexts {
  if (typeof patch === "string") return new Map([["", patch]]);
  if (typeof patch !== "object" || patch === null || Object.keys(patch).length === 0) {
    throw new SnaxError("ERR_ARGUMENT", "a patch is a text, or a record from module path to text");
  }
  return new Map(Object.entries(patch));
}

/** Returns the hash by which the ledger knows a patch: that of its text, or of all its texts with their paths. */
export function hashOfPatch(texts: PatchTexts): string {
  const own = texts.get("");
  if (own !== undefined && texts.size === 1) return hashOf(own);
  return hashOf([...texts].flat().join("\0"));
}

/** One module's share of a patch. */
export interface PatchPart {
  readonly node: ModuleNode;
  /** The scope that it was compiled for. */
  readonly scope: NameScope;
  readonly code: PatchCode;
  /** Where the values of its imports come from, by number. */
  readonly sources: readonly ImportSource[];
}

interface ImportSource {
  readonly source: Source;
  /** The name in the other module; "*" for all of it. */
  readonly name: string;
}

/** Tells the scope in which a module is, for modules that patches have added names to. */
export type ScopeLookup = (node: ModuleNode) => NameScope;

/**
 * Compiles a patch for a program and resolves what it imports.
 *
 * @param scopes - tells which names each module has.
 * @param hasMethods - whether the service is a snax service.
 * @throws {ERR_PATCH_NAME} if a module or an imported name does not exist, and whatever the texts break.
 */
export async function compileParts(
  texts: PatchTexts,
  program: Program,
  scopes: ScopeLookup,
  hasMethods: boolean,
): Promise<PatchPart[]> {
  const codes = new Map<ModuleNode, PatchCode>();
  for (const [path, text] of texts) {
    const node = path === "" ? program.entry : nodeOf(program, path);
    if (codes.has(node)) throw new SnaxError("ERR_PATCH", `the patch has two texts for ${path}`);
    const target = {
      image: node.image,
      scope: scopes(node),
      injected: INJECTED,
      hasMethods: hasMethods && node === program.entry,
    };
    codes.set(node, compilePatch(text, target));
  }
  const parts: PatchPart[] = [];
  for (const [node, code] of codes) {
    parts.push({
      node,
      scope: scopes(node),
      code,
      sources: await resolveImports(program, node, code, codes),
    });
  }
  return inOrder(parts);
}

function nodeOf(program: Program, path: string): ModuleNode {
  const node = program.node(path);
  if (node === undefined) {
    const known = [...program.nodes.keys()];
    throw new SnaxError(
      "ERR_PATCH_NAME",
      `the service has no module ${path}; it consists of ${known.join(", ")}`,
    );
  }
  if (node.isShared) {
    throw new SnaxError(
      "ERR_PATCH",
      `${path} is shared by all services: patch it with snax.hotfixshared`,
    );
  }
  return node;
}

async function resolveImports(
  program: Program,
  node: ModuleNode,
  code: PatchCode,
  codes: ReadonlyMap<ModuleNode, PatchCode>,
): Promise<ImportSource[]> {
  const found: ImportSource[] = [];
  for (const { specifier, name, place } of code.imports) {
    const source = await program.include(node, specifier, undefined);
    if (name !== "*" && !offers(program, source, name, codes)) {
      const known =
        source instanceof NamespaceSource ? program.watchNamespace(source.node).keys() : [];
      throw new SnaxError(
        "ERR_PATCH_NAME",
        `${place.file}:${place.line}:${place.column}: ${specifier} has no export named ${name}${suggest(name, known)}`,
      );
    }
    found.push({ source, name });
  }
  return found;
}

function offers(
  program: Program,
  source: Source,
  name: string,
  codes: ReadonlyMap<ModuleNode, PatchCode>,
): boolean {
  if (source instanceof PackageSource) return name in (source.read() as object);
  if (!(source instanceof NamespaceSource)) return true;
  if (codes.get(source.node)?.fresh.get(name)?.isExported === true) return true;
  return program.watchNamespace(source.node).has(name);
}

/** Parts whose additions others import go first; what imports each other stays as it was given. */
function inOrder(parts: readonly PatchPart[]): PatchPart[] {
  const sorted: PatchPart[] = [];
  const visit = (part: PatchPart, path: readonly PatchPart[]): void => {
    if (sorted.includes(part) || path.includes(part)) return;
    for (const { source } of part.sources) {
      const below =
        source instanceof NamespaceSource
          ? parts.find(({ node }) => node === source.node)
          : undefined;
      if (below !== undefined) visit(below, [...path, part]);
    }
    sorted.push(part);
  };
  for (const part of parts) visit(part, []);
  return sorted;
}

/**
 * Makes the modules that a patch imports and the service has not had yet; a promise only if one of them awaits.
 */
export function evaluateImports(
  parts: readonly PatchPart[],
  instance: Instance,
): Promise<void> | undefined {
  let running: Promise<void> | undefined;
  for (const { sources } of parts) {
    for (const { source } of sources) {
      if (!(source instanceof NamespaceSource) || instance.find(source.node) !== undefined)
        continue;
      const evaluate = (): Promise<void> | undefined =>
        instance.program.evaluate(instance, source.node);
      running = running === undefined ? evaluate() : running.then(evaluate);
    }
  }
  return running;
}

/** Makes the runs of a patch's parts in one service. */
export function createRuns(parts: readonly PatchPart[], instance: Instance): PatchRun[] {
  return parts.map(({ node, code, sources }) => {
    const module = instance.find(node);
    if (module === undefined)
      throw new SnaxError("ERR_PATCH_NAME", `the service has not imported ${node.image.file}`);
    return new PatchRun(module, code, (index) => importValue(sources[index], instance));
  });
}

function importValue(entry: ImportSource | undefined, instance: Instance): unknown {
  if (entry === undefined) return undefined;
  const { source, name } = entry;
  const namespace = source.read(instance) as Record<string, unknown>;
  if (name === "*") return namespace;
  if (name in namespace || !(source instanceof NamespaceSource)) return namespace[name];
  // Added to that module by a patch: its own namespace does not know it.
  return instance.find(source.node)?.read(name);
}
