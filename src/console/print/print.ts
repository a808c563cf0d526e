/**
 * Results as skynet's console prints them: keys in order, `key<tab>value`, a record as `k:v<tab>k:v`.
 *
 * Lines are made as they are asked for, so that a hundred thousand of them need not be there at once. Much of what is shown is
 * text of others: it steers no terminal, passes for no other row, and never for the end of the answer.
 */

import { inspect } from "node:util";
import { codeOf } from "../../base/error.ts";
import { indentMore, showControls, showInLine } from "../../base/log-line.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Command, CommandResult } from "../operator/command.ts";
import { isInOrder } from "../operator/page.ts";
import type { Outcome } from "../operator/command.ts";

/** Yields the lines that answer a line: what came of it, and `<CMD OK>` or `<CMD Error>`. */
export function* printOutcome(outcome: Outcome): Iterable<string> {
  if (outcome.ok) {
    for (const line of printResult(outcome.result, outcome.command)) yield `${showAnswer(line)}\n`;
    yield `${END_MARKS[0]}\n`;
    return;
  }
  // As in skynet, an unknown command is told of in two lines, of which the second is empty.
  const isUnknown = outcome.command === undefined;
  yield isUnknown
    ? `${messageOf(outcome.error)}\n\n`
    : `${showAnswer(describeFailure(outcome.error))}\n`;
  yield `${END_MARKS[1]}\n`;
}

/** Prints what a command threw in a line: the code, by which docs/errors.md tells what to do, and the message. */
export function describeFailure(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : `${code}: ${messageOf(error)}`;
}

/** The last line of every answer. */
export const END_MARKS = ["<CMD OK>", "<CMD Error>"] as const;

/** The line with which a console greets its client. */
export const GREETING = "Welcome to skynet console";

/** What a client, or a person, would read as the console's own words. */
const OWN_WORDS = new RegExp(`^(?=\\p{Cf}*(?:${[...END_MARKS, GREETING].join("|")}))`, "gmu");

/** Shows texts of others in an answer: control characters as `\x1b`, and lines that look like the console's own indented. */
export function showAnswer(text: string): string {
  return showControls(text).replace(OWN_WORDS, "\t");
}

/** Yields the lines of a result, without their ends. */
function* printResult(result: CommandResult, command: Command | undefined): Iterable<string> {
  if (result === undefined) return;
  if (typeof result !== "object") {
    yield command?.print?.(result, "") ?? formatValue(result);
    return;
  }
  const isSorted = command?.isOrdered === true || isInOrder(result);
  const keys = isSorted ? result.keys() : sortKeys(result.keys());
  for (const key of keys) {
    const value = result.get(key);
    // A text in place of a record tells why there is none.
    const isRow = typeof value !== "string";
    const shown = (isRow ? command?.print?.(value, key) : undefined) ?? formatValue(value);
    yield indentMore(`${key}\t${shown}`, "\t");
  }
}

/** Prints a value: a scalar as Lua does, a record in one line. */
export function formatValue(value: unknown): string {
  const entries = entriesOf(value);
  return entries === undefined ? formatScalar(value) : formatEntries(entries);
}

function formatEntries(entries: ReadonlyMap<string, unknown>): string {
  return sortKeys(entries.keys())
    .map((key) => showInLine(`${key}:${formatScalar(entries.get(key))}`))
    .join("\t");
}

/** Keys in the order of their bytes, as Lua compares texts; addresses usually come in it. */
function sortKeys(keys: Iterable<string>): string[] {
  return [...keys].sort();
}

/** The entries of what Lua would call a table; a list counts from 1, and nil is no entry. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
  const pairs = pairsOf(value);
  return pairs === undefined
    ? undefined
    : new Map(pairs.filter(([, entry]) => entry !== undefined && entry !== null));
}

function pairsOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) => [String(index + 1), entry]);
  }
  if (value instanceof Map) return [...value].map(([key, entry]) => [formatScalar(key), entry]);
  if (typeof value !== "object" || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined;
}

function formatScalar(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatNumber(value);
  if (value === undefined || value === null) return "nil";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  try {
    return inspect(value, { depth: 2, breakLength: Infinity });
  } catch (error) {
    // Its own inspection threw.
    return messageOf(error);
  }
}

/**
 * Prints a number as Lua does. JavaScript has one kind of number: a whole one is printed as an integer of Lua, without a
 * point, any other as a float.
 */
export function formatNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : formatFloat(value);
}

/** Prints a float as Lua 5.5 does: `%.15g`, with 17 digits if these lose something, and `.0` behind a whole one. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const short = formatGeneral(value, 15);
  const text = Number(short) === value ? short : formatGeneral(value, 17);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** C's `%.<digits>g`. */
function formatGeneral(value: number, digits: number): string {
  const [mantissa = "", power = "0"] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < digits) return trim(value.toFixed(digits - 1 - exponent));
  const sign = exponent < 0 ? "-" : "+";
  return `${trim(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Takes the zeros behind the last digit away. */
function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
