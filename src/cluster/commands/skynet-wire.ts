/**
 * Calls over skynet's own wire, both ways.
 *
 *     REQ node address bytes ms    a call of another node; answered with the bytes of the answer
 *     PUSH node address bytes      the same without an answer
 *     LISTEN place maxclient       opens a port for other nodes
 *     RELOAD table                 names nodes
 *
 * The caller has packed its values, and unpacks the answer: what passes here is bytes. Skynet has a service for each connection;
 * here they are objects.
 */

import { LEVEL } from "../../base/log-level.ts";
import { SnaxError } from "../../base/error.ts";
import { CLUSTER_CLIENTS_MAX } from "../../base/limits.ts";
import { formatEndpoint, isLoopback, parseEndpoint } from "../../net/endpoint.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { Listened } from "../../net/socket-api.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { Hub } from "../hub/hub.ts";
import { unknownError } from "../hub/node-error.ts";
import { SkynetAgent } from "../skynet/agent.ts";
import { SkynetNodes } from "../skynet/nodes.ts";
import { Order } from "../wire/order.ts";
import type { Wish } from "../wire/order.ts";
import type { WireAddress } from "../wire/skynet-frame.ts";
import type { Commands } from "./command.ts";

/** What the configuration says about skynet's wire: `cluster.skynet`. */
export interface SkynetWireConfig {
  /** Where other nodes reach this one. */
  readonly open?: number | string;
  /** Names of services that they reach. */
  readonly expose?: readonly string[];
  /** Their addresses by name. */
  readonly nodes?: Readonly<Record<string, string | boolean>>;
}

/** What it needs of clusterd. */
export interface SkynetWireOptions {
  readonly hub: Hub;
  readonly exposure: Exposure;
  readonly config: SkynetWireConfig;
  /** Says whether a node is called over a link. */
  readonly isLinked: (node: string) => boolean;
  /** With an engine all names are nodes of snax but those of the configuration. */
  readonly hasEngine: boolean;
}

/** The nodes that are called over it, and the connections of those that call this one. */
export class SkynetWire {
  readonly #options: SkynetWireOptions;
  readonly #nodes: SkynetNodes;
  readonly #ports: number[] = [];
  readonly #agents = new Set<SkynetAgent>();
  readonly commands: Commands = {
    REQ: (_source, ...[node, address, payload, until]: [string, WireAddress, Uint8Array, number]) =>
      this.#order({ node, address, payload, isPush: false, tag: this.#tag }, until),
    PUSH: (_source, node: string, address: WireAddress, payload: Uint8Array) =>
      this.#push({ node, address, payload, isPush: true }),
    LISTEN: (_source, place: number | string, clientsMax?: number) =>
      this.listen(place, clientsMax),
    RELOAD: (_source, table?: object) => this.#reload(table ?? this.#options.config.nodes ?? {}),
  };

  constructor(options: SkynetWireOptions) {
    this.#options = options;
    this.#nodes = new SkynetNodes(options.hub);
  }

  /** Begins: what the configuration names and opens. */
  async start(): Promise<void> {
    const { nodes, open } = this.#options.config;
    this.#nodes.reload(nodes ?? {});
    if (open !== undefined) await this.listen(open);
  }

  /** What is known, for people. */
  get state(): { nodes: object; clients: object[] } {
    return { nodes: this.#nodes.state, clients: [...this.#agents].map(({ state }) => state) };
  }

  /** Requests of other nodes that are not answered. */
  get openCalls(): number {
    return [...this.#agents].reduce((sum, { state }) => sum + state.calls, 0);
  }

  /** Takes no more calls of other nodes. */
  leave(): void {
    for (const port of this.#ports) void this.#options.hub.socket.close(port);
    for (const agent of this.#agents) agent.close();
  }

  get #tag(): string | undefined {
    return this.#options.hub.context.runtime.tracer?.tag;
  }

  /** @param until - when the caller has given up, in milliseconds since the node began; 0 = never */
  #order(wish: Wish, until: number): Promise<Uint8Array> {
    const { hub } = this.#options;
    const leftMs = (): number => until - hub.context.runtime.sinceStartMs;
    return new Promise((resolve, reject) => {
      const order = new Order(wish, (error, answer) =>
        error === undefined ? resolve(answer) : reject(error),
      );
      if (until > 0) {
        order.isLate = () => leftMs() <= 0;
        order.onOver = hub.after(leftMs(), () => order.giveUp());
      }
      this.#nodes.take(order);
    });
  }

  #push(wish: Wish): void {
    const order = new Order(wish, (error) => {
      if (error === undefined) return;
      this.#options.hub.log(`a push to ${wish.node} is lost: ${error.message}`, LEVEL.warn);
    });
    this.#nodes.take(order);
  }

  /** One name space: what the configuration links with is no node of skynet. */
  #reload(table: object): void {
    const { config, isLinked, hasEngine } = this.#options;
    for (const node of Object.keys(table)) {
      const isNew = hasEngine && !Object.hasOwn(config.nodes ?? {}, node);
      if (!isLinked(node) && (!isNew || node.startsWith("__"))) continue;
      const why = isNew
        ? `${node} is not in cluster.skynet.nodes of the configuration: with cluster.engine all other names are nodes of snax`
        : `${node} is a node of cluster.nodes in the configuration: reload names nodes of skynet`;
      throw new SnaxError("ERR_CONFIG", why);
    }
    this.#nodes.reload(table);
  }

  /** Opens a port for other nodes. @throws {ERR_LISTEN} if that is not possible. */
  async listen(
    place: number | string,
    clientsMax: number = CLUSTER_CLIENTS_MAX,
  ): Promise<Listened> {
    const endpoint = this.#endpointOf(place);
    const { socket, log } = this.#options.hub;
    const opened = await socket.listen(endpoint);
    this.#ports.push(opened.id);
    socket.start(opened.id, (id, peer) => this.#accept(id, peer, clientsMax));
    const where = formatEndpoint(opened.address, opened.port);
    log(`other nodes reach this one at ${where}`);
    if (!isLoopback(endpoint.host)) {
      log(
        `any host that reaches ${where} may call what is exposed: nothing on skynet's wire says who asks`,
      );
    }
    return opened;
  }

  #endpointOf(place: number | string): Endpoint {
    const endpoint = parseEndpoint(place);
    if (endpoint !== undefined) return endpoint;
    const named = typeof place === "string" ? this.#nodes.placeOf(place) : undefined;
    const found = typeof named === "string" ? parseEndpoint(named) : undefined;
    if (found !== undefined) return found;
    throw unknownError(String(place));
  }

  #accept(id: number, peer: string, clientsMax: number): void {
    const { hub, exposure } = this.#options;
    if (this.#agents.size >= clientsMax) {
      hub.refused("too many clients", `${peer} is turned away`);
      return hub.socket.shutdown(id);
    }
    const agent = new SkynetAgent(hub, exposure, id, peer);
    this.#agents.add(agent);
    void agent.run().finally(() => this.#agents.delete(agent));
  }
}
