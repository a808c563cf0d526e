/**
 * The memory that messages are written into and read from, with every view of it that the codec needs.
 *
 * Views are dear to make and cheap to keep: a ring makes one CodecMemory for its whole life. Leaves out who may write
 * where, and when: that is the ring's business.
 */

import { Buffer } from "node:buffer";

/** A stretch of memory, shared or not. */
export class CodecMemory {
  /** The bytes; always a plain Uint8Array, for the codec is fastest if it sees one class only. */
  readonly bytes: Uint8Array;
  /** The same bytes, for numbers of several bytes. */
  readonly view: DataView;
  /** The same bytes, for long texts. */
  readonly buffer: Buffer;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.view = new DataView(buffer, byteOffset, byteLength);
    this.buffer = Buffer.from(buffer, byteOffset, byteLength);
  }
}

/** The memory of a codec that has none at the moment. */
export const NO_MEMORY: CodecMemory = new CodecMemory(new Uint8Array(0));
