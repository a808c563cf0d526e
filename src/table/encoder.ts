/**
 * Writes a value into shared memory as a version of a table; see format.ts.
 *
 * What can be in a table: texts, numbers, bigints, booleans, null, undefined, dates, lists, and
 * objects without a class. Anything else is refused with its path, and so is a value that holds
 * itself. An object that several others hold stays one object. Getters are read; keys that are
 * symbols are left out.
 */

import { types } from "node:util";
import { kindOf, refusalOf } from "../base/copy-class.ts";
import { SnaxError } from "../base/error.ts";
import { TABLE_DEPTH_MAX } from "../base/limits.ts";
import { messageOf } from "../service/error-text.ts";
import {
  formatPath,
  hashInteger,
  hashText,
  indexOfKey,
  KIND,
  LIST_FLAG,
  RECORD_KEYS_MAX,
  ROOT_AT,
  SHARED,
} from "./format.ts";
import type { Step } from "./format.ts";
import { findExtra, integerWidth, writeIntegers } from "./list-form.ts";
import { SlotWriter } from "./slot-writer.ts";

/** Where an object was written first. */
interface Place {
  readonly position: number;
  readonly kind: number;
  /** The object that holds it; undefined for the root. */
  readonly holder: object | undefined;
  readonly step: Step;
  /** Its own contents are still being written. */
  isOpen: boolean;
}

/** Lists of keys that were met, by the last key. */
type KnownShapes = Map<string, { readonly keys: readonly string[]; readonly position: number }[]>;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Encodes the data of a table.
 *
 * @param name - the table's, for messages.
 * @param isTree - no object in the data is held twice, as after parsing JSON; saves a look at each.
 * @throws {ERR_TABLE} if something in it can't be in a table; the message says where.
 */
export function encodeTable(name: string, data: unknown, isTree = false): SharedArrayBuffer {
  if (typeof data !== "object" || data === null) {
    const isNothing = data === undefined || data === null;
    const what = isNothing ? String(data) : (refusalOf(data) ?? `a ${typeof data}`);
    throw new SnaxError("ERR_TABLE", `${name} is ${what}; a table is an object or a list`);
  }
  return new Encoder(name, isTree).encode(data);
}

class Encoder {
  readonly #name: string;
  readonly #out = new SlotWriter();
  readonly #seen: Map<object, Place> | undefined;
  readonly #shapes: KnownShapes = new Map();
  /** The steps to the value that is being written. */
  readonly #path: Step[] = [];
  /** The error of {@link Encoder.#refuse}, which has its path. */
  #refusal: SnaxError | undefined = undefined;

  constructor(name: string, isTree: boolean) {
    this.#name = name;
    this.#seen = isTree ? undefined : new Map();
  }

  encode(data: object): SharedArrayBuffer {
    this.#object(ROOT_AT, data, undefined);
    return this.#out.seal();
  }

