/**
 * Multicast: channels, and who hears them.
 *
 *     NEW                      answered with the number of a new channel
 *     DEL channel              nobody hears it from now on
 *     SUB, USUB channel        whoever asks begins, or ceases, to hear it
 *     PUB channel value...     a `multicast` message from who asks to each subscriber; answered with their number
 *
 * As in skynet a channel's number has the harbor in its low 8 bits. A message carries the channel
 * as its first value, not as its session: nobody answers it, and the session of a message that dies
 * with its receiver would come back to whoever published. A subscriber that died is forgotten when
 * it is missed.
 */

import { skynet, SnaxError } from "snax";
import { MULTICAST_CHANNELS_MAX } from "../base/limits.ts";
import { serveCommands } from "./lib/command.ts";

/** From one channel of a harbor to the next. */
const STEP = 256;

/** Subscribers by channel, in the order in which they came. */
const channels = new Map<number, Set<number>>();

const { id: harborId } = skynet.harbor(skynet.self());
let next = harborId;

function subscribersOf(channel: unknown): Set<number> {
  const found = channels.get(channel as number);
  if (found !== undefined) return found;
  throw new SnaxError("ERR_ARGUMENT", `there is no channel ${String(channel)}: it was deleted`);
}

serveCommands("multicastd", {
  NEW() {
    if (channels.size >= MULTICAST_CHANNELS_MAX) {
      const text = `there are ${channels.size} channels, MULTICAST_CHANNELS_MAX`;
      throw new SnaxError("ERR_EXHAUSTED", text);
    }
    while (channels.has(next)) next = (next + STEP) & 0x7fff_ffff;
    const channel = next;
    channels.set(channel, new Set());
    next = (next + STEP) & 0x7fff_ffff;
    return channel;
  },
  DEL(_source, channel: number) {
    channels.delete(channel);
  },
  SUB(source, channel: number) {
    subscribersOf(channel).add(source);
  },
  USUB(source, channel: number) {
    channels.get(channel)?.delete(source);
  },
  PUB(source, channel: number, ...values: unknown[]) {
    // A channel that somebody else has deleted has no subscribers: publishing to it reaches nobody,
    // as in skynet.
    const subscribers = channels.get(channel) ?? new Set();
    for (const subscriber of subscribers) {
      const isAlive = skynet.redirect(subscriber, source, "multicast", 0, channel, ...values);
      if (!isAlive) subscribers.delete(subscriber);
    }
    return subscribers.size;
  },
});

skynet.start(async () => {
  skynet.register_protocol({ name: "multicast", id: 2 });
  // The data center of a cluster has no use for a handle of one node.
  const { engine } = (skynet.getenv("cluster") ?? {}) as { engine?: unknown };
  if (engine !== undefined && harborId === 0) return;
  await skynet.call("DATACENTER", "lua", "UPDATE", "multicast", harborId, skynet.self());
});
