/**
 * Gives a state to another instance: of the same text, for a dry run, or of an edited one, for a reload.
 *
 * The instance has run its top level already. An object that its text made for a variable stays that object and gets the
 * contents of the old one, for the new code may hold it already; so `const players = new Map()` is one Map for all code.
 * What is still as the old text wrote it is no state: where {@link RestoreOptions.isEdited} says that the text is another
 * one now, the new text counts. The state itself is only read, and can be given to several instances, unless it is given away.
 */

import { types } from "node:util";
import type { Instance } from "../../loader/run/instance.ts";
import { isEnder } from "../../service/ender.ts";
import { baseOf, FILLED } from "./forms.ts";
import type { RootPlace } from "./names.ts";
import { isOpenObject, StateNames } from "./names.ts";
import { rootPath } from "./paths.ts";
import { define, OPEN_BITS } from "./properties.ts";
import { Reviver } from "./revive.ts";
import type { ReviveOptions } from "./revive.ts";
import type { Left, Root, State, Written } from "./state.ts";
import { isPrimitive, rootKey } from "./state.ts";

/** How a state is given. */
export interface RestoreOptions extends ReviveOptions {
  /** Whether the entry is the own file of a snax service. */
  readonly isService: boolean;
  /** The names of the instance, if they are known. */
  readonly names?: StateNames;
  /** Says whether the text of a declaration is another one than the state's. @defaultValue none is */
  isEdited?(file: string, name: string): boolean;
}

/** What came of giving a state. */
export interface Restored {
  /** Variables that have their old value. */
  readonly carried: readonly string[];
  /** Variables that the old instance did not have. */
  readonly fresh: readonly string[];
  /** Variables that the instance does not have, with what was in them. */
  readonly leftBehind: readonly Left[];
  /** Functions and classes that the state holds and the instance lacks: what was restored may not be used. */
  readonly missing: readonly Left[];
  /** Variables that hold an object of a package or of the runtime, which both instances hold now. */
  readonly kept: readonly string[];
  /** The values that belong to no variable; see {@link TakeOptions.extras}. */
  readonly extras: ReadonlyMap<string, unknown>;
  /** Returns what a variable of the old instance held, for the instance; undefined if there was none. */
  recall(file: string, name: string): unknown;
}

/** Gives a state to an instance whose top level has run. */
export function restoreState(state: State, instance: Instance, options: RestoreOptions): Restored {
  return new Restorer(state, instance, options).restore();
}

class Restorer {
  readonly #state: State;
  readonly #names: StateNames;
  readonly #options: RestoreOptions;
  readonly #objects: Reviver;

  constructor(state: State, instance: Instance, options: RestoreOptions) {
    this.#state = state;
    this.#names = options.names ?? new StateNames(instance, options.isService);
    this.#options = options;
    this.#objects = new Reviver(state, this.#names, options);
  }

