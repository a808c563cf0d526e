/**
 * One instance of a module: the private variables of one service in one file.
 *
 * The woven function is called with its module instance as `$snax`. It hands over two closures of
 * its own scope, the hook and the cell function (see `frame.ts`), and tells when exported variables
 * change. Everything else is reached through these two: an instance keeps no copy of any variable.
 *
 * `begin`, `wait`, `declared`, `after`, `construct`, `ofKind`, `standsFor`, `given`, `injected`,
 * `import`, `require`, `meta`, `nameDefault` and `Root` are called by woven code.
 */

import { SnaxError } from "../../base/error.ts";
import type { PendingImports } from "./cycle.ts";
import type { ImportPlan } from "../weave/frame.ts";
import { createKindForwarder, forwardedOf } from "../weave/frame.ts";
import { Followers } from "./followers.ts";
import type { ImportSetter } from "./followers.ts";
import type { Image } from "../weave/image.ts";
import type { ImportMeta } from "./import-meta.ts";
import type { Instance } from "./instance.ts";
import type { ModuleNode } from "./module-node.ts";
import { asKind, shareIterators } from "./function-kind.ts";
import { hasCheck, kindOfValue, standsFor } from "../weave/method-check.ts";
import type { Name } from "../read/names.ts";
import { setExport } from "./namespace.ts";
import { createModuleRequire } from "./module-require.ts";
import { DEFAULT_NAME } from "../read/record.ts";
import { kUnset, resolveExport } from "./module-node.ts";

/** Evaluates a text in a module's scope, in strict mode, and returns its value. */
export type ScopeHook = (code: string) => unknown;

/** Reads or writes a cell; the numbers are explained in `frame.ts`. */
export type CellFunction = (operation: number, value?: unknown) => unknown;

/** A function that a patch can replace for all who hold it. */
export type AnyFunction = (...args: never[]) => unknown;

/** Access to the function behind a forwarder that was made on demand. */
interface Implementation {
  forwarder: unknown;
  get(): unknown;
  set(value: unknown): void;
}

/** What few module instances have. */
interface Extras {
  hook?: ScopeHook;
  meta?: ImportMeta;
  require?: NodeJS.Require;
  namespace?: Record<string, unknown>;
  implementations?: Map<string, Implementation>;
  /** Functions with a check that patches have replaced. */
  replaced?: Set<string>;
  /** In a cycle, until its modules have run. */
  pending?: PendingImports;
  /** By cell, or added name; what patches of other modules, which import the variable, want to hear. */
  followers?: Followers;
}

/** One instance of a module. */
export class ModuleInstance {
  /** The service's modules that this one belongs to. */
  readonly instance: Instance;
  /** The module's place in the program. */
  readonly node: ModuleNode;
  #hook: ScopeHook | undefined = undefined;
  #cell: CellFunction | undefined = undefined;
  #extras: Extras | undefined = undefined;

  constructor(instance: Instance, node: ModuleNode) {
    this.instance = instance;
    this.node = node;
  }

  /** The image that this instance was made from. */
  get image(): Image {
    return this.node.image;
  }

  /** Whether the module's function has been entered, so that its variables can be reached. */
  get hasBegun(): boolean {
    return this.#hook !== undefined;
  }

  // What woven code calls.

  /**
   * Takes the module's closures and gives the imports their values; in a cycle, returns what its
   * body waits for.
   */
  begin(hook: ScopeHook, cell?: CellFunction): Promise<void> | undefined {
    this.#hook = hook;
    this.#cell = cell;
    const { node } = this;
    const { forwarded, cells } = node.image.data;
    for (const index of forwarded) {
      if (node.image.names.get(cells[index] ?? "")?.kind === "function") this.forwardCell(index);
    }
    const pending = this.#extras?.pending;
    if (pending !== undefined) return pending.gate;
    for (const { cell: target, source } of node.links) {
      const value = source.read(this.instance);
      if (value !== kUnset) this.#cell?.(target, value);
    }
    return undefined;
  }

