/**
 * The way to another node of snax: the connection that this one has made, and what waits for an answer over it.
 *
 *     message to its handle -> waits while the link is made -> frame -> waits under its session -> answer, or why there is none
 *
 * It is an outlet of the kernel: what services send to its handle is written to the link in their own turn, without a copy between. The
 * values of a message are those for the other node, then the address, and when the caller gives up, in milliseconds since the node
 * began (0 = never): what is late then is not written. Method 1 asks for the handle of a name.
 *
 * The link is made with the first message, or while a service watches the node, and again after it was lost. Messages leave in
 * the order in which they came. Every call ends once: what was written when the link is lost has `sent: true`, what was not has
 * `sent: false`, and so has what the other side says at its goodbye it has not taken. Answers come over the connection that their request went over, or not at all, so none of an earlier process
 * reaches a service.
 *
 * Hot path (bench: links).
 */

import type { ConnectionOptions as TlsOptions } from "node:tls";
import { LEVEL } from "../../base/log-level.ts";
import { copyArguments } from "../../base/copy.ts";
import { SnaxError } from "../../base/error.ts";
import { CLUSTER_UNSENT_MAX, LINK_FRAME_MAX, LINK_QUEUE_MAX } from "../../base/limits.ts";
import { Message } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Service } from "../../kernel/service.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import { netOf } from "../../net/net-table.ts";
import type { PortableTable } from "../../wire/codec-portable.ts";
import type { Hub } from "../hub/hub.ts";
import type { Incarnations } from "../hub/incarnations.ts";
import { readReference, referenceTo } from "../hub/incarnations.ts";
import { LinkCodec } from "../wire/link-codec.ts";
import type { ConnectionEnd } from "./connection.ts";
import { LinkConnection } from "./connection.ts";
import type { LinkChange } from "./event.ts";
import type { LinkFrame } from "../wire/link-frame.ts";
import { isLater, LINK_SESSION_MAX } from "../wire/link-frame.ts";
import type { Greeting } from "../wire/link-handshake.ts";
import { LinkHandshake } from "../wire/link-handshake.ts";
import { downError, unknownError, unreachableError } from "../hub/node-error.ts";

/** The method of a message that asks for a handle. */
const LINK_QUERY = 1;

/** What the links of a node have in common. */
export interface LinkTerms {
  readonly hub: Hub;
  readonly self: Greeting;
  readonly token: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly incarnations: Incarnations;
  readonly portables: PortableTable;
}

