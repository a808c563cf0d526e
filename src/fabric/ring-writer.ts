/**
 * The writing side of a ring.
 *
 *     reserve -> the caller writes into bytes[start..end) -> commit      any number of times
 *     publish                                                           once per turn
 *
 * Hot path (bench: ring). A record is in one piece: if the memory's end is too near, padding fills it and the record
 * begins at the start. What is reserved and not committed never happened, so the caller may throw, or be cut off by an
 * interrupt, while it writes.
 */

import { assert } from "../base/error.ts";
import { alignRecord, RECORD, RECORD_HEAD_BYTES, viewRing, WORD } from "./ring-memory.ts";

/** Writes records; only one thread may have a writer of a ring. */
export class RingWriter {
  /** The ring's memory; the caller writes between `start` and `end` only. */
  readonly bytes: Uint8Array;
  /** The longest record that is sure to fit once the reader has caught up, in bytes. */
  readonly lengthMax: number;
  /** Where the reserved record begins. */
  start = 0;
  /** Where the room for it ends. */
  end = 0;
  readonly #words: Int32Array;
  readonly #heads: Int32Array;
  readonly #capacity: number;
  /** Where the next record begins. */
  #position: number;
  /** What the reader has been told. */
  #published: number;
  /** How far the reader had come when it was last asked; it may be further by now. */
  #consumed: number;
  /** Bytes at the end of the memory that the reserved record leaves out. */
  #padding = 0;

  constructor(memory: SharedArrayBuffer) {
    const { words, bytes, heads } = viewRing(memory);
    this.#words = words;
    this.#heads = heads;
    this.bytes = bytes;
    this.#capacity = bytes.length;
    // Wherever an empty ring begins, half of it is in one piece.
    this.lengthMax = bytes.length / 2 - RECORD_HEAD_BYTES;
    this.#position = Atomics.load(words, WORD.written);
    this.#published = this.#position;
    this.#consumed = Atomics.load(words, WORD.consumed);
  }

  /** Whether one of the two threads is dead. */
  get isClosed(): boolean {
    return Atomics.load(this.#words, WORD.closed) !== 0;
  }

  /**
   * Finds room for a record of at least that many bytes, in place of what was reserved before.
   *
   * @returns false if there is not enough now.
   */
  reserve(length: number): boolean {
    if (this.#find(length)) return true;
    // The reader's word is looked at only where the last look does not do: each look fetches its cache line.
    const consumed = Atomics.load(this.#words, WORD.consumed);
    if (consumed === this.#consumed) return false;
    this.#consumed = consumed;
    return this.#find(length);
  }

  #find(length: number): boolean {
    const needed = RECORD_HEAD_BYTES + alignRecord(length);
    const free = this.#capacity - ((this.#position - this.#consumed) | 0);
    const at = this.#position & (this.#capacity - 1);
    const tail = this.#capacity - at;
    const room = Math.min(free, tail);
    if (room >= needed) {
      this.#padding = 0;
      this.start = at + RECORD_HEAD_BYTES;
      this.end = at + room;
      return true;
    }
    if (free - tail < needed) return false;
    this.#padding = tail;
    this.start = RECORD_HEAD_BYTES;
    this.end = free - tail;
    return true;
  }

  /**
   * Ends the reserved record; its bytes begin at `start`.
   *
   * @throws {ERR_BUG} if it is longer than its room, or nothing is reserved.
   */
  commit(length: number, kind: number = RECORD.data): void {
    assert(this.start + length <= this.end, `${length} bytes do not fit the reserved room`);
    const padding = this.#padding;
    if (padding > 0) this.#writeHead(this.#capacity - padding, padding, RECORD.padding);
    this.#writeHead(this.start - RECORD_HEAD_BYTES, length, kind);
    this.end = 0;
    // Order: last, because an interrupt may end the function wherever it calls or loops, and half a record must not be seen.
    this.#position = (this.#position + padding + RECORD_HEAD_BYTES + alignRecord(length)) | 0;
  }

  #writeHead(at: number, length: number, kind: number): void {
    this.#heads[at >> 2] = length;
    this.#heads[(at >> 2) + 1] = kind;
  }

  /**
   * Lets the reader see what was committed. Whether it sleeps is the caller's business.
   *
   * @returns false if there was nothing new.
   */
  publish(): boolean {
    const position = this.#position;
    if (position === this.#published) return false;
    // Race: the reader must find the record's bytes behind this word. All of them were written before it, by plain stores; a
    // reader whose Atomics.load finds this store's value sees them. test/sim/ring.test.ts
    Atomics.store(this.#words, WORD.written, position);
    this.#published = position;
    return true;
  }

  /**
   * Asks the reader to say when it has made room. The caller looks for room once more before it relies on that: the
   * reader may have made it just before.
   */
  wantRoom(): void {
    Atomics.store(this.#words, WORD.wanted, 1);
  }
}
