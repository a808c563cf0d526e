/**
 * A schema and what can be done with it, under the names of sproto.lua.
 *
 * One object may be used by all services of a thread: it never changes. What it returns is the
 * caller's own.
 */

import { SnaxError } from "../base/error.ts";
import { MessageDecoder, decodeStruct } from "./decoder.ts";
import type { DecodeOptions } from "./decoder.ts";
import { defaultOf } from "./default-value.ts";
import { encodeStruct, writeMessage } from "./encoder.ts";
import { Host } from "./host.ts";
import { MessageReader } from "./message-reader.ts";
import { returnWriter, takeWriter } from "./message-writer.ts";
import { packFirst, unpackShared } from "./pack.ts";
import { encodeSchema, decodeSchema } from "./schema-binary.ts";
import { linkSchema } from "./schema-linker.ts";
import type { Protocol, Schema, StructType } from "./schema-model.ts";
import { parseDeclarations } from "./schema-parser.ts";
import type {
  AnySchema,
  ProtocolInfo,
  ProtocolName,
  RequestOf,
  ResponseOf,
  SchemaTypes,
  TypeName,
} from "./types.ts";

/** How a text is read as a schema. */
export interface ParseOptions extends DecodeOptions {
  /**
   * What errors call the text.
   *
   * @defaultValue "=text"
   */
  file?: string;
}

/**
 * Turns the text of a schema into its binary form, byte for byte as sprotoparser.lua does.
 *
 * @param file - what errors call the text.
 * @throws {ERR_SCHEMA} if it is not a schema; the message ends with the place, `data` is `{ file,
 * line }`.
 */
export function compileSchema(text: string, file = "=text"): Uint8Array {
  return encodeSchema(linkSchema(parseDeclarations(text, file)));
}

/** A schema, its codec and its protocols. */
export class Sproto<S extends SchemaTypes = AnySchema> {
  readonly #schema: Schema;
  readonly #options: DecodeOptions;

  /**
   * @param binary - the schema in binary form.
   * @throws {ERR_SCHEMA} if it is not that of a schema.
   */
  constructor(binary: Uint8Array, options: DecodeOptions = {}) {
    this.#schema = decodeSchema(binary);
    this.#options = { ...options };
  }

  /** Says whether the schema has a type. */
  exist_type(name: string): boolean {
    return this.#schema.types.has(name);
  }

  /** Says whether the schema has a protocol of this name or tag. */
  exist_proto(protocol: string | number): boolean {
    return this.#findProtocol(protocol) !== undefined;
  }

  /**
   * Looks a protocol up.
   *
   * @param protocol - its name or its tag.
   * @throws {ERR_ARGUMENT} if there is none.
   */
  queryproto(protocol: string | number): ProtocolInfo {
    const { name, tag, request, response, isConfirmed } = this.#protocol(protocol);
    return { name, tag, request: request?.name, response: response?.name, confirm: isConfirmed };
  }

