// Hot path (bench: table).
/**
 * One version of a table as one thread reads it.
 *
 * Views hold their version and ask `isLive` at each read: when the thread moves on, the version is
 * released, so that a view which is not read any more keeps no shared memory alive.
 */

import { Buffer } from "node:buffer";
import { hashInteger, hashText, indexOfKey, KIND, KIND_MASK, LIST_FLAG, SHARED } from "./format.ts";
import type { Step } from "./format.ts";
import { findShape } from "./shape.ts";
import type { Shape } from "./shape.ts";
import type { TableView } from "./table-view.ts";

/** How many decoded texts a version remembers at most; a power of two. */
const TEXT_COUNT_MAX = 1 << 15;

const NO_WORDS = new Int32Array(0);
const NO_DOUBLES = new Float64Array(0);
const NO_BYTES = Buffer.alloc(0);

/** What a slot leads to: where the object is, and which one it is. */
export interface Target {
  readonly kind: number;
  readonly position: number;
  /** Position of the link, if the object was met before; 0 if not. */
  readonly link: number;
}

/** A version of a table on one thread. */
export class Memory {
  /** The thread shows this version, or a service holds a pin on it. */
  isLive = true;
  words: Int32Array;
  doubles: Float64Array;
  readonly table: TableView;
  readonly version: number;
  readonly sizeBytes: number;
  /** Lists that several objects hold, by position: made once. */
  readonly sharedLists: Map<number, readonly unknown[]> = new Map();
  #buffer: SharedArrayBuffer | undefined;
  #bytes: Buffer;
  readonly #shapes = new Map<number, Shape>();
  /** Decoded texts by a part of their payload: as many as fit, the last one met wins. */
  #texts: (string | undefined)[] = [];
  #textOf: Int32Array = NO_WORDS;

  constructor(table: TableView, version: number, buffer: SharedArrayBuffer) {
    this.table = table;
    this.version = version;
    this.sizeBytes = buffer.byteLength;
    this.#buffer = buffer;
    const [, slotCount = 0] = new Int32Array(buffer, 0, 2);
    this.words = new Int32Array(buffer, 0, slotCount * 2);
    this.doubles = new Float64Array(buffer, 0, slotCount);
    this.#bytes = Buffer.from(buffer, slotCount * 8);
  }

  /** The shared memory; undefined once it was released. */
  get buffer(): SharedArrayBuffer | undefined {
    return this.#buffer;
  }

  /**
   * Lets go of the shared memory: views of this version find their way anew, or say that they
   * can't.
   */
  release(): void {
    this.isLive = false;
    this.words = NO_WORDS;
    this.doubles = NO_DOUBLES;
    this.#bytes = NO_BYTES;
    this.#buffer = undefined;
    this.#texts = [];
    this.#textOf = NO_WORDS;
    this.#shapes.clear();
    this.sharedLists.clear();
  }

  /** The low word of a slot, as an unsigned number. */
  low(at: number): number {
    return (this.words[at * 2] as number) >>> 0;
  }

  /** The high word of a slot. */
  high(at: number): number {
    return this.words[at * 2 + 1] as number;
  }

  /** Finds what a slot with a kind of object leads to. */
  target(at: number): Target {
    const high = this.high(at);
    const payload = this.low(at);
    const kind = high & KIND_MASK;
    if ((high & SHARED) === 0) return { kind, position: payload, link: 0 };
    return { kind, position: this.low(payload), link: payload };
  }

  /** The path on which the object behind a link was met first. */
  linkSteps(link: number): Step[] {
    const length = this.high(link);
    return Array.from({ length }, (_, index) => this.key(link + 1 + index));
  }

  /** Reads a step of a path, or a key of a dictionary. */
  key(at: number): Step {
    return (this.high(at) & KIND_MASK) === KIND.text && this.isTag(at)
      ? this.text(this.low(at))
      : (this.doubles[at] as number);
  }

  /** Whether a slot holds anything but a number. */
  isTag(at: number): boolean {
    return (this.high(at) & 0x7fff0000) === 0x7ff90000;
  }

  /** Returns the shape of a record. */
  shapeOf(position: number): Shape {
    const at = this.low(position);
    let shape = this.#shapes.get(at);
    if (shape === undefined) {
      const count = this.low(at);
      const keys = Array.from({ length: count }, (_, index) => this.text(this.low(at + 1 + index)));
      this.#shapes.set(at, (shape = findShape(keys)));
    }
    return shape;
  }

