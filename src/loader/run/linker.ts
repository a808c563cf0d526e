/**
 * Links the modules of a program: gives every import its source, and refuses what no module exports.
 *
 * Where a name leads is found in module-node.ts, once per program, so that an instance never walks
 * chains of re-exports. What an import is used for decides whether the exporter's function is put
 * behind a forwarder.
 */

import { createPlacedError } from "../text/position.ts";
import {
  AMBIGUOUS,
  CellSource,
  findIn,
  listExports,
  NamespaceSource,
  targetOf,
} from "./module-node.ts";
import type { Link, ModuleNode, Watcher, Source } from "./module-node.ts";
import { isStar } from "../read/record.ts";
import type { ExportEntry, ImportEntry } from "../read/record.ts";
import { exportsType, isTypeScript } from "./type-export.ts";

/** Takes down who imports a variable. */
export type Watch = (source: CellSource, watcher: Watcher) => void;

/**
 * Links a module: finds the source of every import and checks the re-exports.
 *
 * @throws {ERR_MODULE} if another module lacks a name; the place is that of the import.
 */
export function linkModule(node: ModuleNode, watch: Watch): void {
  const { imports, exports } = node.image.data;
  const links: Link[] = [];
  for (const [cell, entry] of imports.entries()) {
    const source = findImport(node, entry);
    if (source === undefined) continue;
    links.push({ cell, source });
    noteUse(node, entry, source);
    if (source instanceof CellSource) watch(source, { node, target: cell });
  }
  for (const entry of exports) checkExport(node, entry);
  node.links = links;
}

/**
 * Puts all functions of a module behind forwarders at their next reading: its namespace may go
 * anywhere, and with it the namespaces that it exports.
 */
export function wantAllForwarders(node: ModuleNode): void {
  const nodes = new Set([node]);
  for (const each of nodes) {
    for (const source of listExports(each).values()) {
      if (source instanceof NamespaceSource) nodes.add(source.node);
      else wantForwarder(source);
    }
  }
}

function findImport(node: ModuleNode, entry: ImportEntry): Source | undefined {
  const found = findIn(node, entry, entry.name);
  if (found !== undefined && found !== AMBIGUOUS) return found;
  // It is never referred to: most likely a type whose import does not say so.
  if (found === undefined && !node.image.data.referenced.has(entry.local)) return undefined;
  const why = explainMissing(entry.specifier, entry.name, found);
  throw createPlacedError("ERR_MODULE", entry.place, why);
}

function checkExport(node: ModuleNode, entry: ExportEntry): void {
  if (entry.request === undefined || entry.imported === undefined || isStar(entry)) return;
  const found = findIn(node, entry, entry.imported);
  if (found !== undefined && found !== AMBIGUOUS) return;
  const target = targetOf(node, entry);
  const isType = found === undefined && isTypeScript(node);
  // A module that imports it as a value from here is told.
  if (isType && target?.kind === "module" && exportsType(target.node, entry.imported)) return;
  const specifier = node.image.data.requests[entry.request]?.specifier ?? "";
  const hint = isType ? `; if it is a type, write export type { ${entry.imported} }` : "";
  const why = explainMissing(specifier, entry.imported, found);
  throw createPlacedError("ERR_MODULE", entry.place, why + hint);
}

function explainMissing(specifier: string, name: string, found: Source | undefined): string {
  return found === AMBIGUOUS
    ? `${specifier} exports '${name}' from several modules`
    : `${specifier} has no export named '${name}'`;
}

/** An import taken as a value outlives patches only as a forwarder. */
function noteUse(node: ModuleNode, entry: ImportEntry, source: Source): void {
  const { values } = node.image.data;
  const { local } = entry;
  if (source instanceof NamespaceSource) {
    if (values.has(local)) wantAllForwarders(source.node);
    else {
      for (const [name, member] of listExports(source.node)) {
        if (values.has(`${local}.${name}`)) wantForwarder(member);
      }
    }
  } else if (values.has(local) || values.has(`${local}()`)) wantForwarder(source);
}

function wantForwarder(source: Source): void {
  if (source instanceof NamespaceSource) wantAllForwarders(source.node);
  if (!(source instanceof CellSource)) return;
  const { cells, functionCount } = source.node.image.data;
  if (source.cell >= cells.length - functionCount) source.node.isForwardWanted[source.cell] = 1;
}
