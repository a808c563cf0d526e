/**
 * Takes the state of a live instance: every variable of its own modules, with all that hangs on them.
 *
 * It runs in one go, so nothing changes meanwhile, and it calls nothing of the service: getters are not read, proxies not
 * looked through. The walk is a list of what is still to be filled, not a recursion: a chain of a million links is no
 * deeper than one of two. What can't be carried is listed with its path and line and never guessed.
 */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import { kindOf } from "../../base/copy-class.ts";
import { SnaxError } from "../../base/error.ts";
import { STATE_OBJECTS_MAX } from "../../base/limits.ts";
import { NOT_PLAIN, plainLength } from "../../base/plain-array.ts";
import { dataView, typedArray } from "../../base/true-parts.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import { giverOf, globalPathOf } from "./giver.ts";
import { StateNames } from "./names.ts";
import { copyBuiltin, errorClassOf, viewOf } from "./builtin.ts";
import { nameLeft } from "./paths.ts";
import { findShape } from "./shapes.ts";
import type { Left, NameRef, Odd, OddProperty, Root, State } from "./state.ts";
import { isPrimitive } from "./state.ts";
import { writtenOf } from "./written.ts";

/** How a state is taken. */
export interface TakeOptions {
  /** Whether the entry is the own file of a snax service. */
  readonly isService: boolean;
  /**
   * What becomes of objects of packages and of the runtime, sockets, service objects: they go over as they are, within the
   * thread, or they are not in the copy.
   */
  readonly foreign: "reference" | "missing";
  /** The edited texts: functions that these write into tables go by name as well. @defaultValue none */
  readonly edited?: Iterable<ModuleText>;
  /**
   * Values that belong to no variable and share objects with the state: roots without a file, by these names.
   *
   * @defaultValue none
   */
  readonly extras?: ReadonlyMap<string, unknown>;
  /** Most objects. @defaultValue STATE_OBJECTS_MAX */
  readonly objectsMax?: number;
}

/**
 * Takes the state of an instance, between two of its turns.
 *
 * @throws {ERR_EXHAUSTED} if it has more objects than {@link TakeOptions.objectsMax}.
 */
export function takeState(instance: Instance, options: TakeOptions): State {
  const names = new StateNames(instance, options.isService);
  for (const text of options.edited ?? []) names.addTables(text);
  return new Taker(names, options).take();
}

/** Attributes of a property, as bits; all of them is what assignment makes. */
const OPEN_BITS = 7;

class Taker {
  readonly #names: StateNames;
  readonly #isForeignKept: boolean;
  readonly #objectsMax: number;
  readonly #extras: ReadonlyMap<string, unknown>;
  readonly #mirrors = new Map<unknown, object>();
  readonly #odd = new Map<object, Odd>();
  readonly #odds = new Map<NameRef, Odd>();
  readonly #foreign: unknown[] = [];
  readonly #left: Left[] = [];
  /** What is still to be filled: an object, its mirror, in turn. */
  readonly #pending: object[] = [];
  /** Fields that are still to be given: a mirror, a key, the value, in turn. */
  readonly #later: (object | string)[] = [];

  constructor(names: StateNames, { foreign, objectsMax, extras }: TakeOptions) {
    this.#extras = extras ?? new Map();
    this.#names = names;
    this.#isForeignKept = foreign === "reference";
    this.#objectsMax = objectsMax ?? STATE_OBJECTS_MAX;
  }

  take(): State {
    const roots: Root[] = [];
    for (const place of this.#names.roots) {
      let value: unknown;
      try {
        value = place.read();
      } catch {
        continue;
      }
      const { file, name, field, isAdded, line, isConst } = place;
      const written = writtenOf(this.#names, place, value);
      const mirror = this.#mirror(value);
      const root = { file, name, line, isConst, value: mirror, written };
      roots.push({ ...root, ...(field !== undefined && { field }), ...(isAdded && { isAdded }) });
      this.#fillAll();
    }
    for (const [name, value] of this.#extras) {
      const root = { file: "", name, line: 0, isConst: false, written: undefined };
      roots.push({ ...root, value: this.#mirror(value) });
      this.#fillAll();
    }
    for (const { name, file, line } of this.#names.hidden) {
      this.#left.push({ path: name, file, line, why: "a static #private variable" });
    }
    const state: State = {
      ...{ roots, odd: this.#odd, foreign: this.#foreign, left: this.#left },
      count: this.#mirrors.size,
    };
    nameLeft(state);
    return state;
  }

  #mirror(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    return this.#mirrors.get(value) ?? this.#make(value as object);
  }

  #make(value: object | symbol): object {
    if (this.#mirrors.size >= this.#objectsMax) {
      const why = `the state has more than ${this.#objectsMax} objects`;
      throw new SnaxError("ERR_EXHAUSTED", why);
    }
    const named = this.#names.byValue.get(value);
    if (named !== undefined) return this.#stand(value, { named });
    if (typeof value === "symbol") return this.#makeSymbol(value);
    if (typeof value === "function") return this.#makeFunction(value);
    return this.#makeObject(value);
  }

  /** An object without contents that stands for something. */
  #stand(value: unknown, odd: Odd): object {
    const mirror = {};
    this.#mirrors.set(value, mirror);
    this.#odd.set(mirror, odd);
    return mirror;
  }

  #leave(value: unknown, why: string): object {
    const left: Left = { path: "", file: "", line: 0, why };
    this.#left.push(left);
    return this.#stand(value, { left });
  }

