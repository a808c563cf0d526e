/**
 * One service's set of module instances: everything that is private to it.
 *
 * Modules are evaluated in the order of ECMAScript, dependencies first; synchronously unless one of
 * them awaits at top level. Values travel from exporter to importer along the tables of the
 * program. If a module throws, the instance is not handed out.
 */

import { SnaxError } from "../../base/error.ts";
import { Cycle, enterModule } from "./cycle.ts";
import type { Entry } from "../weave/frame.ts";
import type { Factory, Image } from "../weave/image.ts";
import { ModuleInstance } from "./module-instance.ts";
import type { ModuleNode, Source } from "./module-node.ts";
import { createNamespace, setExport } from "./namespace.ts";
import type { Namespace } from "./namespace.ts";
import type { Step } from "./order.ts";
import type { Program } from "./program.ts";
import { NamespaceSource } from "./module-node.ts";

/** What a service's modules find around them. */
export interface Surroundings {
  /** What `import { ... } from "snax"` yields; getters are read once per import. */
  readonly api: Record<string, unknown>;
  /**
   * Returns what a module of Node is for this service, with every export that Node's has; undefined
   * if it is Node's own.
   */
  builtin?(specifier: string): Record<string, unknown> | undefined;
  /** Returns the service's own value for a global's name that the code cache was told to inject. */
  injected(name: string): unknown;
}

/** How far modules that could not be evaluated at once have come. */
interface Progress {
  readonly running: Map<ModuleNode, Promise<void>>;
  readonly failed: Map<ModuleNode, unknown>;
}

/** What an instance has instead of a list when its service has ended. */
const RELEASED: Image[] = [];

/** One service's module instances. */
export class Instance {
  readonly program: Program;
  readonly surroundings: Surroundings;
  /** By number of the module in the program; a hole for what has not been imported. */
  readonly modules: (ModuleInstance | undefined)[];
  #progress: Progress | undefined = undefined;
  /** The images of which it runs functions of its own. */
  #owned: Image[] | undefined = undefined;

  constructor(program: Program, surroundings: Surroundings) {
    this.program = program;
    this.surroundings = surroundings;
    // An empty array would make room for 17 at the first store.
    this.modules = new Array<ModuleInstance | undefined>(program.size);
  }

  /** The instance of the program's entry module. */
  get entry(): ModuleInstance {
    const entry = this.find(this.program.entry);
    if (entry === undefined) throw new SnaxError("ERR_BUG", "the entry module has not begun");
    return entry;
  }

  /** The entry's namespace: every export by name, kept up to date. */
  get exports(): Record<string, unknown> {
    return this.namespaceOf(this.program.entry);
  }

  /**
   * Returns a module's instance.
   *
   * @param path - relative to the entry's folder, or absolute.
   * @returns undefined if the service has no such module; the thread's one instance for a shared
   * module.
   */
  module(path: string): ModuleInstance | undefined {
    const node = this.program.node(path);
    return node === undefined ? undefined : this.find(node);
  }

  /** Returns the instance of a node, if it has one. @internal */
  find(node: ModuleNode): ModuleInstance | undefined {
    return node.index < 0 ? node.shared : this.modules[node.index];
  }

  /**
   * Evaluates modules in the given order; returns a promise only if one of them awaits. @internal
   */
  evaluate(steps: readonly Step[]): Promise<void> | undefined {
    for (let index = 0; index < steps.length; index += 1) {
      const running = this.#take(steps[index] as Step);
      if (running !== undefined) return this.#evaluateRest(running, steps, index + 1);
    }
    return undefined;
  }

