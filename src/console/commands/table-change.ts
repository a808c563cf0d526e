/**
 * What differs between two values of a table, in one line: from what to what.
 */

import { inspect, isDeepStrictEqual } from "node:util";
import { nameFirst } from "../../base/short-list.ts";
import { copyPlain } from "../../table/plain-copy.ts";

/** Longest text of one value, in characters. */
const VALUE_LENGTH_MAX = 80;

/** Fields of one row that are told of. */
const FIELDS_SHOWN_MAX = 8;

/** How deep fields are told of by their path. */
const PATH_DEPTH_MAX = 4;

/** Prints the value behind a key, with a blank in front; nothing if the root is not there. */
export function showAt(root: unknown, key: string): string {
  return root === undefined ? "" : ` ${show(at(root, key))}`;
}

/** Prints what has changed behind a key, with a blank in front. */
export function showChange(before: unknown, after: unknown, key: string): string {
  if (before === undefined || after === undefined) return "";
  const lines: string[] = [];
  compare("", [copyPlain(at(before, key)), copyPlain(at(after, key))], lines);
  return ` ${nameFirst(lines, FIELDS_SHOWN_MAX)}`;
}

function at(root: unknown, key: string): unknown {
  return (root as Record<string, unknown>)[key];
}

function compare(path: string, [before, after]: readonly unknown[], lines: string[]): void {
  if (isDeepStrictEqual(before, after)) return;
  const isDeep = path.split(".").length > PATH_DEPTH_MAX;
  if (isDeep || !isRecord(before) || !isRecord(after)) {
    lines.push(`${path === "" ? "" : `${path}: `}${show(before)} -> ${show(after)}`);
    return;
  }
  const under = path === "" ? "" : `${path}.`;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!Object.hasOwn(after, key)) lines.push(`${under}${key} removed, was ${show(before[key])}`);
    else if (Object.hasOwn(before, key)) compare(under + key, [before[key], after[key]], lines);
    else lines.push(`${under}${key} added, ${show(after[key])}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

function show(value: unknown): string {
  const text = inspect(copyPlain(value), { depth: 2, breakLength: Infinity, compact: true });
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}...` : text;
}
