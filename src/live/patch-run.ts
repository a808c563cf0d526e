/**
 * A patch on its way into one instance of a module: evaluated, committed, and taken back if need be.
 *
 *     bind     evaluates the patch in the module's scope; it hands over what it wants to replace, nothing changes
 *     commit   swaps, one undoable step after the other; then the patch's new state is initialised
 *     vars     what `hotfix()` writes is noted, so that it can be taken back, unless somebody has written it since
 *
 * `begin`, `imported`, `put`, `later`, `wrote` and `end` are called by the woven patch (see patch-weave.ts).
 */

import { SnaxError } from "../base/error.ts";
import { replacementOf } from "../loader/class-weave.ts";
import type { ModuleInstance, ScopeHook } from "../loader/module-instance.ts";
import { CellSource } from "../loader/source.ts";
import { graftClass } from "./class-graft.ts";
import type { AnyClass } from "./class-graft.ts";
import { scopeOf, setScope } from "./name-scope.ts";
import type { PatchCode } from "./patch-code.ts";
import { GROUP_NAMES } from "./patch-plan.ts";
import type { UndoLog } from "./undo-log.ts";

/** Methods that a patch gives, by the export that holds them. */
export type GivenGroups = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** `hotfix` and `rollback` of a patch. */
export type StepFunction = (...args: unknown[]) => unknown;

type ReadVariable = (index: number) => unknown;
type WriteVariable = (index: number, value: unknown) => void;

/** One patch in one module instance. */
export class PatchRun {
  readonly module: ModuleInstance;
  readonly code: PatchCode;
  readonly #importValue: (index: number) => unknown;
  readonly #given = new Map<string, unknown>();
  readonly #later: (() => void)[] = [];
  /** Last value that the patch wrote, by number of the variable. */
  #written: Map<number, unknown> | undefined = new Map();
  #before: unknown[] = [];
  #read: ReadVariable | undefined = undefined;
  #write: WriteVariable | undefined = undefined;
  #hook: ScopeHook | undefined = undefined;

  /** @param importValue - returns the value of an import of the patch, by its number. */
  constructor(module: ModuleInstance, code: PatchCode, importValue: (index: number) => unknown) {
    this.module = module;
    this.code = code;
    this.#importValue = importValue;
  }

  // What the woven patch calls.

  /** Takes the hook of the patch's scope, and sees to it that functions it passes on follow later patches. */
  begin(hook: ScopeHook): void {
    this.#hook = hook;
    for (const name of this.code.values) {
      if (!this.code.fresh.has(name)) this.#forwardLive(name);
    }
    const fresh = this.code.values.filter((name) => this.code.fresh.get(name)?.kind === "function");
    if (fresh.length === 0) return;
    const { hook: outer } = this.module;
    this.module.pushHook(hook);
    for (const name of fresh) this.module.forward(name);
    if (outer !== undefined) this.module.pushHook(outer);
  }

  /** Gives the value of an import of the patch. */
  imported(index: number): unknown {
    return this.#importValue(index);
  }

  /** Takes what replaces a name of the module, or a group of methods, or a step. */
  put(name: string, value: unknown): void {
    this.#given.set(name, value);
  }

  /** Takes the initialiser of new state. */
  later(initialise: () => void): void {
    this.#later.push(initialise);
  }

  /** Notes what `hotfix()` wrote, as number and value in turn; returns the expression's value. */
  wrote(result: unknown, ...changes: unknown[]): unknown {
    if (this.#written !== undefined) {
      for (let index = 0; index < changes.length; index += 2) {
        this.#written.set(changes[index] as number, changes[index + 1]);
      }
    }
    return result;
  }

  /** Takes access to the variables that `hotfix()` may write. */
  end(read?: ReadVariable, write?: WriteVariable): void {
    this.#read = read;
    this.#write = write;
  }

  // What live/ calls.

  /** Evaluates the patch; nothing of the module changes. */
  bind(): void {
    const run = this.module.evaluate(this.code.code) as (run: PatchRun) => void;
    run(this);
  }

