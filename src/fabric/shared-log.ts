/**
 * What every thread of a node has to know in the same order: texts that are only ever added.
 *
 *     add: lock -> read what others added -> decide -> write -> publish -> unlock
 *     sync: read what others added, one load of a word if that is nothing
 *
 * Numbers of methods and keys of the environment are such things. Each thread keeps what it has read in maps of its own.
 */

import { SharedLock } from "./shared-lock.ts";

/** Bytes that a log holds; memory that was never written costs nothing. */
export const LOG_BYTES: number = 1 << 24;

const WORDS = 16;
const LOCK = 0;
const LENGTH = 2;
const HEAD_BYTES = 8;

/** What an entry is about: each kind has one reader per thread. */
export type LogKind = number;

/** Creates the memory of a log. */
export function createLogMemory(bytes: number = LOG_BYTES): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT + bytes);
}

/** A log as one thread sees it. */
export class SharedLog {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #heads: Int32Array;
  readonly #lock: SharedLock;
  readonly #readers = new Map<LogKind, (bytes: Uint8Array) => void>();
  /** How far this thread has read. */
  #read = 0;

  constructor(memory: SharedArrayBuffer, thread: number) {
    const start = WORDS * Int32Array.BYTES_PER_ELEMENT;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#bytes = new Uint8Array(memory, start);
    this.#heads = new Int32Array(memory, start);
    this.#lock = new SharedLock(this.#words, LOCK, thread);
  }

  /**
   * Says who reads the entries of a kind, from the first one on.
   *
   * @param reader - gets a copy of each entry's bytes; must not throw.
   */
  on(kind: LogKind, reader: (bytes: Uint8Array) => void): void {
    this.#readers.set(kind, reader);
    this.#replay(0, this.#read, kind);
  }

  /** Reads what was added since the last look. */
  sync(): void {
    const length = Atomics.load(this.#words, LENGTH);
    if (length === this.#read) return;
    const from = this.#read;
    this.#read = length;
    this.#replay(from, length);
  }

  /**
   * Adds an entry, which this thread's reader gets too.
   *
   * @param decide - is called when this thread knows all that was added before; returns undefined to add nothing.
   * @returns false if nothing was added because the log is full.
   */
  add(kind: LogKind, decide: () => Uint8Array | undefined): boolean {
    // What a holder left unfinished is not published, and is written over.
    this.#lock.take();
    try {
      this.sync();
      const entry = decide();
      return entry === undefined || this.#write(kind, entry);
    } finally {
      this.#lock.give();
    }
  }

  /** Frees the log if a thread that has died was cut off while it added an entry, so that no thread waits for it. */
  inherit(dead: number): void {
    this.#lock.takeFrom(dead);
    this.#lock.give();
  }

  #write(kind: LogKind, entry: Uint8Array): boolean {
    const at = this.#read;
    const end = (at + HEAD_BYTES + entry.length + 3) & ~3;
    if (end > this.#bytes.length) return false;
    this.#heads[at >> 2] = entry.length;
    this.#heads[(at >> 2) + 1] = kind;
    this.#bytes.set(entry, at + HEAD_BYTES);
    // Order: written before it is published; a thread that is cut off here has added nothing.
    Atomics.store(this.#words, LENGTH, end);
    this.sync();
    return true;
  }

  #replay(from: number, until: number, only?: LogKind): void {
    for (let at = from; at < until;) {
      const length = this.#heads[at >> 2] as number;
      const kind = this.#heads[(at >> 2) + 1] as number;
      const start = at + HEAD_BYTES;
      if (only === undefined || only === kind) {
        this.#readers.get(kind)?.(this.#bytes.slice(start, start + length));
      }
      at = (start + length + 3) & ~3;
    }
  }
}
