/**
 * Shapes: lists of keys that come often. Between two threads the keys of one are sent once, afterwards its number.
 *
 * Which lists those are base/copy-shape.ts has found out already; here each gets a number, a function that writes the
 * fields of such an object, and (on the other side) one that reads them: a function that sees one kind of object reads
 * a field ten times as fast as a loop over keys. A number is used again when its shape is long forgotten, so the
 * reader follows the announcements and nothing else.
 */

import { findShape } from "../base/copy-shape.ts";
import type { ShapeCopier } from "../base/copy-shape.ts";
import { kPort } from "../base/portable.ts";
import { SHAPE_NUMBER_COUNT } from "./codec-format.ts";
import type { DecodeWalk } from "./codec-decode-walk.ts";
import type { EncodeWalk } from "./codec-encode-walk.ts";

/** A list of keys as the sender knows it. */
export interface CodecShape {
  /** 0..SHAPE_NUMBER_COUNT-1. */
  readonly number: number;
  readonly keys: readonly string[];
  /** Writes an object with exactly these keys. */
  write(source: object, walk: EncodeWalk, depth: number): void;
}

/** A list of keys as the receiver knows it. */
export interface ShapeReader {
  readonly keys: readonly string[];
  /** Reads the fields, `depth` levels deep, into a new object. */
  readonly read: (walk: DecodeWalk, depth: number) => object;
}

/** How many functions that read are kept for later announcements. */
const READER_COUNT_MAX = 1024;

const shapes = new WeakMap<ShapeCopier, CodecShape>();
const readers = new Map<string, ShapeReader>();
let nextNumber = 0;

/**
 * Finds the shape of objects with these keys.
 *
 * @param keys - the own enumerable string keys in their order; kept if the shape is new.
 * @returns undefined if these keys have not come often enough.
 */
export function findCodecShape(keys: readonly string[]): CodecShape | undefined {
  const copier = findShape(keys);
  if (copier === undefined) return undefined;
  return shapes.get(copier) ?? add(copier, keys);
}

function add(copier: ShapeCopier, keys: readonly string[]): CodecShape {
  const shape: CodecShape = { number: nextNumber, keys, write: compileWriter(keys) };
  nextNumber = (nextNumber + 1) % SHAPE_NUMBER_COUNT;
  shapes.set(copier, shape);
  return shape;
}

/** Returns what reads objects with these keys; they must be unique, and none `__proto__`. */
export function readerOf(keys: readonly string[]): ShapeReader {
  const name = JSON.stringify(keys);
  let reader = readers.get(name);
  if (reader === undefined) {
    if (readers.size >= READER_COUNT_MAX) readers.clear();
    reader = { keys, read: compileReader(keys) };
    readers.set(name, reader);
  }
  return reader;
}

/** Writes the method; `this` is the shape. */
function compileWriter(keys: readonly string[]): CodecShape["write"] {
  const fields = keys.map((key) => `walk.value(source[${JSON.stringify(key)}], depth + 1);`);
  const text = `"use strict";
return function (source, walk, depth) {
  if (source[kPort] !== undefined) return walk.portable(source, depth);
  walk.openShape(source, this);
  ${fields.join("\n  ")}
};`;
  return new Function("kPort", text)(kPort) as CodecShape["write"];
}

function compileReader(keys: readonly string[]): ShapeReader["read"] {
  const fields = keys.map((key) => `${JSON.stringify(key)}: walk.value(depth)`);
  const text = `"use strict"; return (walk, depth) => ({ ${fields.join(", ")} });`;
  return new Function(text)() as ShapeReader["read"];
}
