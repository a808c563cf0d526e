/**
 * Names of exports -> sources: the resolution of ECMAScript, over the modules of a program.
 *
 * Chains of re-exports are followed to the variable itself, once per program, so that an instance
 * never walks them. What an import is used for decides whether the exporter's function is put
 * behind a forwarder.
 */

import { createPlacedError } from "../text/position.ts";
import type { Link, ModuleNode, Target, Watcher, Source } from "./module-node.ts";
import { isStar } from "../read/record.ts";
import type { ExportEntry, ImportEntry } from "../read/record.ts";
import { ApiSource, CellSource, NamespaceSource, packageSource } from "./module-node.ts";
import { exportsType, isTypeScript } from "./type-export.ts";

/** Takes down who imports a variable. */
export type Watch = (source: CellSource, watcher: Watcher) => void;

/** Two modules export the name and `export *` can't choose. */
const AMBIGUOUS = { read: (): undefined => undefined };

type Found = Source | undefined;

/** Returns what an exported name stands for, or undefined if there is no such export. */
export function resolveExport(node: ModuleNode, name: string): Source | undefined {
  if (node.exportSources.has(name)) return node.exportSources.get(name);
  const found = find(node, name, new Set());
  const source = found === AMBIGUOUS ? undefined : found;
  node.exportSources.set(name, source);
  return source;
}

/** Lists the exported names of a module; names behind `export *` included, ambiguous ones not. */
export function listExports(node: ModuleNode): Map<string, Source> {
  const sources = new Map<string, Source>();
  for (const name of [...collectNames(node, new Set())].sort()) {
    const source = resolveExport(node, name);
    if (source !== undefined) sources.set(name, source);
  }
  return sources;
}

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
 * anywhere.
 */
export function wantAllForwarders(node: ModuleNode): void {
  for (const source of listExports(node).values()) wantForwarder(source);
}

function find(start: ModuleNode, startName: string, seen: Set<string>): Found {
  let node = start;
  let name = startName;
  for (;;) {
    const key = `${node.image.file}\0${name}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const entry = node.image.exportOf(name);
    if (entry === undefined) {
      return name === "default" ? undefined : findBehindStars(node, name, seen);
    }
    if (entry.local !== undefined) return new CellSource(node, node.cellOf(entry.local) ?? -1);
    const target = targetOf(node, entry);
    if (target?.kind !== "module" || entry.imported === "*") {
      return findIn(node, entry, entry.imported ?? "*", seen);
    }
    // Chains of re-exports may be long, so this is no recursion.
    node = target.node;
    name = entry.imported ?? "*";
  }
}

function findBehindStars(node: ModuleNode, name: string, seen: Set<string>): Found {
  let found: Found;
  for (const entry of node.image.stars) {
    if (targetOf(node, entry)?.kind === "api") continue;
    const other = findIn(node, entry, name, seen);
    if (other === undefined) continue;
    if (other === AMBIGUOUS || (found !== undefined && !isSame(found, other))) return AMBIGUOUS;
    found = other;
  }
  return found;
}

/** Finds a name in the module that an entry speaks of. */
function findIn(
  node: ModuleNode,
  entry: Pick<ExportEntry, "request" | "place">,
  name: string,
  seen: Set<string>,
): Found {
  const target = targetOf(node, entry);
  if (target === undefined) return undefined;
  switch (target.kind) {
    case "api":
      return new ApiSource(name, (missing) =>
        createPlacedError("ERR_MODULE", entry.place, `snax has no export named '${missing}'`),
      );
    case "package": {
      const namespace = target.namespace as Record<string, unknown>;
      if (name === "*") return packageSource(target.specifier, name, namespace);
      return name in namespace ? packageSource(target.specifier, name, namespace[name]) : undefined;
    }
    case "module":
      return name === "*" ? new NamespaceSource(target.node) : find(target.node, name, seen);
  }
}

function findImport(node: ModuleNode, entry: ImportEntry): Source | undefined {
  const found = findIn(node, entry, entry.name, new Set());
  if (found !== undefined && found !== AMBIGUOUS) return found;
  // Nobody refers to it: most likely a type whose import does not say so.
  if (found === undefined && !node.image.data.referenced.has(entry.local)) return undefined;
  const why = explainMissing(entry.specifier, entry.name, found);
  throw createPlacedError("ERR_MODULE", entry.place, why);
}

function checkExport(node: ModuleNode, entry: ExportEntry): void {
  if (entry.request === undefined || entry.imported === undefined || isStar(entry)) return;
  const found = findIn(node, entry, entry.imported, new Set());
  if (found !== undefined && found !== AMBIGUOUS) return;
  const target = targetOf(node, entry);
  const isType = found === undefined && isTypeScript(node);
  // Whoever imports it as a value from here is told.
  if (isType && target?.kind === "module" && exportsType(target.node, entry.imported)) return;
  const specifier = node.image.data.requests[entry.request]?.specifier ?? "";
  const hint = isType ? `; if it is a type, write export type { ${entry.imported} }` : "";
  const why = explainMissing(specifier, entry.imported, found);
  throw createPlacedError("ERR_MODULE", entry.place, why + hint);
}

function explainMissing(specifier: string, name: string, found: Found): string {
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
  if (!(source instanceof CellSource)) return;
  const { cells, functionCount } = source.node.image.data;
  if (source.cell >= cells.length - functionCount) source.node.isForwardWanted[source.cell] = 1;
}

function collectNames(node: ModuleNode, seen: Set<ModuleNode>): Set<string> {
  const names = new Set<string>();
  if (seen.has(node)) return names;
  seen.add(node);
  for (const entry of node.image.exports) {
    if (!isStar(entry)) {
      names.add(entry.name);
      continue;
    }
    const target = targetOf(node, entry);
    let others: Iterable<string> = [];
    if (target?.kind === "module") others = collectNames(target.node, seen);
    else if (target?.kind === "package") others = Object.keys(target.namespace);
    for (const name of others) if (name !== "default") names.add(name);
  }
  return names;
}

function targetOf(node: ModuleNode, entry: Pick<ExportEntry, "request">): Target | undefined {
  return entry.request === undefined ? undefined : node.targets[entry.request];
}

function isSame(one: Source, other: Source): boolean {
  if (one instanceof CellSource && other instanceof CellSource) {
    return one.node === other.node && one.cell === other.cell;
  }
  if (one instanceof NamespaceSource && other instanceof NamespaceSource) {
    return one.node === other.node;
  }
  return false;
}
