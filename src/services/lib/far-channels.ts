/**
 * Multicast between the nodes of a cluster: which other nodes hear a channel of this one, and which
 * channels of others are heard here.
 *
 *     SUB channel count      how many services of the asking node hear it; the first time the owner
 *                            looks whether it reaches that node
 *     COUNT channel count    the same without an answer; 0 = nobody any more
 *     PUB channel value...   to the owner, who sends it once to each node
 *     OUT channel value...   from the owner to a node
 *     DEL, GONE channel      to the owner, and from it
 *
 * What the owner sends while a node can't be reached is lost, and both logs say so. When the link
 * is back, the node subscribes anew.
 */

import { cluster, skynet, SnaxError } from "snax";
import { MULTICAST_CHANNELS_MAX } from "../../base/limits.ts";

/** Where the other nodes take this; see cluster/commands/channels.ts. */
const ADDRESS = "%multicast";

/** A node that hears a channel. */
interface Hearer {
  readonly incarnation: string;
  count: number;
}

/** A channel of another node. */
interface FarChannel {
  readonly node: string;
  readonly subscribers: Set<number>;
}

/** Asks clusterd. */
export async function askDaemon(command: string, ...values: unknown[]): Promise<unknown> {
  const daemon = await skynet.uniqueservice("clusterd");
  return await skynet.within(Infinity).call(daemon, "lua", command, ...values);
}

/** A channel that is not there. */
export function noChannel(channel: unknown): SnaxError {
  return new SnaxError("ERR_ARGUMENT", `there is no channel ${String(channel)}: it was deleted`);
}

/** The nodes that hear the channels of this one. */
export class Hearers {
  readonly #nodes = new Map<string, Hearer>();

