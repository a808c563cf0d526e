/**
 * The directory: which thread a handle's service lives on, in memory that all threads of a node share.
 *
 *     | one byte per possible handle: 0 = nobody, else the thread's number + 1 | the counter | services per thread |
 *
 * Handles come from one atomic counter, so they rise across all threads, as skynet's do. Taking a handle puts the service
 * into the directory; its death takes it out. So a send to a dead handle is known to be dead at once, on every thread. The
 * operating system gives memory only to the pages that are used: 4096 handles each.
 */

import { assert, SnaxError } from "../base/error.ts";
import { INDEX_MASK } from "../kernel/address.ts";
import type { HandleSource } from "../kernel/service-table.ts";

/** Most threads of a node, the main thread included: one byte tells them apart, and 0 is nobody. */
export const THREADS_MAX = 255;

const PLACES = INDEX_MASK + 1;
const WORDS = 1 + THREADS_MAX;
/** Index of the counter among the words; the services of thread t are counted behind it. */
const COUNTER = 0;

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

  /** Returns the thread that a handle's service lives on, or undefined if nobody lives there. */
  threadOf(handle: number): number | undefined {
    const place = Atomics.load(this.#places, handle & INDEX_MASK);
    return place === 0 ? undefined : place - 1;
  }

  /** How many services live on a thread. */
  count(thread: number): number {
    return Atomics.load(this.#words, 1 + thread);
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
      // Race: after 16 million births two threads may come to the same place, and only one gets it.
      // test/unit/fabric/directory.test.ts
      if (Atomics.compareExchange(this.#places, index, 0, thread + 1) !== 0) continue;
      Atomics.add(this.#words, 1 + thread, 1);
      return index;
    }
    throw new SnaxError("ERR_EXHAUSTED", `${INDEX_MASK} services live: no handle is free`);
  }

  /** Takes a certain handle for a thread; it must be free. For services that everybody must be able to find. */
  claimAt(index: number, thread: number): void {
    const before = Atomics.compareExchange(this.#places, index, 0, thread + 1);
    assert(before === 0, `handle ${index} is taken`);
    Atomics.add(this.#words, 1 + thread, 1);
  }

  /**
   * Gives a handle back when its service has died.
   *
   * @returns false if it was not that thread's: a thread that was cleared away gives nothing back any more.
   */
  release(handle: number, thread: number): boolean {
    const index = handle & INDEX_MASK;
    const before = Atomics.compareExchange(this.#places, index, thread + 1, 0);
    if (before !== thread + 1) return false;
    Atomics.sub(this.#words, 1 + thread, 1);
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
   * yet. Looks at 16 million places, which takes some milliseconds.
   *
   * @returns the indexes of their handles.
   */
  clear(thread: number): number[] {
    const indexes: number[] = [];
    const places = this.#places;
    for (let at = places.indexOf(thread + 1); at !== -1; at = places.indexOf(thread + 1, at + 1)) {
      Atomics.store(places, at, 0);
      indexes.push(at);
    }
    // Not counted down: a thread may have been cut off between its place and its count.
    Atomics.store(this.#words, 1 + thread, 0);
    return indexes;
  }
}
