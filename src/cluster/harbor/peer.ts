/**
 * The way to one other harbor: what waits for its connection, what waits for its answers, and what it waits for.
 *
 *     message out -> packet -> waits while the harbor is not connected -> written
 *     packet in   -> may it reach that service? -> message in the name of its sender -> the answer goes out as any other message
 *
 * Every call ends once: when the harbor is down all that wait fail with ERR_NODE_DOWN, and later ones at once. A harbor that is down
 * stays down, as in skynet, where its id can't come back.
 */

import { copyResult } from "../../base/copy.ts";
import { SnaxError } from "../../base/error.ts";
import { CLUSTER_CALLS_MAX, CLUSTER_UNSENT_MAX, LINK_QUEUE_MAX } from "../../base/limits.ts";
import { formatAddress, harborOf, INDEX_MASK } from "../../kernel/service.ts";
import type { Message } from "../../kernel/message.ts";
import { REPLY } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { netOf } from "../../net/net-table.ts";
import { Values } from "../../service/values.ts";
import { FrameSplitter } from "../../wire/frame-splitter.ts";
import { decodeSeri, encodeSeri } from "../../wire/lua-seri.ts";
import type { HarborPacket } from "../wire/harbor-packet.ts";
import { decodePacket, encodePacket, PACKET_BYTES_MAX } from "../wire/harbor-packet.ts";
import type { Hub } from "../hub/hub.ts";
import { downError } from "../hub/node-error.ts";

/** What the ways to all harbors have in common. */
export interface PeerTerms {
  readonly hub: Hub;
  /** This node's id. */
  readonly own: number;
  /** Says whether other harbors reach a service of this node. */
  readonly isReachable: (handle: number) => boolean;
  /** Hears that a harbor is connected, or is down. */
  readonly onChange: (peer: HarborPeer) => void;
}

/** A packet that waits for the connection. */
interface Early {
  readonly bytes: Buffer;
  readonly message: Message;
}

/** A call of the other harbor that is not answered. */
interface Unanswered {
  readonly target: number;
  readonly source: number;
  readonly session: number;
}

const NO_BYTES = new Uint8Array();

/** The way to one harbor. */
export class HarborPeer {
  readonly id: number;
  /** "awaited" until it has been connected; "down" for ever. */
  state: "awaited" | "up" | "down" = "awaited";
  readonly #terms: PeerTerms;
  #socket = 0;
  #link: { readonly unsentBytes: number } | undefined = undefined;
  #place = "";
  #why = "";
  #queue: Early[] = [];
  /** Calls of this node that wait, by the caller's handle and session. */
  readonly #calls = new Map<string, Message>();
  /** Calls of the other harbor that are not answered, by the same. */
  readonly #theirs = new Map<string, Unanswered>();

  constructor(terms: PeerTerms, id: number) {
    this.#terms = terms;
    this.id = id;
  }

