/**
 * The nodes of snax that this one has links with: those that the configuration names, which it calls, and those that have connected,
 * which call it.
 */

import { LEVEL } from "../../base/log-level.ts";
import {
  CLUSTER_CLIENTS_MAX,
  LINK_DEAD_MS,
  LINK_HANDSHAKES_MAX,
  LINK_RETRY_MAX_MS,
  LINK_RETRY_MS,
} from "../../base/limits.ts";
import { formatEndpoint, isLoopback, parseEndpoint } from "../../net/endpoint.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { Listened } from "../../net/socket-api.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { Hub } from "../hub/hub.ts";
import { incarnationsOf } from "../hub/incarnations.ts";
import { LinkAgent } from "./agent.ts";
import { createLinkPortables } from "../wire/link-codec.ts";
import type { LinkChange } from "./event.ts";
import type { Greeting } from "../wire/link-handshake.ts";
import type { LinkTerms } from "./sender.ts";
import { LinkSender } from "./sender.ts";
import type { NumberedEvent } from "./watch.ts";
import { LinkWatch } from "./watch.ts";
import { unknownError } from "../hub/node-error.ts";

/** What the configuration says about links: `cluster`. */
export interface LinkConfig {
  readonly listen?: number | string;
  readonly token?: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly nodes?: Readonly<Record<string, string>>;
  readonly deadAfter?: number;
}

/** The way to a node, and what happens to it. */
interface Way {
  readonly sender: LinkSender;
  readonly watch: LinkWatch;
  /** Milliseconds until the next attempt to come back, while a service watches. */
  retryMs: number;
  isRetrying: boolean;
}

/** All links of a node. */
export class LinkNodes {
  readonly #hub: Hub;
  readonly #exposure: Exposure;
  readonly #terms: LinkTerms;
  readonly #tls: LinkConfig["tls"];
  readonly #ways = new Map<string, Way>();
  readonly #agents = new Set<LinkAgent>();
  /** The socket at which others come in. */
  #port: number | undefined = undefined;
  #isLeaving = false;
  /** Told of a node to which no link is left, whichever side made them. */
  onAlone: (node: string) => void = () => {};
  /** Those that the configuration names: no engine says where they are. */
  readonly #fixed: ReadonlySet<string>;

