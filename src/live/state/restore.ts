/**
 * Gives a state to another instance: of the same text, for a dry run, or of an edited one, for a reload.
 *
 * The instance has run its top level already. An object that its text made for a variable stays that object and gets the
 * contents of the old one, for the new code may hold it already; so `const players = new Map()` is one Map for everybody.
 * What is still as the old text wrote it is no state: where {@link RestoreOptions.isEdited} says that the text is another
 * one now, the new text counts. The state itself is only read, and can be given to several instances.
 */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import type { Instance } from "../../loader/run/instance.ts";
import { createError, viewOf } from "./builtin.ts";
import { baseOf, emptyOf, FILLED } from "./forms.ts";
import type { RootPlace } from "./names.ts";
import { isOpenObject, StateNames } from "./names.ts";
import { findPlaces, rootPath } from "./paths.ts";
import { findShape, shellOf } from "./shapes.ts";
import type { Later } from "./shapes.ts";
import type { Left, NameRef, Odd, OddProperty, Root, State, Written } from "./state.ts";
import { isPrimitive } from "./state.ts";

/** How a state is given. */
export interface RestoreOptions {
  /** Whether the entry is the own file of a snax service. */
  readonly isService: boolean;
  /** The instance's API, for parts of it that the state holds by name. */
  readonly api?: Readonly<Record<string, unknown>>;
  /** Says whether the text of a declaration is another one than the state's. @defaultValue none is */
  isEdited?(file: string, name: string): boolean;
  /** Makes a service object. @defaultValue it counts as something that can't be carried */
  service?(handle: number, type: string): object;
  /** Takes an object that goes over as it is, or gives another one for it. @defaultValue it goes over */
  foreign?(value: unknown): unknown;
  /**
   * Makes what stands where something could not be carried.
   *
   * @defaultValue undefined stands there: only for whoever refuses such a state
   */
  stub?(left: Left): unknown;
}

/** What came of giving a state. */
export interface Restored {
  /** Variables that have their old value. */
  readonly carried: readonly string[];
  /** Variables that the old instance did not have. */
  readonly fresh: readonly string[];
  /** Variables that the instance does not have, with what was in them. */
  readonly leftBehind: readonly Left[];
  /** Functions and classes that the state holds and the instance lacks: nobody may use what was restored. */
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
  readonly #made = new Map<object, unknown>();
  /** Objects of the instance that stand for a mirror. */
  readonly #targets = new Set<unknown>();
  readonly #missing = new Map<object, string>();
  /** What is still to be filled: a mirror, its object, in turn. */
  readonly #pending: object[] = [];
  /** Fields that are still to be given: an object, a key, the mirror, in turn. */
  readonly #later: (object | string)[] = [];
  /** Of own classes; undefined for those whose instances are more than fields. */
  readonly #prototypes = new Map<NameRef, object | undefined>();
  readonly #closing: (readonly [object, NonNullable<Odd["closed"]>])[] = [];

  constructor(state: State, instance: Instance, options: RestoreOptions) {
    this.#state = state;
    this.#names = new StateNames(instance, options.isService);
    this.#options = options;
  }