  /** Returns a text. */
  text(payload: number): string {
    if (this.#textOf.length === 0) this.#textOf = createPlaces(this.#bytes.length);
    const place = payload & (this.#textOf.length - 1);
    if (this.#textOf[place] === payload) return this.#texts[place] as string;
    const text = this.#decode(payload);
    this.#textOf[place] = payload;
    this.#texts[place] = text;
    return text;
  }

  #decode(payload: number): string {
    const bytes = this.#bytes;
    const start = payload * 4;
    const head = bytes.readUInt32LE(start);
    const length = head >>> 1;
    const from = start + 4;
    return (head & 1) === 0
      ? bytes.toString("latin1", from, from + length)
      : bytes.toString("utf16le", from, from + length * 2);
  }

  /** Whether a text is the same as one of another version; makes no string. */
  isSameText(payload: number, other: Memory, otherPayload: number): boolean {
    const head = this.#bytes.readUInt32LE(payload * 4);
    if (head !== other.#bytes.readUInt32LE(otherPayload * 4)) return false;
    const length = (head & 1) === 0 ? head >>> 1 : (head >>> 1) * 2;
    const bytes = this.#bytes;
    const others = other.#bytes;
    for (let at = 0; at < length; at++) {
      if (bytes[payload * 4 + 4 + at] !== others[otherPayload * 4 + 4 + at]) return false;
    }
    return true;
  }

  /** Whether a text slot holds this text; compares units and makes no string. */
  #isText(payload: number, text: string): boolean {
    const bytes = this.#bytes;
    const start = payload * 4;
    const head = bytes.readUInt32LE(start);
    const { length } = text;
    if (head >>> 1 !== length) return false;
    const isWide = (head & 1) === 1;
    for (let at = 0; at < length; at++) {
      const unit = isWide ? bytes.readUInt16LE(start + 4 + at * 2) : bytes[start + 4 + at];
      if (unit !== text.charCodeAt(at)) return false;
    }
    return true;
  }

  /** Reads a scalar; objects are the business of views. */
  scalar(at: number): unknown {
    const high = this.high(at);
    if ((high & 0x7fff0000) !== 0x7ff90000) return this.doubles[at];
    const payload = this.low(at);
    switch (high & KIND_MASK) {
      case KIND.text:
        return this.text(payload);
      case KIND.true:
        return true;
      case KIND.false:
        return false;
      case KIND.null:
        return null;
      case KIND.bigint:
        return (BigInt(this.high(payload)) << 32n) | BigInt(this.low(payload));
      case KIND.hugeBigint:
        return readHuge(this.text(payload));
      case KIND.date:
        // Made anew at each read: a date can be set, and what one service sets no other must see.
        return new Date(this.doubles[payload] as number);
      default:
        return undefined;
    }
  }

  /** Whether a slot holds a scalar. */
  isScalar(at: number): boolean {
    return !this.isTag(at) || (this.high(at) & KIND_MASK) < KIND.record;
  }

  /** The elements of a list of integers. */
  integers(position: number): number[] {
    const count = this.low(position);
    const width = this.high(position) & LIST_FLAG.width;
    const { buffer } = this.words;
    const start = (position + 1) * 8;
    if (width === 1) return [...new Int8Array(buffer, start, count)];
    if (width === 2) return [...new Int16Array(buffer, start, count)];
    return [...new Int32Array(buffer, start, count)];
  }

  /** One element of a list of integers. */
  integer(position: number, index: number): number {
    const width = this.high(position) & LIST_FLAG.width;
    const { words } = this;
    const bit = index * width * 8;
    const word = words[(position + 1) * 2 + (bit >>> 5)] as number;
    if (width === 4) return word;
    const shift = 32 - width * 8;
    return (word << (shift - (bit & 31))) >> shift;
  }

  /** Finds the place of a key in a dictionary; -1 if it is not there. */
  ordinalOf(position: number, key: Step): number {
    const index = typeof key === "number" ? key : indexOfKey(key);
    const count = this.low(position);
    const mask = (1 << this.high(position)) - 1;
    const hashAt = (position + 2 + count * 2) * 2;
    const { words } = this;
    const text = typeof key === "number" ? "" : key;
    let at = (index >= 0 ? hashInteger(index) : hashText(text)) & mask;
    for (;;) {
      const ordinal = (words[hashAt + at] as number) - 1;
      if (ordinal < 0) return -1;
      const slot = position + 2 + ordinal;
      if (index >= 0 ? this.doubles[slot] === index : this.#isKey(slot, text)) return ordinal;
      at = (at + 1) & mask;
    }
  }

  #isKey(slot: number, key: string): boolean {
    return this.isTag(slot) && this.#isText(this.low(slot), key);
  }
}

/** As many places for texts as there may be texts, but not too many. */
function createPlaces(sizeBytes: number): Int32Array {
  let count = 16;
  while (count < TEXT_COUNT_MAX && count * 4 < sizeBytes) count *= 2;
  return new Int32Array(count).fill(-1);
}

function readHuge(digits: string): bigint {
  return digits.startsWith("-") ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}