  /** Takes the promise of a body that waits, in a cycle. */
  wait(done: Promise<void>): void {
    if (this.#extras?.pending !== undefined) this.#extras.pending.done = done;
  }

  /** Hears that a declared variable has its value. */
  declared(cell: number): void {
    const { node } = this;
    if (node.isForwardWanted[cell] === 1) this.forwardCell(cell);
    if (node.isInCycle) this.#publish(cell, this.readCell(cell));
  }

  /**
   * Hears that exported variables were assigned, given as cell and value in turn; returns the
   * expression's value.
   */
  after(result: unknown, ...changes: unknown[]): unknown {
    for (let index = 0; index < changes.length; index += 2) {
      this.#publish(changes[index] as number, changes[index + 1]);
    }
    return result;
  }

  /** Constructs through another class than the one that was called. */
  construct(
    replacement: new () => object,
    args: ArrayLike<unknown>,
    target: new () => object,
  ): object {
    return Reflect.construct(replacement, args, target);
  }

  /** Makes a forwarder look like the async function or generator that it stands for. */
  ofKind(forwarder: AnyFunction, live: AnyFunction): AnyFunction {
    return asKind(forwarder, live);
  }

  /**
   * Says how a function does in the place of another: 2 as that one does, 1 with its result handed
   * on, 0 not at all.
   */
  standsFor(value: unknown, held: AnyFunction): 0 | 1 | 2 {
    const stands = standsFor(value, kindOfValue(held));
    shareIterators(held, value);
    return stands === "exact" ? 2 : stands === "converted" ? 1 : 0;
  }

  /**
   * Returns the arguments of an arrow function's call, which has no `arguments`: what is undefined
   * at the end was most likely not given.
   */
  given(named: unknown[], rest: readonly unknown[]): unknown[] {
    if (rest.length > 0) return [...named, ...rest];
    while (named.length > 0 && named.at(-1) === undefined) named.pop();
    return named;
  }

  /** Returns the surroundings' value for an injected name. */
  injected(name: string): unknown {
    return this.instance.surroundings.injected(name);
  }

  /** Imports a module at run time; the specifier counts from this file. */
  import(specifier: unknown, options?: unknown): Promise<unknown> {
    return this.instance.importDynamically(this.node, specifier, options);
  }

  /** `import.meta` of this module. */
  get meta(): ImportMeta {
    return (this.#more.meta ??= this.instance.program.createMeta(this.image));
  }

  /** `require` of this module, where it is written for CommonJS. */
  get require(): NodeJS.Require {
    return (this.#more.require ??= createModuleRequire(this));
  }

  /** Gives an anonymous default export the name that the language asks for. */
  nameDefault(value: unknown): void {
    if (typeof value !== "function" || value.name !== DEFAULT_NAME) return;
    Object.defineProperty(value, "name", { value: "default", configurable: true });
  }

  /** What a woven class without `extends` extends. */
  get Root(): typeof Root {
    return Root;
  }

  // What the runtime and patches call.

  /**
   * Returns the present value of an export, or undefined if the module has no export of that name.
   *
   * Functions are returned as they are: hold the module instance and read again, rather than hold
   * the function.
   */
  get(exportName: string): unknown {
    const source = resolveExport(this.node, exportName);
    const value = source?.read(this.instance);
    return value === kUnset ? undefined : value;
  }

  /**
   * Evaluates a text in the module's scope, in strict mode; names that patches have added are in
   * reach.
   */
  evaluate(code: string): unknown {
    const hook = this.#extras?.hook ?? this.#hook;
    if (hook === undefined) throw new SnaxError("ERR_BUG", `${this.image.file} has not begun`);
    return hook(code);
  }

  /** Evaluates a text in the scope of the module's own text, where no patch has added a name. */
  evaluateOwn(code: string): unknown {
    if (this.#hook === undefined)
      throw new SnaxError("ERR_BUG", `${this.image.file} has not begun`);
    return this.#hook(code);
  }

  /** Makes the hook of a patch's scope the one that `evaluate` uses from now on. */
  pushHook(hook: ScopeHook): void {
    this.#more.hook = hook;
  }

  /** The hook that `evaluate` uses; with `pushHook`, an undo takes a pushed hook away again. */
  get hook(): ScopeHook | undefined {
    return this.#extras?.hook ?? this.#hook;
  }

  /** Returns the value of a variable of the module. */
  read(name: string): unknown {
    const cell = this.node.cellOf(name);
    return cell === undefined ? this.evaluate(name) : this.readCell(cell);
  }

  /** Assigns a variable of the module; importers get the new value. */
  write(name: string, value: unknown): void {
    const cell = this.node.cellOf(name);
    if (cell === undefined) {
      (this.evaluate(`$snaxValue=>{${name}=$snaxValue}`) as (value: unknown) => void)(value);
      this.#extras?.followers?.tell(name, value);
      return;
    }
    this.#cell?.(cell, value);
    this.#publish(cell, value);
  }

  /**
   * Returns the function that runs when the function of that name is called: the one behind a
   * forwarder, if it has one.
   */
  getImplementation(name: string): unknown {
    const operation = this.#functionOperation(name, 1);
    if (operation !== undefined) return this.#cell?.(operation);
    return this.#extras?.implementations?.get(name)?.get() ?? this.read(name);
  }

  /** Replaces the function of that name for every caller, by name or through a forwarder. */
  setImplementation(name: string, value: unknown): void {
    const operation = this.#functionOperation(name, 2);
    const made = this.#extras?.implementations?.get(name);
    if (this.name(name)?.isGenerator === true) shareIterators(this.getImplementation(name), value);
    if (this.name(name)?.hasCheck === true) (this.#more.replaced ??= new Set()).add(name);
    if (operation !== undefined) {
      this.#cell?.(operation, value);
      const cell = this.node.cellOf(name) ?? 0;
      this.#publish(cell, this.readCell(cell));
    } else if (made !== undefined) made.set(value);
    else this.write(name, value);
  }

  /** Puts the function of that name behind a forwarder, unless it is, and returns the forwarder. */
  forward(name: string): unknown {
    const cell = this.node.cellOf(name);
    if (cell !== undefined && this.#functionOperation(name, 0) !== undefined)
      return this.forwardCell(cell);
    const made = this.#extras?.implementations?.get(name);
    if (made !== undefined) return made.forwarder;
    const implementation = this.evaluate(this.#onDemand(name)) as Implementation;
    (this.#more.implementations ??= new Map()).set(name, implementation);
    return implementation.forwarder;
  }

  /**
   * Forgets the forwarder of a name that is taken away: a function that gets the name later is another one.
   *
   * @returns what takes that back.
   */
  forgetForwarder(name: string): () => void {
    const { implementations } = this.#extras ?? {};
    const made = implementations?.get(name);
    if (implementations === undefined || made === undefined) return () => {};
    implementations.delete(name);
    return () => void implementations.set(name, made);
  }

  /**
   * Gives every importer the present values of all exported variables; for patches that assigned
   * them unseen.
   */
  republish(instances?: Iterable<Instance>): void {
    const { cells, imports } = this.image.data;
    for (let cell = imports.length; cell < cells.length; cell += 1) {
      const value = this.readCell(cell);
      this.#publish(cell, value);
      for (const instance of instances ?? []) instance.deliver(this.node, cell, value);
    }
  }

  /** What is known of a name from the module's text. */
  name(name: string): Name | undefined {
    return this.image.names.get(name);
  }

  /** Reads a cell. @internal */
  readCell(cell: number): unknown {
    return this.#cell?.(this.image.data.cells.length + cell);
  }

  /**
   * Reads a cell for an importer: behind a forwarder if one is wanted, {@link kUnset} if there is
   * no value yet. @internal
   */
  peek(cell: number): unknown {
    if (this.#cell === undefined) return kUnset;
    try {
      if (this.node.isForwardWanted[cell] === 1) return this.forwardCell(cell);
      return this.#cell(this.image.data.cells.length + cell);
    } catch {
      // A variable before its declaration has run: the module publishes it when it has.
      return kUnset;
    }
  }

  /** Gives an import variable, or a property of the namespace, its value. @internal */
  receive(target: number | string, value: unknown): void {
    if (typeof target === "number") {
      const pending = this.#extras?.pending;
      if (pending?.has(target)) pending.give(target, value);
      else this.#cell?.(target, value);
    } else if (this.#extras?.namespace !== undefined)
      setExport(this.#extras.namespace, target, value);
  }

  /**
   * Puts the function in a cell behind a forwarder, unless it is; importers get the forwarder.
   * @internal
   */
  forwardCell(cell: number): unknown {
    const { cells, functionCount } = this.image.data;
    const first = cells.length - functionCount;
    if (cell < first) return this.readCell(cell);
    const before = this.readCell(cell);
    if (before === undefined) return kUnset;
    const forwarder = this.#cell?.(2 * cells.length + cell - first, this.#isReplaced(cell));
    if (forwarder !== before) this.#publish(cell, forwarder);
    return forwarder;
  }

  /** Whether a function that has a check may have been replaced by one that has none. */
  #isReplaced(cell: number): boolean {
    const { replaced } = this.#extras ?? {};
    if (replaced === undefined) return false;
    const name = this.image.data.cells[cell] ?? "";
    return replaced.has(name) && !hasCheck(this.readCell(cell), forwardedOf(name));
  }

  /** The namespace object, if one was made. @internal */
  get namespace(): Record<string, unknown> | undefined {
    return this.#extras?.namespace;
  }

  set namespace(namespace: Record<string, unknown>) {
    this.#more.namespace = namespace;
  }

  get #more(): Extras {
    return (this.#extras ??= {});
  }

  /** What a module of a cycle still waits for, while the cycle is evaluated. @internal */
  get pending(): PendingImports | undefined {
    return this.#extras?.pending;
  }

  set pending(pending: PendingImports) {
    this.#more.pending = pending;
  }

  /**
   * Gives a module of a cycle the imports that have a value before any module of the cycle has run.
   * @internal
   */
  linkReady({ cells, readyCount }: ImportPlan): void {
    const sources = new Map(this.node.links.map(({ cell, source }) => [cell, source]));
    for (const cell of cells.slice(0, readyCount)) {
      const value = sources.get(cell)?.read(this.instance);
      this.receive(cell, value === kUnset ? undefined : value);
    }
  }

  /** Hears that the modules of its cycle have run. @internal */
  endPending(): void {
    if (this.#extras?.pending === undefined) return;
    const { pending: _, ...extras } = this.#extras;
    this.#extras = Object.keys(extras).length > 0 ? extras : undefined;
  }

  /**
   * Tells each new value of an exported variable, or of one that a patch has added, to a patch that
   * imports it, as long as the patch is in use.
   */
  follow(cell: number | string, set: ImportSetter, index: number): void {
    (this.#more.followers ??= new Followers()).add(cell, set, index);
  }

  /** The text that puts a function behind a forwarder when the woven text has not prepared one. */
  #onDemand(name: string): string {
    const behind = "$snaxBehind";
    const known = this.image.names.get(name);
    const forwarder = createKindForwarder(behind, name, known);
    const access = `forwarder:${name},get:()=>${behind},set:$snaxValue=>{${behind}=$snaxValue}`;
    return `let ${behind}=${name};${name}=${forwarder};({${access}})`;
  }

  #publish(cell: number, value: unknown): void {
    this.instance.publish(this.node, cell, value);
    this.#extras?.followers?.tell(cell, value);
  }

  /**
   * Returns the operation on a function in a cell: 0 forward, 1 read, 2 write what is behind the
   * forwarder.
   */
  #functionOperation(name: string, action: number): number | undefined {
    const { cells, functionCount } = this.image.data;
    const index = (this.node.cellOf(name) ?? -1) - (cells.length - functionCount);
    return index < 0 ? undefined : 2 * cells.length + action * functionCount + index;
  }
}

/** Does nothing: a woven class extends it so that its fields wait for `super()`. */
const Root = function () {} as unknown as new () => object;
Object.defineProperty(Root, "prototype", { value: Object.prototype });
