/**
 * The packets between two harbors, and the messages between a slave and the master, byte for byte as skynet makes and takes them.
 *
 *     harbor <-> harbor   one byte each, its own id; then packets: length in 4 bytes, payload, and behind it 12 bytes that say for whom
 *     slave -> master     length in 1 byte, then lua-seri:  H id "host:port"   R name handle   Q name
 *     master -> slave     the same:                         W count   C id "host:port"   N name handle   D id
 *
 * Numbers of a packet are big-endian. The receiver of a packet puts its own harbor in front of the index. What comes from outside is
 * checked here whole: code that gets a packet or a message from a decoder can use it. Leaves out what the payload of a packet means.
 */

import { SnaxError } from "../../base/error.ts";
import { HARBOR_PAYLOAD_MAX } from "../../base/limits.ts";
import { INDEX_MASK } from "../../kernel/service.ts";
import { GLOBAL_NAME_LENGTH_MAX } from "../../kernel/name-table.ts";
import { decodeSeri, encodeSeri } from "../../wire/lua-seri.ts";

/** Bytes behind the payload: the sender, the type and the receiver, the session. */
const TRAILER_BYTES = 12;

/** Bytes in front of a packet. */
const SIZE_BYTES = 4;

/** Most bytes of a packet, without its length: the first byte of that is 0. */
export const PACKET_BYTES_MAX = 0xffffff;

/** Most bytes of a message to or from the master, without its length. */
const MESSAGE_BYTES_MAX = 0xff;

/** The highest id of a harbor; the lowest is 1. */
export const HARBOR_ID_MAX = 255;

/** A message to a service of another harbor. */
export interface HarborPacket {
  /** The sender's handle, with its harbor. */
  readonly source: number;
  /** The type of the message, 0..255. */
  readonly type: number;
  /** For whom: the low 24 bits of a handle of the harbor that gets it. */
  readonly index: number;
  /** 0 = no answer is awaited. */
  readonly session: number;
  readonly payload: Uint8Array;
}

/** What a slave says to the master. */
export type SlaveMessage =
  | { readonly kind: "hello"; readonly id: number; readonly place: string }
  | { readonly kind: "register"; readonly name: string; readonly handle: number }
  | { readonly kind: "query"; readonly name: string };

/** What the master says to a slave. */
export type MasterMessage =
  | { readonly kind: "wait"; readonly count: number }
  | { readonly kind: "connect"; readonly id: number; readonly place: string }
  | { readonly kind: "name"; readonly name: string; readonly handle: number }
  | { readonly kind: "down"; readonly id: number };

/** What is written about a packet or a message that can't be read, and counted by. */
export type HarborFault =
  | "packet too short"
  | "packet too long"
  | "unreadable message"
  | "unknown message"
  | "wrong values";

/**
 * Encodes a packet, its length in front.
 *
 * @throws {ERR_NOT_SENDABLE} if the payload has more than HARBOR_PAYLOAD_MAX bytes.
 */
export function encodePacket({ source, type, index, session, payload }: HarborPacket): Buffer {
  if (payload.length > HARBOR_PAYLOAD_MAX) {
    const text = `a message to another harbor has at most ${HARBOR_PAYLOAD_MAX} bytes, not ${payload.length}`;
    throw new SnaxError("ERR_NOT_SENDABLE", `${text}, HARBOR_PAYLOAD_MAX`);
  }
  const size = payload.length + TRAILER_BYTES;
  const bytes = Buffer.allocUnsafe(SIZE_BYTES + size);
  bytes.writeUInt32BE(size, 0);
  bytes.set(payload, SIZE_BYTES);
  let at = bytes.writeUInt32BE(source >>> 0, SIZE_BYTES + payload.length);
  at = bytes.writeUInt32BE(((type << 24) | (index & INDEX_MASK)) >>> 0, at);
  bytes.writeUInt32BE(session >>> 0, at);
  return bytes;
}

/**
 * Decodes a packet without its length; the payload is a view.
 *
 * @throws {ERR_MALFORMED} if it can't be read: skynet would read in front of its memory. The message is a {@link HarborFault}.
 */
