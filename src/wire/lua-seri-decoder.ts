/**
 * The walk that reads lua-seri into JavaScript values; lua-seri.ts says what becomes what.
 *
 * A table begins as a list and turns into what its keys make of it, each key that comes may turn it once more: list ->
 * object or Map, object -> Map. Promises: it recurses no deeper than SERI_DEPTH_MAX, and what it makes is bounded by the
 * bytes that are there, no matter what sizes they claim.
 */

import { SnaxError } from "../base/error.ts";
import { NUMBER, SERI_DEPTH_MAX, TABLE_SIZED, TYPE, TYPE_BITS } from "./lua-seri-format.ts";
import { SeriReader } from "./lua-seri-reader.ts";
import { LuaFloat, LuaPointer, keyOf } from "./lua-seri-value.ts";

/** The attributes of a property made by assignment. */
const OPEN = { enumerable: true, writable: true, configurable: true };

/** What the values of a payload become where there is a choice. */
export interface SeriOptions {
  /**
   * What a Lua string becomes: a string if it is UTF-8, or always its bytes. Keys are strings either way.
   *
   * @defaultValue "text"
   */
  strings?: "text" | "bytes";
  /**
   * What a table becomes: what its keys suggest, or always a Map, the array part under 1, 2, 3...
   *
   * @defaultValue "natural"
   */
  tables?: "natural" | "map";
  /**
   * What an empty table becomes, unless all become Maps.
   *
   * @defaultValue "array"
   */
  empty?: "array" | "object";
  /**
   * Whether a float that is an integer becomes a {@link LuaFloat}, so that it is a float again when it is sent on.
   *
   * @defaultValue false
   */
  keepFloats?: boolean;
}

/** One decoding of one payload. */
export class SeriDecoder {
  readonly #reader: SeriReader;
  readonly #options: SeriOptions;

  constructor(bytes: Uint8Array, options: SeriOptions) {
    this.#reader = new SeriReader(bytes);
    this.#options = options;
  }

  /**
   * Reads all values.
   *
   * @throws {ERR_ARGUMENT} if the payload is malformed.
   */
  values(): unknown[] {
    const values: unknown[] = [];
    while (this.#reader.left > 0) values.push(this.#value(0));
    return values;
  }

  /** Reads a value that is in `depth` tables. */
  #value(depth: number, strings = this.#options.strings): unknown {
    const head = this.#reader.byte();
    const cookie = head >> TYPE_BITS;
    switch (head & ((1 << TYPE_BITS) - 1)) {
      case TYPE.nil:
        return undefined;
      case TYPE.boolean:
        return cookie !== 0;
      case TYPE.number:
        return cookie === NUMBER.float64 ? this.#float() : this.#reader.integer(cookie);
      case TYPE.pointer:
        return new LuaPointer(this.#reader.pointer());
      case TYPE.shortString:
        return strings === "bytes" ? this.#reader.bytes(cookie) : this.#reader.text(cookie);
      case TYPE.longString: {
        const length = this.#reader.length(cookie);
        return strings === "bytes" ? this.#reader.bytes(length) : this.#reader.text(length);
      }
      case TYPE.table:
        if (depth > SERI_DEPTH_MAX) throw this.#reader.invalid();
        return this.#table(this.#sizeOf(cookie), depth + 1);
      default:
        throw this.#reader.invalid();
    }
  }

  #float(): unknown {
    const value = this.#reader.float();
    if (this.#options.keepFloats !== true) return value;
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? new LuaFloat(value) : value;
  }

  /** Reads the size of an array part; one below 0 counts as 0, as it does in skynet. */
  #sizeOf(cookie: number): number {
    if (cookie !== TABLE_SIZED) return cookie;
    const head = this.#reader.byte();
    if ((head & ((1 << TYPE_BITS) - 1)) !== TYPE.number) throw this.#reader.invalid();
    return Number(this.#reader.integer(head >> TYPE_BITS));
  }

  /** Reads a table whose values are in `depth` tables; it begins as a list and is what its keys make of it. */
  #table(size: number, depth: number): unknown {
    const list: unknown[] = [];
    // The size is a claim: the list grows with what is there.
    for (let index = 0; index < size; index++) list.push(this.#value(depth));
    let key = this.#key(depth);
    if (this.#options.tables === "map") return this.#map(mapOf(list), key, depth);
    while (key === list.length + 1) {
      const value = this.#value(depth);
      if (value !== undefined) list.push(value);
      key = this.#key(depth);
    }
    if (key === undefined) {
      return list.length === 0 && this.#options.empty === "object" ? {} : list;
    }
    return typeof key === "string" && list.length === 0
      ? this.#fields(key, depth)
      : this.#map(mapOf(list), key, depth);
  }

  /** Reads a table as an object, from its first key on. */
  #fields(first: string, depth: number): unknown {
    const fields: Record<string, unknown> = {};
    for (let key: unknown = first; key !== undefined; key = this.#key(depth)) {
      if (typeof key !== "string") return this.#map(new Map(Object.entries(fields)), key, depth);
      const value = this.#value(depth);
      if (value === undefined) delete fields[key];
      // An assignment to an inherited name would be stopped by a frozen prototype, or change the object's own.
      else if (key in fields) Object.defineProperty(fields, key, { value, ...OPEN });
      else fields[key] = value;
    }
    return fields;
  }

  /** Reads the rest of a table, from the key `first` on, into a Map. */
  #map(map: Map<unknown, unknown>, first: unknown, depth: number): Map<unknown, unknown> {
    for (let key = first; key !== undefined; key = this.#key(depth)) {
      const value = this.#value(depth);
      if (value === undefined) map.delete(key);
      else map.set(key, value);
    }
    return map;
  }

  /** Reads a key. @returns undefined at the end of the table. */
  #key(depth: number): unknown {
    const key = keyOf(this.#value(depth, "text"));
    if (Number.isNaN(key)) throw new SnaxError("ERR_ARGUMENT", "table index is NaN");
    return key;
  }
}

/** Makes a Map of an array part. */
function mapOf(list: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  list.forEach((value, index) => {
    if (value !== undefined) map.set(index + 1, value);
  });
  return map;
}