  /** What is known of it, for people. */
  get information(): object {
    const { state } = this;
    const counts = { calls: this.#calls.size, theirs: this.#theirs.size };
    return { state, place: this.#place, ...counts, queued: this.#queue.length };
  }

  /**
   * Takes a message to a service of that harbor.
   *
   * @returns false if no service will get it.
   * @throws what the sender is told.
   */
  take(handle: number, message: Message): boolean {
    const { type, source, session } = message;
    const isAnswer = type === PTYPE.response || type === PTYPE.error;
    const key = keyOf(isAnswer ? handle : source, session);
    // What was asked over a connection that is gone, or was never asked.
    if (isAnswer && !this.#theirs.has(key)) return false;
    if (!isAnswer) this.#check(message);
    if (this.state === "down") return this.#drop(handle, message);
    const payload = payloadOf(message);
    const bytes = encodePacket({ source, type, index: handle & INDEX_MASK, session, payload });
    if (isAnswer) this.#theirs.delete(key);
    else this.#checkRoom();
    if (this.state === "awaited") this.#queue.push({ bytes, message });
    else this.#write(bytes, message);
    return true;
  }

  /** Begins: the connection is there, and both sides have said who they are. @param rest - what has come behind the id */
  begin(socket: number, place: string, rest: Buffer): void {
    const { hub, onChange } = this.#terms;
    this.#socket = socket;
    this.#place = place;
    this.state = "up";
    const link = netOf(hub.context.runtime).linkOf(socket);
    this.#link = link;
    // One packet more than what is refused: the connection is not cut for what was taken.
    if (link !== undefined) link.writeLimitBytes = CLUSTER_UNSENT_MAX + 2 * PACKET_BYTES_MAX;
    for (const { bytes, message } of this.#queue.splice(0)) this.#write(bytes, message);
    onChange(this);
    void this.#read(rest);
  }

  /** The harbor is gone: all that wait for it fail. */
  end(why: string): void {
    if (this.state === "down") return;
    this.state = "down";
    this.#why = why;
    const { hub } = this.#terms;
    // The sockets of a service end with it.
    if (this.#socket !== 0 && hub.context.service.isAlive) hub.socket.shutdown(this.#socket);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#theirs.clear();
    for (const message of calls) this.#fail(message, this.#downError(true));
    for (const { message } of this.#queue.splice(0)) this.#fail(message, this.#downError(false));
    this.#terms.onChange(this);
  }

  /** A thread of this node has died: what its services owed the other harbor comes no more. */
  mourn(): void {
    const { kernel } = this.#terms.hub.context.runtime;
    for (const [key, { target, source, session }] of this.#theirs) {
      if (kernel.lives(target)) continue;
      this.#theirs.delete(key);
      this.#answerError(target, source, session);
    }
  }

  #check({ type, source, session }: Message): void {
    if (type !== PTYPE.lua) {
      const text = "a service of another harbor takes messages of type lua alone";
      throw new SnaxError("ERR_NO_PROTOCOL", `${text}, not ${type}`);
    }
    if (harborOf(source) === this.#terms.own || session === 0) return;
    const text = `a request of another harbor can't be passed on to harbor ${this.id}`;
    throw new SnaxError("ERR_ARGUMENT", text);
  }

  #checkRoom(): void {
    const unsent = this.#link?.unsentBytes ?? 0;
    const text =
      this.#queue.length >= LINK_QUEUE_MAX
        ? `${this.#queue.length} messages wait for harbor ${this.id}, LINK_QUEUE_MAX`
        : `${unsent} bytes wait to be sent to harbor ${this.id}, CLUSTER_UNSENT_MAX`;
    if (this.#queue.length < LINK_QUEUE_MAX && unsent <= CLUSTER_UNSENT_MAX) return;
    const data = { node: `harbor ${this.id}`, sent: false };
    throw new SnaxError("ERR_EXHAUSTED", `${text}; the message was not sent`, { data });
  }

  /** As skynet, which says so; a call is told besides. */
  #drop(handle: number, message: Message): boolean {
    const { type, source, session } = message;
    if (type === PTYPE.response || type === PTYPE.error) return false;
    const way = `from ${source.toString(16)} to ${handle.toString(16)}`;
    this.#terms.hub.log(`Drop message to harbor ${this.id} ${way} (session = ${session})`);
    if (isCall(message)) throw this.#downError(false);
    return false;
  }

  #write(bytes: Buffer, message: Message): void {
    const isWritten = this.#terms.hub.socket.write(this.#socket, bytes);
    if (!isCall(message)) return;
    if (isWritten) this.#calls.set(keyOf(message.source, message.session), message);
    // The connection has ended, and that was not told yet.
    else this.#fail(message, this.#downError(false));
  }

  async #read(rest: Buffer): Promise<void> {
    const { hub } = this.#terms;
    const splitter = new FrameSplitter(4, PACKET_BYTES_MAX);
    for (let chunk: Buffer | undefined = rest; chunk !== undefined;) {
      splitter.push(chunk);
      const fault = this.#takeAll(splitter);
      if (fault !== undefined) {
        hub.refused(fault, `harbor ${this.id} is cut off`);
        return this.end(`it sent what can't be read: ${fault}`);
      }
      chunk = await hub.socket.read(this.#socket).catch(() => undefined);
      if (this.state === "down") return;
    }
    this.end("the connection was lost");
  }

  /** @returns what is wrong with what came; undefined if nothing is */
  #takeAll(splitter: FrameSplitter): string | undefined {
    try {
      for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
        this.#hear(decodePacket(body));
      }
    } catch (error) {
      return (error as Error).message;
    }
    return splitter.fault === undefined ? undefined : "packet too long";
  }

  #hear(packet: HarborPacket): void {
    const { type, source, index, session } = packet;
    const { own, isReachable, hub } = this.#terms;
    const target = ((own << 24) | index) >>> 0;
    if (harborOf(source) !== this.id) {
      return hub.refused("wrong sender", `harbor ${this.id} speaks for ${formatAddress(source)}`);
    }
    if (type === PTYPE.response || type === PTYPE.error) return this.#settle(target, packet);
    // The tag of a trace: nothing is traced over harbors.
    if (type === PTYPE.trace) return;
    const what = `${formatAddress(source)} asks for ${formatAddress(target)}`;
    if (type !== PTYPE.lua) {
      hub.refused("wrong type", `${what} with a message of type ${type}, which no harbor may send`);
    } else if (!isReachable(target)) {
      hub.refused("not exposed", `${what}, which is not exposed`);
    } else if (session !== 0 && this.#theirs.size >= CLUSTER_CALLS_MAX) {
      hub.refused("too many calls", what);
    } else if (this.#deliver(target, packet)) return;
    this.#answerError(target, source, session);
  }

  /** @returns false if it did not reach a service */
  #deliver(target: number, { source, session, payload }: HarborPacket): boolean {
    const { hub } = this.#terms;
    const { kernel } = hub.context.runtime;
    const key = keyOf(source, session);
    try {
      const values = decodeSeri(payload);
      if (session !== 0) this.#theirs.set(key, { target, source, session });
      if (kernel.send(source, target, { type: PTYPE.lua, method: 0, values }, session)) return true;
      const way = `${target.toString(16)} from ${source.toString(16)}`;
      hub.log(`Unknown destination :${way} type(${PTYPE.lua})`);
    } catch (error) {
      hub.refused("not delivered", `${formatAddress(source)}: ${(error as Error).message}`);
    }
    this.#theirs.delete(key);
    return false;
  }

  /** An error has no words on this wire. Also to what is not awaited, as in skynet. */
  #answerError(target: number, source: number, session: number): void {
    const index = source & INDEX_MASK;
    const packet = { source: target, type: PTYPE.error, index, session, payload: NO_BYTES };
    this.#terms.hub.socket.write(this.#socket, encodePacket(packet));
  }

