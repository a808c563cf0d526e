/**
 * A connection that a service of another thread has started: its socket stays where it is, and what
 * comes in is sent on.
 *
 *     socket.start(id) there -> "take" -> Forwarder here: what came unread, then all that comes -> "bytes" -> RemoteLink
 *                               "took" <- so much was read: with HANDOVER_WINDOW_BYTES on the way the socket is not read
 *     socket.start(id) elsewhere -> "give" -> what was sent and not read comes back -> "given" -> the next one
 *
 * Words between two threads keep their order, so the bytes do too, and what is written (remote.ts).
 * When a thread dies, the connections of its services are closed; those whose sockets lived there
 * are gone.
 */

import { HANDOVER_WINDOW_BYTES } from "../base/limits.ts";
import type { Runtime } from "../service/runtime.ts";
import { adopt } from "./adoption.ts";
import type { Consumer } from "./link.ts";
import type { NetTable } from "./net-table.ts";
import { isLink, netOf } from "./net-table.ts";
import { RemoteLink } from "./remote-link.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { StreamLink } from "./stream-link.ts";
import { StreamReader } from "./stream-reader.ts";

/** Sends on what comes in to the thread of the service that has started the connection. */
export class Forwarder implements Consumer {
  readonly keepsClosed = false;
  readonly thread: number;
  readonly #net: NetTable;
  readonly #link: StreamLink;
  /** Bytes that were sent and not read. */
  #sent = 0;
  #isPaused = false;

  constructor(net: NetTable, link: StreamLink, thread: number) {
    this.#net = net;
    this.#link = link;
    this.thread = thread;
  }