  restore(): Restored {
    const places = new Map(this.#names.roots.map((place) => [rootKey(place), place]));
    const carried: string[] = [];
    const leftBehind: Left[] = [];
    const later: (() => void)[] = [];
    const had = new Set<string>();
    const extras = new Map<string, unknown>();
    const kept: string[] = [];
    const closures: Left[] = [];
    for (const root of this.#state.roots) {
      if (root.file === "") {
        later.push(() => extras.set(root.name, this.#objects.revive(root.value)));
        continue;
      }
      const key = rootKey(root);
      const place = places.get(key);
      had.add(key);
      const holder = root.isAdded === true ? this.#names.resolve(root) : undefined;
      if (this.#goesWithText(root, place, { closures, leftBehind })) continue;
      // What the new top level puts on a prototype is what its text says.
      if (root.path !== undefined && typeof place?.read() === "function") continue;
      if (place === undefined && isHolder(holder) && root.field !== undefined) {
        const { field, value } = root;
        later.push(() => define(holder, field, this.#objects.revive(value)));
        carried.push(rootPath(root));
        continue;
      }
      if (place === undefined) {
        // A constant that is what its text gave goes with its text.
        if (root.written !== true) leftBehind.push(describe(root));
        continue;
      }
      const { isState, run } = this.#plan(root, place);
      if (run !== undefined) later.push(run);
      if (!isState || place.isMade === true) continue;
      const isForeign = this.#state.odd.get(root.value as object)?.foreign !== undefined;
      (isForeign ? kept : carried).push(rootPath(root));
    }
    leftBehind.push(...this.#listPut());
    if (this.#mayAdopt()) this.#objects.adopt();
    for (const run of later) run();
    this.#objects.finish();
    const fresh = [...places.values()]
      .filter((place) => place.isMade !== true && !had.has(rootKey(place)))
      .map(rootPath);
    const missing = [...closures, ...this.#objects.listMissing()];
    const recall = (file: string, name: string): unknown => this.#recall(file, name);
    return { carried, fresh, leftBehind, missing, kept, extras, recall };
  }

  /** Whether what the new top level puts there counts; notes what that puts nothing in the place of. */
  #goesWithText(
    root: Root,
    place: RootPlace | undefined,
    { closures, leftBehind }: { readonly closures: Left[]; readonly leftBehind: Left[] },
  ): boolean {
    let isLost = false;
    if (root.isOfText === true) {
      if (place !== undefined) this.#align(root.value, place.read());
    } else if (root.isEnder === true) {
      // What it would end has ended with the old code.
      isLost = place !== undefined && !isEnder(place.read());
    } else if (this.#isNameOf(root)) {
      // If the new text puts nothing there, nothing in it knows a function of that name.
      if (place === undefined) leftBehind.push(describe(root));
      else isLost = root.path === undefined && typeof place.read() !== "function";
    } else return false;
    if (isLost) closures.push({ ...describe(root), why: "a closure" });
    return true;
  }

  /** What was on a function or a prototype that is still there, and is not there any more. */
  #listPut(): Left[] {
    return this.#state.put.flatMap(({ key, isSymbol, accessor, ...ref }) => {
      if (accessor !== undefined) {
        const path = rootPath({ ...ref, field: accessor });
        const why = `what is on a ${accessor}ter`;
        return [{ path: `${path}.${key}`, file: ref.file, line: ref.line, why }];
      }
      const holder = this.#names.resolve(ref);
      if (!isHolder(holder)) return [];
      const isThere = isSymbol
        ? Object.getOwnPropertySymbols(holder).some(({ description = "" }) => description === key)
        : Object.hasOwn(holder, key);
      if (isThere) return [];
      const path = rootPath({ ...ref, field: key });
      const why = isSymbol ? "what goes by a symbol" : "a getter or setter";
      const way = isSymbol ? `${rootPath(ref)}[Symbol(${key})]` : path;
      return [{ path: way, file: ref.file, line: ref.line, why }];
    });
  }

  /** Whether a value is a function that goes by the very name of the root: one that a program has put on a prototype. */
  #isNameOf({ value, file, name, path = [], field }: Root): boolean {
    if (field === undefined) return false;
    const named = this.#state.odd.get(value as object)?.named;
    return (
      named?.file === file &&
      [named.name, ...(named.path ?? [])].join("\0") === [name, ...path, field].join("\0")
    );
  }

  #recall(file: string, name: string): unknown {
    const root = this.#state.roots.find(
      (each) => each.file === file && each.name === name && each.field === undefined,
    );
    if (root === undefined) return undefined;
    const value = this.#objects.revive(root.value);
    this.#objects.finish();
    return value;
  }

  /** Whether all that the texts wrote has its counterpart: who else holds it is known by links then. */
  #mayAdopt(): boolean {
    return this.#state.roots.every(({ value, written }) => {
      if (written === undefined || isPrimitive(value) || this.#objects.has(value)) return true;
      return this.#state.odd.has(value as object) || !(Array.isArray(value) || isOpenObject(value));
    });
  }