export function decodePacket(body: Buffer): HarborPacket {
  const at = body.length - TRAILER_BYTES;
  if (at < 0) throw malformed("packet too short");
  if (body.length > PACKET_BYTES_MAX) throw malformed("packet too long");
  const source = body.readUInt32BE(at);
  const word = body.readUInt32BE(at + 4);
  return {
    source,
    type: word >>> 24,
    index: word & INDEX_MASK,
    session: body.readUInt32BE(at + 8),
    payload: body.subarray(0, at),
  };
}

/** Encodes what a slave says, its length in front. @throws {ERR_ARGUMENT} if it is longer than MESSAGE_BYTES_MAX */
export function encodeSlaveMessage(message: SlaveMessage): Buffer {
  switch (message.kind) {
    case "hello":
      return pack(["H", message.id, message.place]);
    case "register":
      return pack(["R", message.name, message.handle]);
    case "query":
      return pack(["Q", message.name]);
  }
}

/** Encodes what the master says, its length in front. @throws {ERR_ARGUMENT} if it is longer than MESSAGE_BYTES_MAX */
export function encodeMasterMessage(message: MasterMessage): Buffer {
  switch (message.kind) {
    case "wait":
      return pack(["W", message.count]);
    case "connect":
      return pack(["C", message.id, message.place]);
    case "name":
      return pack(["N", message.name, message.handle]);
    case "down":
      return pack(["D", message.id]);
  }
}

/**
 * Decodes what a slave has said, without its length.
 *
 * @throws {ERR_MALFORMED} if it can't be read; the message is a {@link HarborFault}.
 */
export function decodeSlaveMessage(body: Buffer): SlaveMessage {
  const [letter, first, second] = unpack(body);
  switch (letter) {
    case "H":
      return { kind: "hello", id: readId(first), place: readPlace(second) };
    case "R":
      return { kind: "register", name: readName(first), handle: readHandle(second) };
    case "Q":
      return { kind: "query", name: readName(first) };
    default:
      throw malformed("unknown message");
  }
}

/**
 * Decodes what the master has said, without its length.
 *
 * @throws {ERR_MALFORMED} if it can't be read; the message is a {@link HarborFault}.
 */
export function decodeMasterMessage(body: Buffer): MasterMessage {
  const [letter, first, second] = unpack(body);
  switch (letter) {
    case "W":
      return { kind: "wait", count: readInteger(first, 0, HARBOR_ID_MAX) };
    case "C":
      return { kind: "connect", id: readId(first), place: readPlace(second) };
    case "N":
      return { kind: "name", name: readName(first), handle: readHandle(second) };
    case "D":
      return { kind: "down", id: readId(first) };
    default:
      throw malformed("unknown message");
  }
}

function pack(values: readonly unknown[]): Buffer {
  const content = encodeSeri(values);
  if (content.length > MESSAGE_BYTES_MAX) {
    const text = `a message to or from the master has at most ${MESSAGE_BYTES_MAX} bytes`;
    throw new SnaxError("ERR_ARGUMENT", `${text}, not ${content.length}`);
  }
  return Buffer.concat([Buffer.from([content.length]), content]);
}

function unpack(body: Buffer): unknown[] {
  try {
    return decodeSeri(body);
  } catch {
    throw malformed("unreadable message");
  }
}

function readInteger(value: unknown, least: number, most: number): number {
  const fits = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  if (!fits) throw malformed("wrong values");
  return value as number;
}

const readId = (value: unknown): number => readInteger(value, 1, HARBOR_ID_MAX);

/** A handle names its harbor and a service of it: neither is 0. */
function readHandle(value: unknown): number {
  const handle = readInteger(value, 1, 0xffffffff);
  if (handle >>> 24 === 0 || (handle & INDEX_MASK) === 0) throw malformed("wrong values");
  return handle;
}

function readPlace(value: unknown): string {
  if (typeof value !== "string" || value === "") throw malformed("wrong values");
  return value;
}

/** A global name: skynet keeps 15 bytes of it, and a name with a point in front stays on its node. */
function readName(value: unknown): string {
  const isName =
    typeof value === "string" &&
    /^[^.:]/.test(value) &&
    Buffer.byteLength(value) <= GLOBAL_NAME_LENGTH_MAX;
  if (!isName) throw malformed("wrong values");
  return value;
}

function malformed(fault: HarborFault): SnaxError {
  return new SnaxError("ERR_MALFORMED", fault);
}