  #makeForeign(value: unknown, why: string): object {
    if (!this.#isForeignKept) return this.#leave(value, why);
    return this.#stand(value, { foreign: this.#foreign.push(value) - 1 });
  }

  #makeSymbol(value: symbol): object {
    const key = Symbol.keyFor(value);
    if (key !== undefined) return this.#stand(value, { symbol: { key } });
    const known = Object.getOwnPropertyNames(Symbol).find(
      (name) => (Symbol as unknown as Record<string, unknown>)[name] === value,
    );
    if (known !== undefined) return this.#stand(value, { global: ["Symbol", known] });
    if (this.#isForeignKept) return this.#makeForeign(value, "");
    const { description } = value;
    return this.#stand(value, { symbol: description === undefined ? {} : { description } });
  }

  #makeFunction(value: Function): object {
    const global = globalPathOf(value);
    if (global !== undefined) return this.#stand(value, { global });
    const given = giverOf(this.#names, value);
    if (given === "package") return this.#makeForeign(value, "a function of a package");
    if (given !== undefined) {
      return this.#isForeignKept
        ? this.#makeForeign(value, "")
        : this.#stand(value, { api: given });
    }
    const { name } = value;
    if (name.startsWith("bound ")) return this.#leave(value, "a bound function");
    return this.#leave(value, name === "" ? "a closure" : `a closure (${name})`);
  }