  /** How many services of other nodes hear it. */
  get count(): number {
    return [...this.#nodes.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** A node has so many services that hear it. */
  set(node: string, incarnation: string, count: number): void {
    if (count > 0) this.#nodes.set(node, { incarnation, count });
    else this.#nodes.delete(node);
  }

  /** Another process has the name, or none. @returns true if the one of before is forgotten */
  forget(node: string, incarnation: string | undefined): boolean {
    const hearer = this.#nodes.get(node);
    return hearer !== undefined && hearer.incarnation !== incarnation && this.#nodes.delete(node);
  }

  /** Sends it once to each node. */
  tell(command: "OUT" | "GONE", channel: number, values: readonly unknown[]): void {
    for (const node of this.#nodes.keys()) cluster.send(node, ADDRESS, command, channel, ...values);
  }
}

/** Sees to it that a node is reached from here. @throws if it is not */
export async function greet(node: string): Promise<void> {
  await cluster.within(Infinity).call(node, ADDRESS, "HELLO");
}

/** The channels of other nodes. */
export class FarChannels {
  readonly #channels = new Map<number, FarChannel>();
  readonly #nodes = new Map<number, Promise<string>>();
  /** What ends the watch of a node. */
  readonly #watches = new Map<string, Promise<() => void>>();

  /** A service hears a channel of another node from now on. */
  async subscribe(source: number, channel: number): Promise<void> {
    const node = await this.#nodeOf(channel);
    if (node === "") throw noChannel(channel);
    let far = this.#channels.get(channel);
    if (far === undefined) {
      if (this.#channels.size >= MULTICAST_CHANNELS_MAX) {
        const text = `${this.#channels.size} channels of other nodes are heard, MULTICAST_CHANNELS_MAX`;
        throw new SnaxError("ERR_EXHAUSTED", text);
      }
      this.#channels.set(channel, (far = { node, subscribers: new Set() }));
    }
    far.subscribers.add(source);
    try {
      await this.#ask(node, "SUB", channel, far.subscribers.size);
      await this.#watch(node);
    } catch (error) {
      this.unsubscribe(source, channel);
      throw error;
    }
  }

  /** It does not any more. */
  unsubscribe(source: number, channel: number): void {
    const far = this.#channels.get(channel);
    if (far?.subscribers.delete(source) === true) this.#tellCount(channel, far);
  }

  /** Has the owner of a channel send something to all. @returns how many services hear it */
  async publish(channel: number, values: readonly unknown[]): Promise<number> {
    const node = await this.#nodeOf(channel);
    // One of this node that was deleted: as in skynet nobody hears it.
    if (node === "") return 0;
    return (await this.#ask(node, "PUB", channel, ...values)) as number;
  }

  /** Has the owner delete it. */
  async delete(channel: number): Promise<void> {
    const node = await this.#nodeOf(channel);
    if (node !== "") cluster.send(node, ADDRESS, "DEL", channel);
  }

  /** What the owner of a channel has sent. */
  deliver(channel: number, values: readonly unknown[]): void {
    const far = this.#channels.get(channel);
    if (far === undefined) return;
    const before = far.subscribers.size;
    for (const subscriber of far.subscribers) {
      const isAlive = skynet.redirect(subscriber, 0, "multicast", 0, channel, ...values);
      if (!isAlive) far.subscribers.delete(subscriber);
    }
    if (far.subscribers.size !== before) this.#tellCount(channel, far);
  }

  /** The owner of a channel has deleted it. */
  gone(channel: number): void {
    this.#channels.delete(channel);
  }

  /** A node is there, with this process; undefined = it is not. */
  async member(node: string, incarnation: string | undefined): Promise<void> {
    const isHeard = this.#of(node).next().done !== true;
    if (incarnation === undefined || !isHeard) return;
    const watch = this.#watches.get(node);
    this.#watches.delete(node);
    await watch?.then(
      (stop) => stop(),
      () => {},
    );
    await this.#again(node);
  }

  *#of(node: string): Generator<[number, FarChannel]> {
    for (const entry of this.#channels) if (entry[1].node === node) yield entry;
  }

  /** The node that a channel is of; "" = this one. */
  async #nodeOf(channel: number): Promise<string> {
    const key = channel;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = askDaemon("CHANNELOF", channel).then((found) => {
        if (typeof found === "string") return found;
        throw noChannel(channel);
      });
      this.#nodes.set(key, node);
      node.catch(() => this.#nodes.delete(key));
    }
    return await node;
  }

  async #ask(node: string, ...values: unknown[]): Promise<unknown> {
    return await cluster.within(Infinity).call(node, ADDRESS, ...values);
  }

  #tellCount(channel: number, { node, subscribers }: FarChannel): void {
    if (subscribers.size === 0) this.#channels.delete(channel);
    cluster.send(node, ADDRESS, "COUNT", channel, subscribers.size);
  }

  /** Keeps the link to a node that channels are heard of, and subscribes anew when it was lost. */
  async #watch(node: string): Promise<void> {
    if (this.#watches.has(node)) return;
    let wasDown = false;
    const watch = cluster.monitor(node, async ({ state, reason }) => {
      const count = [...this.#of(node)].length;
      if (state === "up" && wasDown) await this.#again(node);
      else if (state === "down" && count > 0) {
        const what = `what is published on ${count} channels of ${node} is lost until it is back`;
        skynet.error(`${what}: ${String(reason)}`);
      }
      wasDown = state === "down";
    });
    this.#watches.set(node, watch);
    watch.catch(() => this.#watches.delete(node));
    await watch;
  }

  async #again(node: string): Promise<void> {
    for (const [channel, { subscribers }] of [...this.#of(node)]) {
      try {
        await this.#ask(node, "SUB", channel, subscribers.size);
        await this.#watch(node);
      } catch (error) {
        const { code, message } = error as { code?: unknown; message: string };
        const isGone = code === "ERR_ARGUMENT";
        if (isGone) this.#channels.delete(channel);
        const fate = isGone ? "is gone" : "is not heard until the node is back";
        skynet.error(`channel ${channel} of ${node} ${fate}: ${message}`);
      }
    }
  }
}
