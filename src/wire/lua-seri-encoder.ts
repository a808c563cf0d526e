/**
 * The walk that writes JavaScript values as lua-seri; lua-seri.ts says what becomes what.
 *
 * As in Lua, a field without a value does not exist, what is held twice is sent twice, and a cycle is too deep. Instances
 * of classes go as plain objects. What Lua has no type for (Date, Set, RegExp...) and objects of the runtime, which stand
 * for something of this node, end the walk with a refusal.
 */

import { kindOf, refusalOf } from "../base/copy-class.ts";
import { kPort, kPortKind } from "../base/portable.ts";
import { SERI_DEPTH_MAX } from "./lua-seri-format.ts";
import { Refusal, nameOf, stepOf, within } from "./lua-seri-refusal.ts";
import { LuaFloat, LuaPointer, keyOf } from "./lua-seri-value.ts";
import type { SeriWriter } from "./lua-seri-writer.ts";

/**
 * Writes a value that is in `depth` tables.
 *
 * @throws {Refusal} if it, or something that it holds, can't be sent; the error of a getter comes as it is.
 */
export function writeValue(writer: SeriWriter, value: unknown, depth: number): void {
  if (depth > SERI_DEPTH_MAX) {
    throw new Refusal(`is nested deeper than SERI_DEPTH_MAX ${SERI_DEPTH_MAX}`);
  }
  if (typeof value === "string") writer.text(value);
  else if (typeof value === "number") writeNumber(writer, value);
  else if (typeof value === "boolean") writer.boolean(value);
  else if (value === undefined || value === null) writer.nil();
  else if (typeof value === "bigint") writeBigint(writer, value);
  else if (Array.isArray(value)) writeArray(writer, value, depth + 1);
  else if (typeof value === "object") writeObject(writer, value, depth);
  else throw new Refusal(`is ${refusalOf(value)}`);
}

function writeNumber(writer: SeriWriter, value: number): void {
  // -0 is no integer in Lua; as one it would come back as 0.
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.integer(value);
  else writer.float(value);
}

function writeBigint(writer: SeriWriter, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) throw new Refusal("is a bigint of more than 64 bits");
  writer.bigint(value);
}

function writeObject(writer: SeriWriter, value: object, depth: number): void {
  if (value instanceof Uint8Array) writer.bytes(value);
  else if (value instanceof Map) writeMap(writer, value, depth + 1);
  else if (value instanceof LuaFloat) writer.float(value.value);
  else if (value instanceof LuaPointer) writer.pointer(value.address);
  else {
    const reason = unknownToLua(value);
    if (reason !== undefined) throw new Refusal(reason);
    writeFields(writer, value as Record<string, unknown>, depth + 1);
  }
}

/** Says why an object can't be a table of fields. */
function unknownToLua(value: object): string | undefined {
  // What names its kind itself looks plain, and is: rows of shared tables.
  if (kPort in value && !(kPortKind in value))
    return "is an object of the runtime, which Lua does not know";
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || kindOf(prototype) === "data") return undefined;
  const name = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return `is ${refusalOf(value) ?? `of type ${name}, which Lua does not have`}`;
}

function writeArray(writer: SeriWriter, list: readonly unknown[], depth: number): void {
  const count = list.length;
  writer.table(count);
  let index = 0;
  try {
    for (; index < count; index++) writeValue(writer, list[index], depth);
  } catch (error) {
    throw within(`[${index}]`, error);
  }
  writer.nil();
}

function writeFields(writer: SeriWriter, fields: Record<string, unknown>, depth: number): void {
  writer.table(0);
  let key = "";
  try {
    for (key of Object.keys(fields)) {
      const value = fields[key];
      if (value === undefined || value === null) continue;
      writeValue(writer, key, depth);
      writeValue(writer, value, depth);
    }
  } catch (error) {
    throw within(stepOf(key), error);
  }
  writer.nil();
}

function writeMap(writer: SeriWriter, map: ReadonlyMap<unknown, unknown>, depth: number): void {
  const count = borderOf(map);
  writer.table(count);
  let at: unknown;
  try {
    for (let index = 1; index <= count; index++) {
      at = index;
      writeValue(writer, map.get(index), depth);
    }
    for (const [key, value] of map) {
      at = key;
      if (value === undefined || value === null || isWithin(key, count)) continue;
      writeKey(writer, key, depth);
      writeValue(writer, value, depth);
    }
  } catch (error) {
    throw within(`.get(${nameOf(at)})`, error);
  }
  writer.nil();
}

/** Counts the keys 1, 2, 3... up to the first that has no value: Lua's border of a table without gaps. */
function borderOf(map: ReadonlyMap<unknown, unknown>): number {
  let count = 0;
  while ((map.get(count + 1) ?? undefined) !== undefined) count++;
  return count;
}

function isWithin(key: unknown, count: number): boolean {
  return typeof key === "number" && Number.isInteger(key) && key >= 1 && key <= count;
}

function writeKey(writer: SeriWriter, name: unknown, depth: number): void {
  const key = keyOf(name);
  if (key === undefined || key === null || Number.isNaN(key)) {
    throw new Refusal("has a key that no Lua table can have");
  }
  writeValue(writer, key, depth);
}
