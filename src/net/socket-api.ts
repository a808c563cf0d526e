/**
 * `socket` as one service holds it: skynet's names, promises where skynet blocks.
 *
 * A socket is a number. It belongs to the service that opened it and closes with it. Any service
 * may write to it; what comes in goes to its owner alone.
 */

import type { ConnectionOptions, TlsOptions } from "node:tls";

/** What can be written: text (as UTF-8) or bytes. */
export type Writable = string | Uint8Array;

/** Where to listen, and how. */
export interface ListenOptions {
  /** @defaultValue all addresses of the machine */
  readonly host?: string | undefined;
  /** 0 lets the system choose one. */
  readonly port?: number | undefined;
  /** The path of a unix socket, instead of host and port. */
  readonly path?: string | undefined;
  /** Connections that the system keeps until they are accepted. @defaultValue SOCKET_BACKLOG */
  readonly backlog?: number | undefined;
  /** Certificate, key and what else Node's `tls.createServer` takes: the port speaks TLS. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Send small writes at once instead of waiting for the answer to the last one.
   *
   * @defaultValue true
   */
  readonly nodelay?: boolean | undefined;
  /** Several threads or processes share the port; where Node and the system can. */
  readonly reusePort?: boolean | undefined;
}

/** Where `socket.listen` opened a port. */
export interface Listened {
  readonly id: number;
  /** The address as the system tells it; the path of a unix socket. */
  readonly address: string;
  /** The port that the system chose, if 0 was asked for; 0 for a unix socket. */
  readonly port: number;
}

/** Where to connect to, and how. */
export interface OpenOptions {
  /** A name or an address. */
  readonly host?: string;
  readonly port?: number;
  /** The path of a unix socket, instead of host and port. */
  readonly path?: string;
  /** Speak TLS: true, or what Node's `tls.connect` takes. */
  readonly tls?: boolean | ConnectionOptions;
  /** Milliseconds until the attempt fails. @defaultValue SOCKET_CONNECT_MS */
  readonly deadlineMs?: number;
}

/** Gets each connection that came to a port. */
export type OnAccept = (id: number, peer: string) => unknown;

/** Gets a datagram, and whom it came from: what `sendto` and `udp_address` take. */
export type OnDatagram = (data: Buffer, from: Buffer) => unknown;

