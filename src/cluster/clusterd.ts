/**
 * The heart of `clusterd`, the one service of a node that holds its connections to skynet's nodes.
 *
 *     REQ node address bytes ms    a call of another node; answered with the bytes of the answer
 *     PUSH node address bytes      the same without an answer
 *     LISTEN place maxclient       opens a port for other nodes
 *     REGISTER name handle         a service can be reached from other nodes; UNREGISTER name
 *     MOVED pairs                  other services have taken the place of some: [old, new] each
 *     PROXY node address type      the handle of a service that stands here for that one
 *     RELOAD table                 names nodes
 *     LINK node                    the handle that messages for a node of snax go to (link/sender.ts)
 *     EVENT node number            the first change of that node behind that number
 *     CLAIM key                    gets the name of a global service, or finds the service (global-services.ts)
 *     FIND key                     waits for the service of such a name
 *     OWN key handle token         the service of such a name runs
 *     FLEETPATCH allowMissing type patch ...    a patch for all nodes (fleet/lead.ts)
 *     FLEETROLLBACK allowMissing ids            takes some back
 *     FLEETDRIFT                   what all nodes run against their files (fleet/drift.ts)
 *     DATAREAD key                 what the data center of the fleet has (fleet/data.ts), with its token
 *     DATAREPLACE key value token  puts a value there, by compare-and-set
 *     DATAWATCH                    tells whoever asks which keys change: CHANGED key
 *     CHANNELS                     numbers for channels (fleet/channels.ts)
 *     CHANNELOF channel            the node that a channel is of
 *     DRAIN ms                     waits until no call of another node is open, but not longer, and leaves
 *     LEAVE                        says goodbye to all who call this node
 *
 * Over skynet's wire whoever calls has packed its values, and unpacks the answer: what passes here is bytes. Skynet has a service for
 * each connection; here they are objects of this one, and only proxies are services, for they need a handle.
 */

import { hostname } from "node:os";
import { LEVEL } from "../base/log-level.ts";
import { SnaxError } from "../base/error.ts";
import { CLUSTER_CLIENTS_MAX, CLUSTER_DRAIN_LOOK_MS, ENGINE_TIMEOUT_MS } from "../base/limits.ts";
import { formatEndpoint, isLoopback, parseEndpoint } from "../net/endpoint.ts";
import type { Endpoint } from "../net/endpoint.ts";
import type { Listened } from "../net/socket-api.ts";
import type { Context } from "../service/context.ts";
import { formatAddress } from "../kernel/address.ts";
import { createSkynet } from "../service/skynet.ts";
import type { SkynetApi } from "../service/skynet-api.ts";
import { takeValuesWhole } from "../service/values.ts";
import type { Asker } from "./hub/exposure.ts";
import { Exposure } from "./hub/exposure.ts";
import type { FleetChannels } from "./fleet/channels.ts";
import type { FleetData } from "./fleet/data.ts";
import { gatherFleetDrift, offerDrift } from "./fleet/drift.ts";
import type { FleetNode } from "./fleet/local.ts";
import type { FleetPatches } from "./fleet/patches.ts";
import type { FleetPatch } from "./fleet/record.ts";
import type { FleetDrift, FleetResult, Patch } from "../snax/types.ts";
import { engineError } from "./engine/driver.ts";
import type { GlobalServices } from "./engine/global-services.ts";
import { Hub } from "./hub/hub.ts";
import type { LinkConfig } from "./link/nodes.ts";
import { LinkNodes } from "./link/nodes.ts";
import type { NumberedEvent } from "./link/watch.ts";
import type { Membership } from "./engine/membership.ts";
import { Order } from "./wire/order.ts";
import type { Wish } from "./wire/order.ts";
import { SkynetAgent } from "./skynet/agent.ts";
import type { WireAddress } from "./wire/skynet-frame.ts";
import { unknownError } from "./hub/node-error.ts";
import { SkynetNodes } from "./skynet/nodes.ts";

/** What the configuration says about skynet's wire: `cluster.skynet`. */
export interface SkynetWireConfig {
  /** Where other nodes reach this one. */
  readonly open?: number | string;
  /** Names of services that they reach. */
  readonly expose?: readonly string[];
  /** Their addresses by name. */
  readonly nodes?: Readonly<Record<string, string | boolean>>;
}

/** The key `cluster` of the configuration. */
interface ClusterSettings extends LinkConfig {
  readonly engine?: string;
  readonly skynet?: SkynetWireConfig;
}

