/**
 * One service's set of module instances: everything that is private to it.
 *
 * Modules are evaluated in the order of ECMAScript, dependencies first; synchronously unless one of them awaits at top
 * level. Values travel from exporter to importer along the tables of the program. If a module throws, the instance is not
 * handed out.
 */

import { SnaxError } from "../base/error.ts";
import type { Factory, Image } from "./image.ts";
import { ModuleInstance } from "./module-instance.ts";
import type { ModuleNode } from "./module-node.ts";
import { createNamespace } from "./namespace.ts";
import type { Program } from "./program.ts";
import { kUnset, NamespaceSource } from "./source.ts";

/** What a service's modules find around them. */
export interface Surroundings {
  /** What `import { ... } from "snax"` yields; getters are read once per import. */
  readonly api: Record<string, unknown>;
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
   * @returns undefined if the service has no such module; the thread's one instance for a shared module.
   */
  module(path: string): ModuleInstance | undefined {
    const node = this.program.node(path);
    return node === undefined ? undefined : this.find(node);
  }

  /** Returns the instance of a node, if it has one. @internal */
  find(node: ModuleNode): ModuleInstance | undefined {
    return node.index < 0 ? node.shared : this.modules[node.index];
  }

  /** Evaluates modules in the given order; returns a promise only if one of them awaits. @internal */
  evaluate(nodes: readonly ModuleNode[]): Promise<void> | undefined {
    for (let index = 0; index < nodes.length; index += 1) {
      const running = this.#start(nodes[index] as ModuleNode);
      if (running !== undefined) return this.#evaluateRest(running, nodes, index + 1);
    }
    return undefined;
  }

  async #evaluateRest(
    first: Promise<void>,
    nodes: readonly ModuleNode[],
    index: number,
  ): Promise<void> {
    await first;
    for (const node of nodes.slice(index)) await this.#start(node);
  }

  /** Evaluates what a module of a cycle imports from the same cycle and has not begun. @internal */
  evaluateCycle(node: ModuleNode): Promise<void> | undefined {
    return this.evaluate(node.cycle.filter((other) => this.find(other)?.hasBegun !== true));
  }

  /** Evaluates a module unless it was; what failed once fails again with the same error. */
  #start(node: ModuleNode): Promise<void> | undefined {
    const known = this.find(node);
    if (this.#progress?.failed.has(node)) throw this.#progress.failed.get(node);
    if (known?.hasBegun) return this.#progress?.running.get(node);
    const module = known ?? this.#place(node);
    try {
      const result = this.#factoryOf(node)(module);
      return node.isAsync ? this.#await(node, result as Promise<void>) : undefined;
    } catch (error) {
      this.#noted.failed.set(node, error);
      throw error;
    }
  }

  /** A shared module has one instance, which needs no functions of its own. */
  #factoryOf({ image, isAsync, isShared }: ModuleNode): Factory {
    const own = isShared || this.#owned === RELEASED ? undefined : image.takeOwn(isAsync);
    if (own === undefined) return image.factory(isAsync);
    (this.#owned ??= []).push(image);
    return own;
  }

  /** Hears that the service has ended: what only so many instances can have is free for others. */
  release(): void {
    for (const image of this.#owned ?? []) image.releaseOwn();
    this.#owned = RELEASED;
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

  /** Takes a new value of an exported variable to everyone who imports it. @internal */
  publish(node: ModuleNode, cell: number, value: unknown): void {
    const watchers = node.watchers[cell];
    if (watchers !== undefined) {
      for (const { node: importer, target } of watchers) {
        this.find(importer)?.receive(target, value);
      }
    }
    if (node.isShared) this.program.publishShared(node, cell, value);
  }

  /** Takes a new value of a shared module's variable to the importers in this instance. @internal */
  deliver(node: ModuleNode, cell: number, value: unknown): void {
    for (const { node: importer, target } of this.program.watchersOf(node, cell)) {
      this.find(importer)?.receive(target, value);
    }
  }

  /** Returns the namespace object of a module, which is made at first use. @internal */
  namespaceOf(node: ModuleNode): Record<string, unknown> {
    // In a cycle the namespace of a module may be asked for before the module begins.
    const module = this.find(node) ?? this.#place(node);
    if (module.namespace !== undefined) return module.namespace;
    const sources = this.program.watchNamespace(node);
    const namespace = createNamespace();
    // The object is known before it is filled: a module may export its own namespace.
    module.namespace = namespace;
    for (const [name, source] of sources) {
      const value = source.read(this);
      namespace[name] = value === kUnset ? undefined : value;
    }
    return namespace;
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
