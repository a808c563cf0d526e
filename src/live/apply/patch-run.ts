/**
 * A patch on its way into one instance of a module: evaluated, committed, and taken back if need
 * be.
 *
 *     bind     evaluates the patch in the module's scope; it hands over what it wants to replace
 *     commit   swaps, one step of an UndoLog after the other; then the patch's new state is initialised
 *     vars     what `hotfix()` writes is noted, to be taken back unless other code has written it since
 *
 * `begin`, `forwardFresh`, `imported`, `follow`, `parts`, `put`, `later`, `wrote`, `checks` and
 * `end` are called by the woven patch (see patch-weave.ts).
 */

import { SnaxError } from "../../base/error.ts";
import type { AnyFunction, ModuleInstance, ScopeHook } from "../../loader/run/module-instance.ts";
import { CellSource } from "../../loader/run/module-node.ts";
import { publicName } from "../../loader/read/record.ts";
import type { UndoLog } from "./undo-log.ts";
import { ClassParts, isReconstructed, noteFollowed, reconstruct } from "./class-construction.ts";
import type { Field, PatchedClass } from "./class-construction.ts";
import type { ClassChange } from "../text/class-change.ts";
import { decorateMethods } from "./class-decorate.ts";
import type { DecoratorEntry } from "./class-decorate.ts";
import type { AnyClass } from "./class-graft.ts";
import { graftClass } from "./class-graft.ts";
import { hidingFields } from "./class-fields.ts";
import { addStatics, replaceStatics } from "./class-statics.ts";
import type { CheckFunction } from "./method-swap.ts";
import { HeldMethods } from "./method-swap.ts";
import type { PatchCode, PatchImport, PatchPart } from "../text/compile.ts";
import { scopeOf, setScope, noteText } from "../text/patched-module.ts";
import { moduleOf, followImport, readImport } from "../text/patch-import.ts";
import type { TableGift } from "../text/table-text.ts";
import type { Keys } from "./table-keys.ts";
import { readKeys, readWays } from "./table-keys.ts";
import { mergeTable } from "./table-merge.ts";
import { mergeEnum } from "./enum-merge.ts";
import type { EnumGift } from "./enum-merge.ts";
import { checkUnused } from "./unused.ts";
import { keepWritten } from "./written-state.ts";

/** `hotfix` and `rollback` of a patch. */
export type StepFunction = (...args: unknown[]) => unknown;

const NOTHING: Record<string, never> = Object.freeze({});

type ReadVariable = (index: number) => unknown;
type WriteVariable = (index: number, value: unknown) => void;

/** What a patch gives to an object. */
interface GivenTable {
  readonly given: unknown;
  readonly gift: TableGift;
}

/**
 * One patch in one module instance. There may be one for each of a million services: it owns as
 * little as it can.
 */
export class PatchRun {
  readonly module: ModuleInstance;
  /** The methods that code may hold as values, as far as the patch reaches them. */
  held: HeldMethods | undefined = undefined;
  #part: PatchPart | undefined;
  /** The other parts of the patch in this service. */
  #siblings: readonly PatchRun[];
  #setImport: ((index: number, value: unknown) => void) | undefined = undefined;
  /** What the patch gave, by name. */
  #given: Record<string, unknown> = {};
  #parts: Map<string, ClassParts> | undefined = undefined;
  /** Static fields that the classes do not have yet. */
  #statics: Map<string, readonly Field[]> | undefined = undefined;
  /** What decorates the methods of a class, by its name. */
  #decorations: Map<string, (live: AnyClass) => void> | undefined = undefined;
  #later: ((log: UndoLog) => void)[] | undefined = undefined;
  /** Puts tables in place whose names are read. */
  /** What the module's text reads into its tables, by table. */
  #bases: Map<string, ReadonlyMap<string, unknown>> | undefined = undefined;
  #keyed: ((log: UndoLog) => void)[] | undefined = undefined;
  /**
   * Last value that the patch wrote, by number of the variable; undefined when nothing is noted.
   */
  #written: Map<number, unknown> | undefined = undefined;
  #before: unknown[] | undefined = undefined;
  #read: ReadVariable | undefined = undefined;
  #write: WriteVariable | undefined = undefined;
  #hook: ScopeHook | undefined = undefined;

  /** @param siblings - the runs of the patch's parts that come before this one. */
  constructor(module: ModuleInstance, part: PatchPart, siblings: readonly PatchRun[]) {
    this.module = module;
    this.#part = part;
    this.#siblings = siblings;
  }

