/**
 * `snax/sproto`: skynet's schema language, codec and rpc.
 *
 * @example
 * ```ts
 * import { sproto } from "snax/sproto";
 * import type { C2s } from "./c2s.ts"; // written by `snax sproto c2s.sproto`
 *
 * const host = sproto.parse<C2s>(text).host(); const message = host.dispatch(packet); if
 * (message.type === "REQUEST" && message.name === "get") reply(message.response?.({ result: "world"
 * }));
 * ```
 *
 * @module
 */

export type { DecodeOptions } from "./decoder.ts";
export type { Host } from "./host.ts";
export { sproto, sprotoparser } from "./library.ts";
export type { ParseOptions, Sproto } from "./sproto.ts";
export type {
  Answer,
  AnySchema,
  Body,
  Handlers,
  IncomingRequest,
  IncomingResponse,
  ProtocolInfo,
  ProtocolName,
  RequestOf,
  Requester,
  Responder,
  ResponseOf,
  SchemaTypes,
  TypeName,
} from "./types.ts";
