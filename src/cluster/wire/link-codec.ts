/**
 * The thread codec on a link: values of services as bytes, and back.
 *
 * Both ends of a connection grow together: what was encoded has to be decoded at the other end, all of it and in order. So each
 * connection has a codec of its own, and a message that is refused (too large, not sendable) has not been encoded at all.
 *
 * What means something in this process alone does not travel: shared memory and service objects are refused, rows of shared tables
 * arrive as plain copies.
 *
 * Hot path (bench: links).
 */

import { SnaxError } from "../../base/error.ts";
import { LINK_FRAME_MAX } from "../../base/limits.ts";
import { defineValues } from "../../service/values.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import { ThreadDecoder } from "../../wire/codec-decoder.ts";
import { ThreadEncoder } from "../../wire/codec-encoder.ts";
import { CodecMemory, NO_MEMORY } from "../../wire/codec-memory.ts";
import { PortableTable } from "../../wire/codec-portable.ts";
import type { LinkAddress } from "./link-frame.ts";
import { LENGTH_BYTES, writeHead, writeRequestHead } from "./link-frame.ts";

/** Bytes that most messages fit into. */
const SCRATCH_BYTES: number = 16 * 1024;

/** Memory up to this size is kept for the next frame that is in it. */
const KEPT_BYTES_MAX: number = 256 * 1024;

/** Room behind the last value: the writer leaves so much unused. */
const SPARE_BYTES = 64;

/** What travels otherwise than by its fields. */
export function createLinkPortables(): PortableTable {
  const table = new PortableTable();
  defineValues(table);
  table.define(SnaxObject, {
    name: "service",
    pack: (object) => {
      const why = `${object.toString()} means a service of this node: send a name that other nodes know`;
      throw new SnaxError("ERR_NOT_SENDABLE", why);
    },
    unpack: () => {
      throw new SnaxError("ERR_MALFORMED", "a service object came over a link");
    },
  });
  return table;
}

/** The codec of one connection, both directions. */
export class LinkCodec {
  readonly #encoder: ThreadEncoder;
  readonly #decoder: ThreadDecoder;
  /** What frames are written into, one after the other. */
  readonly #scratch = new CodecMemory(new Uint8Array(SCRATCH_BYTES));
  /** What frames are read from: many are in one piece of memory. */
  #read = NO_MEMORY;

  constructor(portables: PortableTable) {
    this.#encoder = new ThreadEncoder(portables);
    this.#decoder = new ThreadDecoder(portables);
  }

  /**
   * Makes a request, or a push if the session is 0.
   *
   * @returns the frame; its memory is used again for the next one.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent, or all together are longer than LINK_FRAME_MAX.
   * {ERR_ARGUMENT} if the name is not valid.
   */
  encodeRequest(session: number, address: LinkAddress, values: readonly unknown[]): Uint8Array {
    for (let memory = this.#scratch; ;) {
      const at = writeRequestHead(memory.buffer, session, address);
      const end = this.#encoder.encodeArguments(values, memory, at, memory.bytes.length);
      if (end > 0) return finish(memory, end);
      memory = grow(memory, at, end);
    }
  }

  /** Makes a query. @throws as {@link encodeRequest} */
  encodeQuery(session: number, values: readonly unknown[]): Uint8Array {
    for (let memory = this.#scratch; ;) {
      const at = writeHead(memory.buffer, "query", session);
      const end = this.#encoder.encodeArguments(values, memory, at, memory.bytes.length);
      if (end > 0) return finish(memory, end);
      memory = grow(memory, at, end);
    }
  }

  /** Makes an answer. @throws as {@link encodeRequest} */
  encodeAnswer(session: number, kind: "result" | "error", value: unknown): Uint8Array {
    for (let memory = this.#scratch; ;) {
      const at = writeHead(memory.buffer, kind, session);
      const end = this.#encoder.encodeResult(value, memory, at, memory.bytes.length);
      if (end > 0) return finish(memory, end);
      memory = grow(memory, at, end);
    }
  }

  /**
   * Reads the arguments of a request or a query.
   *
   * @param receiver - the service that gets them, as the kernel knows it; undefined if it is on another thread
   * @throws {ERR_MALFORMED}: then the connection can't be read any further
   */
  decodeArguments(body: Buffer, at: number, receiver: object | undefined): unknown[] {
    const memory = this.#memoryOf(body);
    const { byteOffset, length } = body;
    return this.#decoder.decodeArguments(memory, byteOffset + at, byteOffset + length, receiver);
  }

  /** Reads the value of an answer. @throws as {@link decodeArguments} */
  decodeValue(body: Buffer, at: number, receiver: object | undefined): unknown {
    const memory = this.#memoryOf(body);
    const { byteOffset, length } = body;
    return this.#decoder.decodeResult(memory, byteOffset + at, byteOffset + length, receiver);
  }

  /** The whole memory that a frame is in: its views are dear to make, and serve all frames of a chunk. */
  #memoryOf({ buffer }: Buffer): CodecMemory {
    if (this.#read.bytes.buffer === buffer) return this.#read;
    const memory = new CodecMemory(new Uint8Array(buffer));
    // What is large is not held until the next frame comes.
    if (buffer.byteLength <= KEPT_BYTES_MAX) this.#read = memory;
    return memory;
  }
}

/** Writes the length of a frame that ends at `end`. */
function finish(memory: CodecMemory, end: number): Uint8Array {
  memory.buffer.writeUInt32BE(end - LENGTH_BYTES, 0);
  return memory.bytes.subarray(0, end);
}

/**
 * Makes more room for a message that did not fit.
 *
 * @param at - where its values begin.
 * @param end - minus the bytes that they take at least.
 * @throws {ERR_NOT_SENDABLE} if there is no room for it.
 */
function grow({ bytes }: CodecMemory, at: number, end: number): CodecMemory {
  if (end === -Infinity) {
    throw new SnaxError("ERR_NOT_SENDABLE", "shared memory can't be sent to another node");
  }
  const most = LINK_FRAME_MAX + LENGTH_BYTES;
  if (at - end > most || bytes.length >= most) {
    const text = `a message to another node is longer than ${LINK_FRAME_MAX} bytes, LINK_FRAME_MAX`;
    throw new SnaxError("ERR_NOT_SENDABLE", text);
  }
  const needed = Math.max(at - end + SPARE_BYTES, bytes.length * 2);
  return new CodecMemory(new Uint8Array(Math.min(needed, most)));
}
