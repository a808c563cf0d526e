/**
 * `httpd` as one service holds it: small HTTP interfaces for health checks, payment callbacks,
 * operators' pages.
 */

import type { TlsOptions } from "node:tls";

/** A request that came in whole. */
export interface HttpRequest {
  readonly method: string;
  /** The path, decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name; what came several times is joined as HTTP says. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The other side, `host:port`. */
  readonly peer: string;
  /** The body as UTF-8. */
  text(): string;
  /**
   * The body as JSON.
   *
   * @throws {ERR_MALFORMED} if it is not JSON; left alone that is answered with 400.
   */
  json(): unknown;
}

/** What is answered. */
export interface HttpAnswer {
  /** @defaultValue 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text (UTF-8), bytes, or anything else, which is written as JSON. */
  readonly body?: unknown;
}

/**
 * Answers a request. A text or bytes are the body of a 200, an object with `status`, `headers` or
 * `body` is the answer itself, undefined is 204. What it throws is logged and answered with 500,
 * without telling why.
 */
export type HttpHandler = (
  request: HttpRequest,
) =>
  | HttpAnswer
  | string
  | Uint8Array
  | undefined
  | void
  | Promise<HttpAnswer | string | Uint8Array | undefined | void>;

/** Where to listen, and what is let in. */
export interface HttpOptions {
  /** @defaultValue `"127.0.0.1"` */
  readonly host?: string;
  /** 0 lets the system choose one. */
  readonly port: number;
  /** Longest body in bytes; a client that sends more gets 413. @defaultValue HTTP_BODY_MAX */
  readonly bodyLimitBytes?: number;
  /**
   * Milliseconds for a request to arrive whole; a client that takes longer gets 408; 0 = no bound.
   *
   * @defaultValue HTTP_REQUEST_MS
   */
  readonly requestMs?: number;
  /** Most connections at a time; more are closed at once. @defaultValue HTTP_CONNECTIONS_MAX */
  readonly connectionsMax?: number;
  /** What Node's `https.createServer` takes. */
  readonly tls?: TlsOptions;
}

/** Everything under `import { httpd } from "snax"`. */
export interface HttpApi {
  /** Serves HTTP at a port, as long as the service lives. @throws {ERR_LISTEN} */
  listen(
    options: number | HttpOptions,
    handler: HttpHandler,
  ): Promise<{ readonly id: number; readonly port: number }>;
  /** Closes such a port, and its connections. */
  close(id: number): void;
}