  /** The patch, until it is settled. */
  get code(): PatchCode {
    if (this.#part === undefined) throw new SnaxError("ERR_BUG", "the patch is settled");
    return this.#part.code;
  }

  // What the woven patch calls.

  /**
   * Takes the hook of the patch's scope, and sees to it that functions it passes on follow later
   * patches.
   */
  begin(hook?: ScopeHook): void {
    this.#hook = hook;
    const { values, fresh } = this.code;
    for (const name of values) {
      const kind = fresh.get(name)?.kind;
      if (kind === undefined) this.#forwardLive(name);
      else if (kind === "function") this.forwardFresh(name);
    }
  }

  /** Puts a new function behind a forwarder, if the patch passes it on. */
  forwardFresh(name: string): void {
    const { hook: outer } = this.module;
    if (this.#hook === undefined || outer === undefined || !this.code.values.includes(name)) return;
    this.module.pushHook(this.#hook);
    this.module.forward(name);
    this.module.pushHook(outer);
  }

  /** Gives the value of an import of the patch, by its number. */
  imported(index: number): unknown {
    const entry = this.code.imports[index];
    const source = this.#part?.imports[entry?.request ?? -1];
    if (entry === undefined || source === undefined) return undefined;
    const sibling = this.#siblingOf(source, entry.name);
    if (sibling !== undefined) return sibling.readFresh(entry.name);
    return readImport(source, entry.name, this.module.instance);
  }

  /** Returns the value of a name that this patch adds. */
  readFresh(name: string): unknown {
    return this.#hook?.(name);
  }

  /**
   * Takes what sets the imports of the patch, by number, when the modules that have them assign
   * them.
   */
  follow(set: (index: number, value: unknown) => void): void {
    this.#setImport = set;
    for (const [index, { request, name }] of this.code.imports.entries()) {
      const source = this.#part?.imports[request];
      if (source === undefined) continue;
      followImport(source, { name, index }, this.module.instance, set);
    }
  }

  /** Takes what replaces a name of the module, or a group of methods, or a step. */
  put(name: string, value: unknown): void {
    this.#given[name] = value;
    const { statics } = this.code.classes.get(name) ?? {};
    if (statics !== undefined) this.#addLater((log) => this.#addStatics(name, log));
  }

  /**
   * Returns what takes a class of the patch apart, so that it can be put together with the running
   * one.
   */
  parts(name: string): ClassParts {
    const parts = new ClassParts(this.module.read(name) as AnyClass);
    (this.#parts ??= new Map()).set(name, parts);
    return parts;
  }

  /** Takes the decorators of a class's methods. */
  decorate(name: string, isLegacy: boolean, entries: readonly DecoratorEntry[]): void {
    const run = (live: AnyClass): void => decorateMethods(name, live, isLegacy, entries);
    (this.#decorations ??= new Map()).set(name, run);
  }

  /** Takes the initialiser of new state. */
  later(initialise: () => void): void {
    this.#addLater(initialise);
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

  /** Takes access to the checks of methods that code may hold as values. */
  checks(check: CheckFunction): void {
    this.held = new HeldMethods(this.code.held, check);
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

  /** Returns the object of methods that the patch gives under an export's name. */
  group(exportName: string): Readonly<Record<string, unknown>> | undefined {
    return this.#given[exportName] as Record<string, unknown> | undefined;
  }

  /** Returns `hotfix` or `rollback` of the patch, if it has one. */
  step(name: "hotfix" | "rollback"): StepFunction | undefined {
    return this.#given[name] as StepFunction | undefined;
  }

  /** Replaces functions, constants and classes, then initialises the patch's new state. */
  commit(log: UndoLog): void {
    const { fresh, removals } = this.code;
    if (removals !== undefined) checkUnused(this.module, this.code, removals);
    this.#readBases();
    for (const name of this.code.taken) this.module.instance.program.takenByPatches.add(name);
    for (const [name, kind] of this.code.replaced) {
      if (!Object.hasOwn(this.#given, name)) {
        throw new SnaxError("ERR_BUG", `the patch did not give ${name}`);
      }
      const value = this.#given[name];
      if (kind === "class") this.#replaceClass(name, value as AnyClass, log);
      else if (kind === "table") this.#putTable(name, value, log);
      else if (kind === "enum" || kind === "const enum") {
        this.#mergeEnum(name, value as EnumGift["given"], kind === "const enum", log);
      } else if (kind === "computed") this.#replaceConstant(name, (value as () => unknown)(), log);
      else if (kind === "function") this.#replaceFunction(name, value, log);
      else this.#replaceConstant(name, value, log);
    }
    for (const { owner, name, isStatic } of removals?.members ?? []) {
      if (owner.kind === "class") this.#removeMember(owner.name, name, isStatic, log);
    }
    if (fresh.size > 0 || (removals !== undefined && removals.names.size > 0)) this.#addNames(log);
  }

  /** What the module's text reads into its tables counts as it was before the patch. */
  #readBases(): void {
    for (const [name, gift] of this.code.tables) {
      if (gift.ways.size === 0) continue;
      const read = (each: string): unknown => this.module.read(each);
      (this.#bases ??= new Map()).set(name, readWays(gift, read));
    }
  }

  /** Initialises the patch's new state; what it replaces is in place by now. */
  initialise(log: UndoLog): void {
    this.#updateImports();
    for (const merge of this.#keyed ?? []) merge(log);
    this.#keyed = undefined;
    this.#bases = undefined;
    for (const initialise of this.#later ?? []) initialise(log);
    this.#later = undefined;
    if (this.code.tracked.length === 0) return;
    this.#written = new Map();
    this.#before = this.code.tracked.map((_, index) => this.#readVariable(index));
  }

  /**
   * Takes back what `hotfix()` wrote.
   *
   * @returns the names that other code has written since; they keep that value.
   */
  restoreVariables(): string[] {
    const kept: string[] = [];
    if (this.#written === undefined) return kept;
    for (const [index, written] of this.#written) {
      if (Object.is(this.#readVariable(index), written))
        this.#write?.(index, this.#before?.[index]);
      else kept.push(this.code.tracked[index] ?? "");
    }
    // Other modules have heard of what was written to exported variables.
    if (this.#written.size > 0) this.module.republish();
    this.#written = undefined;
    return kept;
  }

  /** Lets go of everything: the functions of the patch live on, and with them this object. */
  settle(): void {
    noteText(this.module, this.code);
    this.#keepWritten();
    this.#given = NOTHING;
    this.#parts = undefined;
    this.#statics = undefined;
    this.held = undefined;
    this.#written = undefined;
    this.#before = undefined;
    this.#read = undefined;
    this.#write = undefined;
    this.#hook = undefined;
    this.#decorations = undefined;
    this.#setImport = undefined;
    this.#part = undefined;
    this.#siblings = [];
  }

  /** What `hotfix()` has assigned is kept for a rollback of the patch. */
  #keepWritten(): void {
    const [read, write] = [this.#read, this.#write];
    if (this.#written === undefined || this.#written.size === 0) return;
    if (read === undefined || write === undefined) return;
    const { tracked, text } = this.code;
    const assigned = [...this.#written].map(([index, written]) => {
      return { name: tracked[index] ?? "", index, before: this.#before?.[index], written };
    });
    keepWritten(this.module, { text, assigned, read, write });
  }

  /** What another part of the patch adds has its value only now. */
  #updateImports(): void {
    for (const [index, { request, name }] of this.code.imports.entries()) {
      const source = this.#part?.imports[request];
      const sibling = source === undefined ? undefined : this.#siblingOf(source, name);
      if (sibling !== undefined) this.#setImport?.(index, sibling.readFresh(name));
    }
  }

  #siblingOf({ source }: PatchImport, name: string): PatchRun | undefined {
    const node = moduleOf(source);
    if (node === undefined) return undefined;
    return this.#siblings.find((run) => run.module.node === node && run.code.fresh.has(name));
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
    log.note(() => this.module.setImplementation(name, before));
    this.module.setImplementation(name, value);
  }

  #replaceConstant(name: string, value: unknown, log: UndoLog): void {
    const before = this.module.read(name);
    log.note(() => this.module.write(name, before));
    this.module.write(name, value);
  }

  /** Names in brackets are read when what they are read from is in place. */
  #putTable(name: string, given: unknown, log: UndoLog): void {
    const gift = this.code.tables.get(name);
    if (gift === undefined) return;
    if (!gift.isLate) this.#mergeTable(name, { given, gift }, log);
    else {
      (this.#keyed ??= []).push((each) => {
        this.#mergeTable(name, { given: (given as () => unknown)(), gift }, each);
      });
    }
  }

  #mergeTable(name: string, { given, gift }: GivenTable, log: UndoLog): void {
    const live = this.module.read(name);
    const keys = this.#readKeys(gift);
    const bases = this.#bases?.get(name);
    const merged = mergeTable(publicName(name), live, { given, gift, keys, bases, log });
    if (merged !== live) this.#replaceConstant(name, merged, log);
  }

  #readKeys(gift: TableGift): Keys {
    return readKeys(gift, (name) => this.module.read(name));
  }

  // oxlint-disable-next-line max-params -- an enum, and how it comes back
  #mergeEnum(name: string, given: EnumGift["given"], isConst: boolean, log: UndoLog): void {
    const own = (this.code.removals?.members ?? []).filter(
      ({ owner }) => owner.kind === "enum" && owner.name === name,
    );
    const removed = new Set(own.map((member) => member.name));
    mergeEnum(name, this.module.read(name), { given, isConst, removed }, log);
  }

  #replaceClass(name: string, patch: AnyClass, log: UndoLog): void {
    const parts = this.#parts?.get(name);
    const change = this.code.classes.get(name);
    if (parts === undefined || change === undefined) return;
    const { live } = parts;
    const fields = parts.takeFields(patch);
    const statics = parts.takeStatics(patch);
    const decorate = this.#decorations?.get(name);
    // What decorators make of a method is in its place: code that holds the one before keeps
    // that.
    const held = decorate === undefined ? this.held : undefined;
    const isField = hidingFields(this.module, { name, live, given: fields });
    graftClass({ name, live, patch, held, isField }, log);
    decorate?.(live);
    const target = { name, live, log };
    if (change.statics !== undefined) {
      (this.#statics ??= new Map()).set(name, replaceStatics(target, statics, change.statics));
    }
    if (change.construction === undefined) return;
    const isFollowed = this.#followFields(target, fields, change);
    if (isFollowed && !change.construction.hasMaker) return;
    reconstruct(this.module, target, { patch, fields, change: change.construction });
  }

  /**
   * Lets the arrow functions that live instances have in their fields run those of the patch.
   *
   * @returns whether those of new instances do so as well, so that they are made as before.
   */
  #followFields(
    { name, live, log }: PatchedClass,
    fields: readonly Field[],
    { followed }: ClassChange,
  ): boolean {
    let isComplete = !isReconstructed(live);
    for (const field of fields) {
      const { key, initialise } = field;
      const isIt = typeof key === "string" && followed.has(key) && initialise !== undefined;
      const value = isIt ? runField(initialise) : undefined;
      const isDiverted = isIt && this.held?.divertField({ owner: name, key, value }, log) === true;
      isComplete &&= isDiverted;
    }
    if (isComplete) noteFollowed(live, fields, log);
    return isComplete;
  }

  // oxlint-disable-next-line max-params -- a member, and how it comes back
  #removeMember(className: string, name: string, isStatic: boolean, log: UndoLog): void {
    const live = this.module.read(className) as AnyClass;
    const holder = (isStatic ? live : live.prototype) as object;
    const what = `${publicName(className)}.${name}`;
    const before = Reflect.getOwnPropertyDescriptor(holder, name);
    if (before === undefined) throw new SnaxError("ERR_PATCH_NAME", `there is no ${what}`);
    log.note(() => void Reflect.defineProperty(holder, name, before));
    if (Reflect.deleteProperty(holder, name)) return;
    throw new SnaxError("ERR_PATCH", `${what} can't be taken away: the service made it fixed`);
  }

  #addStatics(name: string, log: UndoLog): void {
    const live = this.#parts?.get(name)?.live;
    if (live === undefined) return;
    const change = this.code.classes.get(name)?.statics;
    addStatics({ name, live, log }, this.#statics?.get(name) ?? [], {
      tables: change?.tables ?? new Map(),
      readKeys: (gift) => this.#readKeys(gift),
    });
  }

  #addLater(initialise: (log: UndoLog) => void): void {
    (this.#later ??= []).push(initialise);
  }

  #addNames(log: UndoLog): void {
    const { module } = this;
    const scope = scopeOf(module);
    const { hook } = module;
    log.note(() => {
      if (hook !== undefined) module.pushHook(hook);
      setScope(module, scope);
      for (const name of this.code.fresh.keys()) module.forgetForwarder(name);
    });
    if (this.#hook !== undefined) module.pushHook(this.#hook);
    for (const name of this.code.removals?.names ?? []) log.note(module.forgetForwarder(name));
    setScope(module, this.code.scopeAfter);
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

/** Calls what a field would hold, for an instance that has an older function there. */
function runField(initialise: NonNullable<Field["initialise"]>): AnyFunction {
  return function (this: object, ...args: unknown[]) {
    return Reflect.apply(initialise.call(this) as AnyFunction, undefined, args) as unknown;
  };
}
