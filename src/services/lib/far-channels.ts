/**
 * Multicast between the nodes of a cluster: which other nodes hear a channel of this one, and which
 * channels of others are heard here.
 *
 *     SUB channel count      how many services of the asking node hear it; the owner looks whether it
 *                            reaches that node
 *     COUNT channel count    the same of a channel that is heard already, without the look; 0 = of none any more
 *     HEARD [channel, count]...   all that the asking node hears, what is left out it does not;
 *                            answered with the channels that are not there
 *     PUB channel value...   to the owner, who sends it once to each node
 *     OUT channel value...   from the owner to a node
 *     DEL, GONE channel      to the owner, and from it
 *
 * A node knows which of its services listen: the owner keeps a copy, and may lose it. So a node
 * tells the owner all of it, HEARD, each time the link to it has come up, and when a COUNT did not
 * get through. That the owner does not reach the node at that moment does no harm: what it sends is
 * lost until it does, and both logs say so. The owner forgets a node that is no member and to
 * which there is no link.
 */

import { cluster, skynet, SnaxError } from "snax";
import {
  ENGINE_TIMEOUT_MS,
  LINK_RETRY_MAX_MS,
  LINK_RETRY_MS,
  MULTICAST_CHANNELS_MAX,
} from "../../base/limits.ts";

/** Where the other nodes take this; see cluster/commands/channels.ts. */
const ADDRESS = "%multicast";

/** Milliseconds between two looks for a node of which the engine has not told yet. */
const LOOK_MS = 50;

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

  /** How many services of one process hear it. */
  of(node: string, incarnation: string): number {
    const hearer = this.#nodes.get(node);
    return hearer?.incarnation === incarnation ? hearer.count : 0;
  }

  /** A node has that many services that hear it. */
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

/**
 * Sees to it that a node is reached from here. One that has just begun may ask before the engine
 * has told this node of it: that is waited for.
 *
 * @throws if it is not
 */
export async function greet(node: string): Promise<void> {
  const until = skynet.now() + ENGINE_TIMEOUT_MS;
  for (;;) {
    try {
      return void (await cluster.within(Infinity).call(node, ADDRESS, "HELLO"));
    } catch (error) {
      const isUnknown = (error as { code?: unknown }).code === "ERR_NODE_UNKNOWN";
      if (!isUnknown || skynet.now() >= until) throw error;
    }
    await skynet.sleep(LOOK_MS);
  }
}

/** How many services hear a channel, as another node tells. @throws {ERR_ARGUMENT} */
export function readCount(count: unknown): number {
  if (Number.isSafeInteger(count) && (count as number) >= 0) return count as number;
  throw new SnaxError("ERR_ARGUMENT", "it is not said how many services hear the channel");
}

/** All channels that a node hears, as it tells. @throws {ERR_ARGUMENT} */
export function readHeard(pairs: unknown): Map<unknown, number> {
  if (!Array.isArray(pairs) || pairs.length > MULTICAST_CHANNELS_MAX) {
    throw new SnaxError("ERR_ARGUMENT", "it is not said which channels are heard");
  }
  return new Map(
    pairs.map((pair: unknown) => {
      if (Array.isArray(pair)) return [pair[0] as unknown, readCount(pair[1])] as const;
      throw new SnaxError("ERR_ARGUMENT", "it is not said which channels are heard");
    }),
  );
}

/** The channels of other nodes. */
export class FarChannels {
  readonly #channels = new Map<number, FarChannel>();
  readonly #nodes = new Map<number, Promise<string>>();
  /** Nodes that are watched; the watch keeps the link. */
  readonly #watches = new Map<string, Promise<unknown>>();
  /** Nodes of which their watch will tell that they are back. */
  readonly #down = new Set<string>();
  /** Nodes that may not know what is heard here. */
  readonly #unsure = new Set<string>();
  /** Nodes that are being told. */
  readonly #telling = new Set<string>();

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
    // One of this node that was deleted: as in skynet no service hears it.
    if (node === "") return 0;
    return (await this.#ask(node, "PUB", channel, ...values)) as number;
  }

  /** Has the owner delete it. */
  async delete(channel: number): Promise<void> {
    const node = await this.#nodeOf(channel);
    if (node !== "") cluster.send(node, ADDRESS, "DEL", channel);
  }

  /** What the owner of a channel has sent. */
  deliver(node: string, channel: number, values: readonly unknown[]): void {
    const far = this.#channels.get(channel);
    if (far?.node !== node) return;
    const before = far.subscribers.size;
    for (const subscriber of far.subscribers) {
      const isAlive = skynet.redirect(subscriber, 0, "multicast", 0, channel, ...values);
      if (!isAlive) far.subscribers.delete(subscriber);
    }
    if (far.subscribers.size !== before) this.#tellCount(channel, far);
  }

  /** The owner of a channel has deleted it. */
  gone(node: string, channel: number): void {
    if (this.#channels.get(channel)?.node === node) this.#channels.delete(channel);
  }

  /** A node is there, with this process; undefined = it is not. */
  member(node: string, incarnation: string | undefined): void {
    if (incarnation !== undefined && this.#watches.has(node)) this.#tellAll(node);
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
    const { size } = subscribers;
    if (size === 0) this.#channels.delete(channel);
    this.#ask(node, "COUNT", channel, size).catch(() => this.#tellAll(node));
  }

  /** Keeps the link to a node, and tells it what is heard here each time it has come up. */
  async #watch(node: string): Promise<void> {
    const known = this.#watches.get(node);
    if (known !== undefined) return void (await known);
    const watch = cluster.monitor(node, ({ state, reason }) => {
      if (state === "up") {
        this.#down.delete(node);
        return this.#tellAll(node);
      }
      this.#down.add(node);
      const count = [...this.#of(node)].length;
      if (count === 0) return;
      const what = `what is published on ${count} channels of ${node} is lost until it is back`;
      skynet.error(`${what}: ${String(reason)}`);
    });
    this.#watches.set(node, watch);
    watch.catch(() => this.#watches.delete(node));
    await watch;
  }

  /** Has a node know what is heard here. What goes on already begins anew. */
  #tellAll(node: string): void {
    this.#unsure.add(node);
    if (this.#telling.has(node)) return;
    this.#telling.add(node);
    void this.#tellUntilSure(node).finally(() => this.#telling.delete(node));
  }

  async #tellUntilSure(node: string): Promise<void> {
    for (let ms = LINK_RETRY_MS; this.#unsure.has(node); ms = Math.min(ms * 2, LINK_RETRY_MAX_MS)) {
      // The watch tells when it is back.
      if (this.#down.has(node)) return;
      this.#unsure.delete(node);
      try {
        await this.#watch(node);
        await this.#tellOnce(node);
      } catch (error) {
        this.#unsure.add(node);
        const { code, message } = error as { code?: unknown; message: string };
        // The engine tells when there is such a node again.
        if (code === "ERR_NODE_UNKNOWN") return;
        skynet.error(`${node} does not know yet which of its channels are heard here: ${message}`);
        await skynet.sleep(ms);
      }
    }
  }

  async #tellOnce(node: string): Promise<void> {
    const heard = [...this.#of(node)].map(([channel, { subscribers }]) => [
      channel,
      subscribers.size,
    ]);
    const lost = (await this.#ask(node, "HEARD", heard)) as readonly number[];
    for (const channel of lost) {
      if (this.#channels.get(channel)?.node !== node) continue;
      this.#channels.delete(channel);
      skynet.error(`channel ${channel} of ${node} is gone: its node does not have it`);
    }
  }
}