/** Everything under `import { socket } from "snax"`. */
export interface SocketApi {
  /**
   * Opens a port; connections are taken from `start` on.
   *
   * @throws {ERR_LISTEN} if that is not possible.
   */
  listen(host: string, port: number, backlog?: number): Promise<Listened>;
  /**
   * The same with `"host:port"`, a port, the path of a unix socket (it begins with `/`), or
   * options.
   */
  listen(place: string | number | ListenOptions): Promise<Listened>;
  /**
   * Begins: on a port, each connection that comes is given to `onAccept`; on a connection it is
   * read from now on, and belongs to this service. A connection of another thread stays there: what
   * comes in is sent on, in order, and as fast as it is read here.
   *
   * @throws {ERR_SOCKET} if there is no such socket, or it is a port or a gate's client of another
   * thread. A connection of another thread that is gone has ended for its reader.
   */
  start(id: number, onAccept?: OnAccept): number;
  /**
   * Connects, and begins.
   *
   * @throws {ERR_CONNECT} if that fails.
   */
  open(host: string, port: number): Promise<number>;
  /** The same with `"host:port"`, the path of a unix socket, or options. */
  open(place: string | OpenOptions): Promise<number>;
  /**
   * Reads exactly `size` bytes; without a size what there is, at least one. Resolves to undefined
   * at the end; `readall` then has what is left.
   *
   * @throws {ERR_SOCKET} if the socket is not this service's, or another call reads it already.
   */
  read(id: number, size?: number): Promise<Buffer | undefined>;
  /** Reads a line, as UTF-8 and without its separator, by default `"\n"`; undefined at the end. */
  readline(id: number, separator?: string): Promise<string | undefined>;
  /** Reads all that comes until the connection ends. */
  readall(id: number): Promise<Buffer>;
  /** Waits until something can be read: true; false at the end. */
  block(id: number): Promise<boolean>;
  /**
   * Writes text (UTF-8) or bytes, which are the caller's again at once. Never waits; what one turn
   * writes leaves in one write.
   *
   * @returns false if the connection is closing, closed or unknown; of a socket of another thread
   * nothing is known here.
   */
  write(id: number, data: Writable | readonly Writable[]): boolean;
  /** As `write`, for what may wait until nothing else does. */
  lwrite(id: number, data: Writable | readonly Writable[]): boolean;
  /**
   * Writes one message to a connection of a gate, framed as that gate frames: a length in front, a
   * line feed, or a web socket message (text for text, binary for bytes).
   *
   * @returns false as `write` does.
   * @throws {ERR_SOCKET} if the connection carries bytes only. {ERR_ARGUMENT} if the message does
   * not fit a frame.
   */
  send(id: number, data: Writable): boolean;
  /**
   * Ends a connection when all is written, or a port; resolves when it is closed. An unknown one is
   * closed already.
   */
  close(id: number): Promise<void>;
  /** Ends a connection at once, in both directions. */
  shutdown(id: number): void;
  /** Forgets a connection of this service, so that another service may `start` it. */
  abandon(id: number): void;
  /** Stops reading until the next read. */
  pause(id: number): void;
  /** Closes the connection as soon as more than that many bytes are unread. */
  limit(id: number, bytes: number): void;
  /** Is told once when the connection ends, no matter which side ended it. */
  onclose(id: number, run: (id: number) => unknown): void;
  /**
   * Is told of unsent bytes in KiB, from 1 MiB on and at each doubling, and of 0 when all is sent;
   * instead of the log.
   */
  warning(id: number, run: (id: number, size: number) => unknown): void;
  /** Says that there is no such socket. */
  invalid(id: number): boolean;
  /**
   * Says that nothing comes from the other side any more; of a port that is open, and of a datagram
   * socket, false.
   */
  disconnected(id: number): boolean;
  /** A number of 1 to 4 bytes, big-endian. */
  header(bytes: Uint8Array): number;
  /** The sockets of all threads, by id, as the console's `netstat` shows them. */
  netstat(): Promise<SocketInfo[]>;
  /** Resolves a name to addresses. @throws {ERR_CONNECT} if it has none. */
  resolve(host: string): Promise<string[]>;
  /**
   * Opens a datagram socket, bound if a place is given: of IPv6 if that is an address of IPv6
   * (`"::"` for all of the machine's, those of IPv4 included), else of IPv4.
   *
   * @throws {ERR_LISTEN} if it can't be bound.
   */
  udp(onDatagram: OnDatagram, host?: string, port?: number): Promise<number>;
  /** Sets whom `write` sends datagrams to; others are no longer heard. @throws {ERR_CONNECT} */
  udp_connect(id: number, host: string, port: number, onDatagram?: OnDatagram): Promise<void>;
  /**
   * Sends a datagram; false if the socket is unknown.
   *
   * @throws {ERR_ARGUMENT} if the address is of the other family.
   */
  sendto(id: number, to: Uint8Array, data: Writable): boolean;
  /** Whom a datagram came from. */
  udp_address(from: Uint8Array): { readonly address: string; readonly port: number };
}

/** What is told of a socket. */
export interface SocketInfo {
  readonly id: number;
  readonly type: "LISTEN" | "TCP" | "UDP" | "WEBSOCKET";
  /** The service that it belongs to, by handle. */
  readonly owner: number;
  /** A port's own place, a connection's other side. */
  readonly place: string;
  /** Connections that came to a port. */
  readonly accepted?: number;
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly unsentBytes?: number;
  readonly isReading?: boolean;
  /** Milliseconds since something came, or was written; undefined if never. */
  readonly readMs?: number | undefined;
  readonly writtenMs?: number | undefined;
}
