/**
 * One connection of the load generator: a number of requests in flight, each answer compared with what it has to be.
 *
 * Requests and answers are encoded beforehand, one for each session, so that the generator, which shares the machine with
 * the server, costs little: it compares bytes. Answers may come in any order.
 */

import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Histogram } from "./histogram.ts";

/** What all connections send and expect: frames, by session less one. */
export interface Exchange {
  readonly requests: readonly Buffer[];
  /** What may come: since the last change of the server's code, before it, and so on. */
  readonly answers: readonly (readonly Buffer[])[];
  /** Is shown a packet that was not expected; true: from now on it is, it is what a hot-fix has made of the answer. */
  learn(packet: Uint8Array): boolean;
  /** What the server may send besides. */
  readonly heartbeat: Buffer;
}

const HEADER_BYTES = 2;

/** What to say of a connection that ended before anything came. */
export function explainLoss(why: Error): Error {
  const { code } = why as NodeJS.ErrnoException;
  if (code !== undefined && code !== "ECONNRESET" && code !== "EPIPE") return why;
  return new Error(
    "the server has closed a connection before it was served: it may take no more clients (its log says so). " +
      "Let more in: npm start -- --set maxclient=20000",
  );
}

/** One connection. */
export class LoadConnection {
  /** Answers that came while {@link LoadConnection.histogram} was set. */
  answers = 0;
  /** Takes the times of requests; undefined: they are not counted. */
  histogram: Histogram | undefined = undefined;
  /** Requests go on after each answer. */
  isPlaying = false;
  readonly #socket: Socket;
  readonly #exchange: Exchange;
  /** Sessions less one that wait for their answer, the oldest first, and since when. */
  #open: number[] = [];
  readonly #sentMs: Float64Array;
  #rest: Buffer | undefined = undefined;
  #onGreeted: (() => void) | undefined = undefined;
  /** Something came. */
  #isServed = false;
  readonly #fail: (why: Error) => void;

  constructor(socket: Socket, exchange: Exchange, fail: (why: Error) => void) {
    this.#socket = socket;
    this.#exchange = exchange;
    this.#fail = fail;
    this.#sentMs = new Float64Array(exchange.requests.length);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#lose(error));
    socket.on("close", () => this.#lose(new Error("Server closed")));
  }

  #lose(why: Error): void {
    this.#fail(this.#isServed ? why : explainLoss(why));
  }

  /** Asks once, and resolves to the answer: then a service serves the connection. */
  greet(): Promise<void> {
    const { requests } = this.#exchange;
    this.#open = [0];
    this.#socket.write(requests[0] as Buffer);
    return new Promise((resolve) => (this.#onGreeted = resolve));
  }

  /** Sends the first requests. */
  play(): void {
    this.isPlaying = true;
    const { requests } = this.#exchange;
    this.#sentMs.fill(performance.now());
    this.#open = requests.map((_, slot) => slot);
    this.#socket.write(Buffer.concat(requests));
  }

  /** Nothing more is sent, and the end is no error. */
  end(): void {
    this.isPlaying = false;
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  /** Requests that wait for their answer. */
  get pending(): number {
    return this.#open.length;
  }

  #take(chunk: Buffer): void {
    this.#isServed = true;
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    const nowMs = performance.now();
    const again: Buffer[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + HEADER_BYTES + bytes.readUInt16BE(at);
      if (end > bytes.length) break;
      const slot = this.#settle(bytes, at, end);
      at = end;
      if (slot === undefined) continue;
      this.histogram?.add(nowMs - (this.#sentMs[slot] as number));
      if (this.histogram !== undefined) this.answers += 1;
      if (!this.isPlaying) {
        this.#onGreeted?.();
        continue;
      }
      this.#sentMs[slot] = nowMs;
      this.#open.push(slot);
      again.push(this.#exchange.requests[slot] as Buffer);
    }
    if (at < bytes.length) this.#rest = bytes = bytes.subarray(at);
    if (again.length === 1) this.#socket.write(again[0] as Buffer);
    else if (again.length > 1) this.#socket.write(Buffer.concat(again));
  }

  /** Finds whose answer a frame is. @returns undefined if it is a heartbeat. */
  #settle(bytes: Buffer, start: number, end: number): number | undefined {
    const { answers, heartbeat, learn } = this.#exchange;
    const isFrame = (frame: Buffer): boolean =>
      frame.compare(bytes, start, end, 0, frame.length) === 0;
    for (const known of answers) {
      for (let index = 0; index < this.#open.length; index += 1) {
        const slot = this.#open[index] as number;
        if (!isFrame(known[slot] as Buffer)) continue;
        if (index === 0) this.#open.shift();
        else this.#open.splice(index, 1);
        return slot;
      }
    }
    if (isFrame(heartbeat)) return undefined;
    if (learn(bytes.subarray(start + HEADER_BYTES, end))) return this.#settle(bytes, start, end);
    const hex = bytes.toString("hex", start, end);
    this.#fail(new Error(`an answer that was not expected: ${hex}`));
    return undefined;
  }
}

/** Opens a connection, and waits until it is served. */
export async function openConnection(
  place: { readonly host: string; readonly port: number },
  exchange: Exchange,
  fail: (why: Error) => void,
): Promise<LoadConnection> {
  const socket = connect(place);
  const connection = new LoadConnection(socket, exchange, fail);
  await connection.greet();
  return connection;
}
