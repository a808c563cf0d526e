/**
 * A connection over which another node of snax calls this one.
 *
 *     frame -> request -> who is meant, and may be reached -> message to the service -> its answer -> frame
 *
 * It is an outlet of the kernel: requests come from its handle, so answers are written to the link at the moment at which they are
 * given, without a copy between. Requests reach a service in the order in which they came; answers go back as they come. The connection is not read while many bytes of
 * answers wait to be sent (valve.ts), and what a peer may have open is bounded.
 *
 * Hot path (bench: links).
 */

import { LEVEL } from "../../base/log-level.ts";
import { SnaxError } from "../../base/error.ts";
import { CLUSTER_CALLS_MAX } from "../../base/limits.ts";
import { Message } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Service } from "../../kernel/service.ts";
import { toRemoteError } from "../../service/remote-error.ts";
import type { Exposure } from "../hub/exposure.ts";
import { LinkCodec } from "../wire/link-codec.ts";
import type { ConnectionEnd } from "./connection.ts";
import { LinkConnection } from "./connection.ts";
import type { LinkAddress, LinkFrame } from "../wire/link-frame.ts";
import { encodeHandle } from "../wire/link-frame.ts";
import type { Greeting } from "../wire/link-handshake.ts";
import { LinkHandshake } from "../wire/link-handshake.ts";
import type { LinkTerms } from "./sender.ts";
import { downError } from "../hub/node-error.ts";
import { findUnique } from "../hub/unique-query.ts";
import { Valve } from "../hub/valve.ts";
import { describeAddress } from "../wire/wire-error.ts";

/** What becomes of such a connection. */
export interface AgentEvents {
  readonly onReady: (agent: LinkAgent, peer: Greeting) => void;
  readonly onEnd: (agent: LinkAgent, end: ConnectionEnd) => void;
}

