/** Values of services as a text that an engine can keep, and back: one frame of the codec of links, in base64. */

import { SnaxError } from "../../base/error.ts";
import { createLinkPortables, LinkCodec } from "./link-codec.ts";
import { decodeLinkFrame, LENGTH_BYTES } from "./link-frame.ts";

/** Packs values. @throws {ERR_NOT_SENDABLE} if one of them can't be sent */
export function packValues(values: readonly unknown[]): string {
  const frame = new LinkCodec(createLinkPortables()).encodeQuery(1, values);
  return Buffer.from(frame.subarray(LENGTH_BYTES)).toString("base64");
}

/** Unpacks them. @throws {ERR_MALFORMED} if they were not packed so */
export function unpackValues(text: string): unknown[] {
  const body = Buffer.from(text, "base64");
  const frame = decodeLinkFrame(body);
  if (frame.kind !== "query") throw new SnaxError("ERR_MALFORMED", "these are no packed values");
  return new LinkCodec(createLinkPortables()).decodeArguments(body, frame.at, undefined);
}
