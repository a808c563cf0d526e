/**
 * The client of the example, over any connection that carries packets: TCP (tcp.ts), web sockets (web.ts).
 *
 *     request("get", { what: "hello" })  -- session 3 -->           the promise settles when the answer comes
 *                                        <-- session 3, result --
 *                                        <-- heartbeat --           onRequest("heartbeat")
 *
 * A promise ends in any case: with the answer, or with an error when the connection does.
 */

import type { Host, ProtocolName, RequestOf, Requester, ResponseOf, Sproto } from "snax/sproto";
import type { C2s } from "../proto/c2s.ts";
import type { S2c } from "../proto/s2c.ts";

/** A connection that carries packets. */
export interface Transport {
  /** Sends a packet, framed as the connection frames. */
  send(packet: Uint8Array): void;
  /** Ends the connection when all is sent. */
  close(): void;
  /** Is told of each packet that comes. Set by the client. */
  onPacket: (packet: Uint8Array) => void;
  /** Is told once that the connection has ended. Set by the client. */
  onClose: (why: Error) => void;
}

/** The schemas of both directions. */
export interface Schemas {
  readonly c2s: Sproto<C2s>;
  readonly s2c: Sproto<S2c>;
}

interface Waiting {
  readonly resolve: (args: unknown) => void;
  readonly reject: (why: Error) => void;
}

/** One player's connection. */
export class Client {
  /** Is told what the server asks: "heartbeat". */
  onRequest: (name: ProtocolName<S2c>) => void = () => {};
  /** Is told of each answer, before the promise of its request settles. */
  onResponse: (session: number, args: unknown) => void = () => {};
  /** Resolves when the connection has ended, with the reason. */
  readonly closed: Promise<Error>;
  /** The session of the last request; they count from 1. */
  session = 0;
  readonly #transport: Transport;
  readonly #host: Host<S2c>;
  readonly #encode: Requester<C2s>;
  readonly #waiting = new Map<number, Waiting>();
  /** Why there is no connection any more. */
  #ended: Error | undefined;

  constructor(transport: Transport, { c2s, s2c }: Schemas) {
    this.#transport = transport;
    this.#host = s2c.host();
    this.#encode = this.#host.attach(c2s);
    transport.onPacket = (packet) => this.#take(packet);
    this.closed = new Promise((resolve) => {
      transport.onClose = (why) => {
        this.#end(why);
        resolve(why);
      };
    });
  }

  /** Asks, and resolves to the answer; undefined if the protocol's answer carries nothing. */
  request<N extends ProtocolName<C2s>>(
    name: N,
    args?: RequestOf<C2s, N>,
  ): Promise<ResponseOf<C2s, N>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const session = (this.session += 1);
    const encode = this.#encode as (name: string, args: unknown, session: number) => Uint8Array;
    this.#transport.send(encode(name, args, session));
    return new Promise((resolve, reject) => {
      this.#waiting.set(session, { resolve: resolve as (args: unknown) => void, reject });
    });
  }

  /** How many requests wait for their answer. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Leaves. */
  close(): void {
    this.#transport.close();
  }

  #take(packet: Uint8Array): void {
    let message;
    try {
      message = this.#host.dispatch(packet);
    } catch (error) {
      // Nothing after it can be trusted.
      this.#end(error as Error);
      return this.#transport.close();
    }
    if (message.type === "REQUEST") return this.onRequest(message.name);
    const { session, args } = message;
    this.onResponse(session, args);
    this.#waiting.get(session)?.resolve(args);
    this.#waiting.delete(session);
  }

  #end(why: Error): void {
    this.#ended ??= why;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