/** A connection of another node. */
export class LinkAgent {
  /** Where it comes from, `host:port`. */
  readonly place: string;
  readonly #terms: LinkTerms;
  readonly #exposure: Exposure;
  readonly #connection: LinkConnection;
  readonly #codec: LinkCodec;
  /** What has its handle. */
  readonly #service: Service;
  #peer: Greeting | undefined = undefined;
  #calls = 0;
  /** The session of the last request that was taken: told with the goodbye, so that those behind it may be repeated. */
  #lastTaken = 0;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(
    terms: LinkTerms,
    exposure: Exposure,
    { socket, place }: { socket: number; place: string },
    events: AgentEvents,
  ) {
    const { hub, self, token, portables } = terms;
    this.#terms = terms;
    this.#exposure = exposure;
    this.place = place;
    this.#codec = new LinkCodec(portables);
    const take = (message: Message): void => this.#takeAnswer(message);
    const { kernel } = hub.context.runtime;
    this.#service = kernel.create(`link of ${place}`, () => ({ receive: take, outlet: take }));
    kernel.watch(this.#service.handle, () => this.close("the link was ended by this node"));
    hub.socket.start(socket);
    this.#connection = new LinkConnection({
      ...{ hub, socket, isCaller: false, deadAfterMs: self.deadAfterMs },
      handshake: new LinkHandshake({ side: "listener", self, token }),
      valve: new Valve(hub, socket),
      lastTaken: () => this.#lastTaken,
      onReady: (peer) => {
        this.#peer = peer;
        events.onReady(this, peer);
      },
      onFrame: (frame, body) => this.#take(frame, body),
      onEnd: (end) => {
        events.onEnd(this, end);
        kernel.kill(this.#service);
      },
    });
  }

  /** The node at the other end, once it has shown who it is. */
  get peer(): Greeting | undefined {
    return this.#peer;
  }

  /** Who is at the other end, for people: `game at 10.0.0.4:50312`. */
  get title(): string {
    return this.#peer === undefined ? this.place : `${this.#peer.node} at ${this.place}`;
  }

  /** Requests that are not answered. */
  get calls(): number {
    return this.#calls;
  }

  /** What is known of it, for people. */
  get state(): object {
    return { incarnation: this.#peer?.incarnation, calls: this.#calls };
  }

  /** Begins. */
  begin(): void {
    this.#connection.begin();
  }

  /** Ends the connection. */
  close(why: string): void {
    this.#connection.end({ why }, "told");
  }

  #take(frame: LinkFrame, body: Buffer): void {
    if (frame.kind === "query") {
      this.#lastTaken = frame.session;
      const values = this.#codec.decodeArguments(body, frame.at, undefined);
      if (this.#isDraining) return this.#turnAway(frame.session);
      return this.#query(frame.session, values);
    }
    if (frame.kind !== "request" && frame.kind !== "push") {
      throw new SnaxError("ERR_MALFORMED", "what comes in over a link is requests");
    }
    const session = frame.kind === "push" ? 0 : frame.session;
    if (session !== 0) this.#lastTaken = session;
    const found = this.#exposure.find(frame.address);
    const { kernel } = this.#terms.hub.context.runtime;
    const target = "handle" in found ? kernel.services.get(found.handle) : undefined;
    // Also what reaches no service is decoded: later values are told in its terms.
    const values = this.#codec.decodeArguments(body, frame.at, target);
    if (session !== 0 && this.#isDraining) this.#turnAway(session);
    else if ("handle" in found) this.#deliver(session, frame.address, found.handle, values);
    else if (this.#serve(session, frame.address, values)) return;
    else if (found.why === "forbidden") this.#forbid(session, describeAddress(frame.address));
    else this.#absent(session, frame.address);
  }

  /** What is open is answered; what is asked now another node can do. */
  get #isDraining(): boolean {
    return this.#terms.hub.context.runtime.isDraining;
  }

  #turnAway(session: number): void {
    this.#fail(
      session,
      downError(this.#terms.self.node, "it drains and takes no more calls", false),
    );
  }

  /** Hands a request, or a push if the session is 0, to a service of this node. */
  // oxlint-disable-next-line max-params -- hot path: an options object would be one more for each message
  #deliver(session: number, address: LinkAddress, handle: number, values: unknown[]): void {
    const { kernel } = this.#terms.hub.context.runtime;
    const source = this.#service.handle;
    if (session !== 0 && this.#isFull(session, address)) return;
    if (session !== 0) this.#calls += 1;
    if (kernel.services.get(handle) !== undefined) {
      return kernel.arrive(handle, new Message(PTYPE.lua, source, session, 0, values));
    }
    // On another thread.
    const envelope = { type: PTYPE.lua, method: 0, values };
    try {
      if (kernel.send(source, handle, envelope, session)) return;
    } catch (error) {
      return this.#undelivered(session, address, error as Error);
    }
    const dead = `service ${describeAddress(address)} is dead`;
    this.#undelivered(session, address, new SnaxError("ERR_SERVICE_DEAD", dead));
  }

  /** Does what this node offers the others of its cluster. @returns false if it is nothing of the kind */
  #serve(session: number, address: LinkAddress, values: unknown[]): boolean {
    const peer = this.#peer;
    const offer = typeof address === "string" ? this.#exposure.offers.get(address) : undefined;
    if (offer === undefined || peer === undefined) return false;
    if (session !== 0 && this.#isFull(session, address)) return true;
    if (session !== 0) this.#calls += 1;
    void (async () => await offer(values, peer))().then(
      (result) => {
        if (session === 0) return;
        this.#calls -= 1;
        this.#answer(session, result);
      },
      (error: unknown) => this.#undelivered(session, address, error as Error),
    );
    return true;
  }

  #isFull(session: number, address: LinkAddress): boolean {
    if (this.#calls < CLUSTER_CALLS_MAX) return false;
    this.#terms.hub.refused("too many calls", `${this.title} to ${describeAddress(address)}`);
    const text = `${this.#calls} calls of this link are open, CLUSTER_CALLS_MAX`;
    this.#fail(session, new SnaxError("ERR_EXHAUSTED", text));
    return true;
  }

  #undelivered(session: number, address: LinkAddress, error: Error): void {
    if (session === 0) {
      const why = `${describeAddress(address)}: ${error.message}`;
      return this.#terms.hub.log(`a push of ${this.title} is lost: ${why}`, LEVEL.warn);
    }
    this.#calls -= 1;
    this.#fail(session, error);
  }

  #absent(session: number, address: LinkAddress): void {
    const text = `no service has the name ${describeAddress(address)}`;
    if (session !== 0) this.#fail(session, new SnaxError("ERR_NO_SERVICE", text));
    else this.#terms.hub.log(`a push of ${this.title} is lost: ${text}`, LEVEL.warn);
  }

  /** Takes the answer of a service. @throws if it is not an answer, and a caller waits for one */
  #takeAnswer({ type, session, payload }: Message): void {
    if (type !== PTYPE.response && type !== PTYPE.error) return refuseStranger(this.title, session);
    if (session === 0) return;
    this.#calls -= 1;
    if (type === PTYPE.response) this.#answer(session, payload);
    else this.#fail(session, payload);
  }

  /** Another node asks for the handle of a name, or of a unique service. */
  #query(session: number, [name, type]: readonly unknown[]): void {
    if (type === undefined) {
      const handle = typeof name === "string" ? this.#exposure.handleOf(name) : undefined;
      if (handle !== undefined) return void this.#connection.write(encodeHandle(session, handle));
      const shown = typeof name === "string" ? name.slice(0, 255) : typeof name;
      const text = `no service has registered the name ${shown}`;
      return this.#fail(session, new SnaxError("ERR_NO_SERVICE", text));
    }
    const { hub } = this.#terms;
    const shown = typeof type === "string" ? type.slice(0, 255) : typeof type;
    findUnique(hub, this.#exposure, [name, type]).then(
      (handle) => {
        if (handle !== undefined) this.#connection.write(encodeHandle(session, handle));
        else this.#forbid(session, `the unique service ${shown}`);
      },
      (error: unknown) => this.#fail(session, error),
    );
  }

  #forbid(session: number, what: string): void {
    const { hub } = this.#terms;
    hub.refused("not exposed", `${this.title} asks for ${what}, which is not exposed`);
    const text = `${what} is not exposed to other nodes`;
    if (session !== 0) this.#fail(session, new SnaxError("ERR_FORBIDDEN", text));
  }

  #answer(session: number, result: unknown): void {
    if (!this.#connection.isOpen) return;
    let frame: Uint8Array;
    try {
      frame = this.#codec.encodeAnswer(session, "result", result);
    } catch (error) {
      return this.#fail(session, error);
    }
    this.#connection.write(frame);
  }

  #fail(session: number, error: unknown): void {
    if (!this.#connection.isOpen) return;
    const { handle } = this.#terms.hub.context;
    let frame: Uint8Array;
    try {
      frame = this.#codec.encodeAnswer(session, "error", toRemoteError(error, handle));
    } catch (failure) {
      const why = `the answer can't be sent: ${(failure as Error).message}`;
      frame = this.#codec.encodeAnswer(session, "error", new SnaxError("ERR_NOT_SENDABLE", why));
    }
    this.#connection.write(frame);
  }
}

/** Refuses what is no business of a link; a post has no caller who could be told. */
function refuseStranger(title: string, session: number): void {
  if (session === 0) return;
  throw new SnaxError("ERR_NO_PROTOCOL", `the link of ${title} takes nothing but answers`);
}