  async #evaluateRest(first: Promise<void>, steps: readonly Step[], index: number): Promise<void> {
    await first;
    for (const step of steps.slice(index)) await this.#take(step);
  }

  #take(step: Step): Promise<void> | undefined {
    return step instanceof Cycle ? this.#enterCycle(step) : this.#start(step);
  }

  /** Evaluates a module unless it was; what failed once fails again with the same error. */
  #start(node: ModuleNode): Promise<void> | undefined {
    if (this.#isKnown(node)) return this.#progress?.running.get(node);
    const { isAsync } = node.image.data;
    try {
      const factory = this.factoryOf(node, isAsync ? "async" : "sync");
      const result = factory(this.find(node) ?? this.#place(node));
      return isAsync ? this.#await(node, result as Promise<void>) : undefined;
    } catch (error) {
      this.#noted.failed.set(node, error);
      throw error;
    }
  }

  /**
   * Returns what makes a module's instance. A shared module has one, which needs no functions of its
   * own, and not every program gains by them. @internal
   */
  factoryOf({ image, isShared }: ModuleNode, entry: Entry): Factory {
    const isLikeOthers = isShared || !this.program.wantsOwnFunctions || this.#owned === RELEASED;
    const own = isLikeOthers ? undefined : image.takeOwn(entry);
    if (own === undefined) return image.factory(entry);
    (this.#owned ??= []).push(image);
    return own;
  }

  /** Hears that the service has ended: what only a limited number of instances can have is free for others. */
  release(): void {
    for (const image of this.#owned ?? []) image.releaseOwn();
    this.#owned = RELEASED;
  }

  #isKnown(node: ModuleNode): boolean {
    if (this.#progress?.failed.has(node)) throw this.#progress.failed.get(node);
    return this.find(node)?.hasBegun === true;
  }

  /**
   * Enters the modules of a cycle that have not begun, so that their functions can be called, then
   * runs them in turn.
   */
  #enterCycle(whole: Cycle): Promise<void> | undefined {
    const fresh = whole.nodes.filter((node) => !this.#isKnown(node));
    // What another import has begun has its values when it has ended, and gives none again.
    const running = whole.nodes.flatMap((node) => this.#progress?.running.get(node) ?? []);
    if (running.length > 0 && fresh.length > 0)
      return Promise.all(running).then(() => this.#enterCycle(whole));
    const cycle = whole.only(fresh);
    for (const node of fresh) {
      const module = this.find(node) ?? this.#place(node);
      enterModule(module, cycle.planOf(node));
    }
    for (const node of fresh) this.find(node)?.linkReady(cycle.planOf(node));
    for (let index = 0; index < fresh.length; index += 1) {
      const running = this.#runBody(fresh, index);
      if (running !== undefined) return this.#runRest(running, fresh, index + 1);
    }
    this.#leave(fresh);
    return undefined;
  }

  async #runRest(first: Promise<void>, nodes: readonly ModuleNode[], index: number): Promise<void> {
    await first;
    for (let next = index; next < nodes.length; next += 1) await this.#runBody(nodes, next);
    this.#leave(nodes);
  }

  /** If a module of a cycle fails, those behind it have failed too. */
  #runBody(nodes: readonly ModuleNode[], index: number): Promise<void> | undefined {
    const node = nodes[index] as ModuleNode;
    const fail = (error: unknown): never => {
      for (const each of nodes.slice(index)) this.#noted.failed.set(each, error);
      throw error;
    };
    try {
      const running = this.find(node)?.pending?.run();
      return running === undefined ? undefined : this.#await(node, running.catch(fail));
    } catch (error) {
      return fail(error);
    }
  }

  #leave(nodes: readonly ModuleNode[]): void {
    for (const node of nodes) this.find(node)?.endPending();
  }

  #place(node: ModuleNode): ModuleInstance {
    const module = new ModuleInstance(this, node);
    if (node.isShared) node.shared = module;
    else this.modules[node.index] = module;
    return module;
  }

  #await(node: ModuleNode, result: Promise<void>): Promise<void> {
    const { running, failed } = this.#noted;
    const done = result.then(
      () => void running.delete(node),
      (error: unknown) => {
        failed.set(node, error);
        running.delete(node);
        throw error;
      },
    );
    running.set(node, done);
    return done;
  }

  get #noted(): Progress {
    return (this.#progress ??= { running: new Map(), failed: new Map() });
  }

  /** Takes a new value of an exported variable to all its importers. @internal */
  publish(node: ModuleNode, cell: number, value: unknown): void {
    const watchers = node.watchers[cell];
    if (watchers !== undefined) {
      for (const { node: importer, target } of watchers) {
        this.find(importer)?.receive(target, value);
      }
    }
    if (node.isShared) this.program.publishShared(node, cell, value);
  }

  /**
   * Takes a new value of a shared module's variable to the importers in this instance. @internal
   */
  deliver(node: ModuleNode, cell: number, value: unknown): void {
    for (const { node: importer, target } of this.program.watchersOf(node, cell)) {
      this.find(importer)?.receive(target, value);
    }
  }

  /** Returns the namespace object of a module, which is made at first use. @internal */
  namespaceOf(node: ModuleNode): Namespace {
    const made = new Map<ModuleNode, Namespace>();
    const fillings: [Namespace, string, ModuleNode][] = [];
    // Modules may export each other's namespaces, and chains of these be long: all are made before
    // one is filled with the others.
    const nodes = new Set([node]);
    for (const each of nodes) {
      // In a cycle the namespace of a module may be asked for before the module begins.
      const module = this.find(each) ?? this.#place(each);
      if (module.namespace === undefined) {
        const sources = this.program.watchNamespace(each);
        module.namespace = createNamespace(this.#read(sources));
        for (const [name, source] of sources) {
          if (!(source instanceof NamespaceSource)) continue;
          fillings.push([module.namespace, name, source.node]);
          nodes.add(source.node);
        }
      }
      made.set(each, module.namespace);
    }
    for (const [namespace, name, other] of fillings) setExport(namespace, name, made.get(other));
    return made.get(node) as Namespace;
  }

  #read(sources: ReadonlyMap<string, Source>): Map<string, unknown> {
    const read = (source: Source): unknown =>
      source instanceof NamespaceSource ? undefined : source.read(this);
    return new Map([...sources].map(([name, source]) => [name, read(source)]));
  }

  /**
   * Evaluates a file's module for one of this instance's modules, and returns its namespace.
   *
   * @throws {ERR_MODULE} if it, or one that it imports, waits at top level.
   * @internal
   */
  requireNow(importer: ModuleNode, file: string): Record<string, unknown> {
    const node = this.program.includeNow(importer, file);
    const running = this.program.evaluate(this, node);
    if (running === undefined) return this.namespaceOf(node);
    running.catch(() => {});
    const why = `can't require ${file}: it, or what it imports, awaits at top level; use import()`;
    throw new SnaxError("ERR_MODULE", why);
  }

  /** Imports a module at run time for one of this instance's modules. @internal */
  async importDynamically(
    importer: ModuleNode,
    specifier: unknown,
    options: unknown,
  ): Promise<unknown> {
    const source = await this.program.include(importer, String(specifier), options);
    if (!(source instanceof NamespaceSource)) return source.read(this);
    await this.program.evaluate(this, source.node);
    return source.read(this);
  }
}
