/**
 * What a turn writes to one connection: gathered in one piece of memory, which leaves in one write.
 *
 * Bytes are copied when they are given, so they are the writer's again at once. A connection that
 * writes nothing holds nothing. Pieces above PIECE_MAX are kept by themselves: to grow a common one
 * would copy them again.
 *
 * Hot path (bench: player).
 */

import { SnaxError } from "../base/error.ts";
import { SOCKET_WARN_BYTES } from "../base/limits.ts";
import type { Consumer } from "./link.ts";
import type { Writable } from "./socket-api.ts";

/** From this size on, in bytes, pieces are kept by themselves. */
const PIECE_MAX = 64 * 1024;

/** Bytes that wait for the end of the turn. */
export class Outbox {
  /** How many bytes wait. */
  length = 0;
  #pieces: Buffer[] | undefined = undefined;
  #tail: Buffer | undefined = undefined;
  #tailLength = 0;

  /** Adds text or bytes. @throws {ERR_ARGUMENT} if it is neither. */
  add(data: Writable): void {
    requireWritable(data);
    if (typeof data === "string") this.#addText(data);
    else this.#addBytes(data);
  }

  /** Adds a number of 2 or 4 bytes, big-endian. */
  addSize(size: number, bytes: 2 | 4): void {
    const tail = this.#room(bytes);
    if (bytes === 2) tail.writeUInt16BE(size, this.#tailLength);
    else tail.writeUInt32BE(size, this.#tailLength);
    this.#grown(bytes);
  }

  /** Takes out all that waits; in most cases one piece. */
  take(): Buffer | Buffer[] {
    const tail = (this.#tail ?? Buffer.alloc(0)).subarray(0, this.#tailLength);
    const pieces = this.#pieces;
    this.#tail = this.#pieces = undefined;
    this.#tailLength = this.length = 0;
    if (pieces === undefined) return tail;
    if (tail.length > 0) pieces.push(tail);
    return pieces;
  }

  #addText(text: string): void {
    const size = Buffer.byteLength(text);
    if (size > PIECE_MAX) return this.#addBytes(Buffer.from(text));
    const tail = this.#room(size);
    tail.write(text, this.#tailLength);
    this.#grown(size);
  }

  #addBytes(bytes: Uint8Array): void {
    const size = bytes.length;
    if (size > PIECE_MAX) {
      this.#closePiece();
      (this.#pieces ??= []).push(Buffer.from(bytes));
      this.length += size;
      return;
    }
    const tail = this.#room(size);
    tail.set(bytes, this.#tailLength);
    this.#grown(size);
  }

  /** Returns the memory in which `size` more bytes have room. */
  #room(size: number): Buffer {
    let tail = this.#tail;
    const length = this.#tailLength + size;
    if (tail !== undefined && length <= tail.length) return tail;
    if (tail !== undefined && length > PIECE_MAX) {
      this.#closePiece();
      tail = undefined;
    }
    const used = this.#tailLength;
    const grown = Buffer.allocUnsafe(Math.max((used + size) * 2, 64));
    tail?.copy(grown, 0, 0, used);
    this.#tail = grown;
    return grown;
  }

  #closePiece(): void {
    if (this.#tail === undefined) return;
    (this.#pieces ??= []).push(this.#tail.subarray(0, this.#tailLength));
    this.#tail = undefined;
    this.#tailLength = 0;
  }

  #grown(size: number): void {
    this.#tailLength += size;
    this.length += size;
  }
}

/** Refuses what can't be written. @throws {ERR_ARGUMENT} if it is neither text nor bytes. */
export function requireWritable(data: unknown): void {
  if (typeof data === "string" || data instanceof Uint8Array) return;
  throw new SnaxError("ERR_ARGUMENT", `text or bytes can be written, not ${typeof data}`);
}

/**
 * When a connection's unsent bytes are told of: from SOCKET_WARN_BYTES on, at each doubling, and
 * once more when none is left.
 */
export class UnsentMark {
  #bytes = SOCKET_WARN_BYTES;

  /** Notes how much is unsent. */
  note(unsent: number, consumer: Consumer | undefined): void {
    if (unsent <= this.#bytes) return;
    while (unsent > this.#bytes) this.#bytes *= 2;
    consumer?.takeWarning(unsent);
  }

  /** The service has been told of the mark, and not yet that all is sent. */
  get isRaised(): boolean {
    return this.#bytes > SOCKET_WARN_BYTES;
  }

  /** Notes that nothing is unsent. */
  clear(consumer: Consumer | undefined): void {
    if (!this.isRaised) return;
    this.#bytes = SOCKET_WARN_BYTES;
    consumer?.takeWarning(0);
  }
}

/** Why a connection is cut that has more unsent than it may; undefined if it has not. */
export function excess(unsent: number, limit: number): SnaxError | undefined {
  if (unsent <= limit) return undefined;
  return new SnaxError("ERR_OVERFLOW", `${unsent} unsent bytes exceed the limit of ${limit}`);
}
