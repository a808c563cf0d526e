/**
 * `socketchannel` as one service holds it: requests and answers over one connection that mends
 * itself.
 */

import type { ConnectionOptions } from "node:tls";
import type { Writable } from "./socket-api.ts";

/**
 * What reads an answer off the connection. Both reject with ERR_CLOSED when the connection ends.
 */
export interface ChannelSocket {
  /** Reads exactly that many bytes; without a size what there is. */
  read(size?: number): Promise<Buffer>;
  /** Reads a line, without its separator, by default `"\n"`. */
  readline(separator?: string): Promise<string>;
}

/**
 * Reads one answer. What it resolves to is the answer; an Error that it resolves to (and does not
 * throw) rejects the request. What it throws rejects it too, and ends the connection (the others
 * get ERR_CLOSED): how much of the answer was read is not known.
 */
export type ReadAnswer<T = unknown> = (from: ChannelSocket) => T | Promise<T>;

/** Reads one answer in session mode: whose it is, whether it went well, and what it is. */
export type ReadSession = (
  from: ChannelSocket,
) => Promise<readonly [session: number | string, isOk: boolean, data?: unknown]>;

/** Another place to connect to. */
export type ChannelPlace = string | { readonly host: string; readonly port?: number };

/** What a channel is made of. */
export interface ChannelOptions {
  readonly host: string;
  readonly port: number;
  /**
   * Makes it a channel in session mode: answers come in any order and say themselves whose they
   * are.
   */
  readonly response?: ReadSession;
  /** Runs on each new connection before any other request; what it throws ends the connection. */
  readonly auth?: (channel: Channel) => unknown;
  /** Tried one after the other if the first place fails. */
  readonly backup?: readonly ChannelPlace[];
  /** Is told that more than 1 MiB wait to be sent, and that nothing does any more. */
  readonly overload?: (isOverloaded: boolean) => unknown;
  /** Speak TLS: true, or what Node's `tls.connect` takes. */
  readonly tls?: boolean | ConnectionOptions;
  /**
   * Milliseconds until a request fails with ERR_TIMEOUT, the time to connect included. In order
   * mode that ends the connection, and others that wait on it get ERR_CLOSED: it can't be told
   * whose answer comes next. In session mode the answer is dropped when it comes; a session must
   * not be used again. @defaultValue 0, never
   */
  readonly deadlineMs?: number;
}

/** A connection that is made when it is needed, and again when it was lost. */
export interface Channel {
  /**
   * Writes, and resolves to the answer; without a second argument nothing is waited for. Connects
   * first if that is necessary.
   *
   * @param answer - reads the answer; in session mode its session instead.
   * @throws {ERR_CONNECT} if no place can be reached. {ERR_CLOSED} if the connection ends before
   * the answer; whether the request was carried out is not known. What was not written before the
   * end is sent on the next connection instead. {ERR_TIMEOUT} if a deadline was set and passed.
   */
  request<T = unknown>(
    data: Writable | readonly Writable[],
    answer?: ReadAnswer<T> | number | string,
  ): Promise<T>;
  /**
   * Waits for a message that is no answer, behind the answers of all requests so far; without a
   * deadline. Not in session mode.
   */
  response<T = unknown>(answer: ReadAnswer<T>): Promise<T>;
  /**
   * Connects; with `true` once, else again and again, after 0, 1, 2 ... 10 seconds, until it is
   * done.
   *
   * @throws {ERR_CONNECT}
   */
  connect(once?: boolean): Promise<void>;
  /** Ends the channel: callers that wait get ERR_CLOSED. */
  close(): void;
  /** Connects to another place from now on; an open connection is ended. */
  changehost(host: string, port?: number): void;
  /** Replaces the other places. */
  changebackup(backup: readonly ChannelPlace[]): void;
}

/** Everything under `import { socketchannel } from "snax"`. */
export interface SocketChannelApi {
  /**
   * Makes a channel; it connects with its first request.
   *
   * @throws {ERR_ARGUMENT} if an option makes no sense.
   */
  channel(options: ChannelOptions): Channel;
}
