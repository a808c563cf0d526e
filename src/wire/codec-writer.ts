/**
 * Writes scalars one after the other into a region of memory, or into memory of its own that grows.
 *
 * Promises: it never writes past the end of the region; what does not fit ends with {@link NO_ROOM}, and `needed` says
 * how many bytes the message takes at least. Leaves out objects: see codec-encode-walk.ts.
 */

import { Buffer } from "node:buffer";
import { HEAD_BYTES_MAX, SHORT_TEXT_MAX, SMALL_COUNT, TAG } from "./codec-format.ts";
import { CodecMemory, NO_MEMORY } from "./codec-memory.ts";

/** Thrown when a message does not fit its region. */
class NoRoom extends Error {}

/** The one error of its class: it says nothing but that, and a stack would cost more than the message. */
export const NO_ROOM: Error = new NoRoom("the message does not fit");

/** Own memory that has grown past this many bytes is not kept for the next message. */
const SPARE_BYTES_MAX = 64 * 1024;

/** Bytes of own memory at first. */
const OWN_BYTES_MIN = 1024;

/** A writer; `begin` sets it upon a region, and it can be set upon another one afterwards. */
export class CodecWriter {
  // Private by convention: `#` fields cost a check for each value of each message.
  /** Where the region is. */
  memory: CodecMemory = NO_MEMORY;
  bytes: Uint8Array = NO_MEMORY.bytes;
  view: DataView = NO_MEMORY.view;
  /** Where the next byte goes. */
  at = 0;
  /** Where the message began. */
  start = 0;
  /** The last place from which HEAD_BYTES_MAX bytes fit. */
  limit = 0;
  /** How many bytes a message that did not fit takes at least. */
  needed = 0;
  /** Whether the memory is the writer's own and grows. */
  isApart = false;
  /** Own memory for the next message that needs it. */
  #own: CodecMemory = NO_MEMORY;

  /** Sets the writer upon a region of someone's memory. @param end - the first byte behind the region. */
  begin(memory: CodecMemory, at: number, end: number): void {
    this.isApart = false;
    this.#use(memory);
    this.start = this.at = at;
    this.limit = Math.min(end, memory.bytes.length) - HEAD_BYTES_MAX;
  }

