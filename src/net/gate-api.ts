/**
 * `gateserver` as one service holds it, and the words that its handlers and options are made of.
 */

import type { TlsOptions } from "node:tls";
import type { Framing } from "../wire/frame-splitter.ts";

/** What a service that is a gate does when something happens. All of it runs inside the service. */
export interface GateHandler {
  /** A client has come; nothing is read before `openclient` or `forward`. */
  connect(fd: number, peer: string): unknown;
  /**
   * A message of a client that is not forwarded; `isText` for text, which only a web socket can
   * say.
   */
  message(fd: number, data: Buffer, isText: boolean): unknown;
  /** A client has gone, no matter which side ended it; comes once for every `connect`. */
  disconnect?(fd: number): unknown;
  /**
   * A client was cut or lost; `disconnect` follows. `code` is one of docs/errors.md, or the
   * system's.
   */
  error?(fd: number, text: string, code: string): unknown;
  /** How many KiB wait to be sent to a client; 0: nothing any more. */
  warning?(fd: number, size: number): unknown;
  /** The gate has begun to listen; what it returns is the answer to `open`. */
  open?(source: number, options: GateOptions, listened: GateListened): unknown;
  /** A message that is neither `open` nor `close`; what it returns is the answer. */
  command?(command: string, source: number, ...args: never[]): unknown;
}

/** What a gate's option `websocket` takes. */
export interface WebSocketOptions {
  /** @defaultValue the gate's `address` */
  readonly address?: string;
  /** 0 lets the system choose one. */
  readonly port: number;
  /** The path of the web socket. @defaultValue every path */
  readonly path?: string;
  /**
   * Web sites whose pages may connect, as `https://play.example`; others get 403.
   *
   * @defaultValue all
   */
  readonly origins?: readonly string[];
  /**
   * Pages by path; one whose path ends in `/` or `.html` is HTML, in `.js` a script, in `.css` a
   * style sheet, else plain text.
   */
  readonly pages?: Readonly<Record<string, string>>;
  /** What Node's `https.createServer` takes: the port speaks TLS. */
  readonly tls?: TlsOptions;
}

/** What `open` takes. */
export interface GateOptions {
  /** @defaultValue `"0.0.0.0"` */
  readonly address?: string;
  /** 0 lets the system choose one. Without port and path the gate takes web sockets alone. */
  readonly port?: number;
  /** The path of a unix socket, instead of address and port. */
  readonly path?: string;
  /** Most clients at a time, all ports together. @defaultValue GATE_CLIENTS_MAX */
  readonly maxclient?: number;
  /** Most clients at a time from one address; 0 = no bound. @defaultValue 0 */
  readonly maxperaddress?: number;
  /** @defaultValue true */
  readonly nodelay?: boolean;
  readonly backlog?: number;
  /** Several threads or processes share the port; where Node (23.1) and the system can. */
  readonly reusePort?: boolean;
  /** What Node's `tls.createServer` takes: the port speaks TLS. */
  readonly tls?: TlsOptions;
  /**
   * How messages are told apart: 2 or 4 bytes of length in front, or a line feed behind.
   *
   * @defaultValue 2
   */
  readonly framing?: Framing;
  /** Longest message, in bytes. @defaultValue what 2 bytes can say; else GATE_FRAME_MAX */
  readonly frameLimitBytes?: number;
  /**
   * Milliseconds in which a message that has begun must be complete; 0 = no bound.
   *
   * @defaultValue GATE_FRAME_MS
   */
  readonly frameMs?: number;
  /** Milliseconds after which a client of whom nothing comes is cut; 0 = never. @defaultValue 0 */
  readonly idleMs?: number;
  /** Unsent bytes beyond which a client that does not read is cut. @defaultValue GATE_UNSENT_MAX */
  readonly writeLimitBytes?: number;
  /**
   * A port for web sockets, beside or instead of the one above: the same clients for the same
   * services.
   */
  readonly websocket?: WebSocketOptions;
  /** Who is told of clients, for the service `gate`. @defaultValue who opens it */
  readonly watchdog?: number;
}

/** Where a gate listens. */
export interface GateListened {
  readonly address: string;
  /** The port that the system chose, if 0 was asked for; 0 if there is none. */
  readonly port: number;
  /** The port for web sockets; 0 if there is none. */
  readonly websocket: number;
}

/** What a gate has counted. */
export interface GateCounts {
  /** Clients that are connected. */
  clients: number;
  /** Clients that came so far and were let in. */
  accepted: number;
  /** Clients that were turned away: too many, or too many from one address. */
  refused: number;
  /** Messages that came so far. */
  messages: number;
  /** Connections that were cut or lost, by code of the reason. */
  cut: Record<string, number>;
}

/** Everything under `import { gateserver } from "snax"`. */
export interface GateServerApi {
  /**
   * Makes this service a gate: it answers `open` and `close`, and hands everything else to the
   * handler.
   */
  start(handler: GateHandler): void;
  /**
   * Begins to read a client; its messages go to `handler.message`.
   *
   * @throws {ERR_SOCKET} if there is no such client.
   */
  openclient(fd: number): void;
  /**
   * Begins to read a client; its messages go to a service, as `client` messages with the client's
   * number for a session. They take the direct way and are not copied: the bytes are a view of what
   * the system read.
   *
   * @param address - the handle of that service.
   * @param client - the source of the messages. @defaultValue 0
   * @throws {ERR_SOCKET} if there is no such client.
   */
  forward(fd: number, address: number, client?: number): void;
  /**
   * Ends a client when all that was written is sent; `disconnect` comes later. Nothing happens if
   * it is gone.
   */
  closeclient(fd: number): void;
  /** Returns what was counted. */
  counts(): GateCounts;
}
