/**
 * Keeps web pages out: what a browser sends on behalf of another site is refused.
 *
 * A page that an operator visits can make the browser send requests to this machine: a form or a fetch (which carries
 * `Origin`), an image or a link (which carries `Sec-Fetch-Site`, or with an old browser nothing but its name), and, by
 * giving its own name the address 127.0.0.1 (DNS rebinding), requests that look like same-origin ones but for `Host`.
 */

import type { IncomingHttpHeaders } from "node:http";
import { SnaxError } from "../../base/error.ts";
import { isLoopback } from "../../net/endpoint.ts";
import type { Runtime } from "../../service/runtime.ts";

/** Whose requests a port answers. */
export interface Visitors {
  /** The port listens on this machine alone, so that no other name can lead to it. */
  readonly isLocal: boolean;
  /** Under which origins a proxy shows it, `https://ops.example.com`. */
  readonly origins: readonly string[];
}

/** The visitors of a place, with the origins of the configuration. */
export function visitorsOf(runtime: Runtime, host: string): Visitors {
  const origins = runtime.environment.get("origins");
  return {
    isLocal: isLoopback(host),
    origins: Array.isArray(origins) ? (origins as readonly string[]) : [],
  };
}

/**
 * Lets a request pass, or not.
 *
 * @throws {ERR_FORBIDDEN} if it comes from another site, or was sent to a name that is not this machine's.
 */
export function refuseBrowsers(headers: IncomingHttpHeaders, { isLocal, origins }: Visitors): void {
  const { host, origin } = headers;
  // Browsers always send Host, so a client that omits it is not a browser.
  const isProxied = origins.some((known) => new URL(known).host === host);
  if (isLocal && host !== undefined && !isProxied && !isLoopback(hostOf(host))) {
    throw forbidden(`the host ${shown(host)}`);
  }
  if (origin !== undefined && origin !== `http://${host}` && !origins.includes(origin)) {
    throw forbidden(`the origin ${shown(origin)}`);
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "none" && site !== "same-origin") {
    throw forbidden("another site");
  }
  if (site === undefined && headers["user-agent"]?.startsWith("Mozilla/") === true) {
    throw forbidden("a browser that does not tell for which site it asks");
  }
}

/** The name without the port. */
function hostOf(host: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, "");
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function forbidden(what: string): SnaxError {
  return new SnaxError("ERR_FORBIDDEN", `a request from ${what} is refused`);
}
