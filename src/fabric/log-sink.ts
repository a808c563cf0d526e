/**
 * The end of the log on the main thread: lines of all services go in, and come out in the log's file, or on stdout.
 *
 *     write -> journal (shared memory) -> flush, once a round of the event loop -> file
 *                                      -> or the watchdog's thread writes what is there, if the main thread hangs
 *                                      -> or the end of the process
 *
 * A line that is in the journal outlives the handler that wrote it and never returns. If the file can't be written any more,
 * the sink says so on stdout and closes the file; stdout has the log until the file can be opened anew.
 *
 * Hot path (bench: print).
 */

/* oxlint-disable no-restricted-globals -- lines are written when the event loop comes round, whatever the kernel does */

import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { SnaxError } from "../base/error.ts";
import type { LogFormat, LogLine, TakeLine } from "../base/log-line.ts";
import { LogFormatter } from "../base/log-line.ts";

/** What a sink is made of. */
export interface LogSinkOptions {
  readonly format: LogFormat;
  /** Each line is written at once: no other thread would do it while a handler hangs. */
  readonly isImmediate: boolean;
  /** Takes in the lines that other threads have published, when the process ends. */
  readonly collect: () => void;
  /** Gets each line instead of the file; for a test. */
  readonly onLine?: ((address: string, text: string) => void) | undefined;
}

/** The descriptor of the process's standard output. */
export const STDOUT = 1;

const LINE_FEED = 0x0a;

/** Milliseconds for which the end of the process waits for a thread that writes at that moment. */
const PATIENCE_MS = 200;

const sinks = new Set<LogSink>();
const onExit = (): void => {
  for (const sink of sinks) sink.end();
};

/** The end of one node's log. */
export class LogSink {
  readonly journal: LogJournal = new LogJournal(createJournalMemory());
  readonly #options: LogSinkOptions;
  readonly #format: LogFormatter;
  readonly #isTerminal = process.stdout.isTTY;
  #path: string | undefined;
  #isOpen = false;
  /** A service has opened it, and lives. */
  #isOwned = false;
  #isAwaited = false;
  readonly #flushLater = (): void => {
    this.#isAwaited = false;
    if (!this.flush()) this.#await();
  };

  constructor(options: LogSinkOptions) {
    this.#options = options;
    this.#format = new LogFormatter(options.format);
  }

  /** Takes a line of a service of this thread. @returns false if the log is not open */
  // oxlint-disable-next-line max-params -- see TakeLine
  readonly take: TakeLine = (handle, text, isPlain, level, origin) => {
    if (!this.#isOpen) return false;
    this.write({ handle, text, isPlain, level, origin });
    return true;
  };

  /**
   * Opens the log.
   *
   * @param path - its file. @defaultValue stdout
   * @throws {ERR_ARGUMENT} if it is open; and what the file system throws.
   */
  open(path: string | undefined): void {
    if (this.#isOwned) throw new SnaxError("ERR_ARGUMENT", "another logger writes the log");
    const descriptor = path === undefined ? STDOUT : openSync(path, "a");
    this.close();
    this.#path = path;
    this.journal.descriptor = descriptor;
    this.#isOpen = true;
    this.#isOwned = true;
    if (sinks.size === 0) process.on("exit", onExit);
    sinks.add(this);
  }

  /** The service that opened it is gone. It takes lines all the same: no other place is known for them. */
  disown(): void {
    this.#isOwned = false;
  }

  /** Takes a line. */
  write(written: LogLine): void {
    const { onLine, format } = this.#options;
    if (onLine !== undefined) return onLine(format.address(written.handle), written.text);
    const isFile = this.#isFile;
    const isTerminal = !isFile && this.#isTerminal;
    const line = this.#format.format(Date.now(), written, isFile, isTerminal);
    while (!this.journal.append(line)) {
      // The watchdog's thread writes at this moment, and makes room by that.
      if (!this.flush()) continue;
      if (this.journal.append(line)) break;
      this.#put(Buffer.from(`${line}\n`));
      break;
    }
    if (this.#options.isImmediate) this.flush();
    else if (!this.#isAwaited) this.#await();
  }

  #await(): void {
    this.#isAwaited = true;
    setImmediate(this.#flushLater);
  }

  get #isFile(): boolean {
    return this.journal.descriptor !== STDOUT;
  }

  /** Writes what waits. @returns false if the watchdog's thread writes at this moment. */
  flush(): boolean {
    return (
      this.journal.pending === 0 || this.journal.drain(DRAINER.main, (bytes) => this.#put(bytes))
    );
  }

  #put(bytes: Uint8Array): number {
    // What stdout can't write at once it keeps, and the journal's memory is used again.
    if (!this.#isFile) process.stdout.write(Buffer.from(bytes));
    else this.#putToFile(bytes);
    return bytes.length;
  }

  /** A disk that is full must not silence the node, nor fill its memory. */
  #putToFile(bytes: Uint8Array): void {
    const { descriptor } = this.journal;
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    } catch (error) {
      // Open, it would keep its room on the disk although it has been deleted.
      closeQuietly(descriptor);
      this.journal.descriptor = STDOUT;
      const begin = bytes.lastIndexOf(LINE_FEED, written - 1) + 1;
      process.stdout.write(`the log file ${this.#path} can't be written: ${String(error)}\n`);
      process.stdout.write(Buffer.from(bytes.subarray(written === 0 ? 0 : begin)));
    }
  }

  /** Opens the file anew, under the same name. @throws what the file system throws; then all stays as it was. */
  reopen(): void {
    if (this.#path === undefined || !this.#isOpen) return;
    this.flush();
    const before = this.journal.descriptor;
    this.journal.descriptor = openSync(this.#path, "a");
    if (before !== STDOUT) closeQuietly(before);
    // What was being written when the disk was full may have stopped in the middle of a line.
    else if (lastByte(this.#path) !== LINE_FEED) this.#put(Buffer.from("\n"));
  }

  /** Writes what waits, even if another thread was writing it; the process ends. */
  end(): void {
    try {
      this.#options.collect();
    } catch {
      // What it ends in may be anything; the lines that are there are written.
    }
    const until = performance.now() + PATIENCE_MS;
    while (!this.flush() && performance.now() < until);
    this.journal.release();
    this.flush();
  }

  /** Writes what waits, and closes the file. */
  close(): void {
    if (!this.#isOpen) return;
    this.end();
    this.#isOpen = false;
    this.#isOwned = false;
    sinks.delete(this);
    if (sinks.size === 0) process.off("exit", onExit);
    const { descriptor } = this.journal;
    this.journal.descriptor = -1;
    if (descriptor !== STDOUT) closeQuietly(descriptor);
  }
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // A disk that fails says so here, too; the descriptor is gone in any case.
  }
}

/** The last byte of a file; a line feed if it is empty, or may not be read. */
function lastByte(path: string): number | undefined {
  try {
    const { size } = statSync(path);
    if (size === 0) return LINE_FEED;
    const last = Buffer.alloc(1);
    const reader = openSync(path, "r");
    readSync(reader, last, 0, 1, size - 1);
    closeSync(reader);
    return last[0];
  } catch {
    return LINE_FEED;
  }
}

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

/**
 * A journal as one thread sees it: lines on their way into the file.
 *
 *     append     the main thread writes a line and publishes it                  no system call
 *     drain      under the lock: what was published goes into the file, once     the main thread soon after, or the thread that
 *                                                                                watches it, if the main thread hangs
 *
 * The lock is tried: a thread that finds it taken knows that the other one writes what is there at that moment.
 */
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

  /** How far lines have been written since the journal was empty; it tells whether a thread drains it. */
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
