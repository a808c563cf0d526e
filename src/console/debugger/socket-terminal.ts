/**
 * A client's socket, read and written by another thread than the one that owns it, while that one stands still.
 *
 * It knows the socket by its file descriptor and neither opens nor closes it: the owner has stopped reading, and goes on
 * when this thread has ended. The descriptor does not block, so it is asked again and again while there is nothing.
 */

import { readSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { CONSOLE_LINE_MAX } from "../../base/limits.ts";
import type { LineTerminal } from "../operator/command.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 20;

/** Milliseconds for a client to read what it is told. */
const WRITE_MS = 1000;

/** Bytes read at once. */
const CHUNK_BYTES = 4096;

/** The terminal of a debugger. */
export class SocketTerminal implements LineTerminal {
  readonly #fd: number;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #rest: Buffer;
  #isGone = false;

  /** @param rest - what the owner has read of the socket and not used. */
  constructor(fd: number, rest: Uint8Array) {
    this.#fd = fd;
    this.#rest = Buffer.from(rest);
  }

  /** What was read and not used. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** Writes, unless the client has gone or does not read. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    const until = performance.now() + WRITE_MS;
    let at = 0;
    while (at < bytes.length && !this.#isGone) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        this.#isGone = !isBusy(error) || performance.now() > until;
      }
    }
  }

  /** The next line, without its end; undefined when the client has gone, or sends lines without end. */
  async nextLine(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#isGone || this.#rest.length > CONSOLE_LINE_MAX) return undefined;
      if (!this.#read()) await pause(LOOK_MS);
    }
  }

  close(): void {
    this.#isGone = true;
  }

  #read(): boolean {
    try {
      const length = readSync(this.#fd, this.#chunk);
      this.#isGone = length === 0;
      this.#rest = Buffer.concat([this.#rest, this.#chunk.subarray(0, length)]);
      return true;
    } catch (error) {
      this.#isGone = !isBusy(error);
      return false;
    }
  }
}

function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EAGAIN";
}
