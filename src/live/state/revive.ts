/**
 * Makes the objects that mirrors stand for: instances under their classes, functions by their names, data as it is.
 *
 * A state that is given away has mirrors to spare: what is plain data becomes the instance's as it is, an instance that is its
 * fields gets its new class, and only the places are changed where something else is (State.links). That saves the second
 * copy of what a service mostly holds.
 */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import { NOT_PLAIN, plainLength } from "../../base/plain-array.ts";
import { createError, viewOf } from "./builtin.ts";
import { FillQueue } from "./fill-queue.ts";
import { baseOf, closedBaseOf, emptyOf, FILLED } from "./forms.ts";
import type { StateNames } from "./names.ts";
import { findPlaces } from "./paths.ts";
import { close, define } from "./properties.ts";
import { HANDLER, TARGET } from "./proxies.ts";
import type { Closed } from "./properties.ts";
import type { Shape } from "./shapes.ts";
import { findShape, shellOf } from "./shapes.ts";
import type { Left, NameRef, Odd, OddProperty, State } from "./state.ts";
import { isPrimitive } from "./state.ts";

/** What stands for what is more than data. */
export interface ReviveOptions {
  /** The instance's API, for parts of it that the state holds by name. */
  readonly api?: Readonly<Record<string, unknown>>;
  /** Makes a service object. @defaultValue it counts as something that can't be carried */
  service?(handle: number, type: string): object;
  /** Finds what has a name of its own, see TakeOptions.own. */
  own?(name: string): unknown;
  /** Takes an object that goes over as it is, or gives another one for it. @defaultValue it goes over */
  foreign?(value: unknown): unknown;
  /**
   * Makes what takes the place of something that could not be carried.
   *
   * @defaultValue undefined is there: only for code that refuses such a state
   */
  stub?(left: Left): unknown;
}

/** How many instances of a class come before something is made that copies the next ones: it costs as much as some of them. */
const SHELL_DEMAND = 32;

