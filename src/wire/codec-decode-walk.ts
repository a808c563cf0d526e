/**
 * One walk through one message, reading it into fresh values of this thread.
 *
 * Objects are numbered as the writer numbered them, and only those whose tag says so are remembered. Promises: it
 * recurses no deeper than COPY_DEPTH_MAX, and a key that comes in never reaches a prototype.
 */

import { types } from "node:util";
import { COPY_DEPTH_MAX } from "../base/limits.ts";
import { decodeArray, decodeSparse } from "./codec-array.ts";
import { decodeBuffer, decodeMemory, decodeView } from "./codec-binary.ts";
import { decodeError } from "./codec-error.ts";
import {
  KEPT,
  OBJECT,
  OBJECT_FIRST,
  SHAPE_NUMBER_COUNT,
  SMALL_COUNT,
  TAG,
} from "./codec-format.ts";
import { decodeMap, decodeRegExp, decodeSet } from "./codec-host.ts";
import type { PortableTable } from "./codec-portable.ts";
import { CodecReader } from "./codec-reader.ts";
import { readerOf } from "./codec-shape.ts";
import type { ShapeReader } from "./codec-shape.ts";

/** The attributes of a property made by assignment. */
const OPEN = { enumerable: true, writable: true, configurable: true };

/**
 * Keys that are defined, not assigned: an assignment to an inherited name would be stopped by a frozen prototype, or
 * change the object's own. `in` would tell as well, at the price of the whole assignment.
 */
const INHERITED: ReadonlySet<string> = new Set(
  [Object.prototype, Array.prototype].flatMap((each) => Object.getOwnPropertyNames(each)),
);

/** The number of an object that nothing refers to. */
const UNKEPT = -1;

const NONE: readonly SharedArrayBuffer[] = [];

/** A walk; it can be used again after {@link DecodeWalk.forget}. */
export class DecodeWalk extends CodecReader {
  readonly #portables: PortableTable;
  /** The shapes that the writer announced, by number. */
  readonly #shapes: (ShapeReader | undefined)[] = [];
  /** The service that gets the message, for portable objects. */
  receiver: object | undefined = undefined;
  /** The shared memory that travelled beside the bytes. */
  shared: readonly SharedArrayBuffer[] = NONE;
  /** How many objects have a number. */
  count = 0;
  /** The objects that something refers to, by number. */
  kept: Map<number, unknown> | undefined = undefined;

  constructor(portables: PortableTable) {
    super();
    this.#portables = portables;
  }

  /** Lets go of everything, so that a walk that waits for its next use holds no message in memory. */
  forget(): void {
    this.receiver = undefined;
    if (this.count === 0) return;
    this.count = 0;
    this.shared = NONE;
    this.kept = undefined;
  }

  /** Reads a value that is `depth` levels deep. */
  value(depth: number): unknown {
    const tag = this.byte();
    if (tag < SMALL_COUNT) return tag;
    if (tag >= OBJECT_FIRST) return this.#object(tag, depth);
    switch (tag) {
      case TAG.int:
        return this.view.getInt32(this.take(4), true);
      case TAG.double:
        return this.view.getFloat64(this.take(8), true);
      case TAG.undefined:
        return undefined;
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.bigint:
      case TAG.hugeBigint:
        return this.bigintOf(tag);
      case TAG.reference:
        return this.#reference();
      default:
        return this.textOf(tag);
    }
  }

  /** Remembers an object, if something refers to it; called before its contents are read, if they may lead back to it. */
  keep(index: number, value: unknown): void {
    if (index === UNKEPT) return;
    this.kept ??= new Map();
    this.kept.set(index, value);
  }

  /** Reads fields with their keys up to their end. */
  fields(target: object, depth: number): object {
    while (!this.skip(TAG.end)) {
      const key = this.text();
      this.#assign(target, key, this.value(depth + 1));
    }
    return target;
  }

  #object(tag: number, depth: number): unknown {
    if (depth > COPY_DEPTH_MAX) throw this.malformed();
    const index = (tag & KEPT) === 0 ? UNKEPT : this.count;
    this.count++;
    const kind = tag & ~KEPT;
    switch (kind) {
      case OBJECT.announce:
        return this.#shape(this.#learn(), index, depth);
      case OBJECT.shape:
        return this.#shape(this.#shapes[this.uint16()], index, depth);
      case OBJECT.array:
      case OBJECT.ints:
      case OBJECT.doubles:
        return decodeArray(this, kind, index, depth);
      case OBJECT.fields: {
        const target = {};
        this.keep(index, target);
        return this.fields(target, depth);
      }
      case OBJECT.sparse:
        return decodeSparse(this, index, depth);
      case OBJECT.map:
        return decodeMap(this, index, depth);
      case OBJECT.set:
        return decodeSet(this, index, depth);
      case OBJECT.error:
        return decodeError(this, index, depth);
      default: {
        // None of these can hold itself, so they are remembered when they are complete.
        const value = this.#closed(kind, depth);
        this.keep(index, value);
        return value;
      }
    }
  }

  /** Reads an object that can't lead back to itself. */
  #closed(kind: number, depth: number): unknown {
    switch (kind) {
      case OBJECT.date:
        return new Date(this.float64());
      case OBJECT.regexp:
        return decodeRegExp(this);
      case OBJECT.boxed:
        return Object(this.value(depth + 1));
      case OBJECT.memory:
      case OBJECT.resizable:
        return decodeMemory(this, kind);
      case OBJECT.sharedMemory:
        return this.#sharedMemory();
      case OBJECT.view:
        return decodeView(this, depth);
      case OBJECT.buffer:
        return decodeBuffer(this);
      case OBJECT.portable:
        return this.#portable(depth);
      case OBJECT.ported:
        return this.value(depth + 1);
      default:
        throw this.malformed();
    }
  }

  #shape(shape: ShapeReader | undefined, index: number, depth: number): unknown {
    if (shape === undefined) throw this.malformed();
    if (index === UNKEPT) return shape.read(this, depth + 1);
    // Its fields may lead back to it, so it has to exist before they do.
    const target = {};
    this.keep(index, target);
    for (const key of shape.keys) this.#assign(target, key, this.value(depth + 1));
    return target;
  }

  /** Reads the announcement of a shape. */
  #learn(): ShapeReader {
    const number = this.uint16();
    if (number >= SHAPE_NUMBER_COUNT) throw this.malformed();
    const count = this.uint16();
    const keys: string[] = [];
    for (let index = 0; index < count; index++) keys.push(this.text());
    // In an object literal, which the reader is, this key means something else.
    if (new Set(keys).size < count || keys.includes("__proto__")) throw this.malformed();
    const shape = readerOf(keys);
    this.#shapes[number] = shape;
    return shape;
  }

  #portable(depth: number): unknown {
    const kind = this.#portables.get(this.text());
    if (kind === undefined) throw this.malformed();
    return kind.unpack(this.value(depth + 1), this.receiver);
  }

  #reference(): unknown {
    const index = this.uint32();
    // What a portable object gave may be undefined.
    if (this.kept?.has(index) !== true) throw this.malformed();
    return this.kept.get(index);
  }

  #sharedMemory(): SharedArrayBuffer {
    const memory = this.shared[this.uint32()];
    if (!types.isSharedArrayBuffer(memory)) throw this.malformed();
    return memory;
  }

  #assign(target: object, key: string, value: unknown): void {
    if (INHERITED.has(key)) Object.defineProperty(target, key, { value, ...OPEN });
    else (target as Record<string, unknown>)[key] = value;
  }
}
