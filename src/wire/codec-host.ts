/**
 * Objects of the platform that keep their contents somewhere else than in properties, in both directions.
 *
 * The kinds and their rules are those of base/copy-host.ts. Leaves out memory (codec-binary.ts) and errors
 * (codec-error.ts).
 */

import { types } from "node:util";
import { flagsOf, patternOf } from "../base/true-parts.ts";
import { encodeBinary } from "./codec-binary.ts";
import type { DecodeWalk } from "./codec-decode-walk.ts";
import type { EncodeWalk } from "./codec-encode-walk.ts";
import { encodeError } from "./codec-error.ts";
import { OBJECT, TAG } from "./codec-format.ts";

/**
 * Writes an object with contents of its own.
 *
 * @returns false if the object is of no such kind.
 */
export function encodeHost(source: object, walk: EncodeWalk, depth: number): boolean {
  if (types.isMap(source)) encodeMap(source, walk, depth);
  else if (types.isSet(source)) encodeSet(source, walk, depth);
  else if (types.isNativeError(source) || source instanceof Error) encodeError(source, walk, depth);
  else return encodeBinary(source, walk, depth) || encodeLeaf(source, walk, depth);
  return true;
}

/** Reads a Map. */
export function decodeMap(walk: DecodeWalk, index: number, depth: number): unknown {
  const map = new Map<unknown, unknown>();
  walk.keep(index, map);
  while (!walk.skip(TAG.end)) {
    const key = walk.value(depth + 1);
    map.set(key, walk.value(depth + 1));
  }
  return map;
}

/** Reads a Set. */
export function decodeSet(walk: DecodeWalk, index: number, depth: number): unknown {
  const set = new Set<unknown>();
  walk.keep(index, set);
  while (!walk.skip(TAG.end)) set.add(walk.value(depth + 1));
  return set;
}

/** Reads a RegExp. */
export function decodeRegExp(walk: DecodeWalk): unknown {
  const source = walk.text();
  return new RegExp(source, walk.text());
}

// The number of entries is not known before the last one is written: a getter among them may change the Map.
function encodeMap(source: Map<unknown, unknown>, walk: EncodeWalk, depth: number): void {
  walk.open(source, OBJECT.map);
  // A subclass may have an iterator of its own.
  for (const [key, value] of Map.prototype.entries.call(source)) {
    walk.value(key, depth + 1);
    walk.value(value, depth + 1);
  }
  walk.tag(TAG.end);
}

function encodeSet(source: Set<unknown>, walk: EncodeWalk, depth: number): void {
  walk.open(source, OBJECT.set);
  for (const value of Set.prototype.values.call(source)) walk.value(value, depth + 1);
  walk.tag(TAG.end);
}

/** Writes what holds no other value. */
function encodeLeaf(source: object, walk: EncodeWalk, depth: number): boolean {
  if (types.isDate(source)) {
    walk.open(source, OBJECT.date);
    walk.float64(Date.prototype.getTime.call(source));
  } else if (types.isRegExp(source)) {
    walk.open(source, OBJECT.regexp);
    walk.text(patternOf(source));
    walk.text(flagsOf(source));
  } else {
    const primitive = primitiveOf(source);
    if (primitive === undefined) return false;
    walk.open(source, OBJECT.boxed);
    walk.value(primitive, depth);
  }
  return true;
}

/** Takes a primitive out of its box. */
function primitiveOf(source: object): unknown {
  if (types.isNumberObject(source)) return Number.prototype.valueOf.call(source);
  if (types.isStringObject(source)) return String.prototype.valueOf.call(source);
  if (types.isBooleanObject(source)) return Boolean.prototype.valueOf.call(source);
  if (types.isBigIntObject(source)) return BigInt.prototype.valueOf.call(source);
  return undefined;
}