/** The connections of one node. */
export class Clusterd {
  readonly #context: Context;
  readonly #skynet: SkynetApi;
  readonly #hub: Hub;
  readonly #config: SkynetWireConfig;
  readonly #exposure: Exposure;
  readonly #nodes: SkynetNodes;
  readonly #links: LinkNodes;
  readonly #listens: number | string | undefined;
  readonly #engine: string | undefined;
  #membership: Membership | undefined = undefined;
  #globals: GlobalServices | undefined = undefined;
  #patches: FleetPatches | undefined = undefined;
  #data: FleetData | undefined = undefined;
  #channels: FleetChannels | undefined = undefined;
  readonly #token: string | undefined;
  readonly #ports: number[] = [];
  #leaving: Promise<void> | undefined = undefined;
  readonly #agents = new Set<SkynetAgent>();
  readonly #proxies = new Map<string, Promise<number>>();

  constructor(context: Context) {
    const { environment, kernel } = context.runtime;
    const cluster = environment.get("cluster") as ClusterSettings | undefined;
    this.#context = context;
    this.#config = cluster?.skynet ?? {};
    this.#skynet = createSkynet(context);
    this.#hub = new Hub(context, (environment.get("node") as string | undefined) ?? hostname());
    this.#exposure = new Exposure(kernel, this.#config.expose ?? []);
    this.#nodes = new SkynetNodes(this.#hub);
    this.#links = new LinkNodes(this.#hub, this.#exposure, cluster ?? {});
    offerDrift(this.#exposure, context);
    this.#exposure.offers.set("%multicast", (values, asker) => this.#multicast(values, asker));
    this.#listens = cluster?.listen;
    this.#engine = cluster?.engine;
    this.#token = cluster?.token;
    takeValuesWhole(context);
  }

  /** Begins: what the configuration names and opens. */
  async start(): Promise<void> {
    this.#skynet.dispatch("lua", (_session, source, command: string, ...args: never[]) =>
      this.#run(source, command, args),
    );
    this.#skynet.info_func(() => this.state);
    this.#nodes.reload(this.#config.nodes ?? {});
    const { kernel } = this.#context.runtime;
    kernel.watch(this.#context.handle, () => {
      this.#links.close();
      this.#patches?.close();
      this.#membership?.abandon();
    });
    if (this.#config.open !== undefined) await this.#listen(this.#config.open);
    const listens = this.#listens;
    const listened = listens === undefined ? undefined : await this.#links.listen(listens);
    if (this.#engine !== undefined) {
      const { joinFleet } = await import("./fleet.ts");
      const [hub, links, exposure] = [this.#hub, this.#links, this.#exposure];
      const proxy = (node: string, reference: number, type?: string): Promise<number> =>
        this.#proxy(node, reference, type);
      // The configuration has one where it has an engine.
      const token = this.#token ?? "";
      const onMember = (node: string, incarnation: string | undefined): void =>
        this.#tellMulticast(node, incarnation);
      const options = { hub, links, exposure, proxy, onMember, listened, token };
      const fleet = await joinFleet(this.#engine, options);
      this.#membership = fleet.membership;
      this.#globals = fleet.globals;
      this.#patches = fleet.patches;
      this.#data = fleet.data;
      this.#channels = fleet.channels;
      // What is born from here on is born with what the fleet has.
      await this.#within(ENGINE_TIMEOUT_MS, fleet.patches.caughtUp);
    }
    this.#skynet.register(".clusterd");
  }

  /** What is known, for people. */
  get state(): object {
    const { nodes, peers } = this.#links.state;
    return {
      ...this.#membership?.state,
      ...(this.#patches !== undefined && { patches: this.#patches.state }),
      links: nodes,
      peers,
      nodes: this.#nodes.state,
      clients: [...this.#agents].map(({ state }) => state),
      registered: Object.fromEntries(this.#exposure.registered),
      refused: Object.fromEntries(this.#hub.refusals),
    };
  }

  #run(source: number, command: string, args: never[]): unknown {
    switch (command) {
      case "REQ":
        return this.#order(...(args as unknown as [string, WireAddress, Uint8Array, number]));
      case "PUSH":
        return this.#push(...(args as unknown as [string, WireAddress, Uint8Array]));
      case "LISTEN":
        return this.#listen(...(args as unknown as [number | string, number?]));
      case "REGISTER":
        return this.#register(...(args as unknown as [string, number]));
      case "UNREGISTER":
        return this.#exposure.unregister(args[0] as unknown as string);
      case "MOVED":
        for (const pair of args[0] as unknown as [number, number][]) this.#exposure.move(...pair);
        return undefined;
      case "PROXY":
        return this.#proxy(...(args as unknown as [string, WireAddress, string?]));
      case "RELOAD":
        return this.#reload(args[0] ?? this.#config.nodes ?? {});
      case "LINK":
        return this.#find(args[0] as unknown as string);
      case "CLAIM":
        return this.#globals?.claim(args[0] as unknown as string);
      case "FIND":
        return this.#globals?.find(args[0] as unknown as string);
      case "OWN":
        return this.#globals?.own(...(args as unknown as [string, number, number]));
      case "FLEETPATCH":
        return this.#patchFleet(...(args as unknown as [boolean, string, Patch, ...unknown[]]));
      case "FLEETROLLBACK":
        return this.#rollBackFleet(...(args as unknown as [boolean, number[]]));
      case "FLEETDRIFT":
        return this.#gatherDrift();
      case "DATAREAD":
        return this.#withEngine(this.#data, (data) => data.read(args[0]));
      case "DATAREPLACE":
        return this.#withEngine(this.#data, (data) =>
          data.replace(args[0], args[1], Number(args[2])),
        );
      case "DATAWATCH":
        return this.#withEngine(this.#data, (data) => this.#watchData(data, source));
      case "CHANNELS":
        return this.#withEngine(this.#channels, (channels) => channels.reserve());
      case "CHANNELOF":
        return this.#withEngine(this.#channels, (channels) => channels.nodeOf(Number(args[0])));
      case "DRAIN":
        return this.#drain(args[0] as unknown as number);
      case "LEAVE":
        return this.#leave();
      case "EVENT":
        return this.#watch(args[0] as unknown as string, args[1] as unknown as number, source);
      default: {
        const who = formatAddress(source);
        const text = `clusterd has no command ${String(command).slice(0, 80)}, asked by ${who}`;
        throw new SnaxError("ERR_NO_METHOD", text);
      }
    }
  }

  /** Finds the handle of the link to a node; the engine may still be about to tell of it. */
  #find(node: string): number | Promise<number> {
    if (this.#membership === undefined || this.#links.has(node)) return this.#links.handleOf(node);
    return this.#known(this.#membership).then(() => this.#links.handleOf(node));
  }

  async #watch(node: string, after: number, source: number): Promise<NumberedEvent> {
    const membership = this.#membership;
    if (membership !== undefined && !this.#links.has(node)) await this.#known(membership);
    return await this.#links.next(node, after, source);
  }

  /** Resolves when the engine has told who is there, or when it has had time enough. */
  #known({ settled }: Membership): Promise<void> {
    return this.#within(ENGINE_TIMEOUT_MS, settled);
  }

  #within(ms: number, done: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#hub.after(ms, resolve);
      void done.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #patchFleet(
    allowMissing: boolean,
    type: string,
    patch: Patch,
    ...args: unknown[]
  ): Promise<FleetResult> {
    return await this.#lead(allowMissing, (node) => node.make(type, patch, args));
  }

  async #rollBackFleet(allowMissing: boolean, ids: readonly number[]): Promise<FleetResult> {
    return await this.#lead(allowMissing, (node) => node.makeReverse(ids));
  }

  async #lead(
    allowMissing: boolean,
    make: (node: FleetNode) => Promise<FleetPatch>,
  ): Promise<FleetResult> {
    const patches = this.#patches;
    if (patches === undefined) throw engineError("is none", false);
    const { FleetLead } = await import("./fleet/lead.ts");
    const { FleetNode } = await import("./fleet/local.ts");
    const patch = { ...(await make(new FleetNode(this.#context))), from: this.#hub.nodeName };
    return await new FleetLead(patches).run({ patch, allowMissing });
  }

  async #gatherDrift(): Promise<FleetDrift> {
    const [context, links, membership] = [this.#context, this.#links, this.#membership];
    if (membership !== undefined) await this.#known(membership);
    return await gatherFleetDrift({ context, node: this.#hub.nodeName, links, membership });
  }

  /** At the start the engine may still be about to answer. */
  async #withEngine<S, T>(part: S | undefined, run: (part: S) => T): Promise<Awaited<T>> {
    const membership = this.#membership;
    if (part === undefined || membership === undefined) throw engineError("is none", false);
    await this.#known(membership);
    return await run(part);
  }

  /** Nobody has channels where there is no multicastd. */
  #tellMulticast(node: string, incarnation: string | undefined): void {
    const handle = this.#context.runtime.kernel.names.get(".multicastd");
    if (handle !== undefined) this.#skynet.send(handle, "lua", "MEMBER", node, incarnation);
  }

  /** What another node wants of the channels of this one. */
  async #multicast(values: readonly unknown[], asker: Asker): Promise<unknown> {
    const handle = this.#context.runtime.kernel.names.get(".multicastd");
    if (handle === undefined) {
      // As with a channel that was deleted: publishing reaches nobody, listening is refused.
      if (values[0] !== "SUB") return values[0] === "PUB" ? 0 : undefined;
      throw new SnaxError("ERR_ARGUMENT", "there is no such channel: this node has none");
    }
    const call = this.#skynet.within(Infinity);
    const { node, incarnation } = asker;
    return await call.call(handle, "lua", "FAR", { node, incarnation }, ...values);
  }

  #watchData(data: FleetData, source: number): void {
    const { kernel } = this.#context.runtime;
    const stop = data.watch((key) => void this.#skynet.send(source, "lua", "CHANGED", key));
    kernel.watch(source, stop);
  }

  async #drain(ms: number): Promise<void> {
    const { clock } = this.#context.runtime;
    const until = clock.now() + ms;
    for (let open = this.#openCalls; open > 0; open = this.#openCalls) {
      if (clock.now() >= until) {
        this.#hub.log(
          `${open} calls of other nodes are cut off: they took more than ${ms} ms, drain`,
          LEVEL.warn,
        );
        break;
      }
      await new Promise<void>((resolve) => void this.#hub.after(CLUSTER_DRAIN_LOOK_MS, resolve));
    }
    await this.#leave();
  }

  get #openCalls(): number {
    const theirs = [...this.#agents].reduce((sum, { state }) => sum + state.calls, 0);
    return this.#links.openCalls + theirs;
  }

  #leave(): Promise<void> {
    return (this.#leaving ??= (async () => {
      this.#links.leave("the node is stopping");
      for (const port of this.#ports) void this.#hub.socket.close(port);
      for (const agent of this.#agents) agent.close();
      this.#patches?.close();
      await this.#membership?.leave();
    })());
  }

  /** One name space: what the configuration links with is no node of skynet. */
  #reload(table: object): void {
    for (const node of Object.keys(table)) {
      const isNew = this.#engine !== undefined && !Object.hasOwn(this.#config.nodes ?? {}, node);
      if (!this.#links.has(node) && (!isNew || node.startsWith("__"))) continue;
      const why = isNew
        ? `${node} is not in cluster.skynet.nodes of the configuration: with cluster.engine all other names are nodes of snax`
        : `${node} is a node of cluster.nodes in the configuration: reload names nodes of skynet`;
      throw new SnaxError("ERR_CONFIG", why);
    }
    this.#nodes.reload(table);
  }

  /** @param ms - milliseconds after which the caller has given up; 0 = never */
  #order(node: string, address: WireAddress, payload: Uint8Array, ms: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const tag = this.#context.runtime.tracer?.tag;
      const order = new Order({ node, address, payload, isPush: false, tag }, (error, answer) =>
        error === undefined ? resolve(answer) : reject(error),
      );
      if (ms > 0) order.onOver = this.#hub.after(ms, () => order.giveUp());
      this.#nodes.take(order);
    });
  }

  #push(node: string, address: WireAddress, payload: Uint8Array): void {
    const wish: Wish = { node, address, payload, isPush: true };
    const order = new Order(wish, (error) => {
      if (error !== undefined)
        this.#hub.log(`a push to ${node} is lost: ${error.message}`, LEVEL.warn);
    });
    this.#nodes.take(order);
  }

  async #listen(
    place: number | string,
    clientsMax: number = CLUSTER_CLIENTS_MAX,
  ): Promise<Listened> {
    const endpoint = this.#endpointOf(place);
    const { socket, log } = this.#hub;
    const opened = await socket.listen(endpoint);
    this.#ports.push(opened.id);
    socket.start(opened.id, (id, peer) => this.#accept(id, peer, clientsMax));
    const where = formatEndpoint(opened.address, opened.port);
    log(`other nodes reach this one at ${where}`);
    if (!isLoopback(endpoint.host)) {
      log(
        `whoever reaches ${where} may call what is exposed: nothing on skynet's wire says who asks`,
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
    if (this.#agents.size >= clientsMax) {
      this.#hub.refused("too many clients", `${peer} is turned away`);
      return this.#hub.socket.shutdown(id);
    }
    const agent = new SkynetAgent(this.#hub, this.#exposure, id, peer);
    this.#agents.add(agent);
    void agent.run().finally(() => this.#agents.delete(agent));
  }

  #register(name: string, handle: number): void {
    this.#exposure.register(name, handle);
    this.#hub.log(`Register [${name}] ${formatAddress(handle)}`);
  }

  /** A proxy serves all that ask for the same; one that has died is made anew. */
  #proxy(node: string, address: WireAddress, type?: string): Promise<number> {
    const key = `${node} ${typeof address} ${address} ${type ?? ""}`;
    let proxy = this.#proxies.get(key);
    if (proxy === undefined) {
      const forget = (): void => void this.#proxies.delete(key);
      const args = type === undefined ? [] : [type];
      proxy = this.#skynet.newservice("clusterproxy", node, address, ...args);
      proxy.then(
        (handle) =>
          this.#skynet.within(Infinity).call(handle, "debug", "LINK").then(forget, forget),
        forget,
      );
      this.#proxies.set(key, proxy);
    }
    return proxy;
  }
}
