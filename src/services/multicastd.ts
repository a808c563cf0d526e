/**
 * Multicast: channels, and who hears them.
 *
 *     NEW                      answered with the number of a new channel
 *     DEL channel              no service hears it from now on
 *     SUB, USUB channel        the caller begins, or ceases, to hear it
 *     PUB channel value...     a `multicast` message from who asks to each subscriber; answered with
 *                              their number
 *     FAR asker ...            what another node of the cluster wants (lib/far-channels.ts)
 *     MEMBER node incarnation  a node of the cluster is there, or is not
 *
 * As in skynet a channel's number has the harbor in its low 8 bits; with an engine it has the node
 * in its upper ones (cluster/fleet/channels.ts). A message carries the channel as its first value,
 * not as its session: it is not answered, and the session of a message that dies with its receiver
 * would come back to the publisher. A subscriber that died is forgotten when it is missed.
 */

import { skynet, SnaxError } from "snax";
import { MULTICAST_CHANNELS_MAX } from "../base/limits.ts";
import { serveCommands } from "./lib/command.ts";
import {
  askDaemon,
  FarChannels,
  greet,
  Hearers,
  noChannel,
  readCount,
  readHeard,
} from "./lib/far-channels.ts";

/** From one channel of a node to the next. */
const STEP = 256;

/** A channel of this node. */
interface Channel {
  /** In the order in which they came. */
  readonly subscribers: Set<number>;
  /** Other nodes. */
  readonly hearers: Hearers;
}

const channels = new Map<number, Channel>();

const { id: harborId } = skynet.harbor(skynet.self());
let next = harborId;

function isOfFleet(): boolean {
  const { engine } = (skynet.getenv("cluster") ?? {}) as { engine?: unknown };
  return engine !== undefined && harborId === 0;
}

/** Channels of other nodes; undefined where there are none. */
const far = isOfFleet() ? new FarChannels() : undefined;
/** Numbers that this process may give. */
let block = { first: 0, count: 0 };
let reserving: Promise<void> | undefined;

function ownChannel(channel: unknown): Channel {
  const found = channels.get(channel as number);
  if (found !== undefined) return found;
  throw noChannel(channel);
}

/** Gives the next number of this node alone. */
function nextHere(): number {
  while (channels.has(next)) next = (next + STEP) & 0x7fff_ffff;
  const channel = next;
  next = (next + STEP) & 0x7fff_ffff;
  return channel;
}

/** Gives a number that no node has given. */
async function nextOfFleet(): Promise<number> {
  while (block.count === 0) {
    reserving ??= askDaemon("CHANNELS").then((reserved) => {
      block = { ...(reserved as typeof block) };
    });
    try {
      await reserving;
    } finally {
      reserving = undefined;
    }
  }
  const channel = block.first * STEP;
  block = { first: block.first + 1, count: block.count - 1 };
  return channel;
}

/**
 * Sends something to all who hear a channel of this node. Other nodes first: what can't be sent
 * there is not sent here either.
 */
function publish(channel: number, source: number, values: readonly unknown[]): number {
  const found = channels.get(channel);
  // A channel that another service has deleted has no subscribers: publishing to it reaches no
  // service, as in skynet.
  if (found === undefined) return 0;
  const { subscribers, hearers } = found;
  hearers.tell("OUT", channel, values);
  for (const subscriber of subscribers) {
    const isAlive = skynet.redirect(subscriber, source, "multicast", 0, channel, ...values);
    if (!isAlive) subscribers.delete(subscriber);
  }
  return subscribers.size + hearers.count;
}

function remove(channel: number): void {
  channels.get(channel)?.hearers.tell("GONE", channel, []);
  channels.delete(channel);
}

/** The node that wants something. */
interface Asker {
  readonly node: string;
  readonly incarnation: string;
}

/** What other nodes want. */
const farCommands: Readonly<
  Record<string, (by: Asker, channel: number, ...values: never[]) => unknown>
> = {
  HELLO: () => undefined,
  async SUB({ node, incarnation }, channel, count: number) {
    const { hearers } = ownChannel(channel);
    const before = hearers.of(node, incarnation);
    hearers.set(node, incarnation, readCount(count));
    try {
      await greet(node);
    } catch (error) {
      // Others of that node may hear it already; its next COUNT says how many.
      hearers.set(node, incarnation, before);
      throw error;
    }
  },
  COUNT({ node, incarnation }, channel, count: number) {
    channels.get(channel)?.hearers.set(node, incarnation, readCount(count));
  },
  HEARD({ node, incarnation }, pairs) {
    const heard = readHeard(pairs);
    for (const [channel, { hearers }] of channels) {
      hearers.set(node, incarnation, heard.get(channel) ?? 0);
      heard.delete(channel);
    }
    return [...heard.keys()];
  },
  PUB: (_by, channel, ...values) => publish(channel, 0, values),
  OUT: ({ node }, channel, ...values) => far?.deliver(node, channel, values),
  DEL: (_by, channel) => remove(channel),
  GONE: ({ node }, channel) => far?.gone(node, channel),
};

serveCommands("multicastd", {
  async NEW() {
    if (channels.size >= MULTICAST_CHANNELS_MAX) {
      const text = `there are ${channels.size} channels, MULTICAST_CHANNELS_MAX`;
      throw new SnaxError("ERR_EXHAUSTED", text);
    }
    const channel = far === undefined ? nextHere() : await nextOfFleet();
    channels.set(channel, { subscribers: new Set(), hearers: new Hearers() });
    return channel;
  },
  DEL(_source, channel: number) {
    if (channels.has(channel) || far === undefined) return remove(channel);
    return far.delete(channel);
  },
  SUB(source, channel: number) {
    if (channels.has(channel) || far === undefined) {
      return void ownChannel(channel).subscribers.add(source);
    }
    return far.subscribe(source, channel);
  },
  USUB(source, channel: number) {
    channels.get(channel)?.subscribers.delete(source);
    far?.unsubscribe(source, channel);
  },
  PUB(source, channel: number, ...values: unknown[]) {
    if (channels.has(channel) || far === undefined) return publish(channel, source, values);
    return far.publish(channel, values);
  },
  FAR(source, by: Asker, command: string, ...[channel, ...values]: [number, ...never[]]) {
    if (source !== skynet.localname(".clusterd")) {
      throw new SnaxError("ERR_FORBIDDEN", "what other nodes want comes from clusterd");
    }
    const run = Object.hasOwn(farCommands, command) ? farCommands[command] : undefined;
    if (run !== undefined) return run(by, channel, ...values);
    throw new SnaxError(
      "ERR_NO_METHOD",
      `multicastd has no command ${String(command).slice(0, 80)}`,
    );
  },
  MEMBER(source, node: string, incarnation: string | undefined) {
    if (source !== skynet.localname(".clusterd")) return;
    let count = 0;
    for (const { hearers } of channels.values()) count += hearers.forget(node, incarnation) ? 1 : 0;
    if (count > 0) skynet.error(`${node} is gone, and hears ${count} channels no more`);
    far?.member(node, incarnation);
  },
});

skynet.start(async () => {
  skynet.register_protocol({ name: "multicast", id: 2 });
  skynet.register(".multicastd");
  // The data center of a cluster has no use for a handle of one node.
  if (far !== undefined) return;
  await skynet.call("DATACENTER", "lua", "UPDATE", "multicast", harborId, skynet.self());
});
