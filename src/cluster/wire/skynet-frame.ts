/**
 * The frames of skynet's cluster, both directions, byte for byte as lua-cluster.c makes and takes them.
 *
 *     caller -- request, push, trace tag --> callee      one connection for each pair; the callee only answers on it
 *     caller <-- answers, in any order ----- callee
 *
 * A frame is its size in 2 bytes, big-endian, and a body whose numbers are little-endian. What does not fit one frame goes as a
 * beginning, which announces the total, and parts. The frames of one message come out as one piece of memory, to be written at
 * once. Leaves out what the payload means: that is lua-seri.
 */

import { SnaxError } from "../../base/error.ts";

/** A service of another node: a handle, or a name with its prefix. */
export type WireAddress = number | string;

/** Most bytes of payload in one frame: a request of exactly that many is split already, an answer only above it. */
export const PART_BYTES = 0x8000;

/** Longest name, in bytes. */
export const WIRE_NAME_MAX = 255;

/** Bytes in front of a body. */
const SIZE_BYTES = 2;
const HANDLE = { single: 0x00, begin: 0x01, beginPush: 0x41 } as const;
const NAMED = { single: 0x80, begin: 0x81, beginPush: 0xc1 } as const;
const PART = 0x02;
const LAST = 0x03;
const TRACE = 0x04;
const ANSWER = ["error", "ok", "begin", "part", "last"] as const;

/** A request, or one frame of it. */
export type RequestFrame =
  | { readonly kind: "trace"; readonly tag: string }
  | { readonly kind: "part"; readonly session: number; readonly payload: Buffer }
  | { readonly kind: "last"; readonly session: number; readonly payload: Buffer }
  | {
      readonly kind: "begin";
      readonly address: WireAddress;
      readonly session: number;
      readonly isPush: boolean;
      readonly total: number;
    }
  | {
      readonly kind: "single";
      readonly address: WireAddress;
      readonly session: number;
      readonly isPush: boolean;
      readonly payload: Buffer;
    };

/** An answer, or one frame of it. */
export type AnswerFrame =
  | { readonly kind: "begin"; readonly session: number; readonly total: number }
  | {
      readonly kind: "error" | "ok" | "part" | "last";
      readonly session: number;
      readonly payload: Buffer;
    };

/** What is written about a frame that can't be read, and counted by. */
export type FrameFault = "frame too short" | "unknown type" | "wrong size" | "no name";

/** Says whether a request takes more than one frame; a push that does uses a session up. */
export function isMultipart(payload: Uint8Array): boolean {
  return payload.length >= PART_BYTES;
}

/**
 * Encodes a request, or a push.
 *
 * @param session - 1..0x7fffffff; a push of one frame does not show it.
 * @throws {ERR_ARGUMENT} if the name has no bytes, or more than WIRE_NAME_MAX.
 */
