/**
 * Takes the state of a live instance: every variable of its own modules, with all that hangs on them.
 *
 * It runs in one go, so nothing changes meanwhile, and it calls nothing of the service: getters are not read, proxies not
 * looked through. The walk is a list of what is still to be filled, not a recursion: a chain of a million links is no
 * deeper than one of two. What can't be carried is listed with its path and line and never guessed.
 */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import { SnaxError } from "../../base/error.ts";
import { STATE_OBJECTS_MAX, STATE_PROXIES_MAX } from "../../base/limits.ts";
import { NOT_PLAIN, plainLength } from "../../base/plain-array.ts";
import { kPort, placedViews } from "../../base/portable.ts";
import { dataView, typedArray } from "../../base/true-parts.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { isEnder } from "../../service/ender.ts";
import { lockBehind } from "../../service/waiting.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import { giverOf, globalPathOf } from "./giver.ts";
import { isOpenObject, StateNames } from "./names.ts";
import { rootOf } from "./places.ts";
import { copyBuiltin, errorClassOf, hopelessOf, isBuiltIn, viewOf } from "./builtin.ts";
import { hasOwnMore, isBoxedWithMore, isDetached, notePlace } from "./builtin.ts";
import { FillQueue } from "./fill-queue.ts";
import { nameLeft } from "./paths.ts";
import { bitsOf, closedOf, OPEN_BITS, usualBits } from "./properties.ts";
import { describeClass, isOwnHandler, isOwnText, nameOwn } from "./own-code.ts";
import { findBehind, HANDLER, proxyParts, TARGET } from "./proxies.ts";
import { findShape } from "./shapes.ts";
import type { Left, NameRef, Odd, OddProperty, Root, State, Written } from "./state.ts";
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
  /**
   * Gives a name of its own to an object or function that could not be carried else, or only as it is, and may enter more into
   * {@link TakeOptions.extras} for it. @defaultValue nothing has one
   */
  own?(value: object): string | undefined;
  /** Most objects. @defaultValue STATE_OBJECTS_MAX */
  readonly objectsMax?: number;
  /** The state is for one instance, which may have its mirrors as objects. @defaultValue false */
  readonly isGivenAway?: boolean;
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

/** They tell an accessor without calling it, at a quarter of what a descriptor costs. */
const { __lookupGetter__: getterOf, __lookupSetter__: setterOf } = Object.prototype as unknown as {
  __lookupGetter__(this: object, key: number): unknown;
  __lookupSetter__(this: object, key: number): unknown;
};

function begunAnew(mirror: unknown[]): false {
  mirror.length = 0;
  return false;
}

