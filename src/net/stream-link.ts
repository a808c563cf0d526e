/**
 * A connection that carries a stream of bytes: TCP, a unix socket, TLS over TCP.
 *
 * What a turn writes is gathered (outbox.ts) and leaves in one write. Unsent bytes are told from
 * SOCKET_WARN_BYTES on and at each doubling; beyond `writeLimitBytes` the connection is cut, so a
 * side that never reads costs so much and no more.
 *
 * Hot path (bench: player). The listeners are shared by all connections, which find theirs through
 * the socket.
 */

import type { Socket } from "node:net";
import { SnaxError } from "../base/error.ts";
import { SOCKET_CLOSE_MS, SOCKET_UNSENT_MAX } from "../base/limits.ts";
import type { Framing } from "../wire/frame-splitter.ts";
import { FRAME_SIZE_MAX } from "../wire/frame-splitter.ts";
import type { Consumer, Link } from "./link.ts";
import type { NetTable } from "./net-table.ts";
import type { Writable } from "./socket-api.ts";
import { Outbox, requireWritable, excess, UnsentMark } from "./outbox.ts";

/** From this many bytes on, output does not wait for the end of the turn. */
export const EARLY_BYTES: number = 256 * 1024;

const kLink: unique symbol = Symbol("snax.link");

interface Carrier extends Socket {
  [kLink]?: StreamLink;
}

/** A connection over a socket of Node. */
export class StreamLink implements Link {
  readonly kind = "TCP";
  readonly id: number;
  owner: number;
  readonly peer: string;
  consumer: Consumer | undefined = undefined;
  writeLimitBytes: number = SOCKET_UNSENT_MAX;
  readAt: number | undefined = undefined;
  writtenAt: number | undefined = undefined;
  /** How `send` tells messages apart; undefined: it can't. */
  framing: Framing | undefined = undefined;
  /** Why it was cut from this side. */
  error: Error | undefined = undefined;
  readonly #table: NetTable;
  readonly #socket: Carrier;
  #outbox: Outbox | undefined = undefined;
  /** Bytes that the socket had not sent at the last flush. */
  #backlog = 0;
  readonly #mark = new UnsentMark();
  /** What may wait until nothing else does. */
  #low: Buffer[] | undefined = undefined;
  #lowBytes = 0;
  #isLowWriting = false;
  #isDirty = false;
  #isStarted = false;
  #isClosing = false;
  /** The socket is gone. */
  isGone = false;
  /** It has been closed, so its id is free when the socket is gone. */
  #isReleased = false;
  #whenGone: (() => void)[] | undefined = undefined;

