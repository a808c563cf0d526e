/**
 * The shared memory of one ring: what is where, and how one is made and closed.
 *
 *     | words, each on cache lines of its own | records ... records, and round again |
 *
 * A ring carries bytes from one thread, the writer, to one other, the reader. Each word has one side that moves it, so
 * that no thread ever waits for a lock. Memory is never used for a second pair of threads: the thread that replaces a dead one
 * gets new rings with a higher epoch, and what the old ones still hold can't be taken for its mail.
 */

import { assert } from "../base/error.ts";

/** Bytes of records that a ring holds unless told otherwise; memory that was never written costs nothing. */
export const RING_BYTES: number = 1 << 18;

/** Bytes that are before each record's own: its length and its kind. A record begins at a multiple of that. */
export const RECORD_HEAD_BYTES = 8;

/** What a record is. */
export const RECORD = {
  /** Its bytes follow. */
  data: 0,
  /** Keeps the place of one that travels by MessagePort. */
  marker: 1,
  /** Nothing: the next record begins at the start of the memory. */
  padding: 2,
} as const;

/**
 * Indexes of the ring's words. Two that different threads write are 128 bytes apart: some processors fetch cache lines
 * in pairs. Positions count bytes since the ring was made, modulo 2^32.
 */
export const WORD = {
  /** Position up to which records may be read; the writer moves it. */
  written: 0,
  /** Position up to which records have been read; the reader moves it. */
  consumed: 32,
  /** 1 while the writer waits for room: it sets it, the reader clears it. */
  wanted: 64,
  /** Which incarnation of the pair of threads this ring belongs to; never changes. */
  epoch: 96,
  /** 1 from the moment that one of the threads is known to be dead; any thread sets it. */
  closed: 97,
} as const;

const WORDS_BYTES = 512;
const CAPACITY_MIN = 64;
const CAPACITY_MAX = 1 << 30;

/** The views of a ring's memory. */
export interface RingViews {
  readonly words: Int32Array;
  /** The records; their number is a power of two. */
  readonly bytes: Uint8Array;
  /** The same memory as `bytes`, for heads. */
  readonly heads: Int32Array;
}

/** Which threads a ring joins, and how large it is. */
export interface RingOptions {
  /** Rises with each incarnation of the pair of threads, 1..2^31-1. */
  readonly epoch: number;
  /** Bytes of records, a power of two. @defaultValue RING_BYTES */
  readonly bytes?: number;
}

/**
 * Creates the memory of a ring, which both threads then open.
 *
 * @throws {ERR_BUG} if the size is no power of two from 64 to 2^30.
 */
export function createRing(options: RingOptions): SharedArrayBuffer {
  const { epoch, bytes = RING_BYTES } = options;
  const isPower = bytes >= CAPACITY_MIN && bytes <= CAPACITY_MAX && (bytes & (bytes - 1)) === 0;
  assert(isPower, `a ring of ${bytes} bytes`);
  const memory = new SharedArrayBuffer(WORDS_BYTES + bytes);
  new Int32Array(memory)[WORD.epoch] = epoch;
  return memory;
}

/** Opens the memory of a ring. */
export function viewRing(memory: SharedArrayBuffer): RingViews {
  return {
    words: new Int32Array(memory, 0, WORDS_BYTES / 4),
    bytes: new Uint8Array(memory, WORDS_BYTES),
    heads: new Int32Array(memory, WORDS_BYTES),
  };
}

/** Returns the epoch that a ring was made for. */
export function epochOf(memory: SharedArrayBuffer): number {
  return new Int32Array(memory, 0, WORDS_BYTES / 4)[WORD.epoch] as number;
}

/**
 * Says that one of the ring's threads is dead. What was published before can still be read; nothing is sent any more.
 * Any thread may call it, at any time.
 */
export function closeRing(memory: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(memory, 0, WORDS_BYTES / 4), WORD.closed, 1);
}

/** Rounds a record's length up, so that the next head is aligned. */
export function alignRecord(length: number): number {
  return (length + RECORD_HEAD_BYTES - 1) & -RECORD_HEAD_BYTES;
}
