/**
 * What other nodes can reach of this one: what a service has registered for the cluster, and what the configuration exposes by
 * name. Everything else is out of their reach, by name and by handle: nothing on skynet's wire says who asks.
 */

import { SnaxError } from "../../base/error.ts";
import { CLUSTER_DEAD_MAX } from "../../base/limits.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { WIRE_NAME_MAX } from "../wire/skynet-frame.ts";
import type { WireAddress } from "../wire/skynet-frame.ts";

/** The service that an address means, or why it means none. */
export type Found =
  | { readonly handle: number }
  | { readonly why: "unknown" | "forbidden" | "absent" };

/** The node that asks over a link. */
export interface Asker {
  readonly node: string;
  readonly incarnation: string;
}

/** What a node does for others of its cluster, with any services. */
export type Offer = (values: readonly unknown[], asker: Asker) => unknown;

/** The services that other nodes can reach. */
export class Exposure {
  readonly #kernel: Kernel;
  /** Names of this node that are exposed, as they are written in a request. */
  readonly #exposed: ReadonlySet<string>;
  readonly #handleOf = new Map<string, number>();
  readonly #nameOf = new Map<number, string>();
  readonly #shown = new Set<number>();
  /** Handles of services that had a name and died, and whose name another one has: the oldest first. */
  readonly #past = new Set<number>();

  /** By the address that asks for it; over links alone, where it is known who asks. */
  readonly offers: Map<string, Offer> = new Map();

  constructor(kernel: Kernel, exposed: readonly string[]) {
    this.#kernel = kernel;
    this.#exposed = new Set(exposed);
  }

  /** Lets other nodes reach a service by its handle, without a name. */
  show(handle: number): void {
    this.#shown.add(handle);
  }

  /** Takes that back. */
  hide(handle: number): void {
    this.#shown.delete(handle);
  }

  /** The names that services have registered. */
  get registered(): ReadonlyMap<string, number> {
    return this.#handleOf;
  }

  /**
   * Gives a service a name in the cluster; the one that it had before is free again.
   *
   * @throws {ERR_ARGUMENT} if it is no name, or another service that lives has it.
   * @throws {ERR_SERVICE_DEAD} if the service does not live.
   */
  register(name: string, handle: number): void {
    checkName(name);
    if (!this.#kernel.lives(handle)) {
      throw new SnaxError("ERR_SERVICE_DEAD", `what would be ${name} in the cluster is dead`);
    }
    const holder = this.#handleOf.get(name);
    if (holder === handle) return;
    if (holder !== undefined && this.#kernel.lives(holder)) {
      throw new SnaxError("ERR_ARGUMENT", `another service is ${name} in the cluster`);
    }
    if (holder !== undefined) this.#remember(holder);
    this.unregister(name);
    const before = this.#nameOf.get(handle);
    if (before !== undefined) this.unregister(before);
    this.#handleOf.set(name, handle);
    this.#nameOf.set(handle, name);
  }

  /** A caller with the handle of before is told that it is dead, and not that it is forbidden. */
  #remember(dead: number): void {
    this.#past.add(dead);
    const [oldest] = this.#past;
    if (this.#past.size > CLUSTER_DEAD_MAX && oldest !== undefined) this.#past.delete(oldest);
  }

  /** Another service has taken the place of one: its name is the new one's, and both handles are reached. */
  move(from: number, to: number): void {
    if (this.#shown.has(from)) this.#shown.add(to);
    const name = this.#nameOf.get(from);
    if (name === undefined) return;
    this.#nameOf.delete(from);
    this.#handleOf.set(name, to);
    this.#nameOf.set(to, name);
    // A caller that has asked for the handle before goes on with it.
    this.#shown.add(from);
  }

  /** Takes a name back. */
  unregister(name: string): void {
    const handle = this.#handleOf.get(name);
    if (handle === undefined) return;
    this.#handleOf.delete(name);
    this.#nameOf.delete(handle);
  }

  /** Finds who has registered a name. */
  handleOf(name: string): number | undefined {
    return this.#handleOf.get(name);
  }

  /** Says whether other nodes can reach a service by its handle. */
  isExposed(handle: number): boolean {
    if (this.#nameOf.has(handle) || this.#shown.has(handle)) return true;
    for (const name of this.#exposed) {
      if (!name.startsWith("@") && this.#kernel.names.get(name) === handle) return true;
    }
    return false;
  }

  /** Finds who is meant by the address of a request. */
  find(address: WireAddress): Found {
    if (typeof address === "number") {
      const isDead = this.#past.has(address) && !this.#kernel.lives(address);
      return isDead || this.isExposed(address) ? { handle: address } : { why: "forbidden" };
    }
    const isRegistered = address.startsWith("@");
    if (!isRegistered && !this.#exposed.has(address)) return { why: "forbidden" };
    const handle = isRegistered
      ? this.#handleOf.get(address.slice(1))
      : this.#kernel.names.get(address);
    if (handle !== undefined) return { handle };
    return { why: isRegistered ? "unknown" : "absent" };
  }
}

function checkName(name: unknown): void {
  const isName = typeof name === "string" && name !== "" && !/^[@.:]/.test(name);
  if (isName && Buffer.byteLength(name) < WIRE_NAME_MAX) return;
  const rule = `1 to ${WIRE_NAME_MAX - 1} bytes, without "@" or "." in front`;
  const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 80)) : typeof name;
  throw new SnaxError("ERR_ARGUMENT", `a name in the cluster is a text of ${rule}, not ${shown}`);
}