  restore(): Restored {
    const places = new Map(this.#names.roots.map((place) => [keyOf(place), place]));
    const carried: string[] = [];
    const leftBehind: Left[] = [];
    const later: (() => void)[] = [];
    const had = new Set<string>();
    const extras = new Map<string, unknown>();
    const kept: string[] = [];
    for (const root of this.#state.roots) {
      if (root.file === "") {
        later.push(() => extras.set(root.name, this.#revive(root.value)));
        continue;
      }
      const key = keyOf(root);
      const place = places.get(key);
      had.add(key);
      const holder = root.isAdded === true ? this.#names.resolve(root) : undefined;
      if (place === undefined && typeof holder === "function" && root.field !== undefined) {
        const { field, value } = root;
        later.push(() => define(holder, field, this.#revive(value)));
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
      if (!isState) continue;
      const isForeign = this.#state.odd.get(root.value as object)?.foreign !== undefined;
      (isForeign ? kept : carried).push(rootPath(root));
    }
    for (const run of later) run();
    this.#fillAndClose();
    const fresh = [...places.values()].filter((place) => !had.has(keyOf(place))).map(rootPath);
    const missing = this.#listMissing();
    const recall = (file: string, name: string): unknown => this.#recall(file, name);
    return { carried, fresh, leftBehind, missing, kept, extras, recall };
  }

  #recall(file: string, name: string): unknown {
    const root = this.#state.roots.find(
      (each) => each.file === file && each.name === name && each.field === undefined,
    );
    if (root === undefined) return undefined;
    const value = this.#revive(root.value);
    this.#fillAndClose();
    return value;
  }

  #fillAndClose(): void {
    this.#fillAll();
    // What is closed can't be filled any more.
    for (const [object, closed] of this.#closing.splice(0)) close(object, closed);
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
    if (written !== undefined && written !== true && isOpenObject(now) && this.#take(value, now)) {
      return { isState: true, run: () => this.#merge(value as object, now, written) };
    }
    if (written === true) this.#align(value, now);
    if (isPrimitive(value)) {
      const run = Object.is(value, now) ? undefined : () => place.write(value);
      return { isState: written !== true, ...(run && { run }) };
    }
    if (this.#made.has(value as object)) {
      return { isState: written !== true, run: () => this.#write(place, value) };
    }
    if (this.#isSameForm(value as object, now) && this.#take(value, now)) {
      return { isState: true, run: () => this.#refill(value as object, now as object) };
    }
    return { isState: true, run: () => this.#write(place, value) };
  }

  #write(place: RootPlace, mirror: unknown): void {
    const value = this.#revive(mirror);
    if (place.read() !== value) place.write(value);
  }

  /** Lets an object of the instance stand for a mirror, unless it stands for another one. */
  #take(mirror: unknown, now: unknown): boolean {
    if (this.#made.has(mirror as object) || this.#targets.has(now)) return false;
    this.#made.set(mirror as object, now);
    this.#targets.add(now);
    return true;
  }

  /** Has the objects of a written text stand for those of the text before, wherever else they are held. */
  #align(mirror: unknown, now: unknown): void {
    const pending: unknown[] = [mirror, now];
    while (pending.length > 0) {
      const object = pending.pop();
      const from = pending.pop();
      if (isPrimitive(from) || isPrimitive(object)) continue;
      const isPair = Array.isArray(from) ? Array.isArray(object) : isOpenObject(object);
      const { ofClass, named, foreign } = this.#state.odd.get(from as object) ?? {};
      if (!isPair || ofClass || named || foreign !== undefined) continue;
      if (!this.#take(from, object)) continue;
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
      if (part !== undefined && isOpenObject(inner) && this.#take(value, inner)) {
        this.#merge(value as object, inner, part);
      } else this.#fillOdd(now, { key, value, bits: bitsOf.get(key) ?? OPEN_BITS });
    }
    for (const property of odd?.properties ?? []) {
      if (typeof property.key !== "string") this.#fillOdd(now, property);
    }
    for (const key of Object.keys(now)) {
      // The service has taken it away since.
      if (!old.has(key) && written.has(key)) Reflect.deleteProperty(now, key);
    }
    if (odd?.closed !== undefined) this.#closing.push([now, odd.closed]);
  }

  /** Whether an object of the instance can hold what a mirror holds. */
  #isSameForm(mirror: object, now: unknown): boolean {
    if (typeof now !== "object" || now === null || types.isProxy(now)) return false;
    const odd = this.#state.odd.get(mirror) ?? {};
    if (odd.named || odd.foreign !== undefined || odd.left || odd.error || odd.service)
      return false;
    if (!Object.isExtensible(now)) return false;
    const prototype: unknown = Object.getPrototypeOf(now);
    if (odd.ofClass !== undefined) {
      const base = baseOf(mirror);
      const isOf = prototype === this.#classOf(odd.ofClass)?.prototype;
      return isOf && FILLED.has(base) && base === baseOf(now);
    }
    if (odd.isNull === true) return prototype === null;
    if (odd.isEmitter === true || odd.symbol || odd.api || odd.global) return false;
    const base = baseOf(mirror);
    return FILLED.has(base) && base === baseOf(now) && prototype === base.prototype;
  }

  /** Gives an object that the new text has made the contents of the old one. */
  #refill(mirror: object, now: object): void {
    if (now instanceof Map) Map.prototype.clear.call(now);
    else if (now instanceof Set) Set.prototype.clear.call(now);
    for (const key of Reflect.ownKeys(now)) {
      if (key !== "length" || !Array.isArray(now)) Reflect.deleteProperty(now, key);
    }
    if (Array.isArray(now)) now.length = 0;
    this.#pending.push(mirror, now);
    const closed = this.#state.odd.get(mirror)?.closed;
    if (closed !== undefined) this.#closing.push([now, closed]);
  }

  #revive(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    const known = this.#made.get(value as object);
    if (known !== undefined || this.#made.has(value as object)) return known;
    return this.#make(value as object);
  }

  #make(mirror: object): unknown {
    const odd = this.#state.odd.get(mirror);
    const stands = odd === undefined ? undefined : this.#stand(mirror, odd);
    if (stands !== undefined) {
      this.#made.set(mirror, stands.value);
      return stands.value;
    }
    const whole = this.#makeWhole(mirror, odd);
    if (whole !== undefined) return whole;
    const object = this.#shell(mirror, odd);
    this.#made.set(mirror, object);
    if (odd?.closed !== undefined) this.#closing.push([object, odd.closed]);
    this.#pending.push(mirror, object);
    return object;
  }

  /** Writes out at once what is its fields, if such objects come often. */
  #makeWhole(mirror: object, odd: Odd | undefined): object | undefined {
    if (Object.getPrototypeOf(mirror) !== Object.prototype || odd?.closed || odd?.properties) {
      return undefined;
    }
    if (odd?.error !== undefined || odd?.isNull === true) return undefined;
    const shape = findShape(Object.getOwnPropertyNames(mirror));
    if (shape === undefined) return undefined;
    let object: object | undefined;
    if (odd === undefined) object = shape.copy(mirror, this.#noteLater);
    else if (odd.ofClass !== undefined) {
      const prototype = this.#plainPrototype(odd.ofClass);
      object = prototype && shellOf(shape, prototype)?.(mirror, this.#noteLater);
    }
    if (object !== undefined) this.#made.set(mirror, object);
    return object;
  }

  /** The prototype of a class whose instances are their fields. */
  #plainPrototype(ref: NameRef): object | undefined {
    if (this.#prototypes.has(ref)) return this.#prototypes.get(ref);
    const made = this.#classOf(ref);
    const isPlain =
      made !== undefined && !this.#lacksPrivate(made) && baseOf(made.prototype, true) === Object;
    const prototype = isPlain ? made.prototype : undefined;
    this.#prototypes.set(ref, prototype);
    return prototype;
  }

  readonly #noteLater: Later = (object, key, value) => {
    this.#later.push(object, key, value as object);
  };

  /** What goes by a name or as it is; undefined for what has contents. */
  #stand(mirror: object, odd: Odd): { value: unknown } | undefined {
    const { named, api, global, symbol, service, foreign, left } = odd;
    if (named !== undefined) return { value: this.#resolve(mirror, named) };
    if (foreign !== undefined) {
      const value = this.#state.foreign[foreign];
      const { foreign: replace } = this.#options;
      return { value: replace === undefined ? value : replace(value) };
    }
    if (left !== undefined) return { value: this.#options.stub?.(left) };
    if (global !== undefined) return { value: follow(globalThis, global) };
    if (api !== undefined) return { value: follow(this.#options.api ?? {}, api) };
    if (symbol !== undefined) {
      const { key, description } = symbol;
      return { value: key === undefined ? Symbol(description) : Symbol.for(key) };
    }
    if (service === undefined) return undefined;
    const value = this.#options.service?.(service.handle, service.type);
    if (value === undefined) this.#missing.set(mirror, "a service object");
    return { value };
  }

  #resolve(mirror: object, ref: NameRef): unknown {
    if (ref.name === "*") {
      const node = this.#names.modules.get(ref.file)?.node;
      return node && this.#names.instance.namespaceOf(node);
    }
    const value = this.#names.resolve(ref);
    if (value === undefined) {
      const what = [ref.name, ...(ref.path ?? [])].join(".");
      this.#missing.set(mirror, `${what}, which is not there any more`);
    }
    return value;
  }

  #classOf(ref: NameRef): (Function & { prototype: object }) | undefined {
    const value = this.#names.resolve(ref);
    return typeof value === "function" && typeof value.prototype === "object" ? value : undefined;
  }

  /** An object of the right class, still empty. */
  #shell(mirror: object, odd: Odd | undefined): object {
    if (ArrayBuffer.isView(mirror)) return this.#view(mirror, odd?.isBuffer === true);
    if (odd === undefined) return emptyOf(mirror, undefined, baseOf(mirror));
    const made = odd.ofClass === undefined ? undefined : this.#classOf(odd.ofClass);
    if (odd.ofClass !== undefined) {
      if (made === undefined) {
        this.#missing.set(mirror, `an instance of ${odd.ofClass.name}, which is no class any more`);
      } else if (this.#lacksPrivate(made)) {
        const why = `an instance of ${odd.ofClass.name}, which has #private members now`;
        this.#missing.set(mirror, why);
      }
    }
    if (odd.error !== undefined) return createError(odd.error, made);
    if (odd.isNull === true) return Object.create(null) as object;
    if (odd.isEmitter === true && made === undefined)
      return Object.create(EventEmitter.prototype) as object;
    const base = baseOf(mirror);
    const next = made === undefined ? undefined : baseOf(made.prototype, true);
    if (made !== undefined && base !== next && base !== Object) {
      const why = `an instance of ${odd.ofClass?.name}, which is no ${base?.name ?? "object"} any more`;
      this.#missing.set(mirror, why);
    }
    return emptyOf(mirror, made, next ?? base);
  }

  /** A class of the new text may have #private members that only its constructor can make. */
  #lacksPrivate({ prototype }: { prototype: object }): boolean {
    for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
      if (this.#names.classes.get(at)?.facts?.hasPrivate === true) return true;
    }
    return false;
  }

  #view(mirror: ArrayBufferView, isBuffer: boolean): object {
    const memory = this.#revive(mirror.buffer) as ArrayBuffer;
    const { byteOffset: offset, byteLength: bytes } = mirror;
    return viewOf(mirror, { memory, offset, bytes }, isBuffer);
  }

  #fillAll(): void {
    const pending = this.#pending;
    const later = this.#later;
    while (pending.length > 0 || later.length > 0) {
      if (later.length > 0) {
        const item = later.pop();
        const key = later.pop() as string;
        const owner = later.pop() as Record<string, unknown>;
        owner[key] = this.#revive(item);
        continue;
      }
      const object = pending.pop() as object;
      const mirror = pending.pop() as object;
      this.#fill(mirror, object);
    }
  }

  #fill(mirror: object, object: object): void {
    if (ArrayBuffer.isView(mirror) || types.isBoxedPrimitive(mirror)) return;
    if (mirror instanceof Map) {
      for (const [key, value] of mirror) {
        Map.prototype.set.call(object, this.#revive(key), this.#revive(value));
      }
    } else if (mirror instanceof Set) {
      for (const value of mirror) Set.prototype.add.call(object, this.#revive(value));
    } else if (Array.isArray(mirror)) {
      (object as unknown[]).length = mirror.length;
    }
    const odd = this.#state.odd.get(mirror);
    const hasClass = odd?.ofClass !== undefined;
    const from = mirror as Record<string, unknown>;
    const to = object as Record<string, unknown>;
    for (const key of Object.keys(mirror)) {
      const value = from[key];
      const item = isPrimitive(value) ? value : this.#revive(value);
      // An assignment would run a setter that the class has now.
      if (hasClass && key in to && !Object.hasOwn(to, key)) define(to, key, item);
      else to[key] = item;
    }
    for (const property of odd?.properties ?? []) {
      this.#fillOdd(object, property);
    }
  }

  #fillOdd(object: object, { key, value, bits }: OddProperty): void {
    Reflect.defineProperty(object, this.#revive(key) as string, {
      value: this.#revive(value),
      enumerable: (bits & 1) !== 0,
      writable: (bits & 2) !== 0,
      configurable: (bits & 4) !== 0,
    });
  }

  #listMissing(): Left[] {
    if (this.#missing.size === 0) return [];
    const places = findPlaces(this.#state, this.#missing);
    return [...this.#missing].map(([mirror, why]) => {
      const place = places.get(mirror) ?? { path: "?", file: "", line: 0 };
      return { ...place, why };
    });
  }
}

/** What assignment makes. */
const OPEN_BITS = 7;

function keyOf({ file, name, field }: Pick<Root, "file" | "name" | "field">): string {
  return `${file}\0${name}\0${field ?? ""}`;
}

function describe(root: Root): Left {
  const why = "the new text has no state of that name";
  return { path: rootPath(root), file: root.file, line: root.line, why };
}

function follow(from: unknown, path: readonly string[]): unknown {
  let value = from;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function close(object: object, closed: NonNullable<Odd["closed"]>): void {
  if (closed === "frozen") Object.freeze(object);
  else if (closed === "sealed") Object.seal(object);
  else Object.preventExtensions(object);
}
