/**
 * A program: the entry module of a service and everything that it imports, linked once.
 *
 * A program is what services are born from: `instantiate` runs over its tables. It never changes
 * except that a dynamic import may add modules. The modules that begin with `"use shared"` belong
 * to another program, of which a thread has one: its modules have one instance each, made when the
 * first service needs them.
 */

import { dirname, isAbsolute, resolve } from "node:path";
import { FUNCTION_MAKERS_MIN } from "../../base/limits.ts";
import type { Image } from "../weave/image.ts";
import type { ImportMeta } from "./import-meta.ts";
import { Instance } from "./instance.ts";
import type { Surroundings } from "./instance.ts";
import { Collection } from "./library.ts";
import type { Library } from "./library.ts";
import { linkModule, wantAllForwarders } from "./linker.ts";
import {
  ModuleNode,
  ApiSource,
  CellSource,
  listExports,
  NamespaceSource,
  packageSource,
} from "./module-node.ts";
import type { Target, Watcher, Source } from "./module-node.ts";
import { orderModules, planSteps } from "./order.ts";
import type { Step } from "./order.ts";
import { Succession } from "./succession.ts";
import { createPlacedError } from "../text/position.ts";
import type { ModuleRequest } from "../read/record.ts";
import { findModuleFile } from "../resolve/module-file.ts";
import { Resolver } from "../resolve/resolution.ts";
import { SharedImporters } from "./shared-importers.ts";

/** Is called with every new instance, before the service sees it. */
export type Birth = (instance: Instance) => void;

/** What new services of a program are born from instead of it. */
export interface Successor {
  /** Returns it; undefined if they are born from the program itself. Its modules do not await. */
  program(): Program | undefined;
  /** Hears that one of its modules threw. */
  refuse(error: unknown): void;
}

/** What is evaluated for an instance, in this order: the shared modules, then its own. */
interface Schedule {
  readonly shared: readonly ModuleNode[];
  readonly sharedSteps: readonly Step[];
  readonly steps: readonly Step[];
}

const NOTHING: Schedule = { shared: [], sharedSteps: [], steps: [] };

function createSchedule(order: readonly ModuleNode[]): Schedule {
  const shared = order.filter((node) => node.isShared);
  const own = order.filter((node) => !node.isShared);
  return { shared, sharedSteps: planSteps(shared), steps: planSteps(own) };
}

/** The linked modules of a service. */
export class Program {
  /** Run for every instance right after it was made: patches for services yet to be born. */
  readonly births: Birth[] = [];
  /** What new services are born from instead, where patches have made something of the texts. */
  successor: Successor | undefined = undefined;
  /**
   * Of the program of shared modules: runs when these have been evaluated and before the code that
   * imports them is, at every birth of a service; for patches that a module has missed.
   */
  onShared: ((nodes: readonly ModuleNode[]) => Promise<void> | undefined) | undefined = undefined;
  /** Names of members that patches read without calling them, as `taken` of an image has them. */
  readonly takenByPatches: Set<string> = new Set();
  readonly #library: Library;
  /** The thread's program of shared modules; undefined in that one itself. */
  readonly #shared: Program | undefined;
  readonly #nodes = new Map<string, ModuleNode>();
  readonly #importers = new SharedImporters();
  #count = 0;
  #hasClasses = false;
  #makerCount = 0;
  #entry: ModuleNode | undefined;
  /** What it was built from, in this order. */
  #files: readonly string[] = [];
  #order: readonly ModuleNode[] = [];
  #schedule: Schedule = NOTHING;
  #sharedOrder: readonly ModuleNode[] = [];
  #sharedInstance: Instance | undefined;

  constructor(library: Library, shared: Program | undefined) {
    this.#library = library;
    this.#shared = shared;
  }