  takeChunk(chunk: Buffer): void {
    this.tell("bytes", chunk);
    this.#sent += chunk.length;
    if (this.#sent <= HANDOVER_WINDOW_BYTES || this.#isPaused) return;
    this.#isPaused = true;
    this.#link.pause();
  }

  takeMessage(): void {}

  takeSign(): void {}

  takeEnd(): void {
    this.tell("end");
  }

  takeClose(): void {
    this.tell("gone");
  }

  takeWarning(unsentBytes: number): void {
    this.tell("unsent", unsentBytes);
  }

  /** How many bytes were read there. */
  took(bytes: number): void {
    this.#sent -= bytes;
    if (!this.#isPaused || this.#sent > HANDOVER_WINDOW_BYTES) return;
    this.#isPaused = false;
    this.#link.resume();
  }

  tell(verb: string, ...values: readonly unknown[]): void {
    this.#net.runtime.threads?.tell(this.thread, "handover", verb, this.#link.id, ...values);
  }
}

/** Keeps what comes in while what came before is still on its way from another thread. */
class Holding implements Consumer {
  readonly keepsClosed = true;
  readonly #chunks: Buffer[] = [];
  isEnded = false;

  takeChunk(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  takeMessage(): void {}

  takeSign(): void {}

  takeEnd(): void {
    this.isEnded = true;
  }

  takeClose(): void {}

  takeWarning(): void {}

  behind(rest: Buffer): Buffer {
    return Buffer.concat([rest, ...this.#chunks]);
  }
}

/** The connections that change threads, as one thread sees them. */
export class Handover {
  readonly #net: NetTable;
  /** Who gets what another thread gives back, by number of the connection. */
  readonly #recalls = new Map<number, { thread: number; take: (rest: Buffer) => void }>();

  constructor(runtime: Runtime) {
    const net = netOf(runtime);
    this.#net = net;
    runtime.words.set("handover", (verb, id, ...values) =>
      this.#hear(verb as string, id as number, values),
    );
    runtime.onThreadDeath.push((thread) => this.#mourn(thread));
  }

  /**
   * Makes a connection of another thread a service's own; if there is none it finds that it has
   * ended.
   */
  start(owner: SocketOwner, id: number): void {
    const link = new RemoteLink(this.#net, id);
    const { threads } = this.#net.runtime;
    threads?.tell(
      ...([this.#net.threadOf(id), "handover", "take", id, threads.own] as const),
      owner.context.handle,
    );
    adopt(owner, link);
  }

  /** Makes a connection of this thread a service's own that a service of another one has. */
  takeBack(owner: SocketOwner, link: StreamLink, from: Forwarder): void {
    const reader = adopt(owner, link);
    reader.expectRest();
    this.#recall(link, from, (rest) => reader.takeRest(rest));
  }

  #recall(link: StreamLink, from: Forwarder, take: (rest: Buffer) => void): void {
    this.#recalls.set(link.id, { thread: from.thread, take });
    from.tell("give");
  }

  #hear(verb: string, id: number, values: readonly unknown[]): void {
    const link = this.#net.linkOf(id);
    if (link instanceof RemoteLink) return this.#hearThere(link, verb, values[0]);
    if (verb === "take") return this.#take(id, values[0] as number, values[1] as number);
    if (verb === "given") {
      const recall = this.#recalls.get(id);
      this.#recalls.delete(id);
      return recall?.take(bufferOf(values[0]));
    }
    // It was given up meanwhile: there is nothing to give.
    if (verb === "give") return this.#giveBack(id, Buffer.alloc(0));
    if (!(link instanceof StreamLink) || !(link.consumer instanceof Forwarder)) return;
    if (verb === "took") link.consumer.took(values[0] as number);
    else if (verb === "own") link.owner = values[0] as number;
  }

  /** What the thread of the socket says to the one that has the connection. */
  #hearThere(link: RemoteLink, verb: string, value: unknown): void {
    if (verb === "bytes") link.take(value as Uint8Array);
    else if (verb === "end") link.consumer?.takeEnd();
    else if (verb === "gone") link.gone();
    else if (verb === "unsent") link.consumer?.takeWarning(value as number);
    else if (verb === "give") this.#giveBack(link.id, link.giveUp());
  }

  #giveBack(id: number, rest: Buffer): void {
    this.#net.runtime.threads?.tell(this.#net.threadOf(id), "handover", "given", id, rest);
  }

  /** A service of another thread wants a connection. */
  #take(id: number, thread: number, handle: number): void {
    const link = this.#net.linkOf(id);
    const before = link?.consumer;
    const isFree = before instanceof StreamReader || before instanceof Forwarder;
    // A gate's client, a port, or one that is about to come back from a third thread: for the one
    // a caller there is none.
    if (!(link instanceof StreamLink) || !isFree || this.#recalls.has(id)) {
      this.#net.runtime.threads?.tell(thread, "handover", "gone", id);
      return;
    }
    const forwarder = new Forwarder(this.#net, link, thread);
    link.owner = handle;
    if (before instanceof StreamReader) {
      const { isEnded } = before;
      forward(link, forwarder, before.handOver().takeAll(), isEnded);
      return;
    }
    const holding = new Holding();
    link.consumer = holding;
    link.pause();
    this.#recall(link, before, (rest) => {
      forward(link, forwarder, holding.behind(rest), holding.isEnded);
    });
  }

  #mourn(thread: number): void {
    for (const record of this.#net.records()) {
      if (!isLink(record)) continue;
      if (record instanceof RemoteLink) {
        if (this.#net.threadOf(record.id) === thread) record.gone();
      } else if (record.consumer instanceof Forwarder && record.consumer.thread === thread) {
        record.close();
      }
    }
    for (const [id, recall] of this.#recalls) {
      if (recall.thread !== thread) continue;
      this.#recalls.delete(id);
      // What it had not read is lost, so the stream is.
      this.#net.linkOf(id)?.destroy();
      recall.take(Buffer.alloc(0));
    }
  }
}

/** Begins to send on. @param rest - what came before */
function forward(link: StreamLink, forwarder: Forwarder, rest: Buffer, isEnded: boolean): void {
  link.consumer = forwarder;
  link.start();
  link.resume();
  if (rest.length > 0) forwarder.takeChunk(rest);
  if (link.isGone) {
    forwarder.takeClose();
    link.close();
  } else if (isEnded) forwarder.takeEnd();
}

function bufferOf(value: unknown): Buffer {
  const { buffer, byteOffset, length } = value as Uint8Array;
  return Buffer.from(buffer, byteOffset, length);
}