  #makeObject(value: object): object {
    if (types.isProxy(value)) return this.#makeForeign(value, "a proxy");
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype && !types.isArgumentsObject(value)) {
      return this.#makeData(value, undefined);
    }
    if (prototype === Array.prototype && Array.isArray(value)) return this.#begin(value, []);
    if (types.isModuleNamespaceObject(value)) return this.#makeForeign(value, "a package");
    if (prototype === null) return this.#makeNull(value);
    const own = this.#names.classes.get(prototype);
    if (own !== undefined) return this.#makeInstance(value, own.ref, prototype);
    if (prototype === EventEmitter.prototype) return this.#begin(value, {}, { isEmitter: true });
    const why = hopelessOf(value);
    if (why !== undefined) return this.#leave(value, why);
    const errorClass = errorClassOf(value, prototype);
    if (errorClass !== undefined) return this.#begin(value, {}, { error: errorClass });
    if (types.isSharedArrayBuffer(value)) return this.#makeForeign(value, "shared memory");
    if (ArrayBuffer.isView(value)) return this.#makeView(value);
    const builtin = copyBuiltin(value, prototype);
    return builtin === undefined ? this.#makeOther(value, prototype) : this.#begin(value, builtin);
  }

  /** Views of one memory stay views of one memory. */
  #makeView(value: ArrayBufferView): object {
    const isBuffer = Buffer.isBuffer(value);
    const { bufferOf, offsetOf, byteLengthOf } = types.isTypedArray(value) ? typedArray : dataView;
    const memory = bufferOf(value);
    if (types.isSharedArrayBuffer(memory)) return this.#makeForeign(value, "shared memory");
    const mirror = viewOf(value, {
      memory: this.#mirror(memory) as ArrayBuffer,
      offset: offsetOf(value),
      bytes: byteLengthOf(value),
    });
    this.#mirrors.set(value, mirror);
    if (isBuffer) this.#odd.set(mirror, { isBuffer: true });
    return mirror;
  }

  #makeNull(value: object): object {
    for (const module of this.#names.modules.values()) {
      if (module.namespace === value) {
        return this.#stand(value, { named: { file: module.image.file, name: "*" } });
      }
    }
    return this.#begin(value, {}, { isNull: true });
  }

  /** An object of a class that is not a class of the service's text, or not one of its top level. */
  #makeOther(value: object, prototype: object): object {
    if (value instanceof SnaxObject && !this.#isForeignKept) {
      return this.#stand(value, { service: { handle: value.handle, type: value.type } });
    }
    const given = giverOf(this.#names, value);
    if (Array.isArray(given) && !this.#isForeignKept) return this.#stand(value, { api: given });
    const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    const name = typeof maker === "function" && maker.name !== "" ? maker.name : "a class";
    if (typeof maker === "function" && this.#isOwnText(maker)) {
      return this.#leave(
        value,
        `an instance of ${name}, which is no class of a module's top level`,
      );
    }
    return this.#makeForeign(value, `an object of ${name}, which is no class of the service`);
  }

  #isOwnText(maker: Function): boolean {
    const text = Function.prototype.toString.call(maker);
    for (const { image } of this.#names.modules.values()) {
      if (image.data.body.includes(text)) return true;
    }
    return false;
  }

  #makeInstance(value: object, ref: NameRef, prototype: object): object {
    let base: "object" | "emitter" = "object";
    for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
      const own = this.#names.classes.get(at);
      if (own?.facts?.hasPrivate === true) {
        return this.#leave(value, `an instance of ${own.ref.name}, which has #private members`);
      }
      if (own !== undefined) continue;
      if (at === EventEmitter.prototype) base = "emitter";
      else if (at !== Object.prototype && kindOf(at) === "data" && base === "object") {
        const name = (at.constructor as Function | undefined)?.name ?? "a class";
        // The root of woven classes has the prototype of all objects.
        return this.#leave(value, `an instance of ${ref.name}, which extends ${name} of a package`);
      }
    }
    const error = errorClassOf(value, prototype);
    if (error !== undefined) return this.#begin(value, {}, { ofClass: ref, error });
    const builtin = Array.isArray(value) ? [] : copyBuiltin(value, prototype);
    if (builtin !== undefined) return this.#begin(value, builtin, { ofClass: ref });
    return this.#makeData(value, this.#oddOf(ref, base === "emitter"));
  }

  /** Instances of a class have what is said of them in common. */
  #oddOf(ref: NameRef, isEmitter: boolean): Odd {
    let odd = this.#odds.get(ref);
    if (odd === undefined) {
      odd = isEmitter ? { ofClass: ref, isEmitter: true } : { ofClass: ref };
      this.#odds.set(ref, odd);
    }
    return odd;
  }

  /** The mirror of an object that is its fields; written out at once if such objects come often. */
  #makeData(value: object, odd: Odd | undefined): object {
    const names = Object.getOwnPropertyNames(value);
    const shape = findShape(names);
    const values = shape && this.#readFields(value, names);
    if (shape === undefined || values === undefined) return this.#begin(value, {}, odd);
    const mirror = shape.make(values);
    this.#mirrors.set(value, mirror);
    if (odd !== undefined) this.#odd.set(mirror, odd);
    for (let index = 0; index < values.length; index += 1) {
      const item = values[index];
      if (!isPrimitive(item)) this.#later.push(mirror, names[index] as string, item as object);
    }
    return mirror;
  }

  /** Reads the fields of an object; undefined if some are not as assignment makes them. */
  #readFields(value: object, names: readonly string[]): unknown[] | undefined {
    if (!Object.isExtensible(value) || Object.getOwnPropertySymbols(value).length > 0) {
      return undefined;
    }
    const values: unknown[] = [];
    for (const name of names) {
      const property = Reflect.getOwnPropertyDescriptor(value, name) as PropertyDescriptor;
      const isUsual = property.writable && property.enumerable && property.configurable;
      if (isUsual !== true || name === "__proto__") return undefined;
      values.push(property.value);
    }
    return values;
  }

  /** Notes the mirror, whose contents come later. */
  #begin(value: object, mirror: object, odd?: Odd): object {
    this.#mirrors.set(value, mirror);
    if (odd !== undefined) this.#odd.set(mirror, odd);
    this.#pending.push(value, mirror);
    return mirror;
  }

  #fillAll(): void {
    const pending = this.#pending;
    const later = this.#later;
    while (pending.length > 0 || later.length > 0) {
      if (later.length > 0) {
        const item = later.pop();
        const key = later.pop() as string;
        const mirror = later.pop() as Record<string, unknown>;
        mirror[key] = this.#mirror(item);
        continue;
      }
      const mirror = pending.pop() as object;
      const value = pending.pop() as object;
      this.#fill(value, mirror);
    }
  }

  #fill(value: object, mirror: object): void {
    if (mirror instanceof Map) {
      // A subclass may have an iterator of its own.
      for (const [key, item] of Map.prototype.entries.call(value)) {
        mirror.set(this.#mirror(key), this.#mirror(item));
      }
    } else if (mirror instanceof Set) {
      for (const item of Set.prototype.values.call(value)) mirror.add(this.#mirror(item));
    } else if (Array.isArray(mirror) && this.#fillPlainArray(value as unknown[], mirror)) {
      this.#noteClosed(value, mirror);
      return;
    }
    this.#fillProperties(value, mirror);
    this.#noteClosed(value, mirror);
  }

  #fillPlainArray(value: readonly unknown[], mirror: unknown[]): boolean {
    const length = plainLength(value);
    if (length === NOT_PLAIN || Object.isFrozen(value)) return false;
    for (let index = 0; index < length; index += 1) {
      // An accessor among the elements is told by its properties only; V8 keeps such an array as a dictionary.
      const item = value[index];
      mirror[index] = isPrimitive(item) ? item : this.#mirror(item);
    }
    return true;
  }

  #fillProperties(value: object, mirror: object): void {
    if (types.isBoxedPrimitive(mirror)) return;
    const keys = Reflect.ownKeys(value);
    const usual = usualBits(value);
    // Structured clone takes fields of objects and arrays along, of no other object of the platform.
    const isData = Array.isArray(mirror) || Object.getPrototypeOf(mirror) === Object.prototype;
    const isApart = !isData || this.#odd.get(mirror)?.error !== undefined;
    const to = mirror as Record<string, unknown>;
    for (const key of keys) {
      if (isBuiltIn(mirror, key)) continue;
      const property = Reflect.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      const isUsual = "value" in property && bitsOf(property) === usual && key !== "__proto__";
      if (!isUsual || typeof key !== "string" || isApart) {
        this.#fillOdd(value, mirror, keys);
        return;
      }
      const item: unknown = property.value;
      to[key] = isPrimitive(item) ? item : this.#mirror(item);
    }
    if (Array.isArray(mirror)) mirror.length = (value as unknown[]).length;
  }

  #fillOdd(value: object, mirror: object, keys: readonly (string | symbol)[]): void {
    for (const key of Object.keys(mirror)) Reflect.deleteProperty(mirror, key);
    const properties: OddProperty[] = [];
    for (const key of keys) {
      if (!isBuiltIn(mirror, key)) properties.push(...this.#oddProperty(value, key));
    }
    if (Array.isArray(mirror)) mirror.length = (value as unknown[]).length;
    this.#odd.set(mirror, { ...this.#odd.get(mirror), properties });
  }

  #oddProperty(value: object, key: string | symbol): OddProperty[] {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    if (property === undefined) return [];
    const bits = bitsOf(property);
    const name = typeof key === "symbol" ? this.#mirror(key) : key;
    if ("value" in property) return [{ key: name, value: this.#mirror(property.value), bits }];
    // The trace of an error is an accessor on newer releases of V8.
    if (key === "stack" && types.isNativeError(value)) {
      return [{ key, value: String((value as Error).stack), bits: 6 }];
    }
    const accessor = this.#leave({}, "a getter or setter of the object's own");
    return [{ key: name, value: accessor, bits: OPEN_BITS }];
  }

  #noteClosed(value: object, mirror: object): void {
    if (Object.isExtensible(value)) return;
    const isFrozen = Object.isFrozen(value);
    const closed = isFrozen ? "frozen" : Object.isSealed(value) ? "sealed" : "fixed";
    this.#odd.set(mirror, { ...this.#odd.get(mirror), closed });
  }
}

/** The attributes that properties of an object have unless somebody wanted it otherwise. */
function usualBits(value: object): number {
  if (Object.isExtensible(value)) return OPEN_BITS;
  return Object.isFrozen(value) ? 1 : Object.isSealed(value) ? 3 : OPEN_BITS;
}

function bitsOf({ enumerable, writable, configurable }: PropertyDescriptor): number {
  return (enumerable ? 1 : 0) | (writable ? 2 : 0) | (configurable ? 4 : 0);
}

/** What the platform keeps up to date itself. */
function isBuiltIn(mirror: object, key: string | symbol): boolean {
  if (key === "length") return Array.isArray(mirror);
  return key === "lastIndex" && mirror instanceof RegExp;
}

/** What no copy can be made of, whoever has made it. */
function hopelessOf(value: object): string | undefined {
  if (types.isPromise(value)) return "a promise";
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef)
    return "a weak collection";
  if (types.isGeneratorObject(value)) return "a generator";
  if (types.isArgumentsObject(value)) return "the arguments of a call";
  if (types.isMapIterator(value) || types.isSetIterator(value)) return "an iterator";
  return undefined;
}
