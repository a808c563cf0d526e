/**
 * Cuts a stream of bytes into frames: a length of 1, 2 or 4 bytes, big-endian, and that many bytes; or lines.
 *
 *     00 05 68 65 6c 6c 6f    header 2: "hello"    (skynet's netpack; the length does not count itself)
 *
 * However the stream was cut into chunks, the same frames come out. A frame that is in one chunk is a view of it, not a
 * copy. What is held of an unfinished frame is at most twice what came of it, no matter what length its header claims. The
 * first fault ends the stream: nothing after it can be trusted.
 *
 * Hot path (bench: player).
 */

import { SnaxError } from "../base/error.ts";

/** How frames are told apart: bytes of the length in front of each, or a line feed behind it. */
export type Framing = 2 | 4 | "line";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Least room for an unfinished frame. */
const HELD_MIN = 64;

/** One stream of frames. */
export class FrameSplitter {
  /** How many frames came out so far. */
  count = 0;
  /** Why the stream can't be read any further. */
  fault: SnaxError | undefined = undefined;
  readonly #framing: Framing | 1;
  readonly #limitBytes: number;
  /** The chunk being cut, and how far. */
  #chunk: Buffer | undefined = undefined;
  #at = 0;
  /** The beginning of an unfinished frame, its header included. */
  #held: Buffer | undefined = undefined;
  #heldLength = 0;

  /** @param limitBytes - most bytes of a frame, without header or line feed. */
  constructor(framing: Framing | 1, limitBytes: number) {
    this.#framing = framing;
    this.#limitBytes = limitBytes;
  }

  /** Bytes of the unfinished frame at the end of what came; 0 between two frames. */
  get heldBytes(): number {
    return this.#heldLength;
  }

  /** Gives the next chunk, whose bytes become the splitter's. */
  push(chunk: Buffer): void {
    const before = this.#chunk?.subarray(this.#at);
    this.#chunk =
      before === undefined || before.length === 0 ? chunk : Buffer.concat([before, chunk]);
    this.#at = 0;
  }

  /** Takes out the next frame; undefined if there is none yet, or after a fault. */
  next(): Buffer | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined || this.fault !== undefined) return undefined;
    const frame = this.#framing === "line" ? this.#nextLine(chunk) : this.#nextSized(chunk);
    if (frame !== undefined) this.count += 1;
    return frame;
  }

  #nextSized(chunk: Buffer): Buffer | undefined {
    if (this.#heldLength > 0) return this.#completeSized(chunk);
    const header = this.#framing as number;
    const start = this.#at + header;
    if (start > chunk.length) return this.#holdRest(chunk);
    const size = sizeAt(header, chunk, this.#at);
    if (size > this.#limitBytes) return this.#refuse(size);
    const end = start + size;
    if (end > chunk.length) return this.#holdRest(chunk);
    this.#at = end;
    return chunk.subarray(start, end);
  }

  #completeSized(chunk: Buffer): Buffer | undefined {
    const header = this.#framing as number;
    if (this.#heldLength < header) {
      this.#hold(chunk, Math.min(header - this.#heldLength, chunk.length - this.#at), header);
      if (this.#heldLength < header) return undefined;
    }
    const held = this.#held as Buffer;
    const size = sizeAt(header, held, 0);
    if (size > this.#limitBytes) return this.#refuse(size);
    const total = header + size;
    this.#hold(chunk, Math.min(total - this.#heldLength, chunk.length - this.#at), total);
    return this.#heldLength < total ? undefined : this.#release(header, total);
  }

  #nextLine(chunk: Buffer): Buffer | undefined {
    const feed = chunk.indexOf(LINE_FEED, this.#at);
    const end = feed < 0 ? chunk.length : feed;
    const length = this.#heldLength + end - this.#at;
    // A carriage return may still turn out to belong to the end of the line.
    if (length > this.#limitBytes + 1) return this.#refuse(length);
    if (feed < 0) return this.#holdRest(chunk);
    let line: Buffer;
    if (this.#heldLength === 0) line = chunk.subarray(this.#at, feed);
    else {
      this.#hold(chunk, feed - this.#at, length);
      line = this.#release(0, length);
    }
    this.#at = feed + 1;
    if (line[line.length - 1] === CARRIAGE_RETURN) line = line.subarray(0, -1);
    return line.length > this.#limitBytes ? this.#refuse(line.length) : line;
  }

  #holdRest(chunk: Buffer): undefined {
    this.#hold(chunk, chunk.length - this.#at, Infinity);
    this.#chunk = undefined;
    return undefined;
  }

  /** Moves bytes of the chunk to what is held; `total` is all that will ever be held of this frame. */
  #hold(chunk: Buffer, count: number, total: number): void {
    const length = this.#heldLength + count;
    let held = this.#held;
    if (held === undefined || held.length < length) {
      const room = Math.min(Math.max(length * 2, HELD_MIN), total);
      const grown = Buffer.allocUnsafeSlow(room);
      held?.copy(grown, 0, 0, this.#heldLength);
      this.#held = held = grown;
    }
    chunk.copy(held, this.#heldLength, this.#at, this.#at + count);
    this.#heldLength = length;
    this.#at += count;
  }

  #release(start: number, end: number): Buffer {
    const frame = (this.#held ?? Buffer.alloc(0)).subarray(start, end);
    this.#held = undefined;
    this.#heldLength = 0;
    return frame;
  }

  #refuse(size: number): undefined {
    const what = this.#framing === "line" ? "line" : "frame";
    this.fault = new SnaxError(
      "ERR_MALFORMED",
      `${what} of ${size} bytes exceeds its limit of ${this.#limitBytes}`,
    );
    this.#chunk = this.#held = undefined;
    this.#heldLength = 0;
    return undefined;
  }
}

/** Reads the length in front of a frame. */
function sizeAt(header: number, bytes: Buffer, at: number): number {
  if (header === 2) return bytes.readUInt16BE(at);
  return header === 4 ? bytes.readUInt32BE(at) : (bytes[at] as number);
}

/** The longest frame that a header can announce. */
export const FRAME_SIZE_MAX = { 1: 0xff, 2: 0xffff, 4: 0xffffffff } as const;
