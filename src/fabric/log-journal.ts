/**
 * Lines of the log that are on their way into their file, in shared memory: any thread that still runs can write them.
 *
 *     append     the main thread writes a line and publishes it                  no system call
 *     drain      under the lock: what was published goes into the file, once     the main thread soon after, or the thread that
 *                                                                                watches it, if the main thread hangs
 *
 * So a line outlives the handler that wrote it and never returns. The lock is tried: a thread that finds it taken knows that the other one
 * writes what is there at that moment.
 *
 * Hot path (bench: print).
 */

/** Bytes that may wait; then the main thread writes them at once. */
export const JOURNAL_BYTES: number = 1 << 20;

const WORDS = 16;
/** How far the lines have been written into the file. */
const WRITTEN = 0;
/** How far they may be. */
const PUBLISHED = 1;
const LOCK = 2;
/** Counts how often the lock was taken: a holder that was cut off takes it no more. */
const TAKEN = 3;
/** The file's descriptor; below 0 there is no file. */
const DESCRIPTOR = 4;

const FREE = 0;

/** Milliseconds after which a lock that is not given back is taken from its holder. */
const STALE_MS = 1000;

/** Who drains a journal. */
export const DRAINER = { main: 1, watchdog: 2 } as const;

/** Creates the memory of a journal. */
export function createJournalMemory(bytes: number = JOURNAL_BYTES): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT + bytes);
}

/** A journal as one thread sees it. */
export class LogJournal {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  /** How often the lock had been taken when it was found taken, and since when. */
  #seen = -1;
  #seenAt = 0;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#bytes = Buffer.from(memory, WORDS * Int32Array.BYTES_PER_ELEMENT);
  }

  /** The file that the lines go to; below 0 there is none. */
  get descriptor(): number {
    return Atomics.load(this.#words, DESCRIPTOR);
  }

  set descriptor(descriptor: number) {
    Atomics.store(this.#words, DESCRIPTOR, descriptor);
  }

  /** Bytes that have not been written. */
  get pending(): number {
    return Atomics.load(this.#words, PUBLISHED) - Atomics.load(this.#words, WRITTEN);
  }

  /** How far lines have been written since the journal was empty; it tells whether somebody drains it. */
  get written(): number {
    return Atomics.load(this.#words, WRITTEN);
  }

  /**
   * Adds a line and its end. Only the main thread may.
   *
   * @returns false if there is no room for it.
   */
  append(line: string): boolean {
    const words = this.#words;
    const bytes = this.#bytes;
    const at = words[PUBLISHED] as number;
    // A character takes three bytes at most.
    if (at + line.length * 3 + 1 > bytes.length) return false;
    const end = at + bytes.write(line, at);
    bytes[end] = LINE_FEED;
    // Order: written before it is published; a handler that is cut off in between has added nothing.
    Atomics.store(words, PUBLISHED, end + 1);
    return true;
  }

  /**
   * Hands what waits to `write`, which returns how many bytes it took; what is left waits on.
   *
   * @returns false if another thread writes at this moment.
   * @throws what `write` throws; then everything waits on.
   */
  drain(drainer: number, write: (bytes: Uint8Array) => number): boolean {
    if (!this.#take(drainer)) return false;
    try {
      this.#drain(write);
    } finally {
      this.#give(drainer);
    }
    // Only who appends may begin anew: an append that is under way would be lost.
    if (drainer === DRAINER.main) this.#beginAnew(drainer);
    return true;
  }

  #drain(write: (bytes: Uint8Array) => number): void {
    const words = this.#words;
    for (;;) {
      const from = Atomics.load(words, WRITTEN);
      const until = Atomics.load(words, PUBLISHED);
      if (from >= until) return;
      const taken = write(this.#bytes.subarray(from, until));
      if (taken <= 0) return;
      Atomics.store(words, WRITTEN, from + taken);
    }
  }

  #beginAnew(drainer: number): void {
    const words = this.#words;
    if (this.pending > 0 || !this.#take(drainer)) return;
    if (this.pending === 0) {
      Atomics.store(words, PUBLISHED, 0);
      Atomics.store(words, WRITTEN, 0);
    }
    this.#give(drainer);
  }

  /** A holder that was cut off in the middle is found by its own mark, or after STALE_MS. */
  #take(drainer: number): boolean {
    const words = this.#words;
    const holder = Atomics.compareExchange(words, LOCK, FREE, drainer);
    if (holder !== FREE && holder !== drainer) {
      const count = Atomics.load(words, TAKEN);
      const now = performance.now();
      if (count !== this.#seen) this.#seenAt = now;
      this.#seen = count;
      if (now - this.#seenAt < STALE_MS) return false;
      if (Atomics.compareExchange(words, LOCK, holder, drainer) !== holder) return false;
    }
    Atomics.add(words, TAKEN, 1);
    return true;
  }

  /** Takes the lock from the thread that has it: that one writes no more. */
  release(): void {
    Atomics.store(this.#words, LOCK, FREE);
  }

  #give(drainer: number): void {
    Atomics.compareExchange(this.#words, LOCK, drainer, FREE);
  }
}

const LINE_FEED = 0x0a;
