/**
 * One walk through one message, writing it: decides what each object is, and knows which ones it has met.
 *
 * It goes the way of Walk in base/copy.ts and stops where that one stops. An object met again is written as its number,
 * and its tag is marked, so that the reader need remember no other. Leaves out where in the message a value is that
 * can't be sent: base/copy-refusal.ts finds that out.
 *
 *     object -> met before? -> array     -> codec-array.ts
 *                           -> data      -> the shape's own function, or field by field
 *                           -> platform's -> codec-host.ts, codec-binary.ts, codec-error.ts
 */

import { kindOf } from "../base/copy-class.ts";
import { SnaxError } from "../base/error.ts";
import { COPY_DEPTH_MAX } from "../base/limits.ts";
import { kPort } from "../base/portable.ts";
import type { Portable } from "../base/portable.ts";
import { encodeArray } from "./codec-array.ts";
import { KEPT, OBJECT, TAG } from "./codec-format.ts";
import { encodeHost } from "./codec-host.ts";
import type { PortableTable } from "./codec-portable.ts";
import { findCodecShape } from "./codec-shape.ts";
import type { CodecShape } from "./codec-shape.ts";
import { CodecWriter, NO_ROOM } from "./codec-writer.ts";

/** How many objects are looked up one by one, the others in a Map: most messages never need one. */
const LINEAR_COUNT = 16;

/** A walk; it can be used again after {@link EncodeWalk.forget}. */
export class EncodeWalk extends CodecWriter {
  readonly #portables: PortableTable;
  /** The shapes that the receiver knows by number; undefined if no shape may be used. */
  readonly #announced: (CodecShape | undefined)[] | undefined;
  /** The shapes that this message announces, by number; they count for later messages once this one is complete. */
  readonly #pending = new Map<number, CodecShape>();
  /** The objects met first, in the order of their numbers; what is past `count` is undefined. */
  readonly sources: unknown[] = Array.from({ length: LINEAR_COUNT });
  /** The numbers of the objects met later. */
  later: Map<object, number> | undefined = undefined;
  /** Where the tag of each object is, by number. */
  heads: number[] = [];
  /** How many objects have a number. */
  count = 0;
  /** The sizes of resizable memory as they were written: a getter may have it grow before a view of it is met. */
  #sizes: Map<object, number> | undefined = undefined;
  /** The shared memory that the message holds: it travels beside the bytes. */
  shared: SharedArrayBuffer[] = [];

  /** @param announced - what the receiver knows; undefined for a message that uses no shapes. */
  constructor(portables: PortableTable, announced: (CodecShape | undefined)[] | undefined) {
    super();
    this.#portables = portables;
    this.#announced = announced;
  }

  /**
   * Writes a value that is `depth` levels deep.
   *
   * @throws {ERR_NOT_SENDABLE} without a path; a getter's error comes as it is.
   * @throws {NO_ROOM} if it does not fit.
   */
  value(value: unknown, depth: number): void {
    if (typeof value === "number") this.number(value);
    else if (typeof value === "string") this.text(value);
    else if (typeof value === "object") {
      if (value === null) this.tag(TAG.null);
      else this.object(value, depth);
    } else if (typeof value === "boolean") this.tag(value ? TAG.true : TAG.false);
    else if (value === undefined) this.tag(TAG.undefined);
    else if (typeof value === "bigint") this.bigint(value);
    else throw notSendable();
  }

  /** Writes an object, or the number it has. */
  object(source: object, depth: number): void {
    const { count, sources } = this;
    const near = count < LINEAR_COUNT ? count : LINEAR_COUNT;
    for (let at = 0; at < near; at++) {
      if (sources[at] === source) return this.#reference(at);
    }
    const known = this.later?.get(source);
    if (known !== undefined) return this.#reference(known);
    if (depth > COPY_DEPTH_MAX) throw notSendable();
    if (Array.isArray(source)) return encodeArray(source, this, depth);
    const prototype: object | null = Object.getPrototypeOf(source);
    if (prototype !== Object.prototype && kindOf(prototype) === "host") {
      return this.#host(source, depth);
    }
    const keys = Object.keys(source);
    const shape = this.#announced === undefined ? undefined : findCodecShape(keys);
    if (shape !== undefined) return shape.write(source, this, depth);
    if (isPortable(source)) return this.portable(source, depth);
    this.open(source, OBJECT.fields);
    this.fields(source, keys, depth);
  }

  /**
   * Gives an object its number and writes its tag; called before its contents are written, for they may lead back to it.
   *
   * @returns where the tag is.
   */
  open(source: object, tag: number): number {
    const index = this.#openUnknown(tag);
    this.#meet(source, index);
    return this.heads[index] as number;
  }

