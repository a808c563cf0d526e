/**
 * The frames of a link between two nodes of snax, once both have shown who they are (link-handshake.ts).
 *
 *     length (4, big-endian) | kind (1) | head | values, as the thread codec writes them
 *
 *     request  session (4)  address  arguments     the node that has connected asks
 *     push                  address  arguments     without an answer
 *     query    session (4)  arguments              the handle of a name, or of a unique service
 *     result   session (4)  value                  the other one answers
 *     error    session (4)  the error
 *     handle   session (4)  handle (4)             to a query
 *     ping, pong                                   while nothing else goes one way or the other
 *     bye      session (4)  text                   its writer ends the connection; the last request that it has taken, 0 = none
 *
 *     address  0, handle (4)  |  length of the name (1), the name as UTF-8
 *
 * Only heads are read here. What can't be read ends the connection.
 */

import { SnaxError } from "../../base/error.ts";

/** The kinds of frames by name. */
export const LINK_FRAME = {
  request: 1,
  push: 2,
  query: 3,
  result: 4,
  error: 5,
  handle: 6,
  ping: 7,
  pong: 8,
  bye: 9,
} as const;

/** Bytes of the length in front of a frame. */
export const LENGTH_BYTES = 4;

/** The last session before a sender begins again at 1. */
export const LINK_SESSION_MAX = 0x7fffffff;

/** Longest name that is written and read unit by unit. */
const SHORT_NAME_MAX = 32;

/** Most bytes of a head: kind, session, and a name of 255 bytes with its length. */
export const LINK_HEAD_MAX: number = 1 + 4 + 1 + 255;

/** Whom a request is for: a name of that node, or a handle of it. */
export type LinkAddress = string | number;

/** A head; `at` is where the values begin. */
export type LinkFrame =
  | {
      readonly kind: "request";
      readonly session: number;
      readonly address: LinkAddress;
      at: number;
    }
  | { readonly kind: "push"; readonly address: LinkAddress; at: number }
  | { readonly kind: "query" | "result" | "error"; readonly session: number; readonly at: number }
  | { readonly kind: "handle"; readonly session: number; readonly handle: number }
  | { readonly kind: "ping" | "pong" }
  | { readonly kind: "bye"; readonly session: number; readonly text: string };

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** A frame without a head of its own. */
export const PING: Buffer = Buffer.from([0, 0, 0, 1, LINK_FRAME.ping]);

/** The answer to it. */
export const PONG: Buffer = Buffer.from([0, 0, 0, 1, LINK_FRAME.pong]);

/**
 * Makes a goodbye.
 *
 * @param text - at most 1,000 characters of it are told
 * @param session - the last request that was taken; those behind it were not. @defaultValue 0, none
 */
export function encodeBye(text: string, session = 0): Buffer {
  const bytes = Buffer.from(text.slice(0, 1000));
  const frame = Buffer.alloc(LENGTH_BYTES + 5 + bytes.length);
  frame.writeUInt32BE(5 + bytes.length, 0);
  frame[LENGTH_BYTES] = LINK_FRAME.bye;
  frame.writeUInt32BE(session, LENGTH_BYTES + 1);
  frame.set(bytes, LENGTH_BYTES + 5);
  return frame;
}

/** Says whether a session was given after another one, by a sender that begins again at 1 behind the last. */
export function isLater(session: number, than: number): boolean {
  const distance = (session - than + LINK_SESSION_MAX) % LINK_SESSION_MAX;
  return distance > 0 && distance < LINK_SESSION_MAX / 2;
}

/** Makes the answer to a query. */
export function encodeHandle(session: number, handle: number): Buffer {
  const frame = Buffer.alloc(LENGTH_BYTES + 9);
  frame.writeUInt32BE(9, 0);
  frame[LENGTH_BYTES] = LINK_FRAME.handle;
  frame.writeUInt32BE(session, LENGTH_BYTES + 1);
  frame.writeUInt32BE(handle, LENGTH_BYTES + 5);
  return frame;
}

/**
 * Writes the head of a request or a push behind the place of its length.
 *
 * @param session - 0 makes it a push.
 * @returns where the values begin.
 * @throws {ERR_ARGUMENT} if the name is empty or has more than 255 bytes.
 */
