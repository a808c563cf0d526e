// Hot path (bench: sproto).
/**
 * The numbers, texts and bytes of sproto, out of memory that may hold anything.
 *
 * The caller has made sure that the bytes are there. Views that a message may not need are made
 * when one does.
 */

import { Buffer, isUtf8 } from "node:buffer";

import { readShortText } from "../wire/codec-short-text.ts";

const INT32 = 2 ** 32;

/** Texts up to this length are looked through byte by byte. */
const SHORT_LENGTH_MAX = 24;

/** What UTF-8 decoders put for invalid bytes. */
const REPLACEMENT = "\ufffd";

/** A reader of one stretch of memory, little-endian. */
export class MessageReader {
  readonly bytes: Uint8Array;
  /** The same bytes, once they were asked for. */
  #view: DataView | undefined;
  /** The same bytes, once they were asked for. */
  #buffer: Buffer | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The same bytes, for doubles. */
  get view(): DataView {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return (this.#view ??= new DataView(buffer, byteOffset, byteLength));
  }

  /** The same bytes, for long texts. */
  get buffer(): Buffer {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return (this.#buffer ??= Buffer.from(buffer, byteOffset, byteLength));
  }

  /** Reads 16 bits without sign. */
  word(at: number): number {
    const { bytes } = this;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  }

  /** Reads 32 bits with sign. */
  int32(at: number): number {
    return this.word(at) | (this.word(at + 2) << 16);
  }

  /** Reads 32 bits without sign. */
  uint32(at: number): number {
    return this.int32(at) >>> 0;
  }

  /** Reads 64 bits with sign as a number, which may not be exact. */
  int64(at: number): number {
    return this.int32(at + 4) * INT32 + this.uint32(at);
  }

  /** Reads 64 bits with sign. */
  bigint(at: number): bigint {
    return this.view.getBigInt64(at, true);
  }

  /** Reads a double. */
  double(at: number): number {
    return this.view.getFloat64(at, true);
  }

  /** Reads a text. @returns undefined if the bytes are not UTF-8. */
  text(at: number, length: number): string | undefined {
    if (length === 0) return "";
    const { bytes } = this;
    if (length <= SHORT_LENGTH_MAX) {
      let bits = 0;
      for (let index = at; index < at + length; index++) bits |= bytes[index] as number;
      if (bits <= 0x7f) return readShortText(this, at, length);
    }
    const text = this.buffer.toString("utf8", at, at + length);
    // Most texts hold no such sign; one that does may hold it by right.
    if (!text.includes(REPLACEMENT)) return text;
    return isUtf8(bytes.subarray(at, at + length)) ? text : undefined;
  }

  /** Copies bytes. */
  blob(at: number, length: number): Uint8Array {
    return new Uint8Array(this.bytes.subarray(at, at + length));
  }
}
