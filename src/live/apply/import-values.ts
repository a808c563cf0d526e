/**
 * What a patch imports, evaluated and read in each service.
 *
 * Functions come behind forwarders, as with any import, and a variable of another module that
 * changes later changes in the patch, too.
 */

import type { ImportSetter } from "../../loader/run/followers.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { resolveExport } from "../../loader/run/linker.ts";
import { CellSource } from "../../loader/run/module-node.ts";
import type { PatchImport, PatchPart } from "../text/patch-code.ts";
import { moduleOf } from "../text/patch-import.ts";

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
