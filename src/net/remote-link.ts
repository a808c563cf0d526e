/**
 * A connection whose socket lives on another thread, as the service sees it that has started it
 * here: what comes in was sent on by that thread (handover.ts), what is written goes there.
 *
 * What comes is acknowledged when the service's reader has room, so that the sender knows when to
 * stop reading.
 */

import type { Consumer, Link } from "./link.ts";
import type { NetTable } from "./net-table.ts";
import { requireWritable } from "./outbox.ts";
import type { Writable } from "./socket-api.ts";
import { StreamReader } from "./stream-reader.ts";

/** A connection of another thread. */
export class RemoteLink implements Link {
  readonly kind = "TCP";
  readonly id: number;
  /** The thread that shows it knows the other side; here no code asks. */
  readonly peer = "";
  readonly isPartial = false;
  /** What is unsent waits on the other thread, which tells of it. */
  readonly unsentBytes = 0;
  consumer: Consumer | undefined = undefined;
  /** Kept on the other thread, with its own limit. */
  writeLimitBytes = 0;
  readAt: number | undefined = undefined;
  writtenAt: number | undefined = undefined;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #table: NetTable;
  #owner = 0;
  /** Bytes that came and are acknowledged when the service has read them. */
  #held = 0;
  #isPaused = false;
  #isClosing = false;
  /** The connection is gone, or another service has it. */
  #isGone = false;
  #isReleased = false;
  #whenGone: (() => void)[] | undefined = undefined;

  constructor(table: NetTable, id: number) {
    this.#table = table;
    this.id = id;
    table.add(this);
  }

  get owner(): number {
    return this.#owner;
  }

  set owner(handle: number) {
    this.#owner = handle;
    this.#tell("handover", "own", this.id, handle);
  }

  get isWritable(): boolean {
    return !this.#isClosing && !this.#isGone;
  }

  get isReading(): boolean {
    return !this.#isPaused;
  }

  start(): void {}

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = 0;
    if (held > 0) this.#tell("handover", "took", this.id, held);
  }

  write(data: Writable): boolean {
    return this.#put("write", data);
  }

  writeLow(data: Writable): boolean {
    return this.#put("writeLow", data);
  }

  send(data: Writable): boolean {
    return this.#put("send", data);
  }

  flush(): void {}

  close(): void {
    this.#isReleased = true;
    if (this.#isGone) return this.#forget();
    if (!this.#isClosing) this.#end("close");
  }

  closeFor(): void {
    this.close();
  }

  destroy(): void {
    if (!this.#isGone) this.#end("destroy");
  }

  whenGone(run: () => void): void {
    if (this.#isGone && this.#isReleased) run();
    else (this.#whenGone ??= []).push(run);
  }

  /** Takes bytes that came on the other thread. */
  take(data: Uint8Array): void {
    const chunk = Buffer.from(data.buffer, data.byteOffset, data.length);
    this.bytesRead += chunk.length;
    this.readAt = this.#table.now();
    if (!this.#isClosing) this.consumer?.takeChunk(chunk);
    this.#held += chunk.length;
    if (!this.#isPaused) this.resume();
  }

  /** The connection is gone. */
  gone(): void {
    this.#isClosing = this.#isGone = true;
    this.consumer?.takeClose(undefined);
    if (this.#isReleased || this.consumer?.keepsClosed !== true) this.#forget();
  }

  /** A service of another thread takes the connection. @returns what came and was not read */
  giveUp(): Buffer {
    const { consumer } = this;
    const rest = consumer instanceof StreamReader ? consumer.handOver().takeAll() : Buffer.alloc(0);
    this.#isClosing = this.#isGone = true;
    this.#forget();
    return rest;
  }

  #put(verb: "write" | "writeLow" | "send", data: Writable): boolean {
    requireWritable(data);
    if (!this.isWritable) return false;
    this.bytesWritten += data.length;
    this.writtenAt = this.#table.now();
    this.#tell("socket", verb, this.id, data);
    return true;
  }

  #end(verb: "close" | "destroy"): void {
    this.#isClosing = true;
    this.#tell("socket", verb, this.id, undefined);
  }

  #tell(word: string, ...values: readonly unknown[]): void {
    const { threads } = this.#table.runtime;
    threads?.tell(this.#table.threadOf(this.id), word, ...values);
  }

  #forget(): void {
    this.#isReleased = true;
    if (this.#table.get(this.id) === this) this.#table.delete(this.id);
    this.consumer = undefined;
    const waiting = this.#whenGone;
    this.#whenGone = undefined;
    for (const run of waiting ?? []) run();
  }
}
