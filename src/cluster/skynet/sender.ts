/**
 * The connection over which a node calls another one: skynet's clustersender.
 *
 *     Order -> queue while it is being connected -> frames -> waits under its session -> answer, or why there is none
 *
 * It is made with the first order, and again with the first one after it was lost. Orders go out in the order in which they came;
 * an answer ends the order of its session, and an answer without a waiting caller is dropped. Sessions count over all connections, as in skynet.
 */

import { FrameSplitter, FRAME_SIZE_MAX } from "../../wire/frame-splitter.ts";
import type { Hub } from "../hub/hub.ts";
import { downError, unreachableError } from "../hub/node-error.ts";
import type { Order } from "../wire/order.ts";
import type { AnswerFrame } from "../wire/skynet-frame.ts";
import { decodeAnswer, encodeRequest, encodeTrace, isMultipart } from "../wire/skynet-frame.ts";
import { Transfers } from "../wire/transfers.ts";
import { errorOf } from "../wire/wire-error.ts";

const SESSION_MAX = 0x7fffffff;

/** The way to one node. */
export class SkynetSender {
  readonly node: string;
  readonly #hub: Hub;
  #place: string;
  /** The connection; undefined while there is none. */
  #socket: number | undefined = undefined;
  #isConnecting = false;
  /** Counts the places, so that a connection to an earlier one is let go. */
  #epoch = 0;
  #queue: Order[] = [];
  readonly #waiting = new Map<number, Order>();
  #transfers = new Transfers<undefined>();
  #session = 1;

  constructor(hub: Hub, node: string, place: string) {
    this.#hub = hub;
    this.node = node;
    this.#place = place;
  }

  /** What is known of it, for people. */
  get state(): { place: string; isConnected: boolean; calls: number; queued: number } {
    return {
      place: this.#place,
      isConnected: this.#socket !== undefined,
      calls: this.#waiting.size,
      queued: this.#queue.length,
    };
  }

  /** Carries an order out. */
  take(order: Order): void {
    const socket = this.#socket;
    if (socket !== undefined && this.#write(socket, order)) return;
    this.#queue.push(order);
    if (!this.#isConnecting) void this.#connect();
  }

  /** Goes to another place from now on: calls that wait fail, what was not sent goes there. */
  move(place: string): void {
    if (place === this.#place) return;
    this.#place = place;
    this.#leave(`the address of ${this.node} is ${place} now`);
    if (this.#queue.length > 0) void this.#connect();
  }

  /** Lets go of the connection: all orders fail. */
  close(why: string): void {
    this.#leave(why);
    for (const order of this.#queue.splice(0)) order.reject(downError(this.node, why, false));
  }

  #leave(why: string): void {
    this.#epoch += 1;
    this.#isConnecting = false;
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#lose(why);
    this.#hub.socket.shutdown(socket);
  }

  async #connect(): Promise<void> {
    const { socket, log } = this.#hub;
    const epoch = this.#epoch;
    const place = this.#place;
    this.#isConnecting = true;
    let id: number;
    try {
      id = await socket.open(place);
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#isConnecting = false;
      log(`${this.node} can't be reached: ${(error as Error).message}`);
      const failure = unreachableError(this.node, (error as Error).message, error as Error);
      for (const order of this.#queue.splice(0)) order.reject(failure);
      return;
    }
    if (epoch !== this.#epoch) return socket.shutdown(id);
    this.#isConnecting = false;
    this.#socket = id;
    const queue = this.#queue;
    this.#queue = [];
    for (const order of queue) this.take(order);
    await this.#read(id);
  }

  /** Writes an order; false if the connection does not take it any more. */
  #write(socket: number, order: Order): boolean {
    if (order.isLate()) order.giveUp();
    if (order.isOver) return true;
    const { address, payload, isPush, tag } = order.wish;
    const session = this.#session;
    let bytes: Buffer;
    try {
      bytes = encodeRequest(address, session, payload, isPush);
    } catch (error) {
      order.reject(error as Error);
      return true;
    }
    if (!isPush || isMultipart(payload)) this.#session = session >= SESSION_MAX ? 1 : session + 1;
    const pieces = tag === undefined || isPush ? bytes : [this.#traced(tag), bytes];
    if (!this.#hub.socket.write(socket, pieces)) return false;
    if (isPush) order.resolve(bytes.subarray(0, 0));
    else {
      this.#waiting.set(session, order);
      order.onOver = chain(order.onOver, () => this.#waiting.delete(session));
    }
    return true;
  }

  /** As skynet: a tag that has come through no node yet says the way; its session is the request's plus one. */
  #traced(tag: string): Buffer {
    const { nodeName } = this.#hub;
    const isOnItsWay = tag.startsWith("(");
    return encodeTrace(isOnItsWay ? tag : `(${nodeName}-${this.node}-${this.#session})${tag}`);
  }

  async #read(id: number): Promise<void> {
    const splitter = new FrameSplitter(2, FRAME_SIZE_MAX[2]);
    for (;;) {
      const chunk = await this.#hub.socket.read(id).catch(() => undefined);
      // The caller has let go of it meanwhile.
      if (this.#socket !== id) return;
      if (chunk === undefined) {
        this.#lose("the connection was lost");
        return void this.#hub.socket.close(id);
      }
      splitter.push(chunk);
      const fault = this.#takeFrames(splitter);
      if (fault === undefined) continue;
      this.#hub.refused(fault, `${this.node} (${this.#place}) answers with what can't be read`);
      this.#lose(`it answered with what can't be read: ${fault}`);
      return this.#hub.socket.shutdown(id);
    }
  }

  /** @returns what is wrong with the next frame; undefined if all that came was taken */
  #takeFrames(splitter: FrameSplitter): string | undefined {
    try {
      for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
        this.#takeAnswer(decodeAnswer(body));
      }
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #takeAnswer(frame: AnswerFrame): void {
    const { kind, session } = frame;
    const order = this.#waiting.get(session);
    // A call that was given up may still be answered; answers to pushes have session 0.
    if (order === undefined) return this.#transfers.drop(session);
    if (kind === "begin") return this.#transfers.begin(session, frame.total, undefined);
    const { payload } = frame;
    if (kind === "part" || kind === "last") {
      if (this.#transfers.has(session)) return this.#takePart(order, session, frame);
      // As in skynet: an end without a beginning is the whole answer.
      if (kind === "last") order.resolve(payload);
      return;
    }
    this.#transfers.drop(session);
    if (kind === "ok") order.resolve(payload);
    else order.reject(errorOf(payload.toString(), this.node, order.wish.address));
  }

  #takePart(order: Order, session: number, frame: { kind: string; payload: Buffer }): void {
    const arrived = this.#transfers.add(session, frame.payload, frame.kind === "last");
    if (arrived === undefined) return;
    if (arrived.payload !== undefined) return order.resolve(arrived.payload);
    // Skynet's caller would get an empty answer here.
    const text = `ERR_MALFORMED: the answer does not have the size that it announced`;
    order.reject(errorOf(text, this.node, order.wish.address));
  }

  #lose(why: string): void {
    this.#socket = undefined;
    this.#transfers = new Transfers();
    const orders = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const order of orders) order.reject(downError(this.node, why, true));
  }
}

function chain(first: (() => void) | undefined, second: () => void): () => void {
  return () => {
    first?.();
    second();
  };
}