  /** Hands an answer to the service that waits for it. */
  #settle(target: number, { type, source, session, payload }: HarborPacket): void {
    const key = keyOf(target, session);
    const message = this.#calls.get(key);
    if (message === undefined) return;
    this.#calls.delete(key);
    const { kernel } = this.#terms.hub.context.runtime;
    if (type === PTYPE.error) return this.#fail(message, remoteError(source, "call failed"));
    try {
      const values = decodeSeri(payload);
      const caller = kernel.services.get(target);
      const several = new Values(values);
      const value =
        values.length < 2
          ? values[0]
          : caller === undefined
            ? several
            : copyResult(several, caller);
      kernel.pass(source, PTYPE.response, message, value);
    } catch (error) {
      const text = `the answer can't be read: ${(error as Error).message}`;
      this.#fail(message, remoteError(source, text));
    }
  }

  #fail(message: Message, error: Error): void {
    const { kernel } = this.#terms.hub.context.runtime;
    if (isCall(message)) kernel.pass(this.#terms.own << 24, PTYPE.error, message, error);
  }

  #downError(isSent: boolean): SnaxError {
    return downError(`harbor ${this.id}`, this.#why, isSent);
  }
}

function keyOf(handle: number, session: number): string {
  return `${handle} ${session}`;
}

/** A caller waits for an answer. */
function isCall({ type, session, reply }: Message): boolean {
  return type === PTYPE.lua && session !== 0 && reply !== REPLY.none;
}

function payloadOf({ type, payload }: Message): Uint8Array {
  if (type === PTYPE.error) return NO_BYTES;
  if (type === PTYPE.lua) return encodeSeri(payload as unknown[]);
  if (payload instanceof Values) return encodeSeri(payload.values);
  return payload === undefined ? NO_BYTES : encodeSeri([payload]);
}

function remoteError(source: number, text: string): SnaxError {
  const data = { node: `harbor ${harborOf(source)}`, address: source, isRemote: true };
  return new SnaxError("ERR_REMOTE", `${formatAddress(source)} of another harbor: ${text}`, {
    data,
  });
}