  /** Decides which object stands for a root's; what is written is written when that is known of all roots. */
  #plan(root: Root, place: RootPlace): { isState: boolean; run?: () => void } {
    const { value, written } = root;
    const now = place.read();
    const isEdited = this.#options.isEdited?.(root.file, root.name) === true;
    if (written === true && (isEdited || root.file.endsWith(".json"))) {
      this.#align(value, now);
      return { isState: false };
    }
    if (
      written !== undefined &&
      written !== true &&
      isOpenObject(now) &&
      this.#objects.take(value, now)
    ) {
      return { isState: true, run: () => this.#merge(value as object, now, written) };
    }
    if (written === true) this.#align(value, now);
    if (isPrimitive(value)) {
      const run = Object.is(value, now) ? undefined : () => place.write(value);
      return { isState: written !== true, ...(run && { run }) };
    }
    if (this.#objects.has(value)) {
      return { isState: written !== true, run: () => this.#write(place, value) };
    }
    if (this.#isSameForm(value as object, now) && this.#objects.take(value, now)) {
      return { isState: true, run: () => this.#objects.refill(value as object, now as object) };
    }
    return { isState: true, run: () => this.#write(place, value) };
  }

  #write(place: RootPlace, mirror: unknown): void {
    const value = this.#objects.revive(mirror);
    if (place.read() !== value) place.write(value);
  }

  /** Has the objects of a written text stand for those of the text before, wherever else they are held. */
  #align(mirror: unknown, now: unknown): void {
    const pending: unknown[] = [mirror, now];
    while (pending.length > 0) {
      const object = pending.pop();
      const from = pending.pop();
      if (isPrimitive(from) || isPrimitive(object)) continue;
      const isPair = Array.isArray(from) ? Array.isArray(object) : isOpenObject(object);
      const { ofClass, named, foreign, own } = this.#state.odd.get(from as object) ?? {};
      if (!isPair || ofClass || named || foreign !== undefined || own !== undefined) continue;
      if (!this.#objects.take(from, object)) continue;
      for (const [key, value] of this.#entries(from as object)) {
        const other = Object.getOwnPropertyDescriptor(object, key);
        if (other !== undefined && "value" in other) pending.push(value, other.value);
      }
    }
  }

  *#entries(mirror: object): Generator<readonly [string, unknown]> {
    for (const key of Object.keys(mirror)) yield [key, (mirror as Record<string, unknown>)[key]];
    for (const { key, value } of this.#state.odd.get(mirror)?.properties ?? []) {
      if (typeof key === "string") yield [key, value];
    }
  }

  /** Takes over the members of a table that are state; what the text writes is the new text's. */
  #merge(mirror: object, now: object, written: ReadonlyMap<string, Written | undefined>): void {
    const odd = this.#state.odd.get(mirror);
    const bitsOf = new Map(odd?.properties?.map(({ key, bits }) => [key, bits]));
    const old = new Set<string>();
    for (const [key, value] of this.#entries(mirror)) {
      old.add(key);
      const part = written.get(key);
      if (part === true) {
        this.#align(value, Object.getOwnPropertyDescriptor(now, key)?.value);
        continue;
      }
      const inner: unknown = Object.getOwnPropertyDescriptor(now, key)?.value;
      if (part !== undefined && isOpenObject(inner) && this.#objects.take(value, inner)) {
        this.#merge(value as object, inner, part);
      } else this.#objects.assign(now, { key, value, bits: bitsOf.get(key) ?? OPEN_BITS });
    }
    for (const property of odd?.properties ?? []) {
      if (typeof property.key !== "string") this.#objects.assign(now, property);
    }
    for (const key of Object.keys(now)) {
      // The service has taken it away since.
      if (!old.has(key) && written.has(key)) Reflect.deleteProperty(now, key);
    }
    if (odd?.closed !== undefined) this.#objects.closeLater(now, odd.closed);
  }

  /** Whether an object of the instance can hold what a mirror holds. */
  #isSameForm(mirror: object, now: unknown): boolean {
    if (typeof now !== "object" || now === null || types.isProxy(now)) return false;
    const odd = this.#state.odd.get(mirror) ?? {};
    if (odd.named || odd.foreign !== undefined || odd.left || odd.error || odd.service)
      return false;
    if (odd.own !== undefined) return false;
    if (!Object.isExtensible(now)) return false;
    const prototype: unknown = Object.getPrototypeOf(now);
    if (odd.ofClass !== undefined) {
      const base = baseOf(mirror);
      const isOf = prototype === this.#objects.classOf(odd.ofClass)?.prototype;
      return isOf && FILLED.has(base) && base === baseOf(now);
    }
    if (odd.isNull === true) return prototype === null;
    if (odd.isEmitter === true || odd.symbol || odd.api || odd.global) return false;
    const base = baseOf(mirror);
    return FILLED.has(base) && base === baseOf(now) && prototype === base.prototype;
  }
}

function isHolder(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function describe(root: Root): Left {
  const why = "the new text has no state of that name";
  return { path: rootPath(root), file: root.file, line: root.line, why };
}