/** The way to one node. */
export class LinkSender {
  readonly node: string;
  readonly #terms: LinkTerms;
  readonly #onChange: (change: LinkChange) => void;
  /** What has its handle. */
  readonly #service: Service;
  /** Where it takes links, `host:port`; "" = nowhere, undefined = it is not there. */
  #place: string | undefined;
  #connection: LinkConnection | undefined = undefined;
  #codec: LinkCodec;
  #peer: Greeting | undefined = undefined;
  #epoch = 0;
  #isConnecting = false;
  /** Messages that wait for the link. */
  #queue: Message[] = [];
  readonly #waiting = new Map<number, Message>();
  #session = 0;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(
    terms: LinkTerms,
    node: string,
    place: string,
    onChange: (change: LinkChange) => void,
  ) {
    this.#terms = terms;
    this.node = node;
    this.#place = place;
    this.#onChange = onChange;
    this.#codec = new LinkCodec(terms.portables);
    const take = (message: Message): void => this.#take(message);
    const { kernel } = terms.hub.context.runtime;
    this.#service = kernel.create(`link to ${node}`, () => ({ receive: take, outlet: take }));
    kernel.watch(this.#service.handle, () => this.#end("its link was ended by this node"));
  }

  /** What services send to. */
  get handle(): number {
    return this.#service.handle;
  }

  /** The incarnation at the other end, while the link is there. */
  get incarnation(): string | undefined {
    return this.#peer?.incarnation;
  }

  /** Where it takes links, `host:port`; undefined if it is not there. */
  get place(): string | undefined {
    return this.#place;
  }

  /** Says where it takes links from now on; undefined = it is not there. A link that is there stays. */
  moveTo(place: string | undefined): void {
    this.#place = place;
  }

  /** What is known of it, for people. */
  get state(): object {
    return {
      place: this.place,
      state: this.#peer === undefined ? (this.#isConnecting ? "connecting" : "down") : "up",
      incarnation: this.#peer?.incarnation,
      calls: this.#waiting.size,
      queued: this.#queue.length,
    };
  }

  /** Makes the link, if it is not there or on its way. */
  connect(): void {
    if (this.#isConnecting || this.#connection !== undefined || !this.#service.isAlive) return;
    this.#isConnecting = true;
    void this.#connect();
  }

  /** Lets go of the link and of the handle: calls that wait fail. */
  close(): void {
    this.#terms.hub.context.runtime.kernel.kill(this.#service);
  }

  /** Another process of that name has shown who it is: the one that this link leads to is gone. */
  meet(incarnation: string): void {
    if (this.#peer === undefined || this.#peer.incarnation === incarnation) return;
    this.#connection?.end({ why: "it was started anew" }, "cut");
  }

  /** Takes a message of a service. @throws what the service is told */
  #take(message: Message): void {
    const { type, session } = message;
    if (type !== PTYPE.harbor) {
      const isAnswer = type === PTYPE.response || type === PTYPE.error;
      if (isAnswer || session === 0) return;
      throw new SnaxError("ERR_NO_PROTOCOL", `the link to ${this.node} is used by cluster alone`);
    }
    try {
      if (this.#connection?.isOpen === true && this.#peer !== undefined) this.#write(message);
      else this.#keep(message);
    } catch (error) {
      const { data } = error as { data?: { sent?: boolean } };
      // The sender of what is not answered is told of its own mistakes, not of the link's.
      if (message.session !== 0 || data?.sent === undefined) throw error;
      this.#refuse(message, error as Error);
    }
  }

  /** Keeps a message until the link is there; its values become its own. */
  #keep({ type, source, session, method, payload }: Message): void {
    if (this.#place === undefined) throw unknownError(this.node);
    if (this.#queue.length >= LINK_QUEUE_MAX) {
      const text = `${this.#queue.length} messages wait for the link to ${this.node}, LINK_QUEUE_MAX`;
      throw notSent(this.node, text);
    }
    const values = copyArguments(payload as unknown[], this.#service);
    this.#queue.push(new Message(type, source, session, method, values));
    this.connect();
  }

  async #connect(): Promise<void> {
    const { hub, self, token, tls } = this.#terms;
    let socket: number;
    try {
      const { host, port } = this.#endpoint();
      const secure = tls === undefined ? {} : { tls };
      socket = await hub.socket.open({ host, port, deadlineMs: self.deadAfterMs, ...secure });
    } catch (error) {
      return this.#fail((error as Error).message, error as Error);
    }
    const link = netOf(hub.context.runtime).linkOf(socket);
    // One frame more than what is refused: the connection is not cut for what was taken.
    if (link !== undefined) link.writeLimitBytes = CLUSTER_UNSENT_MAX + 2 * LINK_FRAME_MAX;
    const handshake = new LinkHandshake({ side: "caller", self, token, wanted: this.node });
    const connection = new LinkConnection({
      ...{ hub, socket, handshake, isCaller: true, deadAfterMs: self.deadAfterMs },
      onReady: (peer) => this.#begin(peer),
      onFrame: (frame, body) => this.#takeAnswer(frame, body),
      onEnd: (end) => this.#lost(end),
    });
    this.#connection = connection;
    connection.begin();
  }

  #endpoint(): Endpoint {
    const endpoint = this.#place === undefined ? undefined : parseEndpoint(this.#place);
    if (endpoint !== undefined) return endpoint;
    const why = this.#place === undefined ? "it has left" : "it takes no links";
    throw new SnaxError("ERR_CONNECT", why);
  }

  #begin(peer: Greeting): void {
    const { incarnations, portables } = this.#terms;
    this.#epoch = incarnations.epochOf(this.node, peer.incarnation);
    this.#codec = new LinkCodec(portables);
    this.#peer = peer;
    this.#isConnecting = false;
    this.#onChange({ state: "up", incarnation: peer.incarnation, reason: undefined });
    for (const message of this.#queue.splice(0)) {
      try {
        this.#take(message);
      } catch (error) {
        this.#refuse(message, error as Error);
      }
    }
  }

  #lost(end: ConnectionEnd): void {
    const peer = this.#peer;
    this.#connection = this.#peer = undefined;
    if (end.reason !== undefined) this.#terms.hub.count(end.reason);
    if (peer === undefined) return this.#fail(end.why);
    this.#giveUp(end.why, end.lastTaken);
    this.#onChange({ state: "down", incarnation: peer.incarnation, reason: end.why });
    if (this.#queue.length > 0) this.connect();
  }

  /**
   * The calls that have left and were not answered fail.
   *
   * @param lastTaken - the session of the last one that the other side has taken, if it has said so; 0 = none.
   */
  #giveUp(why: string, lastTaken?: number): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [session, message] of waiting) {
      const isTaken = lastTaken === undefined || (lastTaken > 0 && !isLater(session, lastTaken));
      this.#refuse(message, downError(this.node, why, isTaken));
    }
  }

  /** It can't be reached: what waits for the link fails, and the next message tries again. */
  #fail(why: string, cause?: Error): void {
    this.#isConnecting = false;
    const early = this.#queue.splice(0);
    for (const message of early) this.#refuse(message, unreachableError(this.node, why, cause));
    const reason = `it can't be reached: ${why}`;
    this.#onChange({ state: "down", incarnation: undefined, reason });
  }

  /** The handle is gone, and with it all who wait. */
  #end(why: string): void {
    this.#giveUp(why);
    const early = this.#queue.splice(0);
    for (const message of early) this.#refuse(message, downError(this.node, why, false));
    this.#connection?.end({ why }, "told");
  }

  #refuse(message: Message, error: Error): void {
    const { kernel } = this.#terms.hub.context.runtime;
    if (message.session !== 0) kernel.pass(this.handle, PTYPE.error, message, error);
    else this.#terms.hub.log(`a push to ${this.node} is lost: ${error.message}`, LEVEL.warn);
  }

  #write(message: Message): void {
    const values = message.payload as unknown[];
    const until = values.at(-1) as number;
    // What its caller has forgotten must not run.
    if (until > 0 && until <= this.#terms.hub.context.runtime.sinceStartMs) return;
    const connection = this.#connection as LinkConnection;
    const { unsentBytes } = connection;
    if (unsentBytes > CLUSTER_UNSENT_MAX) {
      const text = `${unsentBytes} bytes wait to be sent to ${this.node}, CLUSTER_UNSENT_MAX`;
      throw notSent(this.node, text);
    }
    const session = message.session === 0 ? 0 : this.#nextSession();
    values.pop();
    const address = values.pop();
    if (!connection.write(this.#encode(message.method, session, address, values))) {
      // It is about to end; the message leaves over the next one.
      values.push(address, until);
      return this.#keep(message);
    }
    if (session !== 0) this.#waiting.set(session, message);
  }

  // oxlint-disable-next-line max-params -- hot path: an options object would be one more for each message
  #encode(
    method: number,
    session: number,
    address: unknown,
    values: readonly unknown[],
  ): Uint8Array {
    if (method === LINK_QUERY) return this.#codec.encodeQuery(session, values);
    if (typeof address === "string") return this.#codec.encodeRequest(session, address, values);
    const { epoch, handle } = readReference(Number(address));
    if (epoch === this.#epoch) return this.#codec.encodeRequest(session, handle, values);
    const why = "it was started anew, and the handle is of an earlier process";
    throw downError(this.node, why, false);
  }

  #nextSession(): number {
    do this.#session = this.#session >= LINK_SESSION_MAX ? 1 : this.#session + 1;
    while (this.#waiting.has(this.#session));
    return this.#session;
  }

  #takeAnswer(frame: LinkFrame, body: Buffer): void {
    if (frame.kind !== "result" && frame.kind !== "error" && frame.kind !== "handle") {
      throw new SnaxError("ERR_MALFORMED", "what comes back over a link is answers");
    }
    const { kernel } = this.#terms.hub.context.runtime;
    const { session } = frame;
    const message = this.#waiting.get(session);
    const caller = message && kernel.services.get(message.source);
    // Also what is not awaited any more is decoded: later values are told in its terms.
    const value =
      frame.kind === "handle"
        ? referenceTo(this.#epoch, frame.handle)
        : this.#codec.decodeValue(body, frame.at, caller);
    if (message === undefined) return;
    // Not before its answer could be read: else it fails with the link.
    this.#waiting.delete(session);
    if (frame.kind !== "error") kernel.pass(this.handle, PTYPE.response, message, value);
    else kernel.pass(this.handle, PTYPE.error, message, farError(value, this.node));
  }
}

/** An error of another node says where it arose: `db :0000000a`. */
function farError(value: unknown, node: string): Error {
  if (!(value instanceof Error)) {
    return new SnaxError("ERR_REMOTE", `${node} answered with an error that can't be read`);
  }
  const { remote } = value as { remote?: unknown };
  const where = typeof remote === "string" ? `${node} ${remote}` : node;
  const fixed = { enumerable: true, writable: true, configurable: true };
  Object.defineProperty(value, "remote", { value: where, ...fixed });
  const stack = typeof value.stack === "string" ? value.stack : value.message;
  Object.defineProperty(value, "stack", {
    ...{ value: `${stack}\n    at node ${node}`, ...fixed },
    enumerable: false,
  });
  return value;
}

function notSent(node: string, text: string): SnaxError {
  return new SnaxError("ERR_EXHAUSTED", `${text}; the request was not sent`, {
    data: { node, sent: false },
  });
}