  /**
   * @param socket - connected, and paused.
   * @param isStream - its bytes are read by a service, and not cut by a gate.
   */
  constructor(table: NetTable, socket: Socket, owner: number, isStream = false) {
    this.#table = table;
    this.id = table.nextId(isStream);
    this.owner = owner;
    this.peer = peerOf(socket);
    this.#socket = socket;
    this.#socket[kLink] = this;
    socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onClose);
    socket.on("drain", onDrain);
    table.add(this);
  }

  get isWritable(): boolean {
    return !this.#isClosing && this.#socket.writable;
  }

  get isReading(): boolean {
    return this.#isStarted && !this.#socket.isPaused();
  }

  /** Set by the code that cuts the stream: the connection itself does not know. */
  readonly isPartial = false;

  get unsentBytes(): number {
    return (this.#outbox?.length ?? 0) + this.#socket.writableLength + this.#lowBytes;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#socket.on("data", onData);
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#isStarted) this.#socket.resume();
  }

  write(data: Writable): boolean {
    if (!this.isWritable) return false;
    const outbox = (this.#outbox ??= new Outbox());
    outbox.add(data);
    return this.#written(outbox);
  }

  send(data: Writable): boolean {
    const { framing } = this;
    if (framing === undefined) {
      throw new SnaxError("ERR_SOCKET", `socket ${this.id} carries bytes, not messages`);
    }
    if (!this.isWritable) return false;
    const outbox = (this.#outbox ??= new Outbox());
    if (framing === "line") {
      outbox.add(data);
      outbox.add("\n");
    } else {
      const size = typeof data === "string" ? Buffer.byteLength(data) : data.length;
      const most = FRAME_SIZE_MAX[framing];
      if (!(size <= most)) {
        throw new SnaxError("ERR_ARGUMENT", `a message of ${size} bytes exceeds ${most}`);
      }
      outbox.addSize(size, framing);
      outbox.add(data);
    }
    return this.#written(outbox);
  }

  writeLow(data: Writable): boolean {
    requireWritable(data);
    if (!this.isWritable) return false;
    const piece = Buffer.from(data as Uint8Array);
    (this.#low ??= []).push(piece);
    this.#lowBytes += piece.length;
    if (!this.#isDirty) this.#markDirty();
    return this.#isWithin(this.unsentBytes);
  }

  flush(): void {
    this.#isDirty = false;
    const socket = this.#socket;
    const outbox = this.#outbox;
    if (outbox !== undefined && outbox.length > 0 && !socket.destroyed) {
      this.writtenAt = this.#table.now();
      const data = outbox.take();
      if (Array.isArray(data)) {
        socket.cork();
        for (const piece of data) socket.write(piece);
        socket.uncork();
      } else socket.write(data);
    }
    this.#backlog = socket.writableLength;
    if (!socket.destroyed) this.#mark.note(this.#backlog, this.consumer);
    if (this.#low !== undefined && !this.#isLowWriting) this.#writeNextLow();
  }

  close(): void {
    this.#isReleased = true;
    if (this.isGone) return this.#forget();
    if (this.#isClosing) return;
    this.flush();
    this.#isClosing = true;
    const socket = this.#socket;
    if (socket.destroyed) return;
    // What could wait can't any more.
    for (const piece of this.#low?.splice(0) ?? []) socket.write(piece);
    socket.destroySoon();
    if (socket.writableLength === 0) return;
    const cancel = this.#table.after(SOCKET_CLOSE_MS, () => socket.destroy());
    socket.once("close", cancel);
  }

  closeFor(error: Error): void {
    if (this.#isClosing) return;
    this.error ??= error;
    this.close();
  }

  destroy(error?: Error): void {
    this.error ??= error;
    this.#isClosing = true;
    this.#socket.destroy();
  }

  whenGone(run: () => void): void {
    if (this.isGone && this.#isReleased) run();
    else (this.#whenGone ??= []).push(run);
  }

  /** Takes what came: for the listeners below. @internal */
  take(chunk: Buffer): void {
    this.readAt = this.#table.arrived();
    if (!this.#isClosing) this.consumer?.takeChunk(chunk);
  }

  /** The socket is gone: for the listeners below. @internal */
  closed(): void {
    this.#isClosing = this.isGone = true;
    this.#outbox = this.#low = undefined;
    this.consumer?.takeClose(this.error);
    if (this.#isReleased || this.consumer?.keepsClosed !== true) this.#forget();
  }

  /** Everything is sent: for the listeners below. @internal */
  drained(): void {
    this.#backlog = 0;
    this.#mark.clear(this.consumer);
  }

  #forget(): void {
    this.#isReleased = true;
    this.#table.delete(this.id);
    this.consumer = undefined;
    const waiting = this.#whenGone;
    this.#whenGone = undefined;
    for (const run of waiting ?? []) run();
  }

  #written(outbox: Outbox): boolean {
    if (!this.#isDirty) this.#markDirty();
    if (outbox.length + this.#backlog <= EARLY_BYTES) return true;
    // So much at once leaves before the turn is over: only what the system does not take counts as
    // unsent.
    this.flush();
    return this.#isWithin(this.#backlog + this.#lowBytes);
  }

  /** Cuts the connection if too much waits to be sent. */
  #isWithin(unsent: number): boolean {
    const error = excess(unsent, this.writeLimitBytes);
    if (error !== undefined) this.destroy(error);
    return error === undefined;
  }

  #markDirty(): void {
    this.#isDirty = true;
    this.#table.flushSoon(this);
  }

  #writeNextLow(): void {
    const piece = this.#low?.shift();
    if (piece === undefined) return;
    this.#lowBytes -= piece.length;
    this.#isLowWriting = true;
    this.#socket.write(piece, () => {
      this.#isLowWriting = false;
      this.#writeNextLow();
    });
  }
}

/** Names the other side of a socket, `host:port`. */
export function peerOf(socket: Socket): string {
  const host = socket.remoteAddress;
  if (host === undefined) return "unix";
  const plain = host.startsWith("::ffff:") ? host.slice(7) : host;
  return plain.includes(":") ? `[${plain}]:${socket.remotePort}` : `${plain}:${socket.remotePort}`;
}

function onData(this: Carrier, chunk: Buffer): void {
  this[kLink]?.take(chunk);
}

function onEnd(this: Carrier): void {
  this[kLink]?.consumer?.takeEnd();
}

function onDrain(this: Carrier): void {
  this[kLink]?.drained();
}

function onError(this: Carrier, error: Error): void {
  const link = this[kLink];
  if (link !== undefined) link.error ??= error;
}

function onClose(this: Carrier): void {
  this[kLink]?.closed();
}
