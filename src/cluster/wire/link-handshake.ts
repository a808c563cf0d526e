/**
 * How two nodes of snax show each other who they are, before anything else passes between them. No socket is known here.
 *
 *     the one that connects                        the one that listens
 *     hello: version, name, incarnation, nonce ->
 *                                              <- hello: the same of its own
 *     proof                                    ->    compared
 *     compared                                 <- ready: its proof
 *
 * A proof is an HMAC-SHA-256 of both hellos under the token, with a word for the side that makes it: a side without the token can't
 * make one, and none fits another connection, for the nonces are new each time. Neither side has sent the token. Both compare in
 * constant time. What comes after the handshake the token does not protect: that is the business of TLS.
 *
 * A side that refuses says why, in words, and ends the connection. The version is read first, so that also nodes of other
 * versions are told what is wrong.
 */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** The version of the protocol. Raised when a frame, the handshake or the format of the thread codec changes. */
export const LINK_VERSION = 2;

/** Most bytes that come from a side that has not shown who it is. */
export const HANDSHAKE_BYTES_MAX = 4096;

const KIND = { hello: 0x68, proof: 0x70, ready: 0x72, refusal: 0x78 } as const;
const MAGIC = Buffer.from("snax");
const NONCE_BYTES = 32;
const INCARNATION_BYTES = 8;
const NAME_BYTES_MAX = 255;
/** Kind, magic, version, nonce, incarnation, deadAfter. */
const HELLO_FIXED = 1 + 4 + 2 + NONCE_BYTES + INCARNATION_BYTES + 4;

/** What a side says of itself. */
export interface Greeting {
  /** The name of the node. */
  readonly node: string;
  /** Tells this process from earlier ones of the same name: 16 hex digits. */
  readonly incarnation: string;
  /** Milliseconds of silence after which it takes the other side for dead. */
  readonly deadAfterMs: number;
}

/** What one side needs. */
export interface HandshakeOptions {
  readonly side: "caller" | "listener";
  readonly self: Greeting;
  /** What both know; undefined where TLS says who is who. */
  readonly token: string | undefined;
  /** The node that the caller wants. */
  readonly wanted?: string;
  /** @defaultValue random */
  readonly nonce?: Buffer;
}

/** What comes of a frame of the other side. */
export type HandshakeStep =
  | { readonly kind: "reply"; readonly body: Buffer }
  | { readonly kind: "ready"; readonly body?: Buffer }
  /** @member reason - what is counted. @member body - goes out before the connection ends. */
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly text: string;
      readonly body?: Buffer;
    };

