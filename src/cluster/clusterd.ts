/**
 * The heart of `clusterd`, the one service of a node that holds its connections to other nodes.
 *
 *     message -> command -> the subject it belongs to (commands/), which names its own
 *
 * What it holds is made here, and begins in the order in which others may rely on it: nodes and ports first, then the engine, then its name.
 */

import { hostname } from "node:os";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import type { SocketApi } from "../net/socket-api.ts";
import type { Context } from "../service/context.ts";
import { createSkynet } from "../service/skynet.ts";
import type { SkynetApi } from "../service/skynet-api.ts";
import { takeValuesWhole } from "../service/values.ts";
import { ChannelDesk } from "./commands/channels.ts";
import type { Command } from "./commands/command.ts";
import { departureCommands } from "./commands/departure.ts";
import { EngineDesk } from "./commands/engine.ts";
import { fleetCommands } from "./commands/fleet-patch.ts";
import { linkCommands } from "./commands/links.ts";
import { NameDesk } from "./commands/names.ts";
import type { SkynetWireConfig } from "./commands/skynet-wire.ts";
import { SkynetWire } from "./commands/skynet-wire.ts";
import { offerDrift } from "./fleet/drift.ts";
import { Exposure } from "./hub/exposure.ts";
import { Hub } from "./hub/hub.ts";
import type { LinkConfig } from "./link/nodes.ts";
import { LinkNodes } from "./link/nodes.ts";

/** The key `cluster` of the configuration. */
interface ClusterSettings extends LinkConfig {
  readonly engine?: string;
  readonly skynet?: SkynetWireConfig;
}

/** The connections of one node. */
export class Clusterd {
  readonly #context: Context;
  readonly #skynet: SkynetApi;
  readonly #settings: ClusterSettings;
  readonly #hub: Hub;
  readonly #exposure: Exposure;
  readonly #wire: SkynetWire;
  readonly #links: LinkNodes;
  readonly #names: NameDesk;
  readonly #engine: EngineDesk;
  readonly #channels: ChannelDesk;
  readonly #commands: ReadonlyMap<string, Command>;

  /** @param socket - see {@link Hub}. */
  constructor(context: Context, socket?: SocketApi) {
    const { environment, kernel } = context.runtime;
    const settings = (environment.get("cluster") as ClusterSettings | undefined) ?? {};
    const skynet = createSkynet(context);
    const hub = new Hub(
      context,
      (environment.get("node") as string | undefined) ?? hostname(),
      socket,
    );
    const config = settings.skynet ?? {};
    const exposure = new Exposure(kernel, config.expose ?? []);
    const links = new LinkNodes(hub, exposure, settings);
    const isLinked = (node: string): boolean => links.has(node);
    const hasEngine = settings.engine !== undefined;
    this.#context = context;
    this.#skynet = skynet;
    this.#settings = settings;
    this.#hub = hub;
    this.#exposure = exposure;
    this.#links = links;
    this.#wire = new SkynetWire({ hub, exposure, config, isLinked, hasEngine });
    this.#names = new NameDesk(hub, skynet, exposure);
    this.#engine = new EngineDesk(hub, skynet);
    this.#channels = new ChannelDesk(hub, skynet, this.#engine);
    const ties = { hub, links, wire: this.#wire, engine: this.#engine };
    this.#commands = new Map(
      [
        this.#wire.commands,
        this.#names.commands,
        linkCommands(links, this.#engine),
        this.#engine.commands,
        fleetCommands(hub, links, this.#engine),
        this.#channels.commands,
        departureCommands(ties),
      ].flatMap((commands) => Object.entries(commands)),
    );
    offerDrift(exposure, context);
    this.#channels.offer(exposure);
    takeValuesWhole(context);
  }

  /** Begins: what the configuration names and opens. */
  async start(): Promise<void> {
    this.#skynet.dispatch("lua", (_session, source, command: string, ...args: never[]) =>
      this.#run(source, command, args),
    );
    this.#skynet.info_func(() => this.state);
    this.#context.runtime.kernel.watch(this.#context.handle, () => {
      this.#links.close();
      this.#engine.abandon();
    });
    await this.#wire.start();
    const { listen, engine } = this.#settings;
    const listened = listen === undefined ? undefined : await this.#links.listen(listen);
    if (engine !== undefined) {
      await this.#engine.join(engine, {
        ...{ hub: this.#hub, links: this.#links, exposure: this.#exposure, listened },
        proxy: (node, reference, type) => this.#names.proxy(node, reference, type),
        onMember: (node, incarnation) => this.#channels.tell(node, incarnation),
        // The configuration has one where it has an engine.
        token: this.#settings.token ?? "",
      });
    }
    this.#skynet.register(".clusterd");
  }

  /** What is known, for people. */
  get state(): object {
    const { nodes: links, peers } = this.#links.state;
    const { nodes, clients } = this.#wire.state;
    const fleet = this.#engine.fleet;
    return {
      ...fleet?.membership.state,
      ...(fleet !== undefined && { patches: fleet.patches.state }),
      ...{ links, peers, nodes, clients },
      registered: Object.fromEntries(this.#exposure.registered),
      refused: Object.fromEntries(this.#hub.refusals),
    };
  }

  #run(source: number, name: string, args: never[]): unknown {
    const command = this.#commands.get(name);
    if (command !== undefined) return command(source, ...args);
    const who = formatAddress(source);
    const text = `clusterd has no command ${String(name).slice(0, 80)}, asked by ${who}`;
    throw new SnaxError("ERR_NO_METHOD", text);
  }
}
