/**
 * Which node a multicast channel is of: the numbers of channels mean the same on all nodes.
 *
 *     channel = n (16 bits), counter (29 bits), harbor (8 bits, as in skynet)
 *     number/<n> = { node, next }     the node whose channels have n in their upper bits, and the first that no process of it may have used
 *
 * A node takes numbers in blocks, by compare-and-set: so none is given twice, also not by the next process of the node. The entry of a node stays, as its
 * name does. An engine that has lost its memory begins with the seconds of the wall clock, which is beyond what was given before.
 */

import { SnaxError } from "../../base/error.ts";
import type { Entry } from "../engine/driver.ts";
import type { Membership } from "../engine/membership.ts";

const KIND = "number";
/** How many channels a node counts before it begins anew. */
const CHANNELS_OF_NODE: number = 2 ** 29;
/** How many nodes, by name, have had channels. */
const CHANNEL_NODES: number = 2 ** 16;
/** From one channel of a node to the next. */
const STEP = 256;
/** How many a node takes at once. */
const BLOCK = 1024;

/** Numbers for channels, the harbor left out: the first one, and how many. */
export interface ChannelBlock {
  readonly first: number;
  readonly count: number;
}

/** The channels of the fleet. */
export class FleetChannels {
  readonly #membership: Membership;
  /** By number: a name stays where it is. */
  readonly #nodes = new Map<number, string>();

  constructor(membership: Membership) {
    this.#membership = membership;
  }

  /** Takes a block of numbers. @throws {ERR_ENGINE_DOWN} */
  async reserve(): Promise<ChannelBlock> {
    const { driver, self } = this.#membership.options;
    let probes = 0;
    for (let number = startOf(self.node); probes < CHANNEL_NODES;) {
      const key = `${KIND}/${number}`;
      const found = await driver.read(key);
      const owner = found === undefined ? undefined : parse(found);
      if (found !== undefined && owner?.node !== self.node) {
        number = (number + 1) % CHANNEL_NODES;
        probes += 1;
        continue;
      }
      const next = owner?.next ?? Math.floor(Date.now() / 1000) % CHANNELS_OF_NODE;
      const from = next + BLOCK > CHANNELS_OF_NODE ? 0 : next;
      const value = JSON.stringify({ node: self.node, next: from + BLOCK });
      const token = await driver.claim(key, value, found?.token ?? 0);
      if (token !== undefined) return { first: number * CHANNELS_OF_NODE + from, count: BLOCK };
    }
    const text = `${CHANNEL_NODES} names of nodes have had channels`;
    throw new SnaxError("ERR_EXHAUSTED", text);
  }

  /** Finds the node that a channel is of; "" = this one, undefined = no node has had such a number. @throws {ERR_ENGINE_DOWN} */
  async nodeOf(channel: number): Promise<string | undefined> {
    const number = Math.floor(channel / STEP / CHANNELS_OF_NODE);
    const known = this.#nodes.get(number);
    if (known !== undefined) return known;
    const found = await this.#membership.options.driver.read(`${KIND}/${number}`);
    const owner = found && parse(found)?.node;
    const node = owner === this.#membership.options.self.node ? "" : owner;
    if (node !== undefined) this.#nodes.set(number, node);
    return node;
  }
}

/** Where a node begins to look for its number. */
function startOf(node: string): number {
  let hash = 0;
  for (const letter of node) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash % CHANNEL_NODES;
}

function parse({ value }: Entry): { node: string; next: number } | undefined {
  try {
    const { node, next } = JSON.parse(value ?? "") as Record<string, unknown>;
    if (typeof node !== "string" || !Number.isInteger(next)) return undefined;
    const fits = (next as number) >= 0 && (next as number) <= CHANNELS_OF_NODE;
    return fits ? { node, next: next as number } : undefined;
  } catch {
    // Not written by a node of ours.
    return undefined;
  }
}
