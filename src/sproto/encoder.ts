// Hot path (bench: sproto).
/**
 * Values as messages of a type, byte for byte as sproto.c writes them.
 *
 *     number of words | word for each field, or gap between tags | chunk for each value that fits no word
 *
 * The head is written last: room for the longest one is left, and what of it is not used is closed
 * again. What Lua calls nil is undefined and null here. Properties that are no fields of the type
 * are not looked at. Texts and bytes may stand for each other, as they do in Lua.
 */

import type { SnaxError } from "../base/error.ts";
import { SPROTO_BYTES_MAX, SPROTO_DEPTH_MAX } from "../base/limits.ts";
import {
  luaTypeOf,
  refuse,
  toBoolean,
  toDouble,
  toFields,
  toInteger,
  toText,
} from "./encode-value.ts";
import { returnWriter, takeWriter, tooLarge } from "./message-writer.ts";
import type { MessageWriter } from "./message-writer.ts";
import { KIND } from "./schema-model.ts";
import type { Field, StructType } from "./schema-model.ts";

/** The largest integer that fits a word. */
const WORD_MAX = 0x7ffe;

/** What a value that is written as a chunk leaves in its word. */
const CHUNK = 0;

/** A value of a type. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Encodes a value.
 *
 * The error of a getter comes as it is.
 *
 * @returns bytes in memory of their own.
 * @throws {ERR_NOT_SENDABLE} if it can't be of that type, in skynet's words, is nested too deep, or
 * too large.
 */
export function encodeStruct(type: StructType, value: unknown): Uint8Array {
  const writer = takeWriter();
  writeMessage(writer, type, value);
  const bytes = writer.copy();
  returnWriter(writer);
  return bytes;
}

/**
 * Writes a whole message behind what is written already.
 *
 * @throws {ERR_NOT_SENDABLE} as {@link encodeStruct}.
 */
export function writeMessage(writer: MessageWriter, type: StructType, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw refuse(`${type.name} should be a table (Is a ${luaTypeOf(value)})`);
  }
  writeStruct(writer, type, value as Fields, 0);
  if (writer.size > SPROTO_BYTES_MAX) throw tooLarge(writer.size);
}

/** Writes a value that is in `depth` others. */
function writeStruct(writer: MessageWriter, type: StructType, value: Fields, depth: number): void {
  const { fields, wordsMax } = type;
  if (depth >= SPROTO_DEPTH_MAX && fields.length > 0) {
    throw refuse(`The table is too deep: SPROTO_DEPTH_MAX is ${SPROTO_DEPTH_MAX}`);
  }
  const start = writer.size;
  writer.reserve(2 + wordsMax * 2);
  const data = start + 2 + wordsMax * 2;
  writer.size = data;
  let at = start + 2;
  let next = 0;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index] as Field;
    const { name } = field;
    if (field.isInherited && !Object.hasOwn(value, name)) continue;
    const content = value[name];
    if (content === undefined || content === null) continue;
    const word = writeField(writer, field, content, depth);
    const gap = field.tag - next;
    if (gap > 0) {
      writer.putWord(at, gap * 2 - 1);
      at += 2;
    }
    writer.putWord(at, word);
    at += 2;
    next = field.tag + 1;
  }
  writer.putWord(start, (at - start - 2) >> 1);
  if (at < data) writer.closeGap(data, at);
}

/** Writes what of a field goes behind the head. @returns its word. */
function writeField(writer: MessageWriter, field: Field, value: unknown, depth: number): number {
  if (field.isList) {
    writeList(writer, field, value, depth);
    return CHUNK;
  }
  switch (field.kind) {
    case KIND.string:
    case KIND.binary:
      writeText(writer, toText(field, value, 0));
      return CHUNK;
    case KIND.integer:
      if (typeof value === "number" && value === (value | 0) && field.factor === 0) {
        if (value >= 0 && value <= WORD_MAX) return (value + 1) * 2;
      }
      return writeInteger(writer, toInteger(field, value, 0));
    case KIND.boolean:
      return toBoolean(field, value, 0) ? 4 : 2;
    case KIND.double:
      writer.reserve(12);
      writer.int32(8);
      writer.double(toDouble(field, value, 0));
      return CHUNK;
    case KIND.struct:
      writeElement(writer, field, toFields(field, value, 0), depth);
      return CHUNK;
  }
}

