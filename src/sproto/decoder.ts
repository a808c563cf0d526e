// Hot path (bench: sproto).
/**
 * Messages of a type as values, out of bytes that may be anything.
 *
 * Promises: it reads no byte twice on one level and none outside the message, recurses no deeper
 * than SPROTO_DEPTH_MAX, and what it makes is bounded by the bytes that are there. Tags that the
 * type does not have are skipped. A list with a key becomes a Map, whose keys no prototype can be
 * reached with. What the value of a field can't be is refused: a text that is not UTF-8 (a field of
 * `binary` reads the same bytes), an integer outside the safe ones unless asked for.
 */

import { SnaxError } from "../base/error.ts";
import { SPROTO_DEPTH_MAX } from "../base/limits.ts";
import { MessageReader } from "./message-reader.ts";
import { KIND } from "./schema-model.ts";
import type { Field, StructType } from "./schema-model.ts";

/** How values are read where there is a choice. */
export interface DecodeOptions {
  /**
   * Whether an integer outside the safe integers becomes a bigint, instead of a refusal of the
   * message.
   *
   * @defaultValue false
   */
  bigint?: boolean;
}

type Fields = Record<string, unknown>;

/**
 * Decodes a message; bytes behind its end do not matter.
 *
 * @throws {ERR_MALFORMED} if it is no message of that type; so does every function here.
 */
export function decodeStruct<T extends object>(
  type: StructType,
  bytes: Uint8Array,
  options?: DecodeOptions,
): T {
  return new MessageDecoder(new MessageReader(bytes), options).read(type, 0, bytes.length) as T;
}

/** Decodes messages out of one stretch of memory. */
export class MessageDecoder {
  readonly #reader: MessageReader;
  readonly #isBigint: boolean;
  /** Where the last struct that was read ends. */
  #end = 0;

  constructor(reader: MessageReader, options: DecodeOptions = {}) {
    this.#reader = reader;
    this.#isBigint = options.bigint === true;
  }

  /** Where the last message ended. */
  get end(): number {
    return this.#end;
  }

  /** Reads a message that begins at a place. */
  read(type: StructType, at: number, end: number): Fields {
    return this.#struct(type, at, end, 0);
  }