export function writeRequestHead(into: Buffer, session: number, address: LinkAddress): number {
  let at = LENGTH_BYTES;
  into[at++] = session === 0 ? LINK_FRAME.push : LINK_FRAME.request;
  if (session !== 0) at = into.writeUInt32BE(session, at);
  if (typeof address === "number") {
    into[at++] = 0;
    return into.writeUInt32BE(address, at);
  }
  // Names are short and ASCII, for the most part: to write them unit by unit costs least.
  const start = at + 1;
  const { length } = address;
  let end = start;
  while (end - start < length && length <= SHORT_NAME_MAX) {
    const unit = address.charCodeAt(end - start);
    if (unit > 0x7f) break;
    into[end++] = unit;
  }
  if (length > 0 && end - start === length) {
    into[at] = length;
    return end;
  }
  const size = Buffer.byteLength(address);
  if (size === 0 || size > 255) {
    throw new SnaxError("ERR_ARGUMENT", `a name of another node has 1 to 255 bytes, not ${size}`);
  }
  into[at++] = size;
  return at + into.write(address, at, size);
}

/** Writes the head of a query or an answer behind the place of its length. @returns where the values begin */
export function writeHead(
  into: Buffer,
  kind: "query" | "result" | "error",
  session: number,
): number {
  into[LENGTH_BYTES] = LINK_FRAME[kind];
  return into.writeUInt32BE(session, LENGTH_BYTES + 1);
}

/**
 * Reads the head of a frame.
 *
 * @param body - the frame without its length.
 * @throws {ERR_MALFORMED} if it is not a frame; the message is what is counted.
 */
export function decodeLinkFrame(body: Buffer): LinkFrame {
  switch (body[0]) {
    case LINK_FRAME.result:
      return { kind: "result", session: sessionOf(body), at: 5 };
    case LINK_FRAME.request: {
      const session = sessionOf(body);
      const at = endOfAddress(body, 5);
      return { kind: "request", session, address: addressOf(body, 5, at), at };
    }
    case LINK_FRAME.push: {
      const at = endOfAddress(body, 1);
      return { kind: "push", address: addressOf(body, 1, at), at };
    }
    case LINK_FRAME.query:
      return { kind: "query", session: sessionOf(body), at: 5 };
    case LINK_FRAME.error:
      return { kind: "error", session: sessionOf(body), at: 5 };
    case LINK_FRAME.handle: {
      const session = sessionOf(body);
      if (body.length !== 9) throw unreadable();
      return { kind: "handle", session, handle: body.readUInt32BE(5) };
    }
    case LINK_FRAME.ping:
      if (body.length !== 1) throw unreadable();
      return { kind: "ping" };
    case LINK_FRAME.pong:
      if (body.length !== 1) throw unreadable();
      return { kind: "pong" };
    case LINK_FRAME.bye:
      if (body.length < 5 || body.readUInt32BE(1) > LINK_SESSION_MAX) throw unreadable();
      return { kind: "bye", session: body.readUInt32BE(1), text: textOf(body, 5, body.length) };
    default:
      throw unreadable();
  }
}

/** Session 0 means that no answer is awaited, and the kernel counts to LINK_SESSION_MAX. */
function sessionOf(body: Buffer): number {
  const session = body.length < 5 ? 0 : body.readUInt32BE(1);
  if (session === 0 || session > LINK_SESSION_MAX) throw unreadable();
  return session;
}

/** Returns the first byte behind an address. */
function endOfAddress(body: Buffer, start: number): number {
  const size = body[start];
  if (size === undefined) throw unreadable();
  const end = start + 1 + (size === 0 ? 4 : size);
  if (end > body.length) throw unreadable();
  return end;
}

function addressOf(body: Buffer, start: number, end: number): LinkAddress {
  return body[start] === 0 ? body.readUInt32BE(start + 1) : textOf(body, start + 1, end);
}

function textOf(body: Buffer, start: number, end: number): string {
  let at = start;
  while (at < end && (body[at] as number) <= 0x7f) at += 1;
  if (at === end) return body.toString("latin1", start, end);
  try {
    return UTF8.decode(body.subarray(start, end));
  } catch {
    // What is no UTF-8 is no text of ours.
    throw unreadable();
  }
}

function unreadable(): SnaxError {
  return new SnaxError("ERR_MALFORMED", "unreadable frame");
}