function writeInteger(writer: MessageWriter, value: number | bigint): number {
  if (value >= 0 && value <= WORD_MAX) return (Number(value) + 1) * 2;
  writer.reserve(12);
  if (isInt32(value)) {
    writer.int32(4);
    writer.int32(Number(value));
  } else {
    writer.int32(8);
    writer.int64(value);
  }
  return CHUNK;
}

function isInt32(value: number | bigint): boolean {
  return value >= -0x8000_0000 && value <= 0x7fff_ffff;
}

/** Writes a text or bytes, with their number in front. */
function writeText(writer: MessageWriter, value: string | Uint8Array): void {
  if (typeof value === "string") writer.text(value);
  else writer.blob(value);
}

/** Writes the value of a field that is a struct, with the number of its bytes in front. */
function writeElement(writer: MessageWriter, field: Field, value: Fields, depth: number): void {
  writer.reserve(4);
  const start = writer.size;
  writer.size += 4;
  writeStruct(writer, field.struct as StructType, value, depth + 1);
  writer.putInt32(start, writer.size - start - 4);
}

/**
 * Writes a list, with the number of its bytes in front; what is behind the first nil does not
 * count.
 */
function writeList(writer: MessageWriter, field: Field, value: unknown, depth: number): void {
  const list = field.key === undefined ? value : elementsOf(field, value);
  if (!Array.isArray(list)) {
    throw notAList(field, value);
  }
  const nil = list.findIndex((element) => element === undefined || element === null);
  const elements: readonly unknown[] = nil < 0 ? list : list.slice(0, nil);
  writer.reserve(4);
  const start = writer.size;
  writer.size += 4;
  writeElements(writer, field, elements, depth);
  writer.putInt32(start, writer.size - start - 4);
}

/**
 * The error for a value that can't be read as a list: skynet's words, and for what is a table in
 * Lua what is wanted.
 */
function notAList(field: Field, value: unknown): SnaxError {
  const place = `${field.owner}.${field.name}(1)`;
  const type = luaTypeOf(value);
  const words = `${place} should be a table or an userdata with metamethods (Is a ${type})`;
  if (type !== "table") return refuse(words);
  const isPairs = field.key !== undefined && field.value !== undefined;
  const wanted = isPairs ? "a Map or an object of its pairs" : "an array";
  return refuse(`${words}: ${wanted} is expected, not ${nameOf(value)}`);
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (value instanceof Map) return "a Map";
  return value instanceof Set ? "a Set" : "an object";
}

/** Makes a list of what has keys: of a map its pairs, otherwise the values alone. */
function elementsOf(field: Field, value: unknown): unknown {
  const { key, value: other } = field;
  if (typeof value !== "object" || value === null) return value;
  if (key === undefined || other === undefined) {
    if (Array.isArray(value)) return value;
    return value instanceof Map ? [...value.values()] : Object.values(value);
  }
  if (Array.isArray(value)) return undefined;
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? value : Object.entries(value);
  return Array.from(entries, ([name, content]) => ({ [key.name]: name, [other.name]: content }));
}

function writeElements(
  writer: MessageWriter,
  field: Field,
  list: readonly unknown[],
  depth: number,
): void {
  let index = 0;
  switch (field.kind) {
    case KIND.integer:
      return writeIntegers(writer, field, list);
    case KIND.double:
      if (list.length === 0) return;
      writer.reserve(1 + list.length * 8);
      writer.bytes[writer.size++] = 8;
      for (const element of list) writer.double(toDouble(field, element, ++index));
      return;
    case KIND.boolean:
      writer.reserve(list.length);
      for (const element of list) {
        writer.bytes[writer.size++] = toBoolean(field, element, ++index) ? 1 : 0;
      }
      return;
    case KIND.string:
    case KIND.binary:
      for (const element of list) writeText(writer, toText(field, element, ++index));
      return;
    case KIND.struct:
      for (const element of list) {
        writeElement(writer, field, toFields(field, element, ++index), depth);
      }
      return;
  }
}

/** Writes integers in four bytes each, or if one of them needs more, in eight. */
function writeIntegers(writer: MessageWriter, field: Field, list: readonly unknown[]): void {
  if (list.length === 0) return;
  const integers = list.map((element, index) => toInteger(field, element, index + 1));
  const isShort = integers.every(isInt32);
  const width = isShort ? 4 : 8;
  writer.reserve(1 + integers.length * width);
  writer.bytes[writer.size++] = width;
  for (const integer of integers) {
    if (isShort) writer.int32(Number(integer));
    else writer.int64(integer);
  }
}
