/**
 * The reading side of a ring.
 *
 *     refresh -> next, the caller reads bytes[start..end) -> next ... false -> release
 *
 * Hot path (bench: ring). A record's bytes are the reader's until it releases them; then the writer may write there. It is
 * read once: it counts as read from the moment it was handed out, even if the code that takes it throws.
 */

import { SnaxError } from "../base/error.ts";
import { alignRecord, RECORD, RECORD_HEAD_BYTES, viewRing, WORD } from "./ring-memory.ts";

/** Reads records; only one thread may have a reader of a ring. */
export class RingReader {
  /** The ring's memory; the caller reads between `start` and `end` only, and until the release. */
  readonly bytes: Uint8Array;
  /** Where the record begins that {@link RingReader.next} found. */
  start = 0;
  /** Where it ends. */
  end = 0;
  /** Whether it only keeps the place of a record that travels by MessagePort. */
  isMarker = false;
  readonly #words: Int32Array;
  readonly #heads: Int32Array;
  readonly #capacity: number;
  /** Where the next record begins. */
  #position: number;
  /** What the writer has been told. */
  #released: number;
  /** What the writer had published when it was last asked. */
  #limit: number;

  constructor(memory: SharedArrayBuffer) {
    const { words, bytes, heads } = viewRing(memory);
    this.#words = words;
    this.#heads = heads;
    this.bytes = bytes;
    this.#capacity = bytes.length;
    this.#position = Atomics.load(words, WORD.consumed);
    this.#released = this.#position;
    this.#limit = this.#position;
  }

  /** Whether one of the two threads is dead; what it had published is still there. */
  get isClosed(): boolean {
    return Atomics.load(this.#words, WORD.closed) !== 0;
  }

  /** Looks how far the writer has come; returns whether there is something to read. */
  refresh(): boolean {
    this.#limit = Atomics.load(this.#words, WORD.written);
    return this.#limit !== this.#position;
  }

  /**
   * Goes to the next record, as far as the last refresh saw.
   *
   * @returns false if there is none.
   * @throws {ERR_BUG} if the memory is damaged.
   */
  next(): boolean {
    while (this.#position !== this.#limit) {
      const at = this.#position & (this.#capacity - 1);
      const length = this.#heads[at >> 2] as number;
      const kind = this.#heads[(at >> 2) + 1] as number;
      const left = Math.min((this.#limit - this.#position) | 0, this.#capacity - at);
      if (kind === RECORD.padding) {
        if (length !== left) throw damaged(at);
        this.#position = (this.#position + length) | 0;
        continue;
      }
      const size = RECORD_HEAD_BYTES + alignRecord(length);
      if (length < 0 || size > left || kind > RECORD.marker) throw damaged(at);
      this.#position = (this.#position + size) | 0;
      this.start = at + RECORD_HEAD_BYTES;
      this.end = this.start + length;
      this.isMarker = kind === RECORD.marker;
      return true;
    }
    return false;
  }

  /**
   * Gives the bytes of all records read so far back to the writer.
   *
   * @returns true if the writer waits for room and has to be woken if it sleeps.
   */
  release(): boolean {
    const position = this.#position;
    if (position === this.#released) return false;
    // Race: a writer that finds this word writes over the records before it, so they have been read by now.
    // test/sim/ring.test.ts
    Atomics.store(this.#words, WORD.consumed, position);
    this.#released = position;
    // Race: a writer that found no room sets `wanted` and then looks again; this side stores first and looks then. Both
    // words are sequentially consistent, so at least one of the two sees what the other did. test/sim/ring.test.ts
    const words = this.#words;
    return Atomics.load(words, WORD.wanted) === 1 && Atomics.exchange(words, WORD.wanted, 0) === 1;
  }
}

function damaged(at: number): SnaxError {
  return new SnaxError("ERR_BUG", `the ring's memory is damaged at ${at}`);
}
