/**
 * The end of the log on the main thread: lines of all services go in, and come out in the log's file, or on stdout.
 *
 *     write -> journal (shared memory) -> flush, once a round of the event loop -> file
 *                                      -> or the watchdog's thread writes what is there, if the main thread hangs
 *                                      -> or the end of the process
 *
 * A file that can't be written any more is told on stdout, closed, and stdout has the log until the file can be opened anew.
 */

/* oxlint-disable no-restricted-globals -- lines are written when the event loop comes round, whatever the kernel does */

import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { SnaxError } from "../base/error.ts";
import type { LogFormat, LogLine, TakeLine } from "../base/log-line.ts";
import { LogFormatter } from "../base/log-line.ts";
import { createJournalMemory, DRAINER, LogJournal } from "./log-journal.ts";

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