  /** Reads a struct that is in `depth` others, and leaves its end in #end. */
  #struct(type: StructType, start: number, end: number, depth: number): Fields {
    const reader = this.#reader;
    const { fields } = type;
    const head = start + 2;
    if (head > end) throw malformed(type.name, "the head is cut off");
    let data = head + reader.word(start) * 2;
    const headEnd = data;
    if (data > end) throw malformed(type.name, "the head is cut off");
    const result: Fields = {};
    let tag = -1;
    let index = 0;
    for (let at = head; at < headEnd; at += 2) {
      const word = reader.word(at);
      tag++;
      if ((word & 1) === 1) {
        tag += word >> 1;
        continue;
      }
      let chunk = 0;
      let size = 0;
      if (word === 0) {
        chunk = data + 4;
        if (chunk > end) throw malformed(type.name, "a chunk is cut off");
        size = reader.uint32(data);
        if (size > end - chunk) throw malformed(type.name, "a chunk is cut off");
        data = chunk + size;
      }
      while (index < fields.length && (fields[index] as Field).tag < tag) index++;
      const field = fields[index];
      if (field === undefined || field.tag !== tag) continue;
      if (depth >= SPROTO_DEPTH_MAX) throw tooDeep();
      const value =
        word === 0 ? this.#chunk(field, chunk, size, depth) : inline(field, (word >> 1) - 1);
      if (field.isInherited) define(result, field.name, value);
      else result[field.name] = value;
    }
    this.#end = data;
    return result;
  }

  #chunk(field: Field, at: number, size: number, depth: number): unknown {
    if (field.isList) return this.#list(field, at, size, depth);
    switch (field.kind) {
      case KIND.string:
      case KIND.binary:
        return this.#text(field, at, size);
      case KIND.integer:
        if (size !== 4 && size !== 8) throw mistyped(field);
        return this.#integer(field, at, size);
      case KIND.double:
        if (size !== 8) throw mistyped(field);
        return this.#reader.double(at);
      case KIND.boolean:
        throw mistyped(field);
      case KIND.struct:
        return this.#element(field, at, size, depth);
    }
  }

  #text(field: Field, at: number, size: number): string | Uint8Array {
    if (field.kind === KIND.binary) return this.#reader.blob(at, size);
    const text = this.#reader.text(at, size);
    if (text === undefined) throw malformed(nameOf(field), "a string that is not UTF-8");
    return text;
  }

  #integer(field: Field, at: number, size: number): number | bigint {
    const reader = this.#reader;
    const number = size === 4 ? reader.int32(at) : reader.int64(at);
    if (field.factor !== 0) return number / field.factor;
    if (Number.isSafeInteger(number)) return number;
    const value = reader.bigint(at);
    if (this.#isBigint) return value;
    throw malformed(nameOf(field), `${value} is no safe integer, and bigint is not allowed`);
  }

  #element(field: Field, at: number, size: number, depth: number): Fields {
    const value = this.#struct(field.struct as StructType, at, at + size, depth + 1);
    if (this.#end !== at + size) throw malformed(nameOf(field), "bytes behind its end");
    return value;
  }

  #list(field: Field, at: number, size: number, depth: number): unknown {
    if (field.key !== undefined)
      return this.#map(field, field.key, this.#elements(field, at, size, depth) as Fields[]);
    switch (field.kind) {
      case KIND.integer:
      case KIND.double:
        return this.#numbers(field, at, size);
      case KIND.boolean:
        return Array.from(this.#reader.bytes.subarray(at, at + size), (byte) => byte !== 0);
      case KIND.string:
      case KIND.binary:
      case KIND.struct:
        return this.#elements(field, at, size, depth);
    }
  }

  /** Reads numbers of one width, which is in front of them. */
  #numbers(field: Field, at: number, size: number): unknown[] {
    const values: unknown[] = [];
    if (size <= 1) return values;
    const width = this.#reader.bytes[at] as number;
    const isKnown = width === 8 || (width === 4 && field.kind === KIND.integer);
    if (!isKnown || (size - 1) % width !== 0) throw mistyped(field);
    for (let next = at + 1; next < at + size; next += width) {
      const isDouble = field.kind === KIND.double;
      values.push(isDouble ? this.#reader.double(next) : this.#integer(field, next, width));
    }
    return values;
  }

  /** Reads values that have the number of their bytes in front. */
  #elements(field: Field, at: number, size: number, depth: number): unknown[] {
    const values: unknown[] = [];
    const end = at + size;
    for (let next = at; next < end;) {
      const element = next + 4;
      if (element > end) throw malformed(nameOf(field), "a value is cut off");
      const length = this.#reader.uint32(next);
      if (length > end - element) throw malformed(nameOf(field), "a value is cut off");
      const isStruct = field.kind === KIND.struct;
      values.push(
        isStruct
          ? this.#element(field, element, length, depth)
          : this.#text(field, element, length),
      );
      next = element + length;
    }
    return values;
  }

  /**
   * Turns the values of a list with a key into a Map; of two with the same key the last one stays.
   */
  #map(field: Field, key: Field, elements: readonly Fields[]): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    const { value } = field;
    for (const element of elements) {
      const name = own(element, key.name);
      if (name === undefined || key.isList) throw lacking(field, key);
      if (value === undefined) map.set(name, element);
      else {
        const content = own(element, value.name);
        if (content === undefined) throw lacking(field, value);
        map.set(name, content);
      }
    }
    return map;
  }
}

/** Makes a value of what is in a word. */
function inline(field: Field, value: number): unknown {
  if (field.isList) throw mistyped(field);
  if (field.kind === KIND.integer) return field.factor === 0 ? value : value / field.factor;
  if (field.kind === KIND.boolean) return value !== 0;
  throw mistyped(field);
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Sets a property that an assignment would not make the object's own. */
function define(fields: Fields, name: string, value: unknown): void {
  const attributes = { enumerable: true, writable: true, configurable: true };
  Object.defineProperty(fields, name, { value, ...attributes });
}

function nameOf(field: Field): string {
  return `${field.owner}.${field.name}`;
}

function mistyped(field: Field): SnaxError {
  return malformed(nameOf(field), "not a value of its type");
}

/**
 * Makes the error for a value of a list that lacks its key, or a pair that lacks its value; in
 * skynet's words.
 */
function lacking(field: Field, part: Field): SnaxError {
  const { name, key, value } = field;
  const what = part === key ? "key" : "value";
  const text =
    value === undefined
      ? `Can't find main index (tag=${part.tag}) in [${name}]`
      : `Can't find ${what} field in [${name}]`;
  return new SnaxError("ERR_MALFORMED", text);
}

function tooDeep(): SnaxError {
  const text = `The table is too deep: SPROTO_DEPTH_MAX is ${SPROTO_DEPTH_MAX}`;
  return new SnaxError("ERR_MALFORMED", text);
}

function malformed(place: string, reason: string): SnaxError {
  return new SnaxError("ERR_MALFORMED", `decode error: ${place}: ${reason}`);
}
