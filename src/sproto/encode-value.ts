/**
 * What a value has to be to fit a field, and what stands for it on the wire.
 *
 * As in Lua, a text that is a number counts as that number. Refusals say it in skynet's words, with
 * Lua's names of types; where sproto.c silently writes 0 for what is no number, a double or a
 * decimal is refused too.
 */

import { SnaxError } from "../base/error.ts";
import type { Field } from "./schema-model.ts";

const INT64 = 2 ** 63;

/** A number as text, as Lua reads one; `Number` alone would also take "", "0b1" and "Infinity". */
const NUMERIC = /^\s*[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|0x[\da-f]+)\s*$/i;
const DIGITS = /^\s*[-+]?\d+\s*$/;

/**
 * Returns the integer that stands for a value on the wire.
 *
 * @param index - the number of the value in its list, from 1; 0 outside a list.
 * @throws {ERR_NOT_SENDABLE} if it is no integer of 64 bits, or for a decimal no number; so do the
 * others here.
 */
export function toInteger(field: Field, value: unknown, index: number): number | bigint {
  const { factor } = field;
  const integer = factor === 0 ? integerOf(value) : decimalOf(value, factor);
  if (integer !== undefined) return integer;
  const error = mistyped(field, value, index, factor === 0 ? "an integer" : "a number");
  const number = describeNumber(value);
  throw number === "" ? error : refuse(`${error.message}: ${number}`);
}

/** Returns a value that is a number. */
export function toDouble(field: Field, value: unknown, index: number): number {
  const number = numberOf(value);
  if (number === undefined) throw mistyped(field, value, index, "a number");
  return number;
}

/** Returns a value that is a boolean. */
export function toBoolean(field: Field, value: unknown, index: number): boolean {
  if (typeof value !== "boolean") throw mistyped(field, value, index, "a boolean");
  return value;
}

/** Returns a value that is a text, or bytes. */
export function toText(field: Field, value: unknown, index: number): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  throw mistyped(field, value, index, "a string");
}

/** Returns a value that has fields. */
export function toFields(field: Field, value: unknown, index: number): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw mistyped(field, value, index, "a table");
}

/** Makes the error for what can't be encoded. */
export function refuse(message: string): SnaxError {
  return new SnaxError("ERR_NOT_SENDABLE", message);
}

/** Names the type of a value as Lua would. */
export function luaTypeOf(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nil";
    case "bigint":
      return "number";
    case "object":
      return value === null ? "nil" : value instanceof Uint8Array ? "string" : "table";
    default:
      return typeof value;
  }
}

function mistyped(field: Field, value: unknown, index: number, what: string): SnaxError {
  const place = `${field.owner}.${field.name}[${index}]`;
  return refuse(`${place} is not ${what} (Is a ${luaTypeOf(value)})`);
}

/** What skynet's words leave open: which number does not fit, and why. */
function describeNumber(value: unknown): string {
  if (typeof value !== "number" && typeof value !== "bigint") return "";
  const isTooLarge = typeof value === "bigint" || Number.isInteger(value);
  return `${value}${isTooLarge ? " needs more than 64 bits" : ""}`;
}

function integerOf(value: unknown): number | bigint | undefined {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) && value >= -INT64 && value < INT64 ? value : undefined;
    case "bigint":
      return BigInt.asIntN(64, value) === value ? value : undefined;
    case "string":
      if (!NUMERIC.test(value)) return undefined;
      return integerOf(DIGITS.test(value) ? BigInt(value.trim().replace("+", "")) : Number(value));
    default:
      return undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && NUMERIC.test(value) ? Number(value) : undefined;
}

/** Returns the integer that stands for a decimal, rounded half away from zero. */
function decimalOf(value: unknown, factor: number): number | undefined {
  const number = numberOf(value);
  if (number === undefined) return undefined;
  const scaled = Math.sign(number) * Math.round(Math.abs(number) * factor);
  return scaled >= -INT64 && scaled < INT64 ? scaled : undefined;
}
