/**
 * The options of a gate's port for web sockets. They stand alone, so that whoever uses their types needs none of the library's.
 */

import type { TlsOptions } from "node:tls";
import { SnaxError } from "../base/error.ts";

/** What a gate's option `websocket` takes. */
export interface WebSocketOptions {
  /** @defaultValue the gate's `address` */
  readonly address?: string;
  /** 0 lets the system choose one. */
  readonly port: number;
  /** The path of the web socket. @defaultValue every path */
  readonly path?: string;
  /** Web sites whose pages may connect, as `https://play.example`; others get 403. @defaultValue all */
  readonly origins?: readonly string[];
  /** Pages by path; one whose path ends in `/` or `.html` is HTML, in `.js` a script, in `.css` a style sheet, else plain text. */
  readonly pages?: Readonly<Record<string, string>>;
  /** What Node's `https.createServer` takes: the port speaks TLS. */
  readonly tls?: TlsOptions;
}

/**
 * Checks the options.
 *
 * @throws {ERR_ARGUMENT} if one makes no sense.
 */
export function checkWebSocketOptions(options: unknown): void {
  const { port, path, origins, pages } = (options ?? {}) as Partial<WebSocketOptions>;
  const wrong = (why: string): never => {
    throw new SnaxError("ERR_ARGUMENT", `websocket: ${why}`);
  };
  if (typeof port !== "number") wrong("it needs a port");
  if (path !== undefined && !String(path).startsWith("/")) wrong("a path begins with /");
  if (origins !== undefined && !Array.isArray(origins)) wrong("origins is a list");
  if (pages !== undefined && (typeof pages !== "object" || pages === null)) {
    wrong("pages is an object: text by path");
  }
}