export function encodeRequest(
  address: WireAddress,
  session: number,
  payload: Uint8Array,
  isPush: boolean,
): Buffer {
  const isMany = isMultipart(payload);
  const name = typeof address === "string" ? checkName(address) : undefined;
  const types = name === undefined ? HANDLE : NAMED;
  const body = (name === undefined ? 9 : 6 + name.length) + (isMany ? 4 : payload.length);
  const parts = isMany ? Math.ceil(payload.length / PART_BYTES) : 0;
  const rest = isMany ? payload.length + parts * (SIZE_BYTES + 5) : 0;
  const bytes = Buffer.allocUnsafe(SIZE_BYTES + body + rest);
  bytes.writeUInt16BE(body, 0);
  bytes[2] = !isMany ? types.single : isPush ? types.beginPush : types.begin;
  let at = 3;
  if (name === undefined) at = bytes.writeUInt32LE((address as number) >>> 0, at);
  else {
    bytes[at] = name.length;
    at += 1 + name.copy(bytes, at + 1);
  }
  at = bytes.writeUInt32LE(isPush && !isMany ? 0 : session, at);
  if (!isMany) {
    bytes.set(payload, at);
    return bytes;
  }
  at = bytes.writeUInt32LE(payload.length, at);
  for (let from = 0; from < payload.length; from += PART_BYTES) {
    const part = payload.subarray(from, from + PART_BYTES);
    at = bytes.writeUInt16BE(5 + part.length, at);
    bytes[at] = from + PART_BYTES < payload.length ? PART : LAST;
    at = bytes.writeUInt32LE(session, at + 1);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Encodes the tag under which the request behind it is traced; what is too long is cut off. */
export function encodeTrace(tag: string): Buffer {
  const text = Buffer.from(tag).subarray(0, PART_BYTES);
  const bytes = Buffer.allocUnsafe(SIZE_BYTES + 1 + text.length);
  bytes.writeUInt16BE(1 + text.length, 0);
  bytes[2] = TRACE;
  bytes.set(text, 3);
  return bytes;
}

/** Encodes an answer; the text of a failure is cut off at PART_BYTES. */
export function encodeAnswer(session: number, isOk: boolean, payload: Uint8Array): Buffer {
  if (!isOk || payload.length <= PART_BYTES) {
    const shown = payload.subarray(0, PART_BYTES);
    const bytes = Buffer.allocUnsafe(SIZE_BYTES + 5 + shown.length);
    bytes.set(
      shown,
      writeAnswerHead(bytes, 0, { session, type: isOk ? 1 : 0, size: shown.length }),
    );
    return bytes;
  }
  const parts = Math.ceil(payload.length / PART_BYTES);
  const head = SIZE_BYTES + 5;
  const bytes = Buffer.allocUnsafe(head + 4 + parts * head + payload.length);
  let at = writeAnswerHead(bytes, 0, { session, type: 2, size: 4 });
  at = bytes.writeUInt32LE(payload.length, at);
  for (let from = 0; from < payload.length; from += PART_BYTES) {
    const part = payload.subarray(from, from + PART_BYTES);
    const type = from + PART_BYTES < payload.length ? 3 : 4;
    at = writeAnswerHead(bytes, at, { session, type, size: part.length });
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function writeAnswerHead(
  bytes: Buffer,
  start: number,
  { session, type, size }: { session: number; type: number; size: number },
): number {
  let at = bytes.writeUInt16BE(5 + size, start);
  at = bytes.writeUInt32LE(session >>> 0, at);
  bytes[at] = type;
  return at + 1;
}

/**
 * Decodes the body of a frame that a caller has sent; what it holds is a view.
 *
 * @throws {ERR_MALFORMED} if it can't be read; the message is a {@link FrameFault}.
 */
export function decodeRequest(body: Buffer): RequestFrame {
  const type = body[0];
  switch (type) {
    case undefined:
      throw malformed("frame too short");
    case TRACE:
      return { kind: "trace", tag: body.toString("utf8", 1) };
    case PART:
    case LAST: {
      requireSize(body, 5);
      const kind = type === PART ? "part" : "last";
      return { kind, session: body.readUInt32LE(1), payload: body.subarray(5) };
    }
    case HANDLE.single:
    case HANDLE.begin:
    case HANDLE.beginPush:
      requireSize(body, 9);
      return readRequest(body, body.readUInt32LE(1), 5);
    case NAMED.single:
    case NAMED.begin:
    case NAMED.beginPush: {
      const length = body[1] ?? 0;
      requireSize(body, length + 6);
      if (length === 0) throw malformed("no name");
      return readRequest(body, body.toString("utf8", 2, 2 + length), 2 + length);
    }
    default:
      throw malformed("unknown type");
  }
}

/** Reads what follows the address. */
function readRequest(body: Buffer, address: WireAddress, at: number): RequestFrame {
  const type = body[0] as number;
  const session = body.readUInt32LE(at);
  if (type === HANDLE.single || type === NAMED.single) {
    const payload = body.subarray(at + 4);
    return { kind: "single", address, session, isPush: session === 0, payload };
  }
  if (body.length !== at + 8) throw malformed("wrong size");
  const isPush = type === HANDLE.beginPush || type === NAMED.beginPush;
  return { kind: "begin", address, session, isPush, total: body.readUInt32LE(at + 4) };
}

/**
 * Decodes the body of a frame that a callee has sent; what it holds is a view.
 *
 * @throws {ERR_MALFORMED} if it can't be read; the message is a {@link FrameFault}.
 */
export function decodeAnswer(body: Buffer): AnswerFrame {
  requireSize(body, 5);
  const kind = ANSWER[body[4] as number];
  if (kind === undefined) throw malformed("unknown type");
  const session = body.readUInt32LE(0);
  if (kind !== "begin") return { kind, session, payload: body.subarray(5) };
  if (body.length !== 9) throw malformed("wrong size");
  return { kind, session, total: body.readUInt32LE(5) };
}

function requireSize(body: Buffer, least: number): void {
  if (body.length < least) throw malformed("frame too short");
}

function malformed(fault: FrameFault): SnaxError {
  return new SnaxError("ERR_MALFORMED", fault);
}

function checkName(name: string): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length > 0 && bytes.length <= WIRE_NAME_MAX) return bytes;
  const why = `has 1 to ${WIRE_NAME_MAX} bytes, not ${bytes.length}`;
  throw new SnaxError("ERR_ARGUMENT", `the name of a service of another node ${why}`);
}
