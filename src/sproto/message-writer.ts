// Hot path (bench: sproto).
/**
 * Memory that grows while a message is written into it, and the numbers and texts of sproto.
 *
 * Promises: never more than SPROTO_BYTES_MAX. The caller makes room first, so that the single
 * writes need not ask. A lone surrogate, which UTF-8 has no bytes for, is written as U+FFFD.
 */

import { SnaxError } from "../base/error.ts";
import { SPROTO_BYTES_MAX } from "../base/limits.ts";
import { CodecMemory } from "../wire/codec-memory.ts";

const FIRST_BYTES = 2048;

/** A writer that has grown past this many bytes is not kept for the next message. */
const SPARE_BYTES_MAX = 64 * 1024;

/**
 * Up to this length a text gets room for its longest form; asking for the true one would read it
 * twice.
 */
const ROOM_LENGTH_MAX = 16 * 1024;

/** How much more than a message may hold a writer may: the room that is asked for and not used. */
const GROW_MAX: number = SPROTO_BYTES_MAX + 256 * 1024;

/** Texts up to this length are tried as ASCII, unit by unit, before Buffer is asked. */
const ASCII_LENGTH_MAX = 40;

const INT32 = 2 ** 32;

/** The writer for the next message; taken while in use, for a getter may encode a message too. */
let spare: MessageWriter | undefined;

/** Takes a writer that holds nothing. */
export function takeWriter(): MessageWriter {
  const writer = spare ?? new MessageWriter();
  spare = undefined;
  writer.size = 0;
  return writer;
}

/** Gives a writer back. */
export function returnWriter(writer: MessageWriter): void {
  if (writer.bytes.length <= SPARE_BYTES_MAX) spare = writer;
}

/** Writes little-endian numbers one after the other, or at a place. */
export class MessageWriter {
  /** What is written so far, and room for more. */
  bytes: Uint8Array;
  /** How many bytes are written; code that leaves a gap moves it. */
  size = 0;
  #memory: CodecMemory;

  constructor() {
    this.#memory = new CodecMemory(new Uint8Array(FIRST_BYTES));
    this.bytes = this.#memory.bytes;
  }

  /**
   * Makes room for that many bytes more.
   *
   * @throws {ERR_NOT_SENDABLE} if that is more than SPROTO_BYTES_MAX in all.
   */
  reserve(count: number): void {
    if (this.size + count > this.bytes.length) this.#grow(this.size + count);
  }

  /** Writes 16 bits at a place. */
  putWord(at: number, value: number): void {
    this.bytes[at] = value;
    this.bytes[at + 1] = value >> 8;
  }

  /** Writes 32 bits at a place. */
  putInt32(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >> 8;
    bytes[at + 2] = value >> 16;
    bytes[at + 3] = value >> 24;
  }

  /** Writes 32 bits. */
  int32(value: number): void {
    this.putInt32(this.size, value);
    this.size += 4;
  }

  /** Writes an integer of 64 bits. */
  int64(value: number | bigint): void {
    if (typeof value === "bigint") {
      this.#memory.view.setBigInt64(this.size, value, true);
    } else {
      const high = Math.floor(value / INT32);
      this.putInt32(this.size, value - high * INT32);
      this.putInt32(this.size + 4, high);
    }
    this.size += 8;
  }

  /** Writes a double. */
  double(value: number): void {
    this.#memory.view.setFloat64(this.size, value, true);
    this.size += 8;
  }

  /** Writes a text as UTF-8, making room for it, and in front of it the number of its bytes. */
  text(value: string): void {
    const { length } = value;
    if (length <= ASCII_LENGTH_MAX) {
      this.reserve(4 + length);
      const { bytes } = this;
      const start = this.size + 4;
      let at = 0;
      for (; at < length; at++) {
        const unit = value.charCodeAt(at);
        if (unit > 0x7f) break;
        bytes[start + at] = unit;
      }
      if (at === length) {
        this.putInt32(this.size, length);
        this.size = start + length;
        return;
      }
    }
    this.reserve(4 + (length > ROOM_LENGTH_MAX ? Buffer.byteLength(value) : length * 3));
    const written = this.#memory.buffer.write(value, this.size + 4);
    this.putInt32(this.size, written);
    this.size += 4 + written;
  }

  /** Writes bytes, making room for them, and in front of them their number. */
  blob(value: Uint8Array): void {
    this.reserve(4 + value.length);
    this.putInt32(this.size, value.length);
    this.bytes.set(value, this.size + 4);
    this.size += 4 + value.length;
  }

  /** Moves what is written from a place on towards the start. */
  closeGap(from: number, to: number): void {
    const { bytes, size } = this;
    const length = size - from;
    if (length > ASCII_LENGTH_MAX) bytes.copyWithin(to, from, size);
    else for (let at = 0; at < length; at++) bytes[to + at] = bytes[from + at] as number;
    this.size = to + length;
  }

  /** Returns a copy of what is written. */
  copy(): Uint8Array {
    return copyBytes(this.bytes, this.size);
  }

  #grow(needed: number): void {
    // A message is measured at its end.
    if (needed > GROW_MAX) throw tooLarge(needed);
    const capacity = Math.max(needed, Math.min(this.bytes.length * 2, GROW_MAX));
    const memory = new CodecMemory(new Uint8Array(capacity));
    memory.bytes.set(this.bytes.subarray(0, this.size));
    this.#memory = memory;
    this.bytes = memory.bytes;
  }
}

/** Copies the first bytes of a stretch into memory of their own. */
export function copyBytes(source: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  if (size > ASCII_LENGTH_MAX) copy.set(source.subarray(0, size));
  else for (let at = 0; at < size; at++) copy[at] = source[at] as number;
  return copy;
}

/** Makes the error for a message of that many bytes, or more. */
export function tooLarge(size: number): SnaxError {
  const text = `object is too large (>${SPROTO_BYTES_MAX}): ${size} bytes exceed SPROTO_BYTES_MAX`;
  return new SnaxError("ERR_NOT_SENDABLE", text);
}