  /**
   * Encodes a value.
   *
   * @throws {ERR_ARGUMENT} if there is no such type.
   * @throws {ERR_NOT_SENDABLE} if the value is not of that type.
   */
  encode<N extends TypeName<S>>(name: N, value: S["types"][N]): Uint8Array {
    return encodeStruct(this.#type(name), value);
  }

  /**
   * Decodes a message; bytes behind its end do not matter.
   *
   * @throws {ERR_ARGUMENT} if there is no such type.
   * @throws {ERR_MALFORMED} if the bytes are no message of that type.
   */
  decode<N extends TypeName<S>>(name: N, bytes: Uint8Array): S["types"][N] {
    return decodeStruct(this.#type(name), bytes, this.#options) as S["types"][N];
  }

  /**
   * Decodes a message, and says where it ended.
   *
   * @throws {ERR_MALFORMED} as {@link Sproto.decode}.
   */
  decode_prefix<N extends TypeName<S>>(
    name: N,
    bytes: Uint8Array,
  ): { value: S["types"][N]; size: number } {
    const decoder = new MessageDecoder(new MessageReader(bytes), this.#options);
    const value = decoder.read(this.#type(name), 0, bytes.length) as S["types"][N];
    return { value, size: decoder.end };
  }

  /** Encodes a value and packs it. @throws {ERR_NOT_SENDABLE} as {@link Sproto.encode}. */
  pencode<N extends TypeName<S>>(name: N, value: S["types"][N]): Uint8Array {
    const writer = takeWriter();
    writeMessage(writer, this.#type(name), value);
    const bytes = packFirst(writer.bytes, writer.size);
    returnWriter(writer);
    return bytes;
  }

  /** Unpacks a message and decodes it. @throws {ERR_MALFORMED} as {@link Sproto.decode}. */
  pdecode<N extends TypeName<S>>(name: N, bytes: Uint8Array): S["types"][N] {
    const type = this.#type(name);
    const unpacked = unpackShared(bytes);
    const decoder = new MessageDecoder(new MessageReader(unpacked.bytes), this.#options);
    return decoder.read(type, 0, unpacked.size) as S["types"][N];
  }

  /**
   * Encodes the body of a request.
   *
   * @returns its bytes, none if the protocol has no body, and its tag.
   */
  request_encode<N extends ProtocolName<S>>(
    name: N,
    args?: RequestOf<S, N>,
  ): { bytes: Uint8Array; tag: number } {
    const { request, tag } = this.#protocol(name);
    return { bytes: encodeBody(request, args), tag };
  }

  /** Encodes the body of a response. @returns its bytes, none if the protocol has no body. */
  response_encode<N extends ProtocolName<S>>(name: N, result?: ResponseOf<S, N>): Uint8Array {
    return encodeBody(this.#protocol(name).response, result);
  }

  /**
   * Decodes the body of a request.
   *
   * @param protocol - its name, or the tag that came with it.
   */
  request_decode<N extends ProtocolName<S>>(
    protocol: N | number,
    bytes: Uint8Array,
  ): { args: RequestOf<S, N>; name: N } {
    const { request, name } = this.#protocol(protocol);
    const args = request && decodeStruct(request, bytes, this.#options);
    return { args: args as RequestOf<S, N>, name: name as N };
  }

  /** Decodes the body of a response. @returns undefined if the protocol has none. */
  response_decode<N extends ProtocolName<S>>(name: N, bytes: Uint8Array): ResponseOf<S, N> {
    const { response } = this.#protocol(name);
    return (response && decodeStruct(response, bytes, this.#options)) as ResponseOf<S, N>;
  }

  /**
   * Makes a value with all fields of a type: 0, false, "", no bytes, an empty list or Map, an empty
   * object.
   *
   * @param part - `name` is a protocol, and its request or response is meant.
   * @returns undefined if the protocol has no such part.
   * @throws {ERR_ARGUMENT} if there is no such type or protocol.
   */
  default(name: string, part?: "REQUEST" | "RESPONSE"): Record<string, unknown> | undefined {
    if (part === undefined) return defaultOf(this.#type(name));
    const protocol = this.#protocol(name);
    const type = part === "REQUEST" ? protocol.request : protocol.response;
    return type && defaultOf(type);
  }

  /**
   * Makes the receiving side of a connection.
   *
   * @param packageName - the type of the header, with the fields `type`, `session` and if wanted
   * `ud`.
   * @throws {ERR_ARGUMENT} if there is no such type.
   */
  host(packageName = "package"): Host<S> {
    const header = this.#schema.types.get(packageName);
    if (header === undefined) throw unknown(`type package not found: ${packageName}`);
    return new Host<S>(this.#schema, header, this.#options);
  }

  /** The model, for a host that asks with this schema. @internal */
  get schema(): Schema {
    return this.#schema;
  }

  #type(name: string): StructType {
    const type = this.#schema.types.get(name);
    if (type === undefined) throw unknown(`type not found: ${name}`);
    return type;
  }

  #protocol(key: string | number): Protocol {
    const protocol = this.#findProtocol(key);
    if (protocol === undefined) throw unknown(`${key} not found`);
    return protocol;
  }

  #findProtocol(key: string | number): Protocol | undefined {
    const { protocols, protocolsByTag } = this.#schema;
    return typeof key === "number" ? protocolsByTag.get(key) : protocols.get(key);
  }
}

function encodeBody(type: StructType | undefined, value: unknown): Uint8Array {
  return type === undefined ? new Uint8Array(0) : encodeStruct(type, value);
}

function unknown(message: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", message);
}
