/**
 * Memory and views of it, in both directions.
 *
 * As in base/copy-host.ts: a view brings the whole of its memory, once for all views of it; a Buffer only the bytes it
 * shows, for its memory is usually a slice of a pool. Shared memory stays shared and travels beside the bytes.
 */

import { Buffer } from "node:buffer";
import { types } from "node:util";
import { dataView, memory, typedArray } from "../base/true-parts.ts";
import type { DecodeWalk } from "./codec-decode-walk.ts";
import type { EncodeWalk } from "./codec-encode-walk.ts";
import { OBJECT } from "./codec-format.ts";

type ViewConstructor = new (
  memory: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => ArrayBufferView;

/** Node has resizable buffers, the language level we compile for does not. */
type ResizableConstructor = new (size: number, options: { maxByteLength: number }) => ArrayBuffer;

/** The classes of views; the place of one is its number. Float16Array is missing before Node 24. */
const VIEW_NAMES: readonly string[] = [
  "DataView",
  "Uint8Array",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "Float16Array",
];

/** The number of a Buffer of shared memory; any other Buffer is no view to the codec. */
const SHARED_BUFFER = 0xff;

/**
 * Writes memory or a view.
 *
 * @returns false if the object is neither.
 */
export function encodeBinary(source: object, walk: EncodeWalk, depth: number): boolean {
  if (ArrayBuffer.isView(source)) encodeView(source, walk, depth);
  else if (types.isSharedArrayBuffer(source)) walk.share(source);
  else if (types.isArrayBuffer(source)) encodeMemory(source, walk);
  else return false;
  return true;
}

/** Reads memory. @param kind - its tag without KEPT. */
export function decodeMemory(walk: DecodeWalk, kind: number): unknown {
  if (kind === OBJECT.memory) return walk.raw(walk.uint32()).slice().buffer;
  const maxByteLength = walk.float64();
  const bytes = walk.raw(walk.uint32());
  const made = new (ArrayBuffer as unknown as ResizableConstructor)(bytes.length, {
    maxByteLength,
  });
  new Uint8Array(made).set(bytes);
  return made;
}

/** Reads a Buffer. */
export function decodeBuffer(walk: DecodeWalk): unknown {
  return Buffer.from(walk.raw(walk.uint32()));
}

/** Reads a view. */
export function decodeView(walk: DecodeWalk, depth: number): unknown {
  const number = walk.byte();
  const offset = walk.float64();
  const length = walk.float64();
  // The memory counts as part of its view, not as a level below it.
  const shown = walk.value(depth);
  if (!types.isAnyArrayBuffer(shown)) throw walk.malformed();
  if (number === SHARED_BUFFER) return Buffer.from(shown, offset, length);
  const constructor: unknown = Reflect.get(globalThis, VIEW_NAMES[number] ?? "");
  if (typeof constructor !== "function") throw walk.malformed();
  return new (constructor as ViewConstructor)(shown, offset, length);
}

function encodeView(source: ArrayBufferView, walk: EncodeWalk, depth: number): void {
  const { bufferOf, offsetOf, byteLengthOf } = types.isTypedArray(source) ? typedArray : dataView;
  const buffer = bufferOf(source);
  const byteOffset = offsetOf(source);
  const byteLength = byteLengthOf(source);
  if (!Buffer.isBuffer(source) || !types.isUint8Array(source)) {
    const isArray = types.isTypedArray(source);
    const name = isArray ? typedArray.nameOf(source) : "DataView";
    const length = isArray ? typedArray.lengthOf(source) : byteLength;
    const size = walk.sizeOf(buffer);
    if (size !== undefined && byteOffset + byteLength > size) {
      throw new TypeError("memory has grown since it was written");
    }
    openView(source, walk, [VIEW_NAMES.indexOf(name), byteOffset, length]);
    walk.value(buffer, depth);
  } else if (types.isSharedArrayBuffer(buffer)) {
    openView(source, walk, [SHARED_BUFFER, byteOffset, byteLength]);
    walk.value(buffer, depth);
  } else {
    walk.open(source, OBJECT.buffer);
    walk.uint32(byteLength);
    walk.raw(source, byteLength);
  }
}

type ViewHead = readonly [number: number, offset: number, length: number];

function openView(source: object, walk: EncodeWalk, [number, offset, length]: ViewHead): void {
  walk.open(source, OBJECT.view);
  walk.tag(number);
  walk.float64(offset);
  walk.float64(length);
}

function encodeMemory(source: ArrayBuffer, walk: EncodeWalk): void {
  // The constructor refuses memory that was transferred away, as it must.
  const bytes = new Uint8Array(source);
  const isResizable = memory.isResizable(source);
  walk.open(source, isResizable ? OBJECT.resizable : OBJECT.memory);
  if (isResizable) {
    walk.noteSize(source, bytes.length);
    walk.float64(memory.maxByteLengthOf(source));
  }
  walk.uint32(bytes.length);
  walk.raw(bytes, bytes.length);
}