  constructor(hub: Hub, exposure: Exposure, config: LinkConfig) {
    const incarnations = incarnationsOf(hub.context.runtime);
    this.#hub = hub;
    this.#exposure = exposure;
    this.#tls = config.tls;
    this.#terms = {
      hub,
      incarnations,
      self: {
        node: hub.nodeName,
        incarnation: incarnations.own,
        deadAfterMs: config.deadAfter ?? LINK_DEAD_MS,
      },
      token: config.token,
      // The holder of a certificate of the cluster is a node of it; which one, the handshake says.
      tls: config.tls && { ...config.tls, checkServerIdentity: () => undefined },
      portables: createLinkPortables(),
    };
    this.#fixed = new Set(Object.keys(config.nodes ?? {}));
    for (const [node, place] of Object.entries(config.nodes ?? {})) this.#add(node, place);
  }

  /** What is known, for people. */
  get state(): { nodes: Record<string, object>; peers: Record<string, object> } {
    const nodes = [...this.#ways].map(([node, { sender }]) => [node, sender.state] as const);
    const peers = [...this.#agents].map((agent) => [agent.title, agent.state] as const);
    return { nodes: Object.fromEntries(nodes), peers: Object.fromEntries(peers) };
  }

  /** The nodes that are there, as far as configuration and engine know. */
  get names(): string[] {
    return [...this.#ways].flatMap(([node, { sender }]) =>
      sender.place === undefined ? [] : [node],
    );
  }

  /** Says whether a node is called over a link. */
  has(node: string): boolean {
    return this.#ways.has(node);
  }

  /**
   * Returns the handle that messages for a node go to; see LinkSender.
   *
   * @throws {ERR_NODE_UNKNOWN} if there is no such node.
   */
  handleOf(node: string): number {
    return this.#wayTo(node).sender.handle;
  }

  #wayTo(node: string): Way {
    const way = this.#ways.get(node);
    if (way?.sender.place === undefined) throw unknownError(node);
    return way;
  }

  /** Says whether there is a link to a process, whichever side has made it. */
  isUp(node: string, incarnation: string): boolean {
    if (this.#ways.get(node)?.sender.incarnation === incarnation) return true;
    return [...this.#agents].some(
      ({ peer }) => peer?.node === node && peer.incarnation === incarnation,
    );
  }

  /** Says whether there is a link to some process of that name, whichever side has made it. */
  isLinked(node: string): boolean {
    if (this.#ways.get(node)?.sender.incarnation !== undefined) return true;
    return [...this.#agents].some(({ peer }) => peer?.node === node);
  }

  /** A node is there, says the engine; what the configuration says of it counts more. */
  name(node: string, place: string): void {
    const { hub } = this.#terms;
    if (this.#fixed.has(node)) return;
    const way = this.#ways.get(node);
    if (way !== undefined) {
      way.sender.moveTo(place);
      return this.#keep(way);
    }
    if (this.#ways.size < CLUSTER_CLIENTS_MAX) this.#add(node, place);
    else hub.refused("too many nodes", `${node} is left out: CLUSTER_CLIENTS_MAX`);
  }

  /** A node is not there any more, says the engine. A link that is there says otherwise, and stays. */
  unname(node: string): void {
    if (!this.#fixed.has(node)) this.#ways.get(node)?.sender.moveTo(undefined);
  }

  /** Requests of other nodes that are not answered. */
  get openCalls(): number {
    return [...this.#agents].reduce((sum, { calls }) => sum + calls, 0);
  }

  /** Says goodbye to those that call this node, and takes no more of them. This node may still call others. */
  leave(why: string): void {
    if (this.#port !== undefined) void this.#hub.socket.close(this.#port);
    this.#port = undefined;
    this.#isLeaving = true;
    for (const agent of this.#agents) agent.close(why);
  }

  /** Ends all links. */
  close(): void {
    for (const { sender } of this.#ways.values()) sender.close();
    for (const agent of this.#agents) agent.close("this node has ended its links");
  }

  /**
   * Gives the first event of a node behind a number; see {@link LinkWatch.next}. While a service waits for one the link is kept.
   * A watcher goes on also while the engine does not know the node: it may come back.
   *
   * @throws {ERR_NODE_UNKNOWN} if there is no such node.
   */
  async next(node: string, after: number, handle: number): Promise<NumberedEvent> {
    const known = after > 0 ? this.#ways.get(node) : undefined;
    const way = known ?? this.#wayTo(node);
    const next = way.watch.next(after, handle);
    if (after === 0) way.sender.connect();
    else this.#keep(way);
    return await next;
  }

  /** Opens the port for other nodes. @throws {ERR_LISTEN} if that is not possible. */
  async listen(place: number | string): Promise<Listened> {
    const { socket, log } = this.#hub;
    const { host, port } = parseEndpoint(place) as Endpoint;
    const tls = this.#tls && { ...this.#tls, requestCert: true, rejectUnauthorized: true };
    const opened = await socket.listen({ host, port, ...(tls && { tls }) });
    this.#port = opened.id;
    socket.start(opened.id, (id, peer) => this.#accept(id, peer));
    const where = formatEndpoint(opened.address, opened.port);
    log(`links of other nodes come in at ${where}`);
    if (tls === undefined && !isLoopback(host)) {
      log(`what passes over the links at ${where} is not encrypted: cluster.tls does that`);
    }
    return opened;
  }

  #add(node: string, place: string): void {
    const watch = new LinkWatch(node);
    const sender = new LinkSender(this.#terms, node, place, (change) => this.#changed(way, change));
    const way: Way = { sender, watch, retryMs: LINK_RETRY_MS, isRetrying: false };
    this.#ways.set(node, way);
  }

  #changed(way: Way, change: LinkChange): void {
    const { node } = way.sender;
    // When this node ends its links, that need not be told.
    if (way.watch.take(change) && this.#hub.context.service.isAlive) {
      const { state, reason, incarnation } = change;
      this.#hub.log(
        `${node} is ${state}${reason === undefined ? ` (${incarnation})` : `: ${reason}`}`,
      );
    }
    if (change.state === "up") way.retryMs = LINK_RETRY_MS;
    else {
      this.#keep(way);
      this.#lookAfter(node);
    }
  }

  #lookAfter(node: string): void {
    if (!this.isLinked(node)) this.onAlone(node);
  }

  /** Tries to come back, again and again, as long as a service watches. */
  #keep(way: Way): void {
    const { kernel } = this.#hub.context.runtime;
    const isNeeded = (): boolean =>
      way.sender.place !== undefined &&
      way.sender.incarnation === undefined &&
      way.watch.isWatched((handle) => kernel.lives(handle));
    if (way.isRetrying || !isNeeded()) return;
    way.isRetrying = true;
    this.#hub.after(way.retryMs, () => {
      way.isRetrying = false;
      way.retryMs = Math.min(way.retryMs * 2, LINK_RETRY_MAX_MS);
      if (isNeeded()) way.sender.connect();
    });
  }

  #accept(socket: number, place: string): void {
    const { hub } = this.#terms;
    const unknown = [...this.#agents].filter(({ peer }) => peer === undefined).length;
    const isFull = unknown >= LINK_HANDSHAKES_MAX || this.#agents.size >= CLUSTER_CLIENTS_MAX;
    if (this.#isLeaving) return hub.socket.shutdown(socket);
    if (isFull) {
      hub.refused("too many links", `${place} is turned away`);
      return hub.socket.shutdown(socket);
    }
    const agent = new LinkAgent(
      this.#terms,
      this.#exposure,
      { socket, place },
      {
        onReady: (ready, peer) => this.#meet(ready, peer),
        onEnd: (ended, { reason, why }) => {
          this.#agents.delete(ended);
          if (ended.peer !== undefined) this.#lookAfter(ended.peer.node);
          if (reason !== undefined) hub.refused(reason, `${ended.title} is cut off: ${why}`);
        },
      },
    );
    this.#agents.add(agent);
    agent.begin();
  }

  /**
   * A process has shown who it is. It has one connection at a time, so those that it made before it has given up, and earlier processes of its
   * name are gone: what still comes from them would come behind what was sent later.
   */
  #meet(ready: LinkAgent, { node, incarnation }: Greeting): void {
    const others = [...this.#agents].filter(
      (agent) => agent === ready || agent.peer?.node === node,
    );
    const at = others.indexOf(ready);
    // Agents are in the order in which connections were made.
    if (at < others.length - 1) return ready.close(`${node} has made another connection since`);
    this.#ways.get(node)?.sender.meet(incarnation);
    for (const agent of others.slice(0, at)) {
      if (agent.peer?.incarnation === incarnation) {
        agent.close(`${node} has made another connection`);
        continue;
      }
      this.#hub.log(`another process is ${node} now: ${agent.title} is cut off`, LEVEL.warn);
      agent.close(`another process is ${node} now`);
    }
  }
}
