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
const AMBIGUOUS: Source = { read: () => undefined, isSame: () => false };

type Found = Source | undefined;

/** Returns what an exported name stands for, or undefined if there is no such export. */
export function resolveExport(node: ModuleNode, name: string): Source | undefined {
  if (node.exportSources.has(name)) return node.exportSources.get(name);
  const found = find(new Asked(node, name));
  const source = found === AMBIGUOUS ? undefined : found;
  node.exportSources.set(name, source);
  return source;
}

/** Lists the exported names of a module; names behind `export *` included, ambiguous ones not. */
export function listExports(node: ModuleNode): Map<string, Source> {
  const sources = new Map<string, Source>();
  const holders = findHolders(node);
  for (const name of [...holders.keys()].sort()) {
    const source = resolveExport(holders.get(name) ?? node, name);
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

/** A name that a module is asked for. */
class Asked {
  readonly node: ModuleNode;
  readonly name: string;

  constructor(node: ModuleNode, name: string) {
    this.node = node;
    this.name = name;
  }
}

/**
 * Finds what a name of a module stands for.
 *
 * Re-exports lead from module to module, `export *` to several. All variables that can be reached
 * count: of none there is no export, one is the export, and two are ambiguous. So neither the order
 * nor a cycle matters, and long chains need no deep stack.
 */
function find(start: Asked): Found {
  let found: Found;
  const asked = new Map<string, Set<ModuleNode>>();
  const rest = [start];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { node, name } = next;
    const nodes = asked.get(name);
    if (nodes?.has(node)) continue;
    if (nodes === undefined) asked.set(name, new Set([node]));
    else nodes.add(node);
    for (const step of stepsFrom(next)) {
      if (step instanceof Asked) rest.push(step);
      else if (found !== undefined && !found.isSame(step)) return AMBIGUOUS;
      else found = step;
    }
  }
  return found;
}

/** Where the search for a name goes on: at its own entry, else at all `export *`. */
function stepsFrom({ node, name }: Asked): readonly (Source | Asked)[] {
  const entry = node.image.exportOf(name);
  if (entry?.local !== undefined) {
    return [new CellSource(node, node.cellOf(entry.local) ?? -1)];
  }
  if (entry !== undefined) return listed(stepTo(node, entry, entry.imported ?? "*"));
  if (name === "default") return [];
  return node.image.stars.flatMap((star) =>
    targetOf(node, star)?.kind === "api" ? [] : listed(stepTo(node, star, name)),
  );
}

function listed(step: Source | Asked | undefined): (Source | Asked)[] {
  return step === undefined ? [] : [step];
}

/** Goes to a name in the module that an entry speaks of. */
function stepTo(
  node: ModuleNode,
  entry: Pick<ExportEntry, "request" | "place">,
  name: string,
): Source | Asked | undefined {
  const target = targetOf(node, entry);
  switch (target?.kind) {
    case undefined:
      return undefined;
    case "api":
      return new ApiSource(name, (missing) =>
        createPlacedError("ERR_MODULE", entry.place, `snax has no export named '${missing}'`),
      );
    case "package":
      return name === "*" || name in target.namespace
        ? packageSource(target.specifier, target.namespace, name)
        : undefined;
    case "module":
      return name === "*" ? new NamespaceSource(target.node) : new Asked(target.node, name);
  }
}

/** Finds a name in the module that an entry speaks of. */
function findIn(
  node: ModuleNode,
  entry: Pick<ExportEntry, "request" | "place">,
  name: string,
): Found {
  const step = stepTo(node, entry, name);
  return step instanceof Asked ? find(step) : step;
}

function findImport(node: ModuleNode, entry: ImportEntry): Source | undefined {
  const found = findIn(node, entry, entry.name);
  if (found !== undefined && found !== AMBIGUOUS) return found;
  // Nobody refers to it: most likely a type whose import does not say so.
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
  if (source instanceof NamespaceSource) wantAllForwarders(source.node);
  if (!(source instanceof CellSource)) return;
  const { cells, functionCount } = source.node.image.data;
  if (source.cell >= cells.length - functionCount) source.node.isForwardWanted[source.cell] = 1;
}

/**
 * Finds the names that a module exports, each with the only module behind `export *` that has it;
 * undefined if several have it, or a package.
 */
function findHolders(start: ModuleNode): Map<string, ModuleNode | undefined> {
  const holders = new Map<string, ModuleNode | undefined>();
  const note = (name: string, holder: ModuleNode | undefined): void => {
    if (name === "default" && holder !== start) return;
    holders.set(name, holders.has(name) ? undefined : holder);
  };
  const nodes = new Set([start]);
  for (const node of nodes) {
    for (const entry of node.image.exports) {
      if (!isStar(entry)) {
        note(entry.name, node);
        continue;
      }
      const target = targetOf(node, entry);
      if (target?.kind === "module") nodes.add(target.node);
      else if (target?.kind === "package") {
        for (const name of Object.keys(target.namespace)) note(name, undefined);
      }
    }
  }
  return holders;
}

function targetOf(node: ModuleNode, entry: Pick<ExportEntry, "request">): Target | undefined {
  return entry.request === undefined ? undefined : node.targets[entry.request];
}
