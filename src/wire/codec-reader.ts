/**
 * Reads scalars one after the other from a region of memory that may hold anything.
 *
 * Promises: it never reads past the end of the region, and it takes memory only for bytes that are there. What is not as
 * the writer makes it ends with ERR_MALFORMED.
 */

import { SnaxError } from "../base/error.ts";
import { TAG } from "./codec-format.ts";
import { NO_MEMORY } from "./codec-memory.ts";
import type { CodecMemory } from "./codec-memory.ts";
import { readShortText } from "./codec-short-text.ts";

/** A reader; `begin` sets it upon a region, and it can be set upon another one afterwards. */
export class CodecReader {
  // Private by convention: `#` fields cost a check for each value of each message.
  /** Where the region is. */
  memory: CodecMemory = NO_MEMORY;
  bytes: Uint8Array = NO_MEMORY.bytes;
  view: DataView = NO_MEMORY.view;
  /** Where the next byte is. */
  at = 0;
  /** The first byte behind the region. */
  end = 0;

  /** Sets the reader upon a region. @param end - the first byte behind it. */
  begin(memory: CodecMemory, at: number, end: number): void {
    this.memory = memory;
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.at = at;
    this.end = Math.min(end, memory.bytes.length);
  }

  /** Makes the error for a message that is malformed here. */
  malformed(): SnaxError {
    return new SnaxError(
      "ERR_MALFORMED",
      `a message from another thread breaks off at byte ${this.at}`,
    );
  }

  /**
   * Passes over `count` bytes.
   *
   * @returns where they begin.
   * @throws {ERR_MALFORMED} if fewer are left; so does every method that reads.
   */
  take(count: number): number {
    const { at } = this;
    if (at + count > this.end) throw this.malformed();
    this.at = at + count;
    return at;
  }

  /** Reads a byte. */
  byte(): number {
    if (this.at >= this.end) throw this.malformed();
    return this.bytes[this.at++] as number;
  }

  /** Passes over a tag if it is the next. */
  skip(tag: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== tag) return false;
    this.at++;
    return true;
  }

  /** Reads an unsigned integer of 16 bits. */
  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  /** Reads an unsigned integer of 32 bits. */
  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** Reads a number of 8 bytes. */
  float64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  /** Reads `length` integers into a list. */
  ints(list: unknown[], length: number): void {
    const { view } = this;
    const start = this.take(4 * length);
    for (let index = 0; index < length; index++) list.push(view.getInt32(start + 4 * index, true));
  }

  /** Reads `length` doubles into a list. */
  doubles(list: unknown[], length: number): void {
    const { view } = this;
    const start = this.take(8 * length);
    for (let index = 0; index < length; index++)
      list.push(view.getFloat64(start + 8 * index, true));
  }

  /** Shows `length` bytes; they are those of the region, not a copy. */
  raw(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Reads a text with its tag. */
  text(): string {
    return this.textOf(this.byte());
  }

  /** Reads the text behind a tag. */
  textOf(tag: number): string {
    switch (tag) {
      case TAG.text8: {
        const length = this.byte();
        return readShortText(this.memory, this.take(length), length);
      }
      case TAG.text16:
        return this.#wide(this.byte());
      case TAG.longText8: {
        const length = this.uint32();
        const start = this.take(length);
        return this.memory.buffer.toString("latin1", start, start + length);
      }
      case TAG.longText16:
        return this.#wide(this.uint32());
      default:
        throw this.malformed();
    }
  }

  /** Reads the bigint behind a tag. */
  bigintOf(tag: number): bigint {
    if (tag === TAG.bigint) return this.view.getBigInt64(this.take(8), true);
    const text = this.text();
    return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
  }

  #wide(length: number): string {
    const start = this.take(2 * length);
    return this.memory.buffer.toString("utf16le", start, start + 2 * length);
  }
}
