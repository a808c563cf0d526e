/**
 * Services of which there is one in the whole cluster: which node has it, and what becomes of it here.
 *
 *     CLAIM key -> the name is this node's: its token        the manager starts the service, then OWN
 *               -> another node has it: the handle of a proxy of the service there
 *
 * A node that loses its right ends its global services: callers that wait get ERR_SERVICE_DEAD, and ask for the service anew.
 */

import { LEVEL } from "../../base/log-level.ts";
import { SnaxError } from "../../base/error.ts";
import { GLOBAL_WAIT_MS } from "../../base/limits.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { request } from "../../service/calls.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { createSkynet } from "../../service/skynet.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { Hub } from "../hub/hub.ts";
import type { LinkNodes } from "../link/nodes.ts";
import type { Membership } from "./membership.ts";
import { Names } from "./names.ts";
import { TenureClock } from "../../service/tenure.ts";

/** Milliseconds between two looks for a service that another node is starting. */
const LOOK_MS = 50;
/** Milliseconds between two looks for one that no node has. */
const SEEK_MS = 500;
/** The method of a message that asks a link for a handle. */
const LINK_QUERY = 1;

/** What they need of clusterd. */
export interface GlobalOptions {
  readonly hub: Hub;
  readonly links: LinkNodes;
  readonly exposure: Exposure;
  readonly membership: Membership;
  /** Makes a proxy of a service of another node. */
  readonly proxy: (node: string, reference: number, type: string | undefined) => Promise<number>;
}

/** The global services of a node. */
export class GlobalServices {
  readonly #options: GlobalOptions;
  readonly #skynet: SkynetApi;
  readonly #names: Names;
  readonly #clock = new TenureClock();
  readonly #handles = new Map<string, number>();

  constructor(options: GlobalOptions) {
    this.#options = options;
    this.#skynet = createSkynet(options.hub.context);
    const why = "its right to the name has ended";
    this.#names = new Names(options.membership, (key) => this.#end(key, why));
  }

  /** The right of this process lasts for `ms` milliseconds from now. */
  extend(ms: number): void {
    this.#clock.extend(ms);
  }

  /** The right has ended: what was this node's is ended. */
  lose(why: string): void {
    this.#clock.end();
    for (const key of this.#names.lose()) this.#end(key, why);
  }

  #end(key: string, why: string): void {
    const handle = this.#handles.get(key);
    this.#handles.delete(key);
    if (handle === undefined) return;
    this.#options.hub.log(`${key} is ended: ${why}`, LEVEL.warn);
    this.#options.exposure.hide(handle);
    this.#skynet.kill(handle);
  }

  /** Gets the name of a service for this node, or finds the service at another one. */
  async claim(key: string): Promise<{ token: number } | { handle: number }> {
    const { clock } = this.#options.hub.context.runtime;
    const until = clock.now() + GLOBAL_WAIT_MS;
    for (;;) {
      const owner = await this.#names.claim(key);
      if (owner.isOwn) return { token: owner.token };
      const handle = await this.#at(owner.node, key);
      if (handle !== undefined) return { handle };
      if (clock.now() >= until) {
        const text = `${owner.node} has ${key}, and has not started it in ${GLOBAL_WAIT_MS} ms`;
        throw new SnaxError("ERR_TIMEOUT", text);
      }
      await this.#options.hub.pause(LOOK_MS);
    }
  }

  /** Waits until some node has a service, and gives its handle, or that of a proxy. */
  async find(key: string): Promise<number> {
    for (;;) {
      const own = this.#handles.get(key);
      if (own !== undefined) return own;
      const owner = await this.#names.find(key);
      const handle = owner === undefined ? undefined : await this.#at(owner.node, key);
      if (handle !== undefined) return handle;
      await this.#options.hub.pause(SEEK_MS);
    }
  }

  /** The manager has started a service whose name is this node's. */
  async own(key: string, handle: number, token: number): Promise<void> {
    const order = ["TENURE", this.#clock.memory, token];
    try {
      await this.#skynet.call(handle, "debug", ...order);
      if (this.#names.owned.get(key) !== token) {
        throw new SnaxError("ERR_ENGINE_DOWN", `${key} is not this node's any more`);
      }
    } catch (error) {
      this.#skynet.kill(handle);
      throw error;
    }
    if (this.#handles.get(key) === handle) return;
    this.#handles.set(key, handle);
    this.#options.exposure.show(handle);
    const forget = (): void => this.#gone(key, handle);
    this.#skynet.within(Infinity).call(handle, "debug", "LINK").then(forget, forget);
  }

  /** A service has ended by itself: its name is free. */
  #gone(key: string, handle: number): void {
    this.#options.exposure.hide(handle);
    if (this.#handles.get(key) !== handle) return;
    this.#handles.delete(key);
    this.#names.release(key).catch((error: unknown) => {
      this.#options.hub.log(`${key} is not given back: ${(error as Error).message}`, LEVEL.warn);
    });
  }

  /** @returns the handle of a proxy; undefined if the service does not run there */
  async #at(node: string, key: string): Promise<number | undefined> {
    const { hub, links, proxy } = this.#options;
    const [, type] = /^snaxd\.(.+)$/.exec(key) ?? [];
    const values = [
      ...(type === undefined ? ["", key] : ["snaxd", type]),
      0,
      hub.context.runtime.sinceStartMs + GLOBAL_WAIT_MS,
    ];
    const query = { type: PTYPE.harbor, method: LINK_QUERY, values };
    try {
      const reference = await request(hub.context, links.handleOf(node), query, GLOBAL_WAIT_MS);
      return await proxy(node, reference as number, type);
    } catch (error) {
      const { code } = error as { code?: unknown };
      // Not there yet, or just gone: another node may become the owner.
      if (RETRIED.has(code)) return undefined;
      throw error;
    }
  }
}

const RETRIED: ReadonlySet<unknown> = new Set([
  "ERR_FORBIDDEN",
  "ERR_NO_SERVICE",
  "ERR_NODE_UNKNOWN",
  "ERR_NODE_DOWN",
  "ERR_NODE_UNREACHABLE",
]);