  /** Opens an object of a shape; if the receiver does not know the shape, it learns it here. */
  openShape(source: object, shape: CodecShape): void {
    const { number } = shape;
    // What this message says of a number overrides what earlier ones said.
    const known = this.#pending.size > 0 ? this.#pending.get(number) : undefined;
    const isKnown = (known ?? this.#announced?.[number]) === shape;
    this.open(source, isKnown ? OBJECT.shape : OBJECT.announce);
    this.#uint16(number);
    if (isKnown) return;
    this.#pending.set(number, shape);
    this.#uint16(shape.keys.length);
    for (const key of shape.keys) this.text(key);
  }

  /** Writes fields with their keys, and the end of them. */
  fields(source: object, keys: readonly string[], depth: number): void {
    const from = source as Record<string, unknown>;
    for (const key of keys) {
      this.text(key);
      this.value(from[key], depth + 1);
    }
    this.tag(TAG.end);
  }

  /** Writes what an object that stands for something says of itself. */
  portable(source: object, depth: number): void {
    const kind = this.#portables.kindOf(source);
    // Met only when it is written: a packed form that holds the object itself would never end, and is too deep.
    const index = this.#openUnknown(kind === undefined ? OBJECT.ported : OBJECT.portable);
    if (kind === undefined) this.value(portOf(source as Portable), depth + 1);
    else {
      this.text(kind.name);
      this.value(kind.pack(source), depth + 1);
    }
    this.#meet(source, index);
  }

  /** Makes what this message announced known: it is complete and will arrive. */
  commit(): void {
    if (this.#pending.size === 0 || this.#announced === undefined) return;
    for (const [number, shape] of this.#pending) this.#announced[number] = shape;
  }

  /** Lets go of everything, so that a walk that waits for its next use holds no message in memory. */
  forget(): void {
    if (this.count === 0) return;
    const near = Math.min(this.count, LINEAR_COUNT);
    for (let at = 0; at < near; at++) this.sources[at] = undefined;
    if (this.count > LINEAR_COUNT) {
      this.later = undefined;
      this.heads = [];
    }
    this.count = 0;
    if (this.#pending.size > 0) this.#pending.clear();
    this.#sizes = undefined;
    if (this.shared.length > 0) this.shared = [];
  }

  /** Remembers how much of resizable memory is written. */
  noteSize(memory: object, size: number): void {
    (this.#sizes ??= new Map()).set(memory, size);
  }

  /** Returns how much of it was written; undefined for what is no such memory, or has not been met. */
  sizeOf(memory: object): number | undefined {
    return this.#sizes?.get(memory);
  }

  /** Writes shared memory as its place in the list beside the bytes; a region has no such list. */
  share(source: SharedArrayBuffer): void {
    if (!this.isApart) {
      this.needed = Infinity;
      throw NO_ROOM;
    }
    this.open(source, OBJECT.sharedMemory);
    this.uint32(this.shared.push(source) - 1);
  }

  #host(source: object, depth: number): void {
    if (isPortable(source)) return this.portable(source, depth);
    if (!encodeHost(source, this, depth)) throw notSendable();
  }

  /** Takes the next number and writes a tag; nothing can refer to it yet. */
  #openUnknown(tag: number): number {
    this.reserve(0);
    const index = this.count++;
    this.heads[index] = this.at;
    this.bytes[this.at++] = tag;
    return index;
  }

  #meet(source: object, index: number): void {
    if (index < LINEAR_COUNT) this.sources[index] = source;
    else {
      this.later ??= new Map();
      this.later.set(source, index);
    }
  }

  #reference(index: number): void {
    this.counted(TAG.reference, index);
    const head = this.heads[index] as number;
    this.bytes[head] = (this.bytes[head] as number) | KEPT;
  }

  #uint16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.at, value, true);
    this.at += 2;
  }
}

function isPortable(source: object): source is Portable {
  return typeof (source as Partial<Portable>)[kPort] === "function";
}

/** What an object without a kind is to a receiver that it does not know. */
function portOf(source: Portable): unknown {
  const copy = source[kPort](undefined);
  if (typeof copy !== "object" || copy === null || !isPortable(copy)) return copy;
  throw new SnaxError(
    "ERR_NOT_SENDABLE",
    "an object has no form in which it could leave its thread",
  );
}

function notSendable(): SnaxError {
  return new SnaxError("ERR_NOT_SENDABLE", "the message can't be sent");
}