  /** The module that the service is. */
  get entry(): ModuleNode {
    if (this.#entry === undefined) throw new TypeError("the program has no entry");
    return this.#entry;
  }

  /** Whether a module is the one that the service is; a shared module's own program has none. */
  isEntry(node: ModuleNode): boolean {
    return node === this.#entry;
  }

  /** The program's modules by real path; shared ones not included. */
  get nodes(): ReadonlyMap<string, ModuleNode> {
    return this.#nodes;
  }

  /** The modules that services of the program reach, its own first, then shared ones. */
  *modules(): Iterable<ModuleNode> {
    yield* this.#nodes.values();
    yield* this.#sharedOrder;
  }

  /** The program of the shared modules that services of this one use. */
  get shared(): Program {
    return this.#shared ?? this;
  }

  /** Whether every service of the program has a module from its birth on. */
  isImportedStatically(node: ModuleNode): boolean {
    return this.#order.includes(node) || node.isShared;
  }

  /** Number of modules, without shared ones. */
  get size(): number {
    return this.#count;
  }

  /**
   * Whether it pays that services run functions of their own. If some module that each service has of
   * its own has classes, every service has its own, and its objects come to the functions of all
   * modules: also to those that only take them. Where functions make functions all over the program,
   * these are small and call each other, and only in functions that one service has can V8 take the
   * variables around them as given.
   */
  get wantsOwnFunctions(): boolean {
    return this.#hasClasses || this.#makerCount >= FUNCTION_MAKERS_MIN;
  }

  /** The files that the program is made of, shared ones included. */
  get files(): Set<string> {
    const shared = this.#sharedOrder.map((node) => node.image.file);
    return new Set([...this.#nodes.keys(), ...shared]);
  }

  /**
   * Makes a new instance of every module; a promise only if some module has `await` at top level.
   *
   * @throws what a module throws; then nothing remains of the instance.
   */
  instantiate(surroundings: Surroundings): Instance | Promise<Instance> {
    return this.fill(new Instance(this, surroundings));
  }

  /**
   * Evaluates every module in an instance that has none; otherwise as {@link Program.instantiate}.
   */
  fill(instance: Instance): Instance | Promise<Instance> {
    return this.#fill(instance, this.births);
  }

  /** The same for a service that has been born elsewhere: no birth hears of it. */
  refill(instance: Instance): Instance | Promise<Instance> {
    return this.#fill(instance, []);
  }

  #fill(instance: Instance, births: readonly Birth[]): Instance | Promise<Instance> {
    try {
      const done = this.#evaluateIn(instance, this.#schedule);
      if (done === undefined) return this.#bear(instance, births);
      return done
        .then(() => this.#bear(instance, births))
        .catch((error: unknown) => {
          instance.release();
          throw error;
        });
    } catch (error) {
      instance.release();
      throw error;
    }
  }

  #bear(instance: Instance, births: readonly Birth[]): Instance {
    this.#importers.add(instance);
    for (const birth of births) birth(instance);
    return instance;
  }

  /** Evaluates the shared modules of the program, if they have not been; a promise if they are not there at once. */
  prepareShared(): Promise<void> | undefined {
    const { shared, sharedSteps } = this.#schedule;
    return this.#evaluateShared(shared, sharedSteps);
  }

  /**
   * Returns a module by path, relative to the entry's folder or absolute, or as the entry would
   * import it.
   */
  node(path: string): ModuleNode | undefined {
    // The program of shared modules has no entry, and is asked for absolute paths only.
    const full = isAbsolute(path) ? path : resolve(dirname(this.entry.image.file), path);
    const file = this.#nodes.has(full) ? full : (findModuleFile(full) ?? full);
    const found = this.#nodeOf(file);
    if (found !== undefined || this.#entry === undefined) return found;
    const meant = new Resolver().resolve(path, this.entry.image.file);
    return typeof meant === "object" && meant.kind === "file"
      ? this.#nodeOf(meant.file)
      : undefined;
  }

  #nodeOf(file: string): ModuleNode | undefined {
    const isShared = (node: ModuleNode): boolean => node.image.file === file;
    return this.#nodes.get(file) ?? this.#sharedOrder.find(isShared);
  }

  // Building.

  /**
   * Builds from a collection; the first files are evaluated before the entry, which is the last.
   * @internal
   */
  build(files: readonly string[], collection: Collection): this {
    const roots = this.#add(files, collection);
    this.#files = files;
    this.#entry = roots.at(-1);
    this.#order = orderModules(roots);
    this.#schedule = createSchedule(this.#order);
    this.#sharedOrder = this.#schedule.shared;
    return this;
  }

  /**
   * Builds the program of which some modules have other images; no file is read.
   *
   * @throws {ERR_MODULE} if an image imports what this program has not included.
   */
  withImages(images: ReadonlyMap<string, Image>): Program {
    const collection = new Succession(this.#library, this, images);
    return new Program(this.#library, this.#shared).build(this.#files, collection);
  }

  /** Adds files and what they import; all of them or, after an error, none. */
  #add(files: readonly string[], collection: Collection): ModuleNode[] {
    const fresh: ModuleNode[] = [];
    collection.addChecks();
    try {
      const roots = files.map((file) => this.#addFile(file, collection, fresh));
      const homeOf = (node: ModuleNode): Program => (node.isShared ? this.shared : this);
      // The list grows on the way; chains of imports may be too long for recursion.
      for (const node of fresh) {
        node.targets = node.image.data.requests.map((request) =>
          homeOf(node).#target(node, request, collection, fresh),
        );
      }
      for (const node of fresh) {
        linkModule(node, (source, watcher) => homeOf(node).#watch(source, watcher));
      }
      return roots;
    } catch (error) {
      for (const node of fresh) this.#remove(node);
      throw error;
    }
  }

  #addFile(file: string, collection: Collection, fresh: ModuleNode[]): ModuleNode {
    const image = collection.image(file);
    if (image.data.isShared && this.#shared !== undefined) {
      return this.#shared.#addFile(file, collection, fresh);
    }
    const known = this.#nodes.get(file);
    if (known !== undefined) return known;
    const index = this.#shared === undefined ? -1 : this.#count++;
    const node = new ModuleNode(this, image, index);
    this.#nodes.set(file, node);
    this.#hasClasses ||= image.data.hasClasses;
    this.#makerCount += image.data.makerCount;
    fresh.push(node);
    return node;
  }

  #target(
    importer: ModuleNode,
    request: ModuleRequest,
    collection: Collection,
    fresh: ModuleNode[],
  ): Target {
    const { file } = importer.image;
    const resolution = collection.resolve(request, file);
    if (resolution.kind === "package") {
      const namespace = this.#library.findPackage(resolution.specifier, file) ?? {};
      return { ...resolution, namespace };
    }
    if (importer.isShared) checkShared(request, resolution, collection);
    if (resolution.kind === "api") return resolution;
    return { kind: "module", node: this.#addFile(resolution.file, collection, fresh) };
  }

  #remove(node: ModuleNode): void {
    const home = node.isShared ? this.shared : this;
    home.#nodes.delete(node.image.file);
    for (const other of home.#nodes.values()) {
      for (const [cell, watchers] of other.watchers.entries()) {
        other.watchers[cell] = watchers?.filter((watcher) => watcher.node !== node);
      }
    }
  }

  /**
   * Forgets shared modules that are or reach a file; programs that use them keep them. @internal
   */
  forget(file: string): void {
    for (const node of [...this.#nodes.values()]) {
      if (orderModules([node]).some((below) => below.image.file === file)) this.#remove(node);
    }
  }

  // Values on their way.

  #watch(source: CellSource, watcher: Watcher): void {
    if (source.node.isShared && !watcher.node.isShared) this.#importers.watch(source, watcher);
    else (source.node.watchers[source.cell] ??= []).push(watcher);
  }

  /** Lists a module's exports and keeps its namespace objects up to date from now on. @internal */
  watchNamespace(node: ModuleNode): Map<string, Source> {
    const sources = listExports(node);
    if (node.watchesNamespace) return sources;
    node.watchesNamespace = true;
    for (const [name, source] of sources) {
      if (source instanceof CellSource) this.#watch(source, { node, target: name });
    }
    return sources;
  }

  /** Returns who in an instance of this program imports a shared module's variable. @internal */
  watchersOf(node: ModuleNode, cell: number): readonly Watcher[] {
    return this.#importers.watchersOf(node, cell);
  }

  /**
   * Takes a new value of a shared module's variable to all services of the thread that import it.
   * @internal
   */
  publishShared(node: ModuleNode, cell: number, value: unknown): void {
    for (const reference of node.importers) {
      reference.deref()?.deliver(node, cell, value);
    }
  }

  /**
   * Tells a shared module that a patch may assign its exported variables: those who import them
   * must hear of it.
   *
   * @param instances - the running services of the thread.
   */
  static expectWrites(node: ModuleNode, instances: Iterable<Instance>): void {
    if (node.isAssigned) return;
    node.isAssigned = true;
    for (const instance of instances) instance.program.#importers.addTo(node, instance);
  }

  // Shared modules.

  #evaluateIn(
    instance: Instance,
    { shared, sharedSteps, steps }: Schedule,
  ): Promise<void> | undefined {
    const ready = this.#evaluateShared(shared, sharedSteps);
    return ready === undefined
      ? instance.evaluate(steps)
      : ready.then(() => instance.evaluate(steps));
  }

  #evaluateShared(
    shared: readonly ModuleNode[],
    steps: readonly Step[],
  ): Promise<void> | undefined {
    if (shared.length === 0) return undefined;
    const { sharedInstance, onShared } = this.shared;
    const running = sharedInstance.evaluate(steps);
    return onShared === undefined || running === undefined
      ? (running ?? onShared?.(shared))
      : running.then(() => onShared(shared));
  }

  /** The thread's one instance of the shared modules. @internal */
  get sharedInstance(): Instance {
    const surroundings = { api: {}, injected: readGlobal };
    return (this.#sharedInstance ??= new Instance(this, surroundings));
  }

  // Dynamic import.

  /** Finds what a dynamic import names, and adds it to the program if it is new. @internal */
  async include(importer: ModuleNode, specifier: string, options: unknown): Promise<Source> {
    const type = (options as { with?: { type?: string } } | undefined)?.with?.type;
    const place = { file: importer.image.file, line: 1, column: 1 };
    const request = { specifier, type, place };
    const collection = new Collection(this.#library);
    const resolution = collection.resolve(request, importer.image.file);
    if (resolution.kind === "package") {
      const { file } = importer.image;
      await this.#library.fetchPackage(resolution.specifier, file);
      const { specifier: name } = resolution;
      return packageSource(name, this.#library.findPackage(name, file) ?? {}, "*");
    }
    if (resolution.kind === "api") return new ApiSource("*", () => new TypeError(specifier));
    const known = this.#reachedShared(importer, resolution.file);
    if (known !== undefined) return this.#whole(known);
    for (const { image } of this.#nodes.values()) collection.settle(image);
    await collection.collect(resolution.file, place);
    if (importer.isShared) checkShared(request, resolution, collection);
    const [node] = this.#add([resolution.file], collection) as [ModuleNode];
    return this.#whole(node);
  }

  /** Adds a file to the program at once, for a caller that can't wait. @internal */
  includeNow(importer: ModuleNode, file: string): ModuleNode {
    const known = this.#reachedShared(importer, file);
    if (known !== undefined) return this.#whole(known).node;
    const collection = new Collection(this.#library);
    for (const node of this.#nodes.values()) collection.settle(node.image);
    collection.collectNow(file);
    const place = { file: importer.image.file, line: 1, column: 1 };
    const request = { specifier: file, type: undefined, place };
    if (importer.isShared) checkShared(request, { kind: "file", file }, collection);
    const [node] = this.#add([file], collection) as [ModuleNode];
    return this.#whole(node).node;
  }

  /**
   * A shared module that is used already stays the same one, also where a cleared cache holds
   * another of its path.
   */
  #reachedShared(importer: ModuleNode, file: string): ModuleNode | undefined {
    const reached = importer.isShared ? orderModules([importer]) : this.#sharedOrder;
    return reached.find((node) => node.isShared && node.image.file === file);
  }

  /** Prepares a module for those who import all of it at run time. */
  #whole(node: ModuleNode): NamespaceSource {
    wantAllForwarders(node);
    this.watchNamespace(node);
    return new NamespaceSource(node);
  }

  /** Evaluates a module that was included, and what it imports, in an instance. @internal */
  evaluate(instance: Instance, node: ModuleNode): Promise<void> | undefined {
    const schedule = createSchedule(orderModules([node]));
    this.#sharedOrder = [...new Set([...this.#sharedOrder, ...schedule.shared])];
    return this.#evaluateIn(instance, schedule);
  }

  /** Creates `import.meta` for a module. @internal */
  createMeta(image: Image): ImportMeta {
    return this.#library.createMeta(image);
  }
}

/** A shared module belongs to no service: it imports nothing that does. */
function checkShared(
  request: ModuleRequest,
  resolution: { readonly kind: "api" } | { readonly kind: "file"; readonly file: string },
  collection: Collection,
): void {
  if (resolution.kind === "file") {
    if (resolution.file.endsWith(".json")) return;
    if (collection.image(resolution.file).data.isShared) return;
  }
  const why = `a shared module imports packages and shared modules only, not ${request.specifier}`;
  throw createPlacedError("ERR_MODULE", request.place, why);
}

function readGlobal(name: string): unknown {
  return (globalThis as Record<string, unknown>)[name];
}
