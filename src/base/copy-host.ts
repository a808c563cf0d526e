/**
 * Copies of the objects that keep their contents somewhere else than in properties: dates, maps, buffers, errors.
 *
 * The kinds and their rules are structured clone's, with two exceptions. A Buffer stays a Buffer, and only the bytes it
 * shows are copied: its memory is usually a slice of a pool that holds the data of others. Errors keep more: see
 * copy-error.ts. Shared memory stays shared, that is what it is for.
 */

import { Buffer } from "node:buffer";
import { types } from "node:util";
import { copyError } from "./copy-error.ts";
import type { Walk } from "./copy.ts";
import { dataView, flagsOf, memory as trueMemory, patternOf, typedArray } from "./true-parts.ts";

type ViewConstructor = new (
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => ArrayBufferView;

/**
 * Copies an object with contents of its own.
 *
 * @returns the copy, or undefined if the object is of no such kind.
 */
export function copyHost(source: object, walk: Walk, depth: number): object | undefined {
  if (types.isMap(source)) return copyMap(source, walk, depth);
  if (types.isSet(source)) return copySet(source, walk, depth);
  if (types.isNativeError(source) || source instanceof Error) {
    return walk.errors === undefined ? copyError(source, walk, depth) : walk.errors(source, depth);
  }
  const copy = ArrayBuffer.isView(source) ? copyView(source, walk, depth) : copyLeaf(source);
  if (copy !== undefined) walk.keep(source, copy);
  return copy;
}

function copyMap(source: Map<unknown, unknown>, walk: Walk, depth: number): object {
  const copy = new Map<unknown, unknown>();
  walk.keep(source, copy);
  // A subclass may have an iterator of its own.
  for (const [key, value] of Map.prototype.entries.call(source)) {
    copy.set(walk.copy(key, depth + 1), walk.copy(value, depth + 1));
  }
  return copy;
}

function copySet(source: Set<unknown>, walk: Walk, depth: number): object {
  const copy = new Set<unknown>();
  walk.keep(source, copy);
  for (const value of Set.prototype.values.call(source)) copy.add(walk.copy(value, depth + 1));
  return copy;
}

function copyView(source: ArrayBufferView, walk: Walk, depth: number): object {
  const { bufferOf, offsetOf, byteLengthOf } = types.isTypedArray(source) ? typedArray : dataView;
  const buffer = bufferOf(source);
  const byteOffset = offsetOf(source);
  if (Buffer.isBuffer(source) && types.isUint8Array(source)) {
    const length = byteLengthOf(source);
    if (types.isSharedArrayBuffer(buffer)) return Buffer.from(buffer, byteOffset, length);
    return Buffer.from(new Uint8Array(buffer, byteOffset, length));
  }
  // The memory counts as part of its view, not as a level below it.
  const memory = walk.copy(buffer, depth) as ArrayBufferLike;
  if (!types.isTypedArray(source)) return new DataView(memory, byteOffset, byteLengthOf(source));
  return new (viewConstructor(source))(memory, byteOffset, typedArray.lengthOf(source));
}

/** The built-in constructor, also for an instance of a subclass: the tag of a typed array is its true name. */
function viewConstructor(source: NodeJS.TypedArray): ViewConstructor {
  const globals = globalThis as unknown as Record<string, ViewConstructor>;
  return globals[typedArray.nameOf(source)] as ViewConstructor;
}

/** Copies what holds no other value. */
function copyLeaf(source: object): object | undefined {
  if (types.isDate(source)) return new Date(Date.prototype.getTime.call(source));
  if (types.isRegExp(source)) return new RegExp(patternOf(source), flagsOf(source));
  if (types.isSharedArrayBuffer(source)) return source;
  if (types.isArrayBuffer(source)) return copyMemory(source);
  if (types.isNumberObject(source)) return Object(Number.prototype.valueOf.call(source));
  if (types.isStringObject(source)) return Object(String.prototype.valueOf.call(source));
  if (types.isBooleanObject(source)) return Object(Boolean.prototype.valueOf.call(source));
  if (types.isBigIntObject(source)) return Object(BigInt.prototype.valueOf.call(source));
  return undefined;
}

/** Node has resizable buffers, the language level we compile for does not. */
type ResizableConstructor = new (size: number, options: { maxByteLength: number }) => ArrayBuffer;

function copyMemory(source: ArrayBuffer): ArrayBuffer {
  if (!trueMemory.isResizable(source)) return ArrayBuffer.prototype.slice.call(source, 0);
  const copy = new (ArrayBuffer as unknown as ResizableConstructor)(
    trueMemory.byteLengthOf(source),
    { maxByteLength: trueMemory.maxByteLengthOf(source) },
  );
  new Uint8Array(copy).set(new Uint8Array(source));
  return copy;
}