class Taker {
  readonly #names: StateNames;
  readonly #isForeignKept: boolean;
  readonly #objectsMax: number;
  readonly #extras: ReadonlyMap<string, unknown>;
  readonly #own: ((value: object) => string | undefined) | undefined;
  readonly #mirrors = new Map<unknown, object>();
  readonly #odd = new Map<object, Odd>();
  /** Of classes, by prototype: what is said of each instance, or why none can be carried. */
  readonly #odds = new Map<object, Odd | string>();
  readonly #foreign: unknown[] = [];
  /** The values of all variables, if they were asked for. */
  #values: Set<unknown> | undefined;
  readonly #left: Left[] = [];
  readonly #queue = new FillQueue({
    give: (mirror, key, item) => {
      mirror[key] = this.#mirror(item);
      this.#link(mirror, key);
    },
    fill: (value, mirror) => this.#fill(value, mirror),
  });
  #proxies = 0;
  /** See {@link State.links}; undefined if they are not wanted. */
  readonly #links: unknown[] | undefined;
  /** Whether the mirror that was asked for last stands for more than data, or is held elsewhere too. */
  #isApart = false;

  constructor(names: StateNames, options: TakeOptions) {
    const { foreign, objectsMax, extras, isGivenAway } = options;
    this.#own = options.own?.bind(options);
    this.#extras = extras ?? new Map();
    this.#links = isGivenAway === true ? [] : undefined;
    this.#names = names;
    this.#isForeignKept = foreign === "reference";
    this.#objectsMax = objectsMax ?? STATE_OBJECTS_MAX;
  }

  take(): State {
    const roots: Root[] = [];
    const read = this.#names.roots.flatMap((place) => {
      try {
        const value = place.read();
        const ends = this.#isForeignKept && isEnder(value);
        return [{ place, value, ends, written: writtenOf(this.#names, place, value) }];
      } catch {
        return [];
      }
    });
    // What may be replaced is met first: an object that holds it as well is linked.
    for (const { value, written, ends } of read) if (!ends) this.#meet(value, written);
    this.#queue.run();
    for (const { place, value, written, ends } of read) {
      const mirror = ends ? this.#makeEnder(value) : this.#mirror(value);
      roots.push({
        ...rootOf(place, value),
        value: mirror,
        written,
        ...(ends && { isEnder: true }),
      });
    }
    for (const [name, value] of this.#extras) {
      const root = { file: "", name, line: 0, isConst: false, written: undefined };
      roots.push({ ...root, value: this.#mirror(value) });
      this.#queue.run();
    }
    for (const { name, file, line } of this.#names.hidden) {
      this.#left.push({ path: name, file, line, why: "a static #private variable" });
    }
    const state: State = {
      ...{ roots, odd: this.#odd, foreign: this.#foreign, left: this.#left },
      put: this.#names.put,
      count: this.#mirrors.size,
      ...(this.#links && { links: this.#links }),
    };
    nameLeft(state);
    return state;
  }

  #mirror(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    const known = this.#mirrors.get(value);
    this.#isApart = known !== undefined;
    return known ?? this.#make(value as object);
  }

  /** Meets a variable's value, and what of it is as the text wrote it. */
  #meet(whole: unknown, wholly: Written | undefined): void {
    // It grows: a chain of objects may be of any length.
    const all: (readonly [unknown, Written | undefined])[] = [[whole, wholly]];
    for (const [value, written] of all) {
      const isPlain = written !== undefined && (Array.isArray(value) || isOpenObject(value));
      if (this.#mirrors.has(value) || (value !== whole && !isPlain)) continue;
      this.#mirror(value);
      if (!isPlain) continue;
      for (const key of written === true ? Object.keys(value) : written.keys()) {
        const item: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
        if (!isPrimitive(item)) all.push([item, written === true || written.get(key)]);
      }
    }
  }

  /** Notes where the mirror is held that was asked for last, if another object may take its place. */
  #link(holder: object, key: string | number): void {
    if (this.#isApart) this.#links?.push(holder, key);
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
    this.#isApart = true;
    return mirror;
  }

  #ownName(value: unknown): string | undefined {
    // To look at a proxy runs its traps.
    const object = value as object;
    if (types.isProxy(object) && !placedViews.has(object)) return undefined;
    return this.#own?.(object);
  }

  #leave(value: unknown, why: string): object {
    const own = this.#ownName(value);
    if (own !== undefined) return this.#stand(value, { own });
    const left: Left = { path: "", file: "", line: 0, why };
    this.#left.push(left);
    return this.#stand(value, { left });
  }

  #makeForeign(value: unknown, why: string): object {
    if (!this.#isForeignKept) return this.#leave(value, why);
    const own = this.#ownName(value);
    if (own !== undefined) return this.#stand(value, { own });
    return this.#stand(value, { foreign: this.#foreign.push(value) - 1 });
  }

  /** What ends a registration, of a variable: elsewhere it is a closure, which would end nothing any more. */
  #makeEnder(value: unknown): object {
    const mirror = {};
    this.#odd.set(mirror, { foreign: this.#foreign.push(value) - 1 });
    return mirror;
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

  /** One of the service's own is made again of what it is made of; one of a package goes over, if it holds nothing of the text. */
  #makeProxy(value: object): object {
    if (placedViews.has(value)) return this.#makeForeign(value, "a row of a shared table");
    this.#proxies += 1;
    if (this.#proxies > STATE_PROXIES_MAX) {
      return this.#leave(value, `a proxy, past the first ${STATE_PROXIES_MAX}`);
    }
    const parts = proxyParts(value);
    if (parts === undefined) return this.#leave(value, "a proxy that can't be looked through");
    const { target, handler } = parts;
    if (isOwnHandler(this.#names, handler)) {
      const mirror: Record<string, unknown> = {};
      this.#mirrors.set(value, mirror);
      this.#odd.set(mirror, { isProxy: true });
      mirror[TARGET] = this.#mirror(target);
      mirror[HANDLER] = this.#mirror(handler);
      this.#isApart = true;
      return mirror;
    }
    const what = findBehind(parts, (each) => nameOwn(this.#names, each));
    if (what === undefined) return this.#makeForeign(value, "a proxy");
    return this.#leave(value, `a proxy of a package around ${what}`);
  }

  #makeFunction(value: Function): object {
    if (types.isProxy(value)) return this.#makeProxy(value);
    const global = globalPathOf(value);
    if (global !== undefined) return this.#stand(value, { global });
    if (lockBehind(value) !== undefined) {
      return this.#makeForeign(value, `a lock (${value.name})`);
    }
    const given = giverOf(this.#names, value);
    if (given === "package") return this.#makeForeign(value, "a function of a package");
    if (given !== undefined && this.#isForeignKept) return this.#makeForeign(value, "");
    if (given !== undefined) return this.#stand(value, { api: given });
    const { name } = value;
    if (name.startsWith("bound ")) return this.#leave(value, "a bound function");
    return this.#leave(value, name === "" ? "a closure" : `a closure (${name})`);
  }

  #makeObject(value: object): object {
    if (types.isProxy(value)) return this.#makeProxy(value);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) return this.#makeData(value, undefined);
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
    if (isDetached(memory)) return this.#leave(value, "a view of a buffer without its memory");
    if (hasOwnMore(value)) return this.#leave(value, "a view with properties of its own");
    const mirror = viewOf(value, {
      memory: this.#mirror(memory) as ArrayBuffer,
      offset: offsetOf(value),
      bytes: byteLengthOf(value),
    });
    this.#mirrors.set(value, mirror);
    if (isBuffer) this.#odd.set(mirror, { isBuffer: true });
    this.#isApart = false;
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
    const ref = this.#names.byValue.get(maker);
    if (ref !== undefined && (maker as Function).prototype === prototype) {
      // A function of the top level that makes objects, as classes do.
      this.#names.classes.set(prototype, { ref, facts: undefined });
      return this.#makeInstance(value, ref, prototype);
    }
    if (this.#isOfVariable(prototype)) {
      return this.#leave(value, "an object that has another object of the service as prototype");
    }
    if (typeof maker === "function" && isOwnText(this.#names, maker)) {
      return this.#leave(
        value,
        `an instance of ${name}, which is no class of a module's top level`,
      );
    }
    return this.#makeForeign(value, `an object of ${name}, which is no class of the service`);
  }

  /** Whether an object is the value of a variable. */
  #isOfVariable(object: object): boolean {
    this.#values ??= new Set(
      this.#names.roots.map((place) => {
        try {
          return place.read();
        } catch {
          return undefined;
        }
      }),
    );
    return this.#values.has(object);
  }

  #makeInstance(value: object, ref: NameRef, prototype: object): object {
    let odd = this.#odds.get(prototype);
    if (odd === undefined)
      this.#odds.set(prototype, (odd = describeClass(this.#names, ref, prototype)));
    if (typeof odd === "string") return this.#leave(value, odd);
    const error = errorClassOf(value, prototype);
    if (error !== undefined) return this.#begin(value, {}, { ofClass: ref, error });
    const builtin = Array.isArray(value) ? [] : copyBuiltin(value, prototype);
    if (builtin === undefined) return this.#makeData(value, odd);
    if (isBoxedWithMore(value)) {
      return this.#leave(value, `an instance of ${ref.name}, a primitive with fields`);
    }
    return this.#begin(value, builtin, { ofClass: ref });
  }

  /** The mirror of an object that is its fields; written out at once if such objects come often. */
  #makeData(value: object, odd: Odd | undefined): object {
    const shape = findShape(Object.getOwnPropertyNames(value));
    const isOpen = shape !== undefined && Object.isExtensible(value);
    const mirror =
      isOpen && Object.getOwnPropertySymbols(value).length === 0
        ? shape.take(value, this.#queue.addField)
        : undefined;
    if (mirror === undefined) {
      // It looks plain, and stands for something.
      if (Object.hasOwn(value, kPort)) return this.#makeForeign(value, "a row of a shared table");
      if (types.isArgumentsObject(value)) return this.#leave(value, "the arguments of a call");
      return this.#begin(value, {}, odd);
    }
    this.#note(value, mirror, odd);
    return mirror;
  }

  /** Notes the mirror, whose contents come later. */
  #begin(value: object, mirror: object, odd?: Odd): object {
    this.#note(value, mirror, odd);
    this.#queue.add(value, mirror);
    return mirror;
  }

  #note(value: object, mirror: object, odd: Odd | undefined): void {
    this.#mirrors.set(value, mirror);
    if (odd === undefined) return;
    this.#odd.set(mirror, odd);
    // The mirror of an instance that is its fields becomes the instance.
    this.#isApart = odd.ofClass === undefined || odd.isEmitter === true || odd.error !== undefined;
  }

  #fill(value: object, mirror: object): void {
    let hasLinks = false;
    const take = (item: unknown): unknown => {
      if (isPrimitive(item)) return item;
      const held = this.#mirror(item);
      hasLinks ||= this.#isApart;
      return held;
    };
    if (mirror instanceof Map) {
      // A subclass may have an iterator of its own.
      Map.prototype.forEach.call(value, (item, key) => void mirror.set(take(key), take(item)));
    } else if (mirror instanceof Set) {
      for (const item of Set.prototype.values.call(value)) mirror.add(take(item));
    } else if (Array.isArray(mirror) && this.#fillPlainArray(value as unknown[], mirror)) {
      this.#noteClosed(value, mirror);
      return;
    }
    if (hasLinks) this.#links?.push(mirror, undefined);
    this.#fillProperties(value, mirror);
    if (!this.#isForeignKept) notePlace(this.#odd, mirror);
    this.#noteClosed(value, mirror);
  }

  #fillPlainArray(value: readonly unknown[], mirror: unknown[]): boolean {
    const length = plainLength(value);
    if (length === NOT_PLAIN || Object.isFrozen(value)) return false;
    for (let index = 0; index < length; index += 1) {
      if (getterOf.call(value, index) !== undefined) return begunAnew(mirror);
      const item = value[index];
      if (item === undefined && setterOf.call(value, index) !== undefined) return begunAnew(mirror);
      if (isPrimitive(item)) mirror[index] = item;
      else {
        mirror[index] = this.#mirror(item);
        this.#link(mirror, index);
      }
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
      if (isPrimitive(item)) to[key] = item;
      else {
        to[key] = this.#mirror(item);
        this.#link(mirror, key);
      }
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
    this.#links?.push(mirror, undefined);
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
    const closed = closedOf(value);
    if (closed === undefined) return;
    this.#odd.set(mirror, { ...this.#odd.get(mirror), closed });
    this.#links?.push(mirror, undefined);
  }
}
