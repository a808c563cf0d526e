/**
 * One open connection of any kind, as the rest of net sees it: an id, an owner, a way in
 * and a way out.
 *
 *     event loop -> Link -> Consumer        what came in; outside any turn, so a consumer runs no code of a program
 *     a turn     -> Link.write / send       gathered, and written once when the turn is over
 *
 * Sockets belong to a thread. Any service of the thread may write to any id, as in skynet; what
 * comes in goes to the one consumer that its owner has set.
 */

import type { Writable } from "./socket-api.ts";

/**
 * Takes what comes in over a connection. Must not throw, and must not run code of a program.
 */
export interface Consumer {
  /**
   * The id stays valid after the connection's end until the service closes it: what came can still
   * be read.
   */
  readonly keepsClosed: boolean;
  /** Takes bytes of a stream; they are the consumer's from now on. */
  takeChunk(chunk: Buffer): void;
  /** Takes a whole message, of a connection that carries messages. */
  takeMessage(data: Buffer, isText: boolean): void;
  /** Takes a sign of life that is no message, on a connection that carries messages. */
  takeSign(): void;
  /** The other side writes nothing any more. */
  takeEnd(): void;
  /** The connection is gone; `error` says why unless that was in order. */
  takeClose(error: Error | undefined): void;
  /** More bytes wait to be sent than at the last mark; 0: none wait any more. */
  takeWarning(unsentBytes: number): void;
}

/** One open connection. */
export interface Link {
  readonly kind: "TCP" | "WEBSOCKET";
  readonly id: number;
  /** The service that it belongs to, by handle; the service that starts it becomes the owner. */
  owner: number;
  /** The other side, `host:port`. */
  readonly peer: string;
  /** Takes what comes in; nothing is read before there is one. */
  consumer: Consumer | undefined;
  /** Most bytes that may wait to be sent; with more the connection is cut. */
  writeLimitBytes: number;
  /** It can be written to. */
  readonly isWritable: boolean;
  /** Bytes that wait to be sent. */
  readonly unsentBytes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** When something was read or written last, in milliseconds of the clock; undefined if never. */
  readAt: number | undefined;
  writtenAt: number | undefined;
  /**
   * A message has begun to arrive and is not complete; false for a connection that carries bytes.
   */
  readonly isPartial: boolean;
  /** Begins to read. */
  start(): void;
  pause(): void;
  resume(): void;
  readonly isReading: boolean;
  /** Writes bytes as they are; false if the connection is closing or closed. */
  write(data: Writable): boolean;
  /** Writes what may wait until nothing else does; false as above. */
  writeLow(data: Writable): boolean;
  /**
   * Writes one message, in the framing of the connection; false as above.
   *
   * @throws {ERR_ARGUMENT} if it is too long.
   */
  send(data: Writable): boolean;
  /** Hands what this turn wrote to the system. */
  flush(): void;
  /**
   * Ends the connection when all that waits is sent, or SOCKET_CLOSE_MS later; its id is free then.
   */
  close(): void;
  /** Runs once when the connection is gone and its id is free; at once if that is so. */
  whenGone(run: () => void): void;
  /** Does the same for a reason, which the consumer is told in the end. */
  closeFor(error: Error): void;
  /** Ends the connection at once. */
  destroy(error?: Error): void;
}
