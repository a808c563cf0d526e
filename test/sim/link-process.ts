/**
 * One process of a node in virtual time: the kernel, the services and clusterd are those of the product, the machine's clock and network
 * are simulated.
 *
 * It has one thread. Services are functions instead of files, so no code is loaded.
 */

import { EventEmitter } from "node:events";
import type { Server, Socket } from "node:net";
import { LevelFloor } from "../../src/base/log-level.ts";
import { Clusterd } from "../../src/cluster/clusterd.ts";
import { createDrain } from "../../src/fabric/event-loop.ts";
import type { KernelOptions } from "../../src/kernel/kernel-options.ts";
import type { Waker } from "../../src/kernel/scheduler.ts";
import { createCluster } from "../../src/library/cluster.ts";
import type { ClusterApi } from "../../src/library/cluster-api.ts";
import { adopt } from "../../src/net/adoption.ts";
import { netOf } from "../../src/net/net-table.ts";
import { connect } from "../../src/net/opening.ts";
import { PortRecord } from "../../src/net/port.ts";
import type { ListenOptions, OpenOptions, SocketApi } from "../../src/net/socket-api.ts";
import { socketOwnerOf } from "../../src/net/socket-owner.ts";
import { createSocketApi } from "../../src/net/socket.ts";
import { kernelEvents } from "../../src/node/kernel-events.ts";
import { PLAIN_RECEIVERS } from "../../src/service/answers.ts";
import { Context, runInside } from "../../src/service/context.ts";
import { Environment } from "../../src/service/environment.ts";
import { Runtime } from "../../src/service/runtime.ts";
import type { SearchPath } from "../../src/service/search-path.ts";
import { createSkynet } from "../../src/service/skynet.ts";
import type { SkynetApi } from "../../src/service/skynet-api.ts";
import type { CodeCache } from "../../src/loader/code-cache.ts";
import type { JudgedKernel } from "./link-kernel.ts";
import type { Network, ProcessLoop } from "./link-network.ts";

/** Most milliseconds until a turn begins. */
const WAKE_MAX_MS = 0.1;
/** Milliseconds that a message takes: a turn comes to its end. */
const MESSAGE_MS = 0.001;
/** Milliseconds until what a turn wrote leaves. */
const FLUSH_MS = 0.01;

/** What a process is started with. */
export interface ProcessSettings {
  readonly network: Network;
  readonly loop: ProcessLoop;
  readonly node: string;
  /** The key `cluster` of the configuration. */
  readonly cluster: { readonly listen: string; readonly [key: string]: unknown };
  readonly createKernel: (options: KernelOptions) => JudgedKernel;
  /** Runs when clusterd is there: what services want of it before is for others to test. */
  readonly onReady: (process: SimulatedProcess) => void;
  /** Something is wrong in its kernel. */
  readonly fault: (text: string) => void;
}

/** A service of such a process. */
export interface SimulatedService {
  readonly context: Context;
  readonly skynet: SkynetApi;
  readonly cluster: ClusterApi;
}

/** A process. */
export class SimulatedProcess {
  readonly settings: ProcessSettings;
  readonly runtime: Runtime;
  readonly clusterd: Clusterd;
  /** How often a link was made, to any node. */
  ups = 0;
  readonly #daemon: Context;
  readonly #system: Context;
  #ids = 0;

