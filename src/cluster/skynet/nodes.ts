/**
 * The nodes that this one knows by name, and the way to each: skynet's table of the cluster.
 *
 *     name -> "host:port"      orders go there
 *     name -> false            it is down: orders fail at once
 *     no such name             orders fail at once; with `__nowaiting: false` they wait until a reload names it, as in skynet
 */

import { SnaxError } from "../../base/error.ts";
import { isPlace } from "../../net/endpoint.ts";
import type { Hub } from "../hub/hub.ts";
import type { Order } from "../wire/order.ts";
import { downError, unknownError } from "../hub/node-error.ts";
import { SkynetSender } from "./sender.ts";

/** A table of nodes, as `reload` takes it. */
export type NodeTable = Readonly<Record<string, string | boolean>>;

const SET_DOWN = "it is false in the table of nodes";

/** The nodes by name. */
export class SkynetNodes {
  readonly #hub: Hub;
  readonly #places = new Map<string, string | false>();
  readonly #senders = new Map<string, SkynetSender>();
  /** Orders to nodes that have not been named yet. */
  readonly #waiting = new Map<string, Set<Order>>();
  #isWaiting = false;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** What is known of each node, for people. */
  get state(): Record<string, object> {
    const rows = [...this.#places].map(([name, place]) => {
      const sender = this.#senders.get(name);
      return [name, place === false ? { place } : (sender?.state ?? { place })] as const;
    });
    return Object.fromEntries(rows);
  }

  /** Returns the address of a node; false if it is down. */
  placeOf(name: string): string | false | undefined {
    return this.#places.get(name);
  }

  /**
   * Takes a table over: what it does not name stays as it is.
   *
   * @throws {ERR_ARGUMENT} if something in it makes no sense; then nothing has changed.
   */
  reload(table: unknown): void {
    checkNodeTable(table);
    for (const [key, value] of Object.entries(table)) {
      if (key.startsWith("__")) this.#setOption(key, value);
      else this.#setPlace(key, value as string | false);
    }
  }

  /** Carries an order out. */
  take(order: Order): void {
    const { node } = order.wish;
    const place = this.#places.get(node);
    if (place === false) return order.reject(downError(node, SET_DOWN, false));
    if (place !== undefined) return this.#senderOf(node, place).take(order);
    if (!this.#isWaiting) return order.reject(unknownError(node));
    const waiting = this.#waiting.get(node) ?? new Set();
    if (waiting.size === 0) this.#hub.log(`Waiting for cluster node [${node}]`);
    this.#waiting.set(node, waiting.add(order));
    const { onOver } = order;
    order.onOver = () => {
      onOver?.();
      waiting.delete(order);
      if (waiting.size === 0 && this.#waiting.get(node) === waiting) this.#waiting.delete(node);
    };
  }

  #senderOf(node: string, place: string): SkynetSender {
    let sender = this.#senders.get(node);
    if (sender === undefined) {
      sender = new SkynetSender(this.#hub, node, place);
      this.#senders.set(node, sender);
    }
    return sender;
  }

  #setOption(key: string, value: string | boolean): void {
    this.#hub.log(`Config ${key.slice(2)} = ${String(value)}`);
    if (key !== "__nowaiting") return;
    this.#isWaiting = value === false;
    if (this.#isWaiting) return;
    for (const [node, orders] of [...this.#waiting]) {
      this.#waiting.delete(node);
      for (const order of [...orders]) order.reject(unknownError(node));
    }
  }

  #setPlace(node: string, place: string | false): void {
    this.#places.set(node, place);
    const sender = this.#senders.get(node);
    if (place === false) sender?.close(SET_DOWN);
    else sender?.move(place);
    const waiting = this.#waiting.get(node);
    if (waiting === undefined) return;
    this.#waiting.delete(node);
    for (const order of [...waiting]) this.take(order);
  }
}

/**
 * Checks a table of nodes.
 *
 * @throws {ERR_ARGUMENT} if it is not valid; the message says where.
 */
export function checkNodeTable(table: unknown): asserts table is NodeTable {
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw new SnaxError("ERR_ARGUMENT", 'a table of nodes is an object: { db: "host:port" }');
  }
  for (const [name, value] of Object.entries(table as Record<string, unknown>)) {
    const isOption = name.startsWith("__");
    if (isOption ? typeof value === "boolean" : value === false || isPlace(value)) continue;
    const expected = isOption ? "true or false" : 'false or "host:port"';
    throw new SnaxError("ERR_ARGUMENT", `node ${name} is ${String(value)}: expected ${expected}`);
  }
}
