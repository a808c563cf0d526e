/**
 * A module's place in a program: its image, what its imports and exports resolve to, and who imports
 * from it.
 *
 *     name of an export -> its own variable, or on along re-exports and `export *` -> a source
 *
 * These tables exist once per program (once per thread for a shared module), so that an instance of
 * a module needs none of its own. Names are resolved as ECMAScript has it; linker.ts checks that
 * they can be, and uses what is found.
 */

import { isBuiltin } from "node:module";
import { isStar } from "../read/record.ts";
import type { ExportEntry } from "../read/record.ts";
import { createPlacedError } from "../text/position.ts";
import type { Image } from "../weave/image.ts";
import type { Instance } from "./instance.ts";
import type { ModuleInstance } from "./module-instance.ts";
import type { Program } from "./program.ts";

/** What the specifier of an import stands for. */
export type Target =
  | { readonly kind: "module"; readonly node: ModuleNode }
  | { readonly kind: "package"; readonly specifier: string; namespace: object }
  | { readonly kind: "api" };

/** An import variable and the source of its value. */
export interface Link {
  /** Cell of the variable. */
  readonly cell: number;
  readonly source: Source;
}

/** Who must hear of a new value: a module's import variable, or a property of its namespace. */
export interface Watcher {
  readonly node: ModuleNode;
  /** Cell of the variable, or name of the property. */
  readonly target: number | string;
}

/** A module's place in a program. */
export class ModuleNode {
  /** The program that it belongs to; a shared module belongs to that of the shared ones. */
  readonly program: Program;
  readonly image: Image;
  /** Number of the module in its program; -1 for a shared module. */
  readonly index: number;
  /** By request of the image. */
  targets: readonly Target[] = [];
  /** Filled by the linker. */
  links: readonly Link[] = [];
  /** By cell; the modules that import it. A shared module lists only shared ones here. */
  readonly watchers: (Watcher[] | undefined)[] = [];
  /** By cell; 1 if the module or some importer takes the function as a value. */
  readonly isForwardWanted: Uint8Array;
  /**
   * Whether it belongs to modules that import each other, so that some may hold its variables
   * before it runs.
   */
  isInCycle = false;
  /** What the exported names resolve to, as far as asked. */
  readonly exportSources: Map<string, Source | undefined> = new Map();
  /** Whether its namespace hears of new values. */
  watchesNamespace = false;
  /** Whether an exported variable is assigned after its declaration, by the text or by a patch. */
  isAssigned: boolean;
  /** Services that import variables of a shared module which it assigns. */
  importers: WeakRef<Instance>[] = [];
  /** Length of that list at which the dead are dropped. */
  sweepSize = 64;
  /** The one instance of a shared module, once it has begun. */
  shared: ModuleInstance | undefined;

  constructor(program: Program, image: Image, index: number) {
    this.program = program;
    this.image = image;
    this.index = index;
    // A shared module does not know its importers, so all that they hold must follow a replacement.
    this.isForwardWanted = new Uint8Array(image.data.cells.length).fill(index < 0 ? 1 : 0);
    for (const cell of image.data.forwarded) this.isForwardWanted[cell] = 1;
    this.isAssigned = image.data.assigned.size > 0;
  }

  /** Whether there is one instance per thread. */
  get isShared(): boolean {
    return this.index < 0;
  }

  /** Returns the cell of a variable, or undefined if the runtime reaches it by name only. */
  cellOf(name: string): number | undefined {
    return this.image.cellOf(name);
  }
}

/** The answer of a source whose variable has no value yet: modules that import each other. */
export const kUnset: unique symbol = Symbol("snax.unset");

/**
 * Where the value of an import comes from, once re-exports are resolved.
 *
 * A source belongs to a program; which value it has is a question to an instance. It is the variable
 * of another module's instance, its namespace, something of a package or of Node, or something that
 * the surroundings supply.
 */
export interface Source {
  /** Returns the value in an instance, or {@link kUnset}. */
  read(instance: Instance): unknown;
  /** Whether another source is that of the same variable. */
  isSame(other: Source): boolean;
}