  /** Writes a value into a slot. */
  #value(at: number, value: unknown, holder: object, step: Step): void {
    const out = this.#out;
    switch (typeof value) {
      case "number":
        return out.number(at, value);
      case "string":
        return out.text(at, value);
      case "boolean":
        return out.tag(at, value ? KIND.true : KIND.false, 0);
      case "undefined":
        return out.tag(at, KIND.undefined, 0);
      case "bigint":
        return this.#bigint(at, value);
      default:
        if (value === null) return out.tag(at, KIND.null, 0);
        this.#path.push(step);
        if (typeof value !== "object") throw this.#refuse(`is ${refusalOf(value)}`);
        this.#object(at, value, holder);
        this.#path.pop();
    }
  }

  #bigint(at: number, value: bigint): void {
    const out = this.#out;
    if (value < INT64_MIN || value > INT64_MAX) {
      const digits = value < 0n ? `-${(-value).toString(16)}` : value.toString(16);
      return out.tag(at, KIND.hugeBigint, out.textPayload(digits));
    }
    const slot = out.take(1);
    out.words[slot * 2] = Number(BigInt.asIntN(32, value));
    out.words[slot * 2 + 1] = Number(value >> 32n);
    out.tag(at, KIND.bigint, slot);
  }

  /** Writes an object, or the way to where it was written. */
  #object(at: number, value: object, holder: object | undefined): void {
    if (types.isDate(value)) return this.#date(at, value);
    const known = this.#seen?.get(value);
    if (known !== undefined) return this.#link(at, known);
    // A tree has no cycles, and a cycle in what claims to be one ends here too.
    if (this.#path.length >= TABLE_DEPTH_MAX) {
      throw this.#refuse(`is nested deeper than TABLE_DEPTH_MAX ${TABLE_DEPTH_MAX}`);
    }
    if (Array.isArray(value)) return this.#list(at, value, holder);
    const keys = this.#keysOf(value);
    if (keys.length > RECORD_KEYS_MAX) return this.#dictionary(at, value, keys, holder);
    const position = this.#out.take(1 + keys.length);
    const place = this.#keep(value, { position, kind: KIND.record }, holder);
    this.#out.tag(at, KIND.record, position);
    const shape = this.#shape(keys);
    this.#out.words[position * 2] = shape;
    this.#out.words[position * 2 + 1] = keys.length;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      this.#value(position + 1 + index, this.#read(value, key), value, key);
    }
    if (place !== undefined) place.isOpen = false;
  }

  /** The keys of a plain object. */
  #keysOf(value: object): string[] {
    // What claims to be a tree is from JSON, where nothing throws.
    if (this.#seen === undefined) return Object.keys(value);
    try {
      this.#requirePlain(value);
      return Object.keys(value);
    } catch (error) {
      throw error === this.#refusal ? error : this.#unreadable(error);
    }
  }

  #read(holder: object, step: Step): unknown {
    try {
      return (holder as Record<Step, unknown>)[step];
    } catch (error) {
      this.#path.push(step);
      throw this.#unreadable(error);
    }
  }

  /** How many bytes each integer of a list takes, 0 if its elements are no such integers. */
  #widthOf(list: readonly unknown[]): number {
    try {
      if (this.#seen !== undefined) this.#requireBare(list);
      return integerWidth(list);
    } catch (error) {
      throw error === this.#refusal ? error : this.#unreadable(error);
    }
  }

  /** Refuses a list with properties beside its elements: they would be lost. */
  #requireBare(list: readonly unknown[]): void {
    const extra = findExtra(list);
    if (extra === undefined) return;
    const what = `has the property ${JSON.stringify(extra)} beside its elements`;
    throw this.#refuse(`${what}, which a list in a table can't keep; [...list] has none`);
  }

  #requirePlain(value: object): void {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) return;
    const refused = refusalOf(value);
    if (refused !== undefined) throw this.#refuse(`is ${refused}`);
    // Another realm's plain object has a root for a prototype.
    const isPlain = Object.getPrototypeOf(prototype) === null && kindOf(prototype) === "data";
    if (isPlain && Object.hasOwn(prototype, "isPrototypeOf")) return;
    const maker: unknown = (prototype as { constructor?: { name?: unknown } }).constructor?.name;
    const name =
      typeof maker === "string" && maker !== "" && maker !== "Object" ? maker : "a class";
    throw this.#refuse(`is an instance of ${name}`);
  }

  #keep(
    value: object,
    { position, kind }: { position: number; kind: number },
    holder: object | undefined,
  ): Place | undefined {
    if (this.#seen === undefined) return undefined;
    const place = { position, kind, holder, step: this.#path.at(-1) ?? "", isOpen: true };
    this.#seen.set(value, place);
    return place;
  }

  #date(at: number, value: Date): void {
    const slot = this.#out.take(1);
    this.#out.number(slot, Date.prototype.getTime.call(value));
    this.#out.tag(at, KIND.date, slot);
  }

  #link(at: number, known: Place): void {
    const steps = this.#stepsTo(known);
    if (known.isOpen) throw this.#refuse(`leads back to ${formatPath(this.#name, steps)}`);
    const out = this.#out;
    const link = out.take(1 + steps.length);
    out.words[link * 2] = known.position;
    out.words[link * 2 + 1] = steps.length;
    for (const [index, step] of steps.entries()) {
      if (typeof step === "number") out.number(link + 1 + index, step);
      else out.text(link + 1 + index, step);
    }
    out.tag(at, known.kind | SHARED, link);
  }

  /** The path on which an object was met first. */
  #stepsTo(place: Place): Step[] {
    const steps: Step[] = [];
    for (let each: Place | undefined = place; each?.holder !== undefined;) {
      steps.push(each.step);
      each = this.#seen?.get(each.holder);
    }
    return steps.reverse();
  }

  #shape(keys: readonly string[]): number {
    const last = keys.at(-1) ?? "";
    let alike = this.#shapes.get(last);
    if (alike === undefined) this.#shapes.set(last, (alike = []));
    for (let index = 0; index < alike.length; index++) {
      const shape = alike[index];
      if (shape !== undefined && isSame(shape.keys, keys)) return shape.position;
    }
    const position = this.#out.take(1 + keys.length);
    this.#out.words[position * 2] = keys.length;
    for (const [index, key] of keys.entries()) this.#out.text(position + 1 + index, key);
    alike.push({ keys, position });
    return position;
  }

  #list(at: number, list: readonly unknown[], holder: object | undefined): void {
    const out = this.#out;
    const { length } = list;
    const width = this.#widthOf(list);
    const position = out.take(1 + Math.ceil((length * (width || 8)) / 8));
    const place = this.#keep(list, { position, kind: KIND.list }, holder);
    out.tag(at, KIND.list, position);
    out.words[position * 2] = length;
    if (width > 0) writeIntegers(out, position, width, list as readonly number[]);
    else out.words[position * 2 + 1] = this.#elements(position, list);
    if (place !== undefined) place.isOpen = false;
  }

  /** Writes the elements and returns the flags of the list. */
  #elements(position: number, list: readonly unknown[]): number {
    let flags = 0;
    for (let index = 0; index < list.length; index++) {
      const value = this.#read(list, index);
      this.#value(position + 1 + index, value, list, index);
      if (typeof value !== "object" || value === null) continue;
      if (types.isDate(value)) flags |= LIST_FLAG.hasDates;
      else if (Array.isArray(value)) flags |= this.#flagsOf(position + 1 + index);
    }
    return flags;
  }

  /** What holds for a list inside a list holds for the outer one. */
  #flagsOf(at: number): number {
    const { words } = this.#out;
    const kind = words[at * 2 + 1] as number;
    const payload = words[at * 2] as number;
    const position = (kind & SHARED) === 0 ? payload : (words[payload * 2] as number);
    return (words[position * 2 + 1] as number) & LIST_FLAG.hasDates;
  }

  #dictionary(at: number, value: object, keys: string[], holder: object | undefined): void {
    const out = this.#out;
    const { length } = keys;
    const bits = Math.max(1, Math.ceil(Math.log2((length * 4) / 3)));
    const position = out.take(2 + length * 2 + 2 ** bits / 2);
    const place = this.#keep(value, { position, kind: KIND.dictionary }, holder);
    out.tag(at, KIND.dictionary, position);
    out.words[position * 2] = length;
    out.words[position * 2 + 1] = bits;
    this.#keys(position, keys, bits);
    for (let index = 0; index < length; index++) {
      const key = keys[index] as string;
      const slot = position + 2 + length + index;
      this.#value(slot, this.#read(value, key), value, key);
    }
    if (place !== undefined) place.isOpen = false;
  }

  /** Writes the keys, the table that finds them, and what tells one set of keys from another. */
  #keys(position: number, keys: readonly string[], bits: number): void {
    const out = this.#out;
    const { length } = keys;
    const hashAt = (position + 2 + length * 2) * 2;
    const mask = 2 ** bits - 1;
    let low = length;
    let high = 0x9e3779b9;
    for (let index = 0; index < length; index++) {
      const key = keys[index] as string;
      const number = indexOfKey(key);
      const hash = number >= 0 ? hashInteger(number) : hashText(key);
      if (number >= 0) out.number(position + 2 + index, number);
      else out.text(position + 2 + index, key);
      let at = hash & mask;
      while (out.words[hashAt + at] !== 0) at = (at + 1) & mask;
      out.words[hashAt + at] = index + 1;
      // Two numbers of 32 bits, each from a hash of its own.
      low = Math.imul(low ^ hash, 0x01000193);
      high = Math.imul(high ^ (number >= 0 ? number : hashText(key, 0x1b873593)), 0x85ebca6b);
      high ^= high >>> 15;
    }
    out.words[(position + 1) * 2] = low;
    out.words[(position + 1) * 2 + 1] = high;
  }

  #refuse(why: string, cause?: unknown): SnaxError {
    this.#refusal = new SnaxError("ERR_TABLE", `${formatPath(this.#name, this.#path)} ${why}`, {
      data: { table: this.#name, path: [...this.#path] },
      ...(cause !== undefined && { cause }),
    });
    return this.#refusal;
  }

  /** The error for what throws when it is read. */
  #unreadable(error: unknown): SnaxError {
    return this.#refuse(`can't be read: ${messageOf(error)}`, error);
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
