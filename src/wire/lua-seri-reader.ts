/**
 * The scalars of lua-seri, read one after the other from bytes that may be anything.
 *
 * Promises: it never reads past the end, and it takes memory only for bytes that are there. What is not as skynet's
 * unpacker wants it ends with that unpacker's words, `Invalid serialize stream` and how many bytes were left.
 */

import { constants, isUtf8 } from "node:buffer";

import { SnaxError } from "../base/error.ts";
import { LENGTH, NUMBER } from "./lua-seri-format.ts";

/** A reader of one payload. */
export class SeriReader {
  readonly #buffer: Buffer;
  /** Where the next byte is. */
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are still to be read. */
  get left(): number {
    return this.#buffer.length - this.#at;
  }

  /** Makes the error for a payload that is malformed here. */
  invalid(): SnaxError {
    return new SnaxError("ERR_ARGUMENT", `Invalid serialize stream ${this.left}`);
  }

  /**
   * Reads one byte.
   *
   * @throws {ERR_ARGUMENT} if there is none; so does every method that reads.
   */
  byte(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  /**
   * Reads an integer.
   *
   * @param cookie - of {@link NUMBER}, but no float.
   * @returns a bigint if it is no safe integer.
   */
  integer(cookie: number): number | bigint {
    switch (cookie) {
      case NUMBER.zero:
        return 0;
      case NUMBER.uint8:
        return this.byte();
      case NUMBER.uint16:
        return this.#buffer.readUInt16LE(this.#take(2));
      case NUMBER.int32:
        return this.#buffer.readInt32LE(this.#take(4));
      case NUMBER.int64: {
        const value = this.#buffer.readBigInt64LE(this.#take(8));
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      }
      default:
        throw this.invalid();
    }
  }

  /** Reads a float. */
  float(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  /** Reads an address. */
  pointer(): bigint {
    return this.#buffer.readBigUInt64LE(this.#take(8));
  }

  /** Reads the length of a long string. @param cookie - of {@link LENGTH}. */
  length(cookie: number): number {
    if (cookie === LENGTH.uint16) return this.#buffer.readUInt16LE(this.#take(2));
    if (cookie === LENGTH.uint32) return this.#buffer.readUInt32LE(this.#take(4));
    throw this.invalid();
  }

  /** Reads that many bytes. @returns a copy: the payload may be in memory that is used again. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return new Uint8Array(this.#buffer.subarray(start, this.#at));
  }

  /** Reads that many bytes as UTF-8. @returns the bytes themselves if they are not, or too long for a string. */
  text(length: number): string | Uint8Array {
    if (length > constants.MAX_STRING_LENGTH) return this.bytes(length);
    const start = this.#take(length);
    const text = this.#buffer.toString("utf8", start, this.#at);
    // What is not UTF-8 decodes to U+FFFD, so only a text that has one needs a second look.
    if (!text.includes("\ufffd") || isUtf8(this.#buffer.subarray(start, this.#at))) return text;
    this.#at = start;
    return this.bytes(length);
  }

  /** Steps over that many bytes. @returns where they begin. */
  #take(count: number): number {
    if (count > this.left) throw this.invalid();
    const start = this.#at;
    this.#at = start + count;
    return start;
  }
}
