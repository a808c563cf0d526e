/**
 * What a patch imports: resolved when the patch is compiled, evaluated and read in each service.
 *
 * Functions come behind forwarders, as with any import, and a variable of another module that changes later changes in the
 * patch, too.
 */

import { SnaxError } from "../../base/error.ts";
import type { ModuleNode, Source } from "../../loader/run/module-node.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ImportEntry, ModuleRequest } from "../../loader/read/record.ts";
import {
  ApiSource,
  NamespaceSource,
  PackageSource,
  CellSource,
  resolveExport,
} from "../../loader/run/module-node.ts";
import type { NameScope } from "./patched-module.ts";
import type { PatchCode, PatchImport, PatchPart } from "./compile.ts";
import { suggest } from "../../base/suggestion.ts";
import type { ImportSetter } from "../../loader/run/followers.ts";
import type { Instance } from "../../loader/run/instance.ts";

/** Where imports are looked for. */
export interface ImportScope {
  readonly program: Program;
  readonly apiNames: ReadonlySet<string>;
  /** Tells which names each module has, those of earlier patches included. */
  scopeOf(node: ModuleNode): NameScope;
  /** The other parts of the patch: what they add may be imported. */
  readonly codes: ReadonlyMap<ModuleNode, PatchCode>;
}

/**
 * Resolves the imports of a patch of a module, in the order of its requests.
 *
 * @throws {ERR_MODULE} if a module or package can't be loaded.
 * @throws {ERR_PATCH_NAME} if it does not export a name.
 */
export async function resolveImports(
  node: ModuleNode,
  code: Pick<PatchCode, "requests" | "imports">,
  scope: ImportScope,
): Promise<PatchImport[]> {
  const found: PatchImport[] = [];
  for (const request of code.requests) {
    const source = await include(node, request, scope.program);
    for (const entry of code.imports) {
      if (entry.request === found.length) checkName(entry, source, scope);
    }
    found.push({ source });
  }
  return found;
}

async function include(
  node: ModuleNode,
  request: ModuleRequest,
  program: Program,
): Promise<Source> {
  const { specifier, type, place } = request;
  try {
    return await program.include(
      node,
      specifier,
      type === undefined ? undefined : { with: { type } },
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // An error of the imported file itself has a place of its own; one of the import belongs to the
    // patch.
    const isOfImport = why.startsWith(`${node.image.file}:`);
    if (error instanceof SnaxError && !isOfImport) throw error;
    const text = isOfImport ? why.replace(/^.*?:\d+:\d+: /, "") : why;
    throw createPlacedError("ERR_MODULE", place, text, error);
  }
}

function checkName(entry: ImportEntry, source: Source, scope: ImportScope): void {
  const { name, specifier, place } = entry;
  if (name === "*") return;
  const known = exportsOf(source, scope);
  if (known.has(name)) return;
  const why = `${specifier} has no export named ${name}${suggest(name, known)}`;
  throw createPlacedError("ERR_PATCH_NAME", place, why);
}

function exportsOf(source: Source, scope: ImportScope): ReadonlySet<string> {
  const { program, apiNames, codes } = scope;
  if (source instanceof ApiSource) return apiNames;
  if (source instanceof PackageSource) return new Set(Object.keys(source.read() as object));
  const node = moduleOf(source);
  if (node === undefined) return new Set();
  const names = new Set(program.watchNamespace(node).keys());
  const added = [...scope.scopeOf(node).added(), ...(codes.get(node)?.fresh ?? [])];
  for (const [name, { isExported }] of added) {
    if (isExported === true) names.add(name);
  }
  return names;
}

/** Returns the module of a source, if it is one of the program's. */
export function moduleOf(source: Source): ModuleNode | undefined {
  return source instanceof NamespaceSource ? source.node : undefined;
}

/**
 * Evaluates the modules that a patch imports and the service has not had yet; a promise only if one
 * of them awaits.
 */
export function evaluateImports(
  parts: readonly Pick<PatchPart, "imports">[],
  instance: Instance,
): Promise<void> | undefined {
  let running: Promise<void> | undefined;
  for (const { imports } of parts) {
    for (const { source } of imports) {
      const node = moduleOf(source);
      if (node === undefined || instance.find(node) !== undefined) continue;
      const evaluate = (): Promise<void> | undefined => instance.program.evaluate(instance, node);
      running = running === undefined ? evaluate() : running.then(evaluate);
    }
  }
  return running;
}

/** Returns the value of an import in a service. */
export function readImport({ source }: PatchImport, name: string, instance: Instance): unknown {
  const namespace = source.read(instance) as Record<string, unknown>;
  if (name === "*") return namespace;
  const node = moduleOf(source);
  if (node === undefined || name in namespace) return namespace[name];
  // Added to that module by a patch: its own namespace does not know it.
  return instance.find(node)?.read(name);
}

/**
 * Lets a patch hear of each new value of a variable that it imports, by the number of its import.
 */
export function followImport(
  { source }: PatchImport,
  { name, index }: { readonly name: string; readonly index: number },
  instance: Instance,
  set: ImportSetter,
): void {
  const node = moduleOf(source);
  if (node === undefined || name === "*") return;
  const origin = resolveExport(node, name);
  if (origin instanceof CellSource) instance.find(origin.node)?.follow(origin.cell, set, index);
  // Added to that module by a patch; a later one may give it again.
  else if (origin === undefined) instance.find(node)?.follow(name, set, index);
}
