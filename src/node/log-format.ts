/**
 * How the lines of a node's log look, as its configuration says.
 */

import { hostname } from "node:os";
import type { LogFormat } from "../base/log-line.ts";
import { formatAddress } from "../kernel/service.ts";
import type { FullConfig } from "./config.ts";

/** Reads it from the configuration. */
export function logFormatOf({ logformat, node = hostname() }: FullConfig): LogFormat {
  return { isJson: logformat === "json", node, address: formatAddress };
}