/** One handshake. */
export class LinkHandshake {
  readonly #options: HandshakeOptions;
  readonly #hello: Buffer;
  #expects: "hello" | "proof" | "ready" | "nothing" = "hello";
  /** Both hellos, the caller's first. */
  #transcript: readonly Buffer[] = [];
  #peer: Greeting | undefined = undefined;

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#hello = encodeHello(options.self, options.nonce ?? randomBytes(NONCE_BYTES));
  }

  /** The other side; undefined before its hello. Only once the handshake is over is it known to be who it says. */
  get peer(): Greeting | undefined {
    return this.#peer;
  }

  /** What the caller begins with. */
  get hello(): Buffer {
    return this.#hello;
  }

  /** Takes a frame, without its length, of the other side. */
  take(body: Buffer): HandshakeStep {
    if (body[0] === KIND.refusal) return refusedBy(body);
    if (this.#expects === "hello" && body[0] === KIND.hello) return this.#takeHello(body);
    if (this.#expects === "proof" && body[0] === KIND.proof) return this.#takeProof(body);
    if (this.#expects === "ready" && body[0] === KIND.ready) return this.#takeProof(body);
    return this.#refuse("bad handshake", "what came is no part of a handshake");
  }

  #takeHello(body: Buffer): HandshakeStep {
    const isOurs = body.length >= 7 && body.subarray(1, 5).equals(MAGIC);
    if (!isOurs) return this.#refuse("bad handshake", "what came is no hello of a node");
    const version = body.readUInt16BE(5);
    const { side, self, wanted } = this.#options;
    if (version !== LINK_VERSION) {
      const versions = `it speaks version ${version} of the link's protocol, ${self.node} version ${LINK_VERSION}`;
      return this.#refuse("other version", versions);
    }
    const peer = decodeHello(body);
    if (peer === undefined) return this.#refuse("bad handshake", "its hello can't be read");
    if (wanted !== undefined && peer.node !== wanted) {
      return this.#refuse("other node", `there is node ${peer.node}, not ${wanted}`);
    }
    this.#peer = peer;
    // A frame that is read is a view of memory that may be used again.
    const theirs = Buffer.from(body);
    this.#transcript = side === "caller" ? [this.#hello, theirs] : [theirs, this.#hello];
    this.#expects = side === "caller" ? "ready" : "proof";
    if (side === "listener") return { kind: "reply", body: this.#hello };
    return { kind: "reply", body: this.#proofOf("caller", KIND.proof) };
  }

  #takeProof(body: Buffer): HandshakeStep {
    const { side } = this.#options;
    const expected =
      side === "listener"
        ? this.#proofOf("caller", KIND.proof)
        : this.#proofOf("listener", KIND.ready);
    const isRight = body.length === expected.length && timingSafeEqual(body, expected);
    if (!isRight) return this.#refuse("wrong token", "its token is not that of this node");
    this.#expects = "nothing";
    if (side === "caller") return { kind: "ready" };
    return { kind: "ready", body: this.#proofOf("listener", KIND.ready) };
  }

  #proofOf(side: "caller" | "listener", kind: number): Buffer {
    const hmac = createHmac("sha256", this.#options.token ?? "");
    hmac.update(`snax link ${side}\0`);
    for (const hello of this.#transcript) hmac.update(hello);
    return Buffer.concat([Buffer.from([kind]), hmac.digest()]);
  }

  #refuse(reason: string, text: string): HandshakeStep {
    this.#expects = "nothing";
    return { kind: "refused", reason, text, body: encodeRefusal(reason, text) };
  }
}

/** Makes the frame that says why a connection is ended before it is ready. */
export function encodeRefusal(reason: string, text: string): Buffer {
  return Buffer.concat([
    Buffer.from([KIND.refusal]),
    Buffer.from(`${reason}: ${text}`.slice(0, 500)),
  ]);
}

function refusedBy(body: Buffer): HandshakeStep {
  const text = body.subarray(1, 1001).toString();
  return { kind: "refused", reason: "refused by the other side", text: `it refuses: ${text}` };
}

function encodeHello({ node, incarnation, deadAfterMs }: Greeting, nonce: Buffer): Buffer {
  const name = Buffer.from(node);
  const body = Buffer.alloc(HELLO_FIXED + name.length);
  body[0] = KIND.hello;
  MAGIC.copy(body, 1);
  let at = body.writeUInt16BE(LINK_VERSION, 5);
  at += nonce.copy(body, at, 0, NONCE_BYTES);
  at += Buffer.from(incarnation, "hex").copy(body, at, 0, INCARNATION_BYTES);
  at = body.writeUInt32BE(deadAfterMs, at);
  name.copy(body, at);
  return body;
}

/** @returns undefined if it can't be read */
function decodeHello(body: Buffer): Greeting | undefined {
  const size = body.length - HELLO_FIXED;
  if (size < 1 || size > NAME_BYTES_MAX) return undefined;
  let at = 7 + NONCE_BYTES;
  const incarnation = body.toString("hex", at, at + INCARNATION_BYTES);
  at += INCARNATION_BYTES;
  const deadAfterMs = body.readUInt32BE(at);
  const node = body.toString("utf8", HELLO_FIXED);
  // Names that UTF-8 can't carry come back with other bytes.
  const isText = Buffer.byteLength(node) === size && !node.includes("\uFFFD");
  return isText && deadAfterMs > 0 ? { node, incarnation, deadAfterMs } : undefined;
}