/** The objects of one instance that stand for mirrors. */
export class Reviver {
  readonly #state: State;
  readonly #names: StateNames;
  readonly #options: ReviveOptions;
  readonly #made = new Map<object, unknown>();
  /** Objects of the instance that stand for a mirror. */
  readonly #targets = new Set<unknown>();
  readonly #missing = new Map<object, string>();
  readonly #queue = new FillQueue({
    give: (owner, key, item) => {
      owner[key] = this.revive(item);
    },
    fill: (mirror, object) => this.#fill(mirror, object),
  });
  /** Of own classes; undefined for those whose instances are more than fields. */
  readonly #prototypes = new Map<NameRef, object | undefined>();
  /** How many instances each of these has got. */
  readonly #counts = new Map<object, number>();
  readonly #closing: (readonly [object, Closed])[] = [];
  /** Whether mirrors of plain data become the objects. */
  #isAdopting = false;
  /** Those that are still to be looked at; see {@link State.links}. */
  #links: readonly unknown[] = [];

  constructor(state: State, names: StateNames, options: ReviveOptions) {
    this.#state = state;
    this.#names = names;
    this.#options = options;
  }

  /** Whether it is known what stands for a mirror. */
  has(mirror: unknown): boolean {
    return this.#made.has(mirror as object);
  }

  /** Lets an object of the instance stand for a mirror, unless it stands for another one. */
  take(mirror: unknown, now: unknown): boolean {
    if (this.has(mirror) || this.#targets.has(now)) return false;
    this.#made.set(mirror as object, now);
    this.#targets.add(now);
    return true;
  }

  /** Gives an object that the new text has made the contents of the old one. */
  refill(mirror: object, now: object): void {
    if (now instanceof Map) Map.prototype.clear.call(now);
    else if (now instanceof Set) Set.prototype.clear.call(now);
    for (const key of Reflect.ownKeys(now)) {
      if (key !== "length" || !Array.isArray(now)) Reflect.deleteProperty(now, key);
    }
    if (Array.isArray(now)) now.length = 0;
    this.#queue.add(mirror, now);
    const closed = this.#state.odd.get(mirror)?.closed;
    if (closed !== undefined) this.closeLater(now, closed);
  }

  /** Returns what stands for a mirror; what it holds is there after {@link finish}. */
  revive(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    const known = this.#made.get(value as object);
    if (known !== undefined || this.#made.has(value as object)) return known;
    return this.#make(value as object);
  }

  #make(mirror: object): unknown {
    const odd = this.#state.odd.get(mirror);
    if (this.#isAdopting && isAdopted(odd)) return mirror;
    const stands = odd === undefined ? undefined : this.#stand(mirror, odd);
    if (stands !== undefined) {
      this.#made.set(mirror, stands.value);
      return stands.value;
    }
    const whole = this.#makeWhole(mirror, odd);
    if (whole !== undefined) return whole;
    const object = this.#shell(mirror, odd);
    this.#made.set(mirror, object);
    if (odd?.closed !== undefined) this.closeLater(object, odd.closed);
    this.#queue.add(mirror, object);
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
    if (odd === undefined) object = shape.copy(mirror, this.#queue.addField);
    else if (odd.ofClass !== undefined) object = this.#instanceOf(odd.ofClass, mirror, shape);
    if (object !== undefined) this.#made.set(mirror, object);
    return object;
  }

  /** An instance that is its fields; undefined for one that is more. */
  #instanceOf(ref: NameRef, mirror: object, shape: Shape): object | undefined {
    const prototype = this.#plainPrototype(ref);
    if (prototype === undefined) return undefined;
    const count = (this.#counts.get(prototype) ?? 0) + 1;
    this.#counts.set(prototype, count);
    if (count >= SHELL_DEMAND) return shellOf(shape, prototype)?.(mirror, this.#queue.addField);
    const object = Object.create(prototype) as object;
    this.#queue.add(mirror, object);
    return object;
  }

  /** The prototype of a class whose instances are their fields. */
  #plainPrototype(ref: NameRef): object | undefined {
    if (this.#prototypes.has(ref)) return this.#prototypes.get(ref);
    const made = this.classOf(ref);
    const isPlain =
      made !== undefined &&
      !this.#lacksPrivate(made) &&
      baseOf(made.prototype, true) === Object &&
      closedBaseOf(made.prototype) === undefined;
    const prototype = isPlain ? made.prototype : undefined;
    this.#prototypes.set(ref, prototype);
    return prototype;
  }

  /** What goes by a name or as it is; undefined for what has contents. */
  #stand(mirror: object, odd: Odd): { value: unknown } | undefined {
    const { named, api, global, symbol, service, foreign, left, own } = odd;
    if (own !== undefined) return { value: this.#options.own?.(own) };
    if (odd.isProxy === true) return { value: this.#makeProxy(mirror) };
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

  #makeProxy(mirror: object): object | undefined {
    const { [TARGET]: target, [HANDLER]: handler } = mirror as Record<string, unknown>;
    const [one, two] = [this.revive(target), this.revive(handler)];
    // What is missing of it is told by its path.
    if (isPrimitive(one) || isPrimitive(two)) return undefined;
    return new Proxy(one as object, two as object);
  }

  #resolve(mirror: object, ref: NameRef): unknown {
    const value = this.#find(ref);
    if (value === undefined && ref.name !== "*") {
      const what = [ref.name, ...(ref.path ?? [])].join(".");
      this.#missing.set(mirror, `${what}, which is not there any more`);
    }
    return value;
  }

  /** The class of that name. */
  classOf(ref: NameRef): (Function & { prototype: object }) | undefined {
    const value = this.#names.resolve(ref);
    return typeof value === "function" && typeof value.prototype === "object" ? value : undefined;
  }

  /** An object of the right class, still empty. */
  #shell(mirror: object, odd: Odd | undefined): object {
    if (ArrayBuffer.isView(mirror)) return this.#view(mirror, odd?.isBuffer === true);
    if (odd === undefined) return emptyOf(mirror, undefined, baseOf(mirror));
    const made = odd.ofClass === undefined ? undefined : this.classOf(odd.ofClass);
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
      // No part of the state gets it; what it held is looked at anyway.
      return emptyOf(mirror, undefined, base);
    }
    const isInvented =
      next !== undefined && base === Object && next !== Object && !FILLED.has(next);
    const closed = made && (closedBaseOf(made.prototype) ?? (isInvented ? next.name : undefined));
    if (closed !== undefined) {
      const why = `an instance of ${odd.ofClass?.name}, which extends ${closed} now`;
      this.#missing.set(mirror, why);
      return emptyOf(mirror, undefined, base);
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
    const memory = this.revive(mirror.buffer) as ArrayBuffer;
    const { byteOffset: offset, byteLength: bytes } = mirror;
    return viewOf(mirror, { memory, offset, bytes }, isBuffer);
  }

  #fill(mirror: object, object: object): void {
    if (ArrayBuffer.isView(mirror) || types.isBoxedPrimitive(mirror)) return;
    if (mirror instanceof Map) {
      const set = Map.prototype.set.bind(object as Map<unknown, unknown>);
      mirror.forEach((value, key) => void set(this.revive(key), this.revive(value)));
    } else if (mirror instanceof Set) {
      for (const value of mirror) Set.prototype.add.call(object, this.revive(value));
    } else if (Array.isArray(mirror)) {
      if (this.#fillPlainArray(mirror, object as unknown[])) return;
      (object as unknown[]).length = mirror.length;
    }
    const odd = this.#state.odd.get(mirror);
    const hasClass = odd?.ofClass !== undefined;
    const from = mirror as Record<string, unknown>;
    const to = object as Record<string, unknown>;
    for (const key of Object.keys(mirror)) {
      const value = from[key];
      const item = isPrimitive(value) ? value : this.revive(value);
      // An assignment would run a setter that the class has now.
      if (hasClass && key in to && !Object.hasOwn(to, key)) define(to, key, item);
      else to[key] = item;
    }
    for (const property of odd?.properties ?? []) {
      this.assign(object, property);
    }
  }

  /** Fills an array that has nothing but its elements, without a text for each index. */
  #fillPlainArray(mirror: readonly unknown[], object: unknown[]): boolean {
    const length = plainLength(mirror);
    if (length === NOT_PLAIN || this.#state.odd.get(mirror) !== undefined) return false;
    for (let index = 0; index < length; index += 1) {
      const value = mirror[index];
      object[index] = isPrimitive(value) ? value : this.revive(value);
    }
    return true;
  }

  /** Gives an object a property that assignment would not make. */
  assign(object: object, { key, value, bits }: OddProperty): void {
    define(object, this.revive(key) as string, this.revive(value), bits);
  }

  /**
   * From now on mirrors of plain data and of instances become the objects, if the state is given away and the instance lacks
   * nothing of it: what is missing is told by its path, and the way there must still be one of mirrors.
   */
  adopt(): void {
    const { links, left, odd } = this.#state;
    if (links === undefined || left.length > 0) return;
    const instances: object[] = [];
    for (const [mirror, each] of odd) {
      const { named, ofClass, service } = each;
      if (service !== undefined) return;
      if (named !== undefined && this.#find(named) === undefined) return;
      if (ofClass === undefined) continue;
      const isPlain = Object.getPrototypeOf(mirror) === Object.prototype;
      const prototype = isPlain ? this.#plainPrototype(ofClass) : undefined;
      if (prototype === undefined) return;
      if (isAdopted(each)) instances.push(mirror, prototype);
    }
    for (let at = 0; at < instances.length; at += 2) {
      Object.setPrototypeOf(instances[at], instances[at + 1] as object);
    }
    this.#isAdopting = true;
    this.#links = links;
  }

  /** Fills everything that was made, and closes what was closed. */
  finish(): void {
    this.#queue.run();
    this.#followLinks();
    this.#queue.run();
    // What is closed can't be filled any more.
    for (const [object, closed] of this.#closing.splice(0)) close(object, closed);
  }

  /** Closes an object when all are filled. */
  closeLater(object: object, closed: Closed): void {
    this.#closing.push([object, closed]);
  }

  /** Puts what stands for them in the place of mirrors that are more than data. */
  #followLinks(): void {
    const links = this.#links;
    this.#links = [];
    let last: object | undefined;
    let isOwn = false;
    let isOpen = false;
    for (let at = 0; at < links.length; at += 2) {
      const holder = links[at] as Record<string, unknown>;
      const key = links[at + 1] as string | undefined;
      if (holder !== last) {
        const odd = this.#state.odd.get(holder);
        isOwn = !this.#made.has(holder) && isAdopted(odd);
        // An odd one was begun anew, and has all that it holds in its list.
        isOpen = odd?.properties === undefined;
        last = holder;
      }
      if (!isOwn) continue;
      if (key === undefined) this.#mend(holder);
      else if (isOpen) holder[key] = this.revive(holder[key]);
    }
  }

  /** Gives a mirror that has become an object what it could not hold. */
  #mend(holder: object): void {
    if (holder instanceof Map) {
      const entries = [...holder];
      holder.clear();
      for (const [key, value] of entries) holder.set(this.revive(key), this.revive(value));
    } else if (holder instanceof Set) {
      const items = [...holder];
      holder.clear();
      for (const item of items) holder.add(this.revive(item));
    }
    const odd = this.#state.odd.get(holder);
    for (const property of odd?.properties ?? []) this.assign(holder, property);
    if (odd?.closed !== undefined) this.closeLater(holder, odd.closed);
  }

  #find(ref: NameRef): unknown {
    if (ref.name !== "*") return this.#names.resolve(ref);
    const node = this.#names.modules.get(ref.file)?.node;
    return node && this.#names.instance.namespaceOf(node);
  }

  /** What the instance lacks, with its path: what was made may not be used. */
  listMissing(): Left[] {
    if (this.#missing.size === 0) return [];
    const places = findPlaces(this.#state, this.#missing);
    return [...this.#missing].map(([mirror, why]) => {
      const place = places.get(mirror) ?? { path: "?", file: "", line: 0 };
      return { ...place, why };
    });
  }
}

/** Whether a mirror may become what it stands for: data of the same form, or an instance that is its fields. */
function isAdopted(odd: Odd | undefined): boolean {
  if (odd === undefined) return true;
  const { named, api, global, symbol, service, left, error, own, isProxy } = odd;
  if (named || api || global || symbol || service || left || error || isProxy) return false;
  if (own !== undefined) return false;
  return odd.foreign === undefined && odd.isNull !== true && odd.isEmitter !== true;
}

function follow(from: unknown, path: readonly string[]): unknown {
  let value = from;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}
