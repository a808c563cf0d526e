/**
 * Errors on skynet's wire: a text, no more.
 *
 * Ours go out with their code in front, `ERR_TIMEOUT: no answer ...`; skynet's own node logs such a text and tells its caller
 * `call failed`. A text that comes in becomes an error with that code, or with the one that skynet's own words mean.
 */

import { codeOf, ERROR_CODES, SnaxError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error.ts";
import { messageOf } from "../../service/error-text.ts";
import type { WireAddress } from "./skynet-frame.ts";

/** What skynet answers to a name that no service has registered. */
export const INVALID_NAME = "Invalid name";

/** What skynet answers to the query of a name that no service has registered. */
export const NAME_NOT_FOUND = "name not found";

/** What skynet answers to a request in parts that do not fit together. */
export const INVALID_LARGE_REQUEST = "Invalid large req";

/** What a node of ours answers to calls when it drains. */
export const DRAINS =
  "ERR_NODE_DOWN: the node drains and takes no more calls; the request was not carried out";

/** Skynet's words for a service that is not there. */
const ABSENT = /(?:Invalid name|name not found|call to invalid address)$/;

const CODED = /^(ERR_[A-Z_]+): ([^]*)$/;

/** Writes an error for the wire. */
export function textOf(error: unknown): string {
  return `${codeOf(error) ?? "ERR_REMOTE"}: ${messageOf(error)}`;
}

/** Makes an error of what a node answered. */
export function errorOf(text: string, node: string, address: WireAddress): SnaxError {
  const [, code = "", message = ""] = CODED.exec(text) ?? [];
  const isCoded = Object.hasOwn(ERROR_CODES, code);
  const meant = ABSENT.test(text) ? "ERR_NO_SERVICE" : "ERR_REMOTE";
  const who = address === 0 ? node : `${node} ${describeAddress(address)}`;
  return new SnaxError(
    isCoded ? (code as ErrorCode) : meant,
    `${who}: ${isCoded ? message : text}`,
    { data: { node, address, isRemote: true, ...(text === DRAINS && { sent: false }) } },
  );
}

/** Shows an address of another node. */
export function describeAddress(address: WireAddress): string {
  return typeof address === "string" ? address : `:${address.toString(16).padStart(8, "0")}`;
}
