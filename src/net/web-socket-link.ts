/**
 * A connection that carries messages: a web socket.
 *
 * The protocol is the library's (ws); here is what it has in common with the other connections.
 * What a turn writes leaves in one write, beyond `writeLimitBytes` of unsent bytes the connection
 * is cut, and faults of the other side are ERR_MALFORMED.
 *
 * Hot path (bench: player). The listeners are shared by all connections, which find theirs through
 * the web socket.
 */

import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import { SnaxError } from "../base/error.ts";
import { SOCKET_CLOSE_MS, SOCKET_UNSENT_MAX } from "../base/limits.ts";
import type { Consumer, Link } from "./link.ts";
import type { NetTable } from "./net-table.ts";
import type { Writable } from "./socket-api.ts";
import { EARLY_BYTES, peerOf } from "./stream-link.ts";
import { excess, UnsentMark } from "./outbox.ts";

const kLink: unique symbol = Symbol("snax.link");

interface Carrier extends WebSocket {
  [kLink]?: WebSocketLink;
}

/** Close codes of RFC 6455. */
const CLOSE = { normal: 1000, goingAway: 1001, policy: 1008 } as const;

/** A connection over a web socket. */
export class WebSocketLink implements Link {
  readonly kind = "WEBSOCKET";
  readonly id: number;
  owner: number;
  readonly peer: string;
  consumer: Consumer | undefined = undefined;
  writeLimitBytes: number = SOCKET_UNSENT_MAX;
  readAt: number | undefined = undefined;
  writtenAt: number | undefined = undefined;
  /** Why it was cut from this side, or what the other side did wrong. */
  error: Error | undefined = undefined;
  readonly #table: NetTable;
  readonly #web: Carrier;
  /** What the web socket goes over. */
  readonly #socket: Socket;
  readonly #mark = new UnsentMark();
  /** How much had been read when the last message was complete. */
  #readUpTo: number;
  #isDirty = false;
  #isClosing = false;
  #whenGone: (() => void)[] | undefined = undefined;
  #isGone = false;

  /** @param web - open, and paused. */
  constructor(table: NetTable, web: WebSocket, socket: Socket, owner: number) {
    this.#table = table;
    this.id = table.nextId();
    this.owner = owner;
    this.peer = peerOf(socket);
    this.#socket = socket;
    this.#readUpTo = socket.bytesRead;
    this.#web = web;
    this.#web[kLink] = this;
    web.on("message", onMessage);
    web.on("ping", onControl);
    web.on("pong", onControl);
    web.on("error", onError);
    web.on("close", onClose);
    table.add(this);
  }

  get isWritable(): boolean {
    return !this.#isClosing && this.#web.readyState === this.#web.OPEN;
  }

  get isReading(): boolean {
    return !this.#web.isPaused;
  }

  get unsentBytes(): number {
    return this.#web.bufferedAmount;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get isPartial(): boolean {
    return this.#socket.bytesRead > this.#readUpTo;
  }

  start(): void {
    this.#web.resume();
  }

  pause(): void {
    this.#web.pause();
  }

  resume(): void {
    this.#web.resume();
  }

  /** Bytes as they are make a binary message. */
  write(data: Writable): boolean {
    return this.send(data);
  }

  writeLow(data: Writable): boolean {
    return this.send(data);
  }

  send(data: Writable): boolean {
    if (!this.isWritable) return false;
    if (!this.#isDirty) {
      this.#isDirty = true;
      this.#socket.cork();
      this.#table.flushSoon(this);
    }
    // The library keeps the bytes until they are sent; they are the writer's again at once.
    this.#web.send(typeof data === "string" ? data : Buffer.from(data));
    if (this.#web.bufferedAmount <= EARLY_BYTES) return true;
    // So much at once leaves before the turn is over: only what the system does not take counts as
    // unsent.
    this.flush();
    const error = excess(this.#web.bufferedAmount, this.writeLimitBytes);
    if (error !== undefined) this.destroy(error);
    return error === undefined;
  }

  flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.writtenAt = this.#table.now();
    this.#socket.uncork();
    const wasRaised = this.#mark.isRaised;
    this.#mark.note(this.#web.bufferedAmount, this.consumer);
    if (this.#mark.isRaised && !wasRaised) this.#socket.on("drain", this.#drained);
  }

  close(): void {
    if (this.#isClosing) return;
    this.flush();
    this.#isClosing = true;
    // The other side answers a close, unless it is paused here or does not care.
    this.#web.resume();
    // A client that is told of the node's end may connect again later.
    const isStopping = this.#table.runtime.state !== "running";
    this.#web.close(isStopping ? CLOSE.goingAway : CLOSE.normal);
    const cancel = this.#table.after(SOCKET_CLOSE_MS, () => this.#web.terminate());
    this.#web.once("close", cancel);
  }

  closeFor(error: Error): void {
    if (this.#isClosing) return;
    this.error ??= error;
    this.close();
  }

  destroy(error?: Error): void {
    this.error ??= error;
    this.#isClosing = true;
    this.#web.terminate();
  }

  whenGone(run: () => void): void {
    if (this.#isGone) run();
    else (this.#whenGone ??= []).push(run);
  }

  /** Takes a message: for the listeners below. @internal */
  take(data: Buffer, isText: boolean): void {
    this.#readUpTo = this.#socket.bytesRead;
    this.readAt = this.#table.arrived();
    if (!this.#isClosing) this.consumer?.takeMessage(data, isText);
  }

  /** Takes a ping or a pong: for the listeners below. @internal */
  takeControl(): void {
    this.#readUpTo = this.#socket.bytesRead;
    this.consumer?.takeSign();
  }

  /** The web socket is gone: for the listeners below. @internal */
  closed(): void {
    this.#isClosing = this.#isGone = true;
    this.#table.delete(this.id);
    this.consumer?.takeClose(this.error);
    this.consumer = undefined;
    for (const run of this.#whenGone ?? []) run();
  }

  readonly #drained = (): void => {
    if (this.#web.bufferedAmount > 0) return;
    this.#socket.off("drain", this.#drained);
    this.#mark.clear(this.consumer);
  };
}

function onMessage(this: Carrier, data: RawData, isBinary: boolean): void {
  this[kLink]?.take(data as Buffer, !isBinary);
}

function onControl(this: Carrier): void {
  this[kLink]?.takeControl();
}

function onError(this: Carrier, error: Error): void {
  const link = this[kLink];
  if (link === undefined || link.error !== undefined) return;
  const { code } = error as NodeJS.ErrnoException;
  const isFault = code?.startsWith("WS_ERR_") === true;
  link.error = isFault ? new SnaxError("ERR_MALFORMED", error.message, { cause: error }) : error;
}

function onClose(this: Carrier): void {
  this[kLink]?.closed();
}

/** Closes a web socket that no service will serve. */
export function refuse(web: WebSocket): void {
  web.on("error", () => {});
  web.close(CLOSE.policy);
}