  constructor(settings: ProcessSettings) {
    this.settings = settings;
    const { loop, node, cluster } = settings;
    const { clock } = settings.network.world;
    const { drain } = createDrain();
    const kernel = settings.createKernel({
      clock,
      drain: {
        isSynchronous: true,
        drain: () => {
          clock.advance(MESSAGE_MS);
          drain();
        },
      },
      waker: this.#createWaker(() => kernel.turn()),
      events: kernelEvents(() => runtime),
    });
    kernel.onTwice = () => settings.fault(`${node} gets a second answer to a call`);
    const runtime: Runtime = new Runtime({
      kernel,
      clock,
      environment: new Environment({ node, cluster }),
      write: ({ text }) => {
        const [, up] = / is up \(([0-9a-f]+)\)$/.exec(text) ?? [];
        if (up !== undefined) this.ups += 1;
      },
      logFloor: new LevelFloor(undefined, 0),
      abort: () => {},
      boards: [],
      // No code is loaded here.
      cache: undefined as unknown as CodeCache,
      paths: { root: "/", isSystem: () => true } as unknown as SearchPath,
    });
    this.runtime = runtime;
    const net = netOf(runtime);
    net.flushSoon = (link) => void loop.later(FLUSH_MS, () => link.flush());
    net.after = (ms, run) => (ms === Infinity ? () => {} : loop.later(ms, run));
    this.#system = this.#create("system");
    runtime.owner = this.#system.handle;
    this.#daemon = this.#create("clusterd");
    this.clusterd = new Clusterd(this.#daemon, this.#createSocket());
    const begin = async (): Promise<void> => {
      await this.clusterd.start();
      settings.onReady(this);
    };
    runInside(this.#daemon, () => void begin());
  }

  /** How its link to another node is: up, connecting, down; undefined = it knows of none. */
  linkState(node: string): string | undefined {
    const { links } = this.clusterd.state as { links: Record<string, { state: string }> };
    return links[node]?.state;
  }

  /** It takes no more calls, waits for those that are open, and says goodbye: what SIGTERM does. */
  drain(ms: number): void {
    if (this.runtime.kernel.names.get(".clusterd") === undefined) return;
    this.runtime.isDraining = true;
    const { call } = createSkynet(this.#system);
    runInside(this.#system, () => void call(".clusterd", "lua", "DRAIN", ms));
  }

  /** Makes a service; what it does begins inside it. */
  service(name: string, begin: (service: SimulatedService) => unknown): SimulatedService {
    const context = this.#create(name);
    const service = { context, skynet: createSkynet(context), cluster: createCluster(context) };
    runInside(context, () => void begin(service));
    return service;
  }

  #create(name: string): Context {
    this.#ids += 1;
    return new Context(this.runtime, name, `snlua ${name} ${this.#ids}`, PLAIN_RECEIVERS);
  }

  #createWaker(turn: () => void): Waker {
    const { loop, network } = this.settings;
    const { random } = network.world;
    let cancel = (): void => {};
    return {
      wake: () => void loop.later(random.next() * WAKE_MAX_MS, turn),
      alarm: (at) => {
        cancel();
        if (at === undefined) return;
        const ms = Math.max(at - loop.now(), 0) + random.next() * WAKE_MAX_MS;
        cancel = loop.later(ms, turn);
      },
    };
  }

  /** The product's own socket functions, but for those that meet the machine's network. */
  #createSocket(): SocketApi {
    const { network, loop } = this.settings;
    const owner = socketOwnerOf(this.#daemon);
    const open = async (options: OpenOptions): Promise<number> => {
      const { host = "", port = 0 } = options;
      const create = (): Socket => network.connect(loop, host, `${host}:${port}`);
      const link = await connect(owner, options, (opened) => adopt(owner, opened), create);
      link.start();
      return link.id;
    };
    const listen = ({ host = "", port = 0 }: ListenOptions): Promise<object> => {
      const server = new EventEmitter() as Server;
      const name = `${host}:${port}`;
      const record = new PortRecord(owner, { server, name, address: host, port });
      const shut = network.listen(name, loop, (socket) => record.take(socket));
      server.close = () => {
        shut();
        loop.soon(() => server.emit("close"));
        return server;
      };
      return owner.inTurn(Promise.resolve({ id: record.id, address: host, port }));
    };
    const real = createSocketApi(this.#daemon);
    const replaced = new Map<string | symbol, unknown>([
      ["open", open],
      ["listen", listen],
    ]);
    return new Proxy(real, { get: (api, key) => replaced.get(key) ?? Reflect.get(api, key, api) });
  }
}
