/**
 * Memory that grows while a version of a table is written: slots in one piece, texts in another.
 *
 * Equal texts are written once, as long as the list of known ones is not full. `seal` puts both
 * pieces into shared memory of exactly the size that they need.
 */

import { SnaxError } from "../base/error.ts";
import { TABLE_BYTES_MAX } from "../base/limits.ts";
import { HEADER_SLOTS, KIND, MAGIC, TAG } from "./format.ts";

/** How many texts are remembered at most, so that the same one is written once. */
const KNOWN_TEXTS_MAX = 1 << 18;

/**
 * The number of texts that are remembered in any case; more only while more texts were met again
 * than are remembered.
 */
const KNOWN_TEXTS_MIN = 1 << 14;

/** Longer texts are seldom met twice. */
const KNOWN_TEXT_LENGTH = 64;

/** The memory of a version that is being written. */
export class SlotWriter {
  doubles: Float64Array<ArrayBuffer> = new Float64Array(8192);
  words: Int32Array<ArrayBuffer> = new Int32Array(this.doubles.buffer);
  /** The first free slot. */
  end: number = HEADER_SLOTS;
  #bytes: Buffer = Buffer.alloc(16_384);
  #bytesEnd = 0;
  readonly #known = new Map<string, number>();
  /** How many texts were met again. */
  #metAgain = 0;

  /** Takes a number of slots and returns the position of the first. */
  take(count: number): number {
    const at = this.end;
    this.end += count;
    if (this.end > this.doubles.length) this.#grow();
    return at;
  }

  /** Writes a tagged slot. */
  tag(at: number, kind: number, payload: number): void {
    this.words[at * 2] = payload;
    this.words[at * 2 + 1] = TAG | kind;
  }

  /** Writes a number into a slot. */
  number(at: number, value: number): void {
    this.doubles[at] = value;
    // The bits of a NaN are not ours to choose, and some of them are tags.
    if (Number.isNaN(value)) {
      this.words[at * 2] = 0;
      this.words[at * 2 + 1] = 0x7ff80000;
    }
  }

  /** Writes a text into a slot. */
  text(at: number, text: string): void {
    this.tag(at, KIND.text, this.textPayload(text));
  }

  /** Writes a text and returns the payload that stands for it. */
  textPayload(text: string): number {
    if (text.length > KNOWN_TEXT_LENGTH) return this.#addText(text);
    const known = this.#known.get(text);
    if (known !== undefined) {
      this.#metAgain++;
      return known;
    }
    const payload = this.#addText(text);
    if (this.#remembersMore()) this.#known.set(text, payload);
    return payload;
  }

  #remembersMore(): boolean {
    const { size } = this.#known;
    return size < KNOWN_TEXTS_MIN || (size < KNOWN_TEXTS_MAX && this.#metAgain > size);
  }

  /** Returns the finished version. */
  seal(): SharedArrayBuffer {
    const slotBytes = this.end * 8;
    this.#check(slotBytes + this.#bytesEnd);
    this.words[0] = MAGIC;
    this.words[1] = this.end;
    const memory = new SharedArrayBuffer(slotBytes + this.#bytesEnd);
    const bytes = new Uint8Array(memory);
    bytes.set(new Uint8Array(this.doubles.buffer, 0, slotBytes));
    bytes.set(this.#bytes.subarray(0, this.#bytesEnd), slotBytes);
    return memory;
  }

  #grow(): void {
    this.#check(this.end * 8);
    const doubles = new Float64Array(Math.max(this.doubles.length * 2, this.end));
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.words = new Int32Array(doubles.buffer);
  }

  #addText(text: string): number {
    const { length } = text;
    const start = this.#bytesEnd;
    const wideEnd = start + 4 + length * 2;
    if (wideEnd + 4 > this.#bytes.length) {
      const bytes = Buffer.alloc(Math.max(this.#bytes.length * 2, wideEnd + 4));
      this.#bytes.copy(bytes);
      this.#bytes = bytes;
    }
    const isWide = !this.#writeNarrow(text, start + 4);
    if (isWide) this.#bytes.write(text, start + 4, "utf16le");
    this.#bytes.writeUInt32LE(length * 2 + (isWide ? 1 : 0), start);
    const end = start + 4 + (isWide ? length * 2 : length);
    this.#bytesEnd = (end + 3) & ~3;
    return start >>> 2;
  }

  /** Writes one byte a unit; false if a unit needs two. */
  #writeNarrow(text: string, start: number): boolean {
    const bytes = this.#bytes;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit > 0xff) return false;
      bytes[start + at] = unit;
    }
    return true;
  }

  #check(size: number): void {
    if (size <= TABLE_BYTES_MAX) return;
    throw new SnaxError(
      "ERR_TABLE",
      `the table needs ${size} bytes, more than TABLE_BYTES_MAX ${TABLE_BYTES_MAX}`,
    );
  }
}
