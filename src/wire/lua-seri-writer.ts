/**
 * A buffer that grows, and the scalars of lua-seri written into it, each in its smallest form.
 *
 * Promises: the bytes that skynet's packer writes for the same Lua value (except for the bits inside a NaN), and never
 * more of them than the bound. A lone surrogate, which UTF-8 has no bytes for, is written as U+FFFD.
 */

import { SnaxError } from "../base/error.ts";
import {
  LENGTH,
  NUMBER,
  SERI_BYTES_MAX,
  SHORT_STRING_MAX,
  TABLE_SIZED,
  TYPE,
  TYPE_BITS,
} from "./lua-seri-format.ts";

/** A new writer has room for this many bytes; most messages need no more. */
const FIRST_BYTES = 512;

/** The most bytes that one number, or the head of a string, takes. */
const HEAD_BYTES = 9;

/** Writes values one after the other; it can be used again after {@link SeriWriter.finish}. */
export class SeriWriter {
  /** What is written so far, and room for more. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** How many bytes are written. */
  #size = 0;
  readonly #bytesMax: number;

  /** @param bytesMax - the most bytes it holds. */
  constructor(bytesMax: number = SERI_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** How many bytes fit without growing. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /**
   * Returns a copy of what is written and forgets it.
   *
   * @throws {ERR_NOT_SENDABLE} if it is longer than the bound; so does every method that writes, and a writer that
   *   has thrown is of no further use.
   */
  finish(): Uint8Array {
    if (this.#size > this.#bytesMax) throw this.#tooLong(this.#size);
    const bytes = new Uint8Array(this.#size);
    bytes.set(this.#buffer.subarray(0, this.#size));
    this.#size = 0;
    return bytes;
  }

  /** Writes nil, which also ends a table. */
  nil(): void {
    this.#head(TYPE.nil, 0);
  }

  /** Writes a boolean. */
  boolean(value: boolean): void {
    this.#head(TYPE.boolean, value ? 1 : 0);
  }

  /** Writes a Lua integer. @param value - a safe integer. */
  integer(value: number): void {
    this.#reserve(HEAD_BYTES);
    if (value === 0) this.#head(TYPE.number, NUMBER.zero);
    else if (value !== (value | 0)) this.#int64(BigInt(value));
    else if (value < 0 || value > 0xffff) {
      this.#head(TYPE.number, NUMBER.int32);
      this.#size = this.#buffer.writeInt32LE(value, this.#size);
    } else if (value > 0xff) {
      this.#head(TYPE.number, NUMBER.uint16);
      this.#size = this.#buffer.writeUInt16LE(value, this.#size);
    } else {
      this.#head(TYPE.number, NUMBER.uint8);
      this.#buffer[this.#size++] = value;
    }
  }

  /** Writes a Lua integer. @param value - an integer of 64 bits. */
  bigint(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return this.integer(number);
    this.#reserve(HEAD_BYTES);
    this.#int64(value);
  }

  /** Writes a Lua float. */
  float(value: number): void {
    this.#reserve(HEAD_BYTES);
    this.#head(TYPE.number, NUMBER.float64);
    this.#size = this.#buffer.writeDoubleLE(value, this.#size);
  }

  /** Writes a light userdata. @param address - 0..2^64-1. */
  pointer(address: bigint): void {
    this.#reserve(HEAD_BYTES);
    this.#head(TYPE.pointer, 0);
    this.#size = this.#buffer.writeBigUInt64LE(address, this.#size);
  }

  /** Writes a text as a Lua string of its UTF-8 bytes. */
  text(value: string): void {
    if (value.length <= SHORT_STRING_MAX && this.#ascii(value)) return;
    this.#stringHead(Buffer.byteLength(value));
    this.#size += this.#buffer.write(value, this.#size);
  }

  /** Writes bytes as a Lua string. */
  bytes(value: Uint8Array): void {
    this.#stringHead(value.length);
    this.#buffer.set(value, this.#size);
    this.#size += value.length;
  }

  /** Begins a table: `count` values of the array part follow, then keys with their values, then nil. */
  table(count: number): void {
    // Each value takes a byte at least, so a sparse array of billions is refused before it is gone through.
    this.#reserve(HEAD_BYTES + count);
    this.#head(TYPE.table, Math.min(count, TABLE_SIZED));
    if (count >= TABLE_SIZED) this.integer(count);
  }

  /** Writes a short text if it is all ASCII: most are, and so are nearly all keys. */
  #ascii(value: string): boolean {
    const start = this.#size;
    this.#reserve(1 + value.length);
    this.#head(TYPE.shortString, value.length);
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code > 0x7f) {
        this.#size = start;
        return false;
      }
      this.#buffer[this.#size++] = code;
    }
    return true;
  }

  /** Writes what is before the bytes of a string, and makes room for them. */
  #stringHead(length: number): void {
    this.#reserve(HEAD_BYTES + length);
    if (length <= SHORT_STRING_MAX) this.#head(TYPE.shortString, length);
    else if (length <= 0xffff) {
      this.#head(TYPE.longString, LENGTH.uint16);
      this.#size = this.#buffer.writeUInt16LE(length, this.#size);
    } else {
      this.#head(TYPE.longString, LENGTH.uint32);
      this.#size = this.#buffer.writeUInt32LE(length, this.#size);
    }
  }

  #int64(value: bigint): void {
    this.#head(TYPE.number, NUMBER.int64);
    this.#size = this.#buffer.writeBigInt64LE(value, this.#size);
  }

  #head(type: number, cookie: number): void {
    this.#reserve(1);
    this.#buffer[this.#size++] = type | (cookie << TYPE_BITS);
  }

  /** Makes room for that many bytes more. */
  #reserve(count: number): void {
    const needed = this.#size + count;
    if (needed > this.#buffer.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    // Room is asked for by the longest head; finish() draws the line exactly.
    const capacityMax = this.#bytesMax + HEAD_BYTES;
    if (needed > capacityMax) throw this.#tooLong(needed);
    const capacity = Math.min(Math.max(needed, this.#buffer.length * 2), capacityMax);
    const buffer = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(buffer, 0, 0, this.#size);
    this.#buffer = buffer;
  }

  #tooLong(size: number): SnaxError {
    const text = `message of ${size} bytes or more exceeds SERI_BYTES_MAX ${this.#bytesMax}`;
    return new SnaxError("ERR_NOT_SENDABLE", text);
  }
}
