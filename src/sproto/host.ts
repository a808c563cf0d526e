// Hot path (bench: sproto).
/**
 * One side of a connection: requests of the other side come in, answers go out, and the other way
 * round.
 *
 *     ours    attach(their schema)(name, args, session) -- header{type, session} + request  -->  dispatch   theirs
 *             dispatch -> RESPONSE                      <-- header{session} + response --------  response(result)
 *
 * A packet is packed; the body is missing where the protocol has none. A session is what ties an
 * answer to its question: the host remembers the protocol of each one that is open, at most
 * SPROTO_SESSIONS_MAX of them.
 */

import { SnaxError } from "../base/error.ts";
import { SPROTO_SESSIONS_MAX } from "../base/limits.ts";
import { MessageDecoder } from "./decoder.ts";
import type { DecodeOptions } from "./decoder.ts";
import { refuse } from "./encode-value.ts";
import { writeMessage } from "./encoder.ts";
import { MessageReader } from "./message-reader.ts";
import { returnWriter, takeWriter } from "./message-writer.ts";
import { packFirst, unpackShared } from "./pack.ts";
import type { Protocol, Schema, StructType } from "./schema-model.ts";
import type { Sproto } from "./sproto.ts";
import type { IncomingRequest, IncomingResponse, Requester, SchemaTypes } from "./types.ts";

/**
 * What is in front of each packet; its type is the schema's, but these fields, integers, are
 * sproto's.
 */
interface Header {
  readonly type?: number | undefined;
  readonly session?: number | undefined;
  readonly ud?: number | undefined;
}

/** Dispatches the packets of one connection. */
export class Host<S extends SchemaTypes> {
  readonly #schema: Schema;
  readonly #header: StructType;
  readonly #options: DecodeOptions;
  /** The requests that are not answered, by session. */
  readonly #sessions: Map<number, Protocol> = new Map();

  /** @internal */
  constructor(schema: Schema, header: StructType, options: DecodeOptions) {
    this.#schema = schema;
    this.#header = header;
    this.#options = options;
  }

  /** How many requests with a session wait for their answer. */
  get pending(): number {
    return this.#sessions.size;
  }

  /**
   * Reads a packet.
   *
   * @returns a request, whose `response` encodes the answer; or the answer to a request of ours.
   * @throws {ERR_MALFORMED} if it is not a message, is of a protocol that the schema lacks,
   * or answers what was not asked.
   */
  dispatch(packet: Uint8Array): IncomingRequest<S> | IncomingResponse {
    const { bytes, size } = unpackShared(packet);
    const decoder = new MessageDecoder(new MessageReader(bytes), this.#options);
    const { type, session, ud } = decoder.read(this.#header, 0, size) as Header;
    const at = decoder.end;
    if (type === undefined) {
      const protocol = this.#settle(session);
      const args = protocol.response && decoder.read(protocol.response, at, size);
      const response = { type: "RESPONSE", session, name: protocol.name, args, ud };
      return response as IncomingResponse;
    }
    const protocol = this.#schema.protocolsByTag.get(type);
    if (protocol === undefined) throw malformed(`protocol ${type} not found`);
    const args = protocol.request && decoder.read(protocol.request, at, size);
    const { name } = protocol;
    const response = session === undefined ? undefined : this.#responder(protocol, session);
    return { type: "REQUEST", name, args, response, ud } as unknown as IncomingRequest<S>;
  }

  /**
   * Makes the function that encodes requests to the other side.
   *
   * A session given to it is open until its answer is dispatched or {@link Host.forget} is told.
   *
   * @param sproto - the schema of the other side's protocols.
   * @returns a function that throws ERR_ARGUMENT for an unknown protocol, ERR_NOT_SENDABLE for args
   * that are not of its
   *   type, ERR_EXHAUSTED if SPROTO_SESSIONS_MAX sessions are open.
   */
  attach<T extends SchemaTypes>(sproto: Sproto<T>): Requester<T> {
    const { protocols } = sproto.schema;
    const request = (name: string, args?: unknown, session?: number, ud?: number): Uint8Array => {
      const protocol = protocols.get(name);
      if (protocol === undefined) throw new SnaxError("ERR_ARGUMENT", `${name} not found`);
      const header = { type: protocol.tag, session, ud };
      const packet = encodePacket(this.#header, header, protocol.request, args);
      if (session !== undefined) this.#open(session, protocol);
      return packet;
    };
    return request as Requester<T>;
  }

  /** Gives a request up: its answer is refused if it still comes. @returns whether it was open. */
  forget(session: number): boolean {
    return this.#sessions.delete(session);
  }

  #open(session: number, protocol: Protocol): void {
    if (this.#sessions.size >= SPROTO_SESSIONS_MAX && !this.#sessions.has(session)) {
      const text = `${this.#sessions.size} sessions are open, SPROTO_SESSIONS_MAX`;
      throw new SnaxError("ERR_EXHAUSTED", text);
    }
    this.#sessions.set(session, protocol);
  }

  /** Takes the request that is answered. */
  #settle(session: number | undefined): Protocol {
    if (session === undefined) throw malformed("session not found");
    const protocol = this.#sessions.get(session);
    if (protocol === undefined) throw malformed(`Unknown session ${session}`);
    this.#sessions.delete(session);
    return protocol;
  }

  #responder(protocol: Protocol, session: number): (result?: unknown, ud?: number) => Uint8Array {
    const { response, isConfirmed, name } = protocol;
    return (result, ud) => {
      if (isConfirmed && result !== undefined && result !== null) {
        throw refuse(`the response of ${name} is nil`);
      }
      return encodePacket(this.#header, { session, ud }, response, result);
    };
  }
}

/** Encodes header and body, and packs them. */
function encodePacket(
  headerType: StructType,
  header: Header,
  type: StructType | undefined,
  body: unknown,
): Uint8Array {
  const writer = takeWriter();
  writeMessage(writer, headerType, header);
  if (type !== undefined) writeMessage(writer, type, body);
  const packet = packFirst(writer.bytes, writer.size);
  returnWriter(writer);
  return packet;
}

function malformed(message: string): SnaxError {
  return new SnaxError("ERR_MALFORMED", message);
}