/** A variable of a module. */
export class CellSource implements Source {
  readonly node: ModuleNode;
  readonly cell: number;

  constructor(node: ModuleNode, cell: number) {
    this.node = node;
    this.cell = cell;
  }

  read(instance: Instance): unknown {
    const module = instance.find(this.node);
    return module === undefined ? kUnset : module.peek(this.cell);
  }

  isSame(other: Source): boolean {
    return other instanceof CellSource && other.node === this.node && other.cell === this.cell;
  }
}

/** The namespace of a module. */
export class NamespaceSource implements Source {
  readonly node: ModuleNode;

  constructor(node: ModuleNode) {
    this.node = node;
  }

  read(instance: Instance): unknown {
    return instance.namespaceOf(this.node);
  }

  isSame(other: Source): boolean {
    return other instanceof NamespaceSource && other.node === this.node;
  }
}

/**
 * An export of a package, or its namespace, `*`. Packages are shared, so every instance has the same
 * value.
 */
export class PackageSource implements Source {
  /** What it is called there; `*` is the namespace. */
  protected readonly name: string;
  readonly #namespace: object;
  readonly #value: unknown;

  constructor(namespace: object, name: string) {
    this.#namespace = namespace;
    this.name = name;
    this.#value = name === "*" ? namespace : (namespace as Record<string, unknown>)[name];
  }

  read(_instance?: Instance): unknown {
    return this.#value;
  }

  /**
   * Which package has passed on another one's variable can't be seen; that it is the same object
   * can.
   */
  isSame(other: Source): boolean {
    if (!(other instanceof PackageSource)) return false;
    if (this.#namespace === other.#namespace && this.name === other.name) return true;
    return isObject(this.#value) && this.#value === other.#value;
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * An export of a module of Node, or its namespace, in whose place the surroundings may have one of
 * the service's own.
 */
export class BuiltinSource extends PackageSource {
  readonly #specifier: string;

  constructor(specifier: string, namespace: object, name: string) {
    super(namespace, name);
    this.#specifier = specifier;
  }

  override read(instance?: Instance): unknown {
    const own = instance?.surroundings.builtin?.(this.#specifier);
    if (own === undefined) return super.read();
    return this.name === "*" ? own : own[this.name];
  }
}

/** Returns the source of an export of a package or of a module of Node, or of its namespace, `*`. */
export function packageSource(specifier: string, namespace: object, name: string): PackageSource {
  return isBuiltin(specifier)
    ? new BuiltinSource(specifier, namespace, name)
    : new PackageSource(namespace, name);
}

/** A name that the surroundings of the instance supply, or all of them. */
export class ApiSource implements Source {
  readonly name: string;
  /** Makes the error for a name that the surroundings do not supply. */
  readonly #refuse: (name: string) => Error;

  constructor(name: string, refuse: (name: string) => Error) {
    this.name = name;
    this.#refuse = refuse;
  }

  read(instance: Instance): unknown {
    const { api } = instance.surroundings;
    if (this.name === "*") return api;
    const value = api[this.name];
    if (value === undefined && !(this.name in api)) throw this.#refuse(this.name);
    return value;
  }
  isSame(other: Source): boolean {
    return other instanceof ApiSource && other.name === this.name;
  }
}

/** Two modules export the name and `export *` can't choose. */
export const AMBIGUOUS: Source = { read: () => undefined, isSame: () => false };

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
function find(start: Asked): Source | undefined {
  let found: Source | undefined;
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

/** Finds a name in the module that an entry speaks of; {@link AMBIGUOUS} if several have it. */
export function findIn(
  node: ModuleNode,
  entry: Pick<ExportEntry, "request" | "place">,
  name: string,
): Source | undefined {
  const step = stepTo(node, entry, name);
  return step instanceof Asked ? find(step) : step;
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

/** What the specifier of an import or export stands for; undefined if the entry has none. */
export function targetOf(
  node: ModuleNode,
  entry: Pick<ExportEntry, "request">,
): Target | undefined {
  return entry.request === undefined ? undefined : node.targets[entry.request];
}