  /** Sets the writer upon memory of its own. */
  beginApart(): void {
    if (this.#own === NO_MEMORY) this.#own = new CodecMemory(new Uint8Array(OWN_BYTES_MIN));
    this.begin(this.#own, 0, this.#own.bytes.length);
    this.isApart = true;
  }

  /** Returns what was written into own memory, in memory that belongs to the caller. */
  takeApart(): Uint8Array {
    const bytes = this.bytes.slice(0, this.at);
    this.#use(NO_MEMORY);
    if (this.#own.bytes.length > SPARE_BYTES_MAX) this.#own = NO_MEMORY;
    return bytes;
  }

  /**
   * Makes sure that `count` bytes fit, and a head besides.
   *
   * @throws {NO_ROOM} if they don't.
   */
  reserve(count: number): void {
    if (this.at + count > this.limit) this.#more(count);
  }

  /** Writes a tag alone. */
  tag(tag: number): void {
    if (this.at > this.limit) this.#more(0);
    this.bytes[this.at++] = tag;
  }

  /** Writes a tag and an unsigned integer of 32 bits. */
  counted(tag: number, count: number): void {
    if (this.at > this.limit) this.#more(0);
    this.bytes[this.at] = tag;
    this.view.setUint32(this.at + 1, count, true);
    this.at += 5;
  }

  /** Writes a number. */
  number(value: number): void {
    if (this.at > this.limit) this.#more(0);
    if (value === (value | 0) && !isNegativeZero(value)) {
      if (value >= 0 && value < SMALL_COUNT) this.bytes[this.at++] = value;
      else {
        this.bytes[this.at] = TAG.int;
        this.view.setInt32(this.at + 1, value, true);
        this.at += 5;
      }
    } else {
      this.bytes[this.at] = TAG.double;
      this.view.setFloat64(this.at + 1, value, true);
      this.at += 9;
    }
  }

  /** Writes an unsigned integer of 32 bits without a tag. */
  uint32(value: number): void {
    if (this.at > this.limit) this.#more(0);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** Writes numbers without tags if all are integers of 32 bits. @returns false if they are not. */
  ints(list: readonly unknown[], length: number): boolean {
    this.reserve(4 * length);
    const { view, at } = this;
    for (let index = 0; index < length; index++) {
      const value = list[index];
      if (typeof value !== "number" || value !== (value | 0) || isNegativeZero(value)) return false;
      view.setInt32(at + 4 * index, value, true);
    }
    this.at = at + 4 * length;
    return true;
  }

  /** Writes numbers without tags. @returns false if something else is among them. */
  doubles(list: readonly unknown[], length: number): boolean {
    this.reserve(8 * length);
    const { view, at } = this;
    for (let index = 0; index < length; index++) {
      const value = list[index];
      if (typeof value !== "number") return false;
      view.setFloat64(at + 8 * index, value, true);
    }
    this.at = at + 8 * length;
    return true;
  }

  /** Writes the 8 bytes of a number without a tag. */
  float64(value: number): void {
    if (this.at > this.limit) this.#more(0);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Writes a bigint. */
  bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.tag(TAG.bigint);
      this.reserve(8);
      this.view.setBigInt64(this.at, value, true);
      this.at += 8;
    } else {
      this.tag(TAG.hugeBigint);
      this.text(value.toString(16));
    }
  }

  /** Writes a text, whatever its units are: those of half a surrogate pair too. */
  text(value: string): void {
    const { length } = value;
    if (length > SHORT_TEXT_MAX) return this.#longText(value);
    if (this.at + 2 * length > this.limit) this.#more(2 * length);
    const { bytes, at } = this;
    bytes[at] = TAG.text8;
    bytes[at + 1] = length;
    let bits = 0;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      bits |= unit;
      bytes[at + 2 + index] = unit;
    }
    if (bits > 0xff) this.#wideText(value);
    else this.at = at + 2 + length;
  }

  /** Writes bytes without a tag. @param length - how many they truly are */
  raw(source: Uint8Array, length: number): void {
    this.reserve(length);
    this.bytes.set(source, this.at);
    this.at += length;
  }

  /** Writes a short text again, with two bytes a unit. */
  #wideText(value: string): void {
    const { length } = value;
    this.bytes[this.at] = TAG.text16;
    for (let index = 0; index < length; index++) {
      this.view.setUint16(this.at + 2 + 2 * index, value.charCodeAt(index), true);
    }
    this.at += 2 + 2 * length;
  }

  /** Writes a text with one byte a unit if it is all ASCII, which Node knows faster than code here could find out. */
  #longText(value: string): void {
    const isNarrow = Buffer.byteLength(value) === value.length;
    const size = isNarrow ? value.length : 2 * value.length;
    this.reserve(size);
    this.counted(isNarrow ? TAG.longText8 : TAG.longText16, value.length);
    this.memory.buffer.write(value, this.at, size, isNarrow ? "latin1" : "utf16le");
    this.at += size;
  }

  /** Makes room for `count` bytes and a head more. */
  #more(count: number): void {
    this.needed = this.at + count + HEAD_BYTES_MAX - this.start;
    if (!this.isApart) throw NO_ROOM;
    const grown = new CodecMemory(new Uint8Array(Math.max(this.needed, 2 * this.bytes.length)));
    grown.bytes.set(this.bytes.subarray(0, this.at));
    this.#own = grown;
    this.#use(grown);
    this.limit = grown.bytes.length - HEAD_BYTES_MAX;
  }

  #use(memory: CodecMemory): void {
    this.memory = memory;
    this.bytes = memory.bytes;
    this.view = memory.view;
  }
}

/** Whether a number is -0, which is 0 to every operator but the division. */
function isNegativeZero(value: number): boolean {
  return value === 0 && 1 / value < 0;
}
