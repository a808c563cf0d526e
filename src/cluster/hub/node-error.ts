/**
 * How a call of another node fails before a service there has answered. `data.sent` says whether the request may have been
 * carried out: what was not sent may be tried again.
 */

import { SnaxError } from "../../base/error.ts";

/** The error of an order to a node that was not named. */
export function unknownError(node: string): SnaxError {
  const text = `there is no node ${node.slice(0, 80)}: cluster.reload or the configuration names nodes`;
  return new SnaxError("ERR_NODE_UNKNOWN", text, { data: { node, sent: false } });
}

/** The error of an order whose connection is gone. @param isSent - it may have been carried out; if not, it surely was not. */
export function downError(node: string, why: string, isSent: boolean): SnaxError {
  const fate = isSent ? "the request may have been carried out" : "the request was not carried out";
  return new SnaxError("ERR_NODE_DOWN", `${node} is down: ${why}; ${fate}`, {
    data: { node, sent: isSent },
  });
}

/** The error of an order to a node that could not be connected to. @param cause - what the attempt failed with */
export function unreachableError(node: string, why: string, cause?: Error): SnaxError {
  const text = `${node} can't be reached: ${why}; the request was not sent`;
  return new SnaxError("ERR_NODE_UNREACHABLE", text, { cause, data: { node, sent: false } });
}