  /** The methods that the patch gives. */
  get groups(): GivenGroups {
    const groups = new Map<string, Readonly<Record<string, unknown>>>();
    for (const name of GROUP_NAMES) {
      const group = this.#given.get(name);
      if (group !== undefined) groups.set(name, group as Record<string, unknown>);
    }
    return groups;
  }

  /** Returns `hotfix` or `rollback` of the patch, if it has one. */
  step(name: "hotfix" | "rollback"): StepFunction | undefined {
    return this.#given.get(name) as StepFunction | undefined;
  }

  /** Replaces functions, constants and classes, then initialises the patch's new state. */
  commit(log: UndoLog): void {
    for (const [name, kind] of this.code.replaced) {
      if (!this.#given.has(name)) throw new SnaxError("ERR_BUG", `the patch did not give ${name}`);
      const value = this.#given.get(name);
      if (kind === "class") this.#replaceClass(name, value as AnyClass, log);
      else if (kind === "function") this.#replaceFunction(name, value, log);
      else this.#replaceConstant(name, value, log);
    }
    if (this.code.fresh.size > 0) this.#addNames(log);
  }

  /** Initialises the patch's new state; what it replaces is in place by now. */
  initialise(): void {
    for (const initialise of this.#later) initialise();
    this.#before = this.code.tracked.map((_, index) => this.#readVariable(index));
  }

  /**
   * Takes back what `hotfix()` wrote.
   *
   * @returns the names that somebody else has written since; they keep that value.
   */
  restoreVariables(): string[] {
    const kept: string[] = [];
    for (const [index, written] of this.#written ?? []) {
      if (Object.is(this.#readVariable(index), written)) this.#write?.(index, this.#before[index]);
      else kept.push(this.code.tracked[index] ?? "");
    }
    this.settle();
    return kept;
  }

  /** Ends the noting of what is written. */
  settle(): void {
    this.#written = undefined;
    this.#before = [];
  }

  #readVariable(index: number): unknown {
    try {
      return this.#read?.(index);
    } catch {
      // A variable before its declaration has run has no value to keep.
      return undefined;
    }
  }

  #replaceFunction(name: string, value: unknown, log: UndoLog): void {
    const before = this.module.getImplementation(name);
    log.step(
      () => this.module.setImplementation(name, value),
      () => this.module.setImplementation(name, before),
    );
  }

  #replaceConstant(name: string, value: unknown, log: UndoLog): void {
    const before = this.module.read(name);
    log.step(
      () => this.module.write(name, value),
      () => this.module.write(name, before),
    );
  }

  #replaceClass(name: string, patch: AnyClass, log: UndoLog): void {
    graftClass(name, this.module.read(name) as AnyClass, patch, log);
    if (!this.code.constructed.has(name)) return;
    const variable = replacementOf(name);
    const before = this.module.read(variable);
    log.step(
      () => this.module.write(variable, patch),
      () => this.module.write(variable, before),
    );
  }

  #addNames(log: UndoLog): void {
    const { module } = this;
    const scope = scopeOf(module);
    const { hook } = module;
    log.step(
      () => {
        if (this.#hook !== undefined) module.pushHook(this.#hook);
        setScope(module, this.code.scopeAfter);
      },
      () => {
        if (hook !== undefined) module.pushHook(hook);
        setScope(module, scope);
        for (const name of this.code.fresh.keys()) module.forgetForwarder(name);
      },
    );
  }

  /** An imported function is forwarded by the module that has it. */
  #forwardLive(name: string): void {
    const { node, instance } = this.module;
    if (scopeOf(this.module).get(name)?.kind !== "import") {
      this.module.forward(name);
      return;
    }
    const cell = node.cellOf(name);
    const source = node.links.find((link) => link.cell === cell)?.source;
    if (source instanceof CellSource) instance.find(source.node)?.forwardCell(source.cell);
  }
}
