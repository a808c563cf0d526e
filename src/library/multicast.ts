/**
 * `multicast`: channels that any number of services publish to and listen to.
 *
 *     publish(...) -- PUB --> multicastd -- multicast, channel, values --> each subscriber -- dispatch(channel, source, ...)
 *
 * What one service publishes arrives everywhere in that order. A later subscriber has missed what
 * went before; a service that has unsubscribed gets nothing more, also of what was on its way.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Context } from "../service/context.ts";
import { definePart, requireAlive } from "../service/context.ts";
import { post, request } from "../service/calls.ts";
import { defineApi } from "../service/lazy-api.ts";
import { markOfApi } from "../service/protocol-table.ts";
import { createSkynet } from "../service/skynet.ts";
import type { MulticastApi, MulticastChannel, MulticastOptions } from "./multicast-api.ts";
import type { OnMulticast } from "./multicast-api.ts";

/** Which object of a service gets what is published, by channel. */
const listenersBy = definePart(listen, {
  isOfCode: true,
  // The dispatch of the objects is the old code's, and the server goes on sending.
  lacks: (before, after) => {
    const lost = [...before.values()].find(({ channel }) => after?.has(channel) !== true);
    if (lost === undefined) return undefined;
    return `nothing listens to channel ${lost.channel} with new code: make an object for it and subscribe in reload()`;
  },
  holds: ({ size }) => (size > 0 ? "a channel that it listens to" : undefined),
});

function listen(context: Context): Map<number, Channel> {
  const listeners = new Map<number, Channel>();
  const protocol = markOfApi({
    name: "multicast",
    id: PTYPE.multicast,
    dispatch: (_session, source, channel: number, ...values: never[]) =>
      listeners.get(channel)?.deliver(source, values),
  });
  createSkynet(context).register_protocol(protocol);
  return listeners;
}

class Channel implements MulticastChannel {
  readonly channel: number;
  readonly #context: Context;
  readonly #server: number;
  readonly #dispatch: OnMulticast | undefined;
  #isDeleted = false;

  constructor(context: Context, server: number, channel: number, dispatch?: OnMulticast) {
    this.#context = context;
    this.#server = server;
    this.channel = channel;
    this.#dispatch = dispatch;
  }

  publish(...values: unknown[]): Promise<number> {
    return this.#ask("PUB", values) as Promise<number>;
  }

  async subscribe(): Promise<void> {
    const listeners = listenersBy.of(this.#context);
    if (listeners.get(this.channel) === this) return;
    if (this.#dispatch === undefined) {
      throw new SnaxError("ERR_ARGUMENT", `${this.toString()} has no dispatch to listen with`);
    }
    await this.#ask("SUB", []);
    // Order: what is published next is behind the answer in the mailbox, and this runs before the
    // next message is taken.
    listeners.set(this.channel, this);
  }

  unsubscribe(): void {
    const listeners = listenersBy.of(this.#context);
    if (listeners.get(this.channel) !== this) return;
    listeners.delete(this.channel);
    this.#tell("USUB");
  }

  delete(): void {
    this.#requireThere();
    listenersBy.of(this.#context).delete(this.channel);
    this.#tell("DEL");
    this.#isDeleted = true;
  }

  toString(): string {
    return `[Multicast:${this.channel.toString(16)}]`;
  }

  /** Hands on what was published. */
  deliver(source: number, values: readonly never[]): unknown {
    return this.#dispatch?.(this, source, ...values);
  }

  async #ask(command: string, values: readonly unknown[]): Promise<unknown> {
    this.#requireThere();
    const message = [command, this.channel, ...values];
    return request(this.#context, this.#server, lua(message), Infinity);
  }

  #tell(command: string): void {
    post(this.#context, this.#server, lua([command, this.channel]));
  }

  /** As Node shows it: its internals say nothing to a reader. */
  [inspect.custom](): string {
    return this.toString();
  }

  #requireThere(): void {
    if (!this.#isDeleted) return;
    throw new SnaxError("ERR_ARGUMENT", `${this.toString()} was deleted`);
  }
}

function lua(values: unknown[]): { type: number; method: number; values: unknown[] } {
  return { type: PTYPE.lua, method: 0, values };
}

async function create(context: Context, options: MulticastOptions = {}): Promise<MulticastChannel> {
  requireAlive(context);
  const server = await createSkynet(context).uniqueservice("multicastd");
  const channel = options.channel ?? (await request(context, server, lua(["NEW"]), Infinity));
  if (typeof channel !== "number") {
    throw new SnaxError("ERR_ARGUMENT", `a channel is a number, not ${typeof channel}`);
  }
  return new Channel(context, server, channel, options.dispatch);
}

const make = defineApi<Context>({ new: create });

/** Makes the `multicast` of one service. */
export function createMulticast(context: Context): MulticastApi {
  return make(context) as MulticastApi;
}
