// Hot path (bench: sproto).
/**
 * Sproto's 0-packing: eight bytes become one that says which of them are not 0, and those.
 *
 *     tag | bytes that are not 0 ...        a group of eight
 *     ff  | n - 1 | 8 n bytes as they are   n groups; the first has no 0, each further one two at most
 *
 * The last group is filled up with 0, so what is unpacked is a multiple of eight bytes long. Byte
 * for byte as sproto.c packs. Unpacking takes memory for what comes out, never more than
 * SPROTO_BYTES_MAX.
 */

import { SnaxError } from "../base/error.ts";
import { SPROTO_BYTES_MAX } from "../base/limits.ts";
import { copyBytes, tooLarge } from "./message-writer.ts";

const GROUP = 8;

/** The tag of groups that are as they were. */
const RAW = 0xff;

/** The most groups under one such tag. */
const RUN_MAX = 256;

/** A group with this many bytes that are not 0, or more, may follow in a run. */
const RUN_BYTES_MIN = 6;

/** Memory that has grown past this is not kept. */
const SPARE_BYTES_MAX = 64 * 1024;

/** What is packed and unpacked into; no code of a user runs while it is in use. */
let spare: Uint8Array = new Uint8Array(2048);

function roomFor(size: number): Uint8Array {
  if (size <= spare.length) return spare;
  const memory = new Uint8Array(size);
  if (size <= SPARE_BYTES_MAX) spare = memory;
  return memory;
}

/**
 * Packs bytes.
 *
 * @returns bytes in memory of their own.
 * @throws {ERR_NOT_SENDABLE} if there are more than SPROTO_BYTES_MAX.
 */
export function pack(bytes: Uint8Array): Uint8Array {
  return packFirst(bytes, bytes.length);
}

/** Packs the first bytes of a stretch. */
export function packFirst(source: Uint8Array, size: number): Uint8Array {
  if (size > SPROTO_BYTES_MAX) throw tooLarge(size);
  // Two bytes more for each run, and the group that is being tried.
  const target = roomFor(size + Math.ceil(size / (GROUP * RUN_MAX)) * 2 + 2 + GROUP + 1);
  let written = 0;
  /** Where the tag of the open run is; -1 without one. */
  let run = -1;
  let runLength = 0;
  for (let at = 0; at < size; at += GROUP) {
    const end = at + GROUP < size ? at + GROUP : size;
    let next = written + 1;
    let tag = 0;
    for (let index = at; index < end; index++) {
      const byte = source[index] as number;
      if (byte === 0) continue;
      tag |= 1 << (index - at);
      target[next++] = byte;
    }
    const count = next - written - 1;
    if (count < (run < 0 ? GROUP : RUN_BYTES_MIN)) {
      run = -1;
      target[written] = tag;
      written = next;
      continue;
    }
    if (run < 0) {
      run = written;
      runLength = 0;
      target[written] = RAW;
      written += 2;
    }
    for (let index = 0; index < GROUP; index++) {
      target[written + index] = at + index < size ? (source[at + index] as number) : 0;
    }
    written += GROUP;
    target[run + 1] = runLength++;
    if (runLength === RUN_MAX) run = -1;
  }
  return copyBytes(target, written);
}

/** What {@link unpackShared} leaves. */
export interface Unpacked {
  /** Memory that holds it until the next packing or unpacking. */
  readonly bytes: Uint8Array;
  readonly size: number;
}

/**
 * Unpacks bytes.
 *
 * @returns bytes in memory of their own, a multiple of eight.
 * @throws {ERR_MALFORMED} if they are cut off, or SPROTO_BYTES_MAX is too little for what they
 * hold.
 */
export function unpack(bytes: Uint8Array): Uint8Array {
  const unpacked = unpackShared(bytes);
  return copyBytes(unpacked.bytes, unpacked.size);
}

/** Unpacks into memory that is used again. @throws {ERR_MALFORMED} as {@link unpack}. */
export function unpackShared(source: Uint8Array): Unpacked {
  // Eight bytes out of one is the most; only a long message is measured before.
  const most = source.length * GROUP;
  const target = roomFor(most <= spare.length ? most : measure(source));
  const { length } = source;
  let size = 0;
  for (let at = 0; at < length;) {
    const tag = source[at++] as number;
    if (tag === RAW) {
      const run = at < length ? ((source[at++] as number) + 1) * GROUP : Infinity;
      if (run > length - at) throw invalid(at);
      target.set(source.subarray(at, at + run), size);
      size += run;
      at += run;
    } else {
      for (let bit = 0; bit < GROUP; bit++) {
        if ((tag & (1 << bit)) === 0) target[size++] = 0;
        else if (at < length) target[size++] = source[at++] as number;
        else throw invalid(at);
      }
    }
  }
  return { bytes: target, size };
}

/** Counts the bytes that come out. */
function measure(source: Uint8Array): number {
  const { length } = source;
  let size = 0;
  for (let at = 0; at < length;) {
    const tag = source[at++] as number;
    if (tag === RAW) {
      const run = at < length ? ((source[at++] as number) + 1) * GROUP : Infinity;
      if (run > length - at) throw invalid(at);
      at += run;
      size += run;
    } else {
      for (let bits = tag; bits !== 0; bits &= bits - 1) at++;
      if (at > length) throw invalid(length);
      size += GROUP;
    }
  }
  if (size <= SPROTO_BYTES_MAX) return size;
  const text = `object is too large (>${SPROTO_BYTES_MAX}): ${size} bytes exceed SPROTO_BYTES_MAX`;
  throw new SnaxError("ERR_MALFORMED", text);
}

function invalid(at: number): SnaxError {
  return new SnaxError("ERR_MALFORMED", `Invalid unpack stream: it is cut off at byte ${at}`);
}
