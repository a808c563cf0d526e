/**
 * The directory: which thread a handle's service lives on, in memory that all threads of a node share.
 *
 *     | one byte per possible handle | the counter, and whether it has begun again | services per thread |
 *
 *     0 = never taken    128 + t + 1 = lives on thread t    t + 1 = lived there and ended    128 = ended with its thread
 *
 * Handles come from one atomic counter, so they rise across all threads, as skynet's do. Taking a handle puts the service
 * into the directory; its death takes it out. So every thread knows at once that the receiver of a message is dead. The
 * operating system gives memory only to the pages that are used: 4096 handles each.
 *
 * A service that ended by itself may leave requests that its thread still has to answer. If the thread ends before, they
 * are lost with it. That is why the service's place keeps the thread's number.
 */

import { assert, SnaxError } from "../base/error.ts";
import { INDEX_MASK } from "../kernel/service.ts";
import type { HandleSource } from "../kernel/service.ts";

/** Most threads of a node, the main thread included: seven bits tell them apart, and 0 is no thread. */
export const THREADS_MAX = 127;

const PLACES = INDEX_MASK + 1;
const WORDS = 2 + THREADS_MAX;
/** Index of the counter among the words. */
const COUNTER = 0;
/** 1 if a handle may have been taken that the counter has not come to in its first round. */
const IS_ANYWHERE = 1;
/** The services of thread t are counted here and behind. */
const COUNTS = 2;

/** The bit of a place whose service lives; with no thread's number, it ended with its thread. */
const ALIVE = 0x80;
const LOST = ALIVE;

/** The first of the last handles, which are given to a thread's own service before the counter comes to them. */
const LAST = PLACES - THREADS_MAX;

/** Creates the memory that the threads of one node share. */
export function createDirectory(): SharedArrayBuffer {
  return new SharedArrayBuffer(PLACES + WORDS * Int32Array.BYTES_PER_ELEMENT);
}

/** The directory as one thread sees it. Threads are numbered from 0, the main thread. */
export class Directory {
  readonly #places: Uint8Array;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#places = new Uint8Array(memory, 0, PLACES);
    this.#words = new Int32Array(memory, PLACES, WORDS);
  }

  /** Returns the thread that a handle's service lives on, or undefined if no service lives there. */
  threadOf(handle: number): number | undefined {
    const place = Atomics.load(this.#places, handle & INDEX_MASK);
    return place > ALIVE ? place - ALIVE - 1 : undefined;
  }

  /** Whether the service that lived under a handle last went down with its thread, or left what it owed to a thread that did. */
  isLost(handle: number): boolean {
    return Atomics.load(this.#places, handle & INDEX_MASK) === LOST;
  }

  /** How many services live on a thread. */
  count(thread: number): number {
    return Atomics.load(this.#words, COUNTS + thread);
  }

  /**
   * Takes the next free handle for a service of a thread.
   *
   * @returns its index, 1..0xffffff, beginning again after the last.
   * @throws {ERR_EXHAUSTED} if all 16,777,215 are in use.
   */
  claim(thread: number): number {
    assert(thread >= 0 && thread < THREADS_MAX, `thread ${thread} has no place in the directory`);
    for (let tries = 0; tries < INDEX_MASK; tries += 1) {
      const index = ((Atomics.add(this.#words, COUNTER, 1) >>> 0) % INDEX_MASK) + 1;
      if (index === INDEX_MASK) Atomics.store(this.#words, IS_ANYWHERE, 1);
      if (!this.#take(index, thread)) continue;
      return index;
    }
    throw new SnaxError("ERR_EXHAUSTED", `${INDEX_MASK} services live: no handle is free`);
  }

  /** Takes a certain handle for a thread; it must be free. For services that all threads must be able to find. */
  claimAt(index: number, thread: number): void {
    if (index < LAST) Atomics.store(this.#words, IS_ANYWHERE, 1);
    assert(this.#take(index, thread), `handle ${index} is taken`);
  }

  #take(index: number, thread: number): boolean {
    const place = Atomics.load(this.#places, index);
    if (place > ALIVE) return false;
    // Race: after 16 million births two threads may come to the same place, and only one gets it.
    // test/unit/fabric/directory.test.ts
    const mine = ALIVE + thread + 1;
    if (Atomics.compareExchange(this.#places, index, place, mine) !== place) return false;
    Atomics.add(this.#words, COUNTS + thread, 1);
    return true;
  }

  /**
   * Gives a handle back when its service has died.
   *
   * @returns false if it was not that thread's: a thread that was cleared away gives nothing back any more.
   */
  release(handle: number, thread: number): boolean {
    const index = handle & INDEX_MASK;
    const mine = ALIVE + thread + 1;
    if (Atomics.compareExchange(this.#places, index, mine, thread + 1) !== mine) return false;
    Atomics.sub(this.#words, COUNTS + thread, 1);
    return true;
  }

  /**
   * Says that a service lives on another thread from now on.
   *
   * @returns false if it does not live on the thread that it should leave.
   */
  move(handle: number, from: number, to: number): boolean {
    const index = handle & INDEX_MASK;
    const [before, after] = [ALIVE + from + 1, ALIVE + to + 1];
    if (Atomics.compareExchange(this.#places, index, before, after) !== before) return false;
    Atomics.sub(this.#words, COUNTS + from, 1);
    Atomics.add(this.#words, COUNTS + to, 1);
    return true;
  }

  /** The handle source of a thread's kernel. */
  handleSource(thread: number): HandleSource {
    return {
      next: () => this.claim(thread),
      free: (index) => void this.release(index, thread),
    };
  }

  /**
   * Takes all services of a thread out, when it has died: it must not run any more, and the next one of its number not
   * yet. From now on they are lost, and so are those that ended on it before.
   *
   * @returns the indexes of the handles of those that lived.
   */
  clear(thread: number): number[] {
    const indexes: number[] = [];
    // Order: the living first, because another thread may end one of them meanwhile.
    this.#lose(ALIVE + thread + 1, indexes);
    this.#lose(thread + 1, []);
    // Not counted down: a thread may have been cut off between its place and its count.
    Atomics.store(this.#words, COUNTS + thread, 0);
    return indexes;
  }

  /** Marks all places of one value as lost. The whole directory takes some milliseconds to look at. */
  #lose(value: number, indexes: number[]): void {
    const isAnywhere = Atomics.load(this.#words, IS_ANYWHERE) === 1;
    const taken = Math.min(Atomics.load(this.#words, COUNTER) >>> 0, LAST - 1);
    const ranges: readonly (readonly [number, number])[] = isAnywhere
      ? [[0, PLACES]]
      : [
          [0, taken + 1],
          [LAST, PLACES],
        ];
    for (const [from, until] of ranges) {
      const places = this.#places.subarray(from, until);
      for (let at = places.indexOf(value); at !== -1; at = places.indexOf(value, at + 1)) {
        Atomics.store(places, at, LOST);
        indexes.push(from + at);
      }
    }
  }
}
