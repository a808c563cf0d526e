/**
 * A node: everything put together, started and stopped.
 *
 *     start   kernel -> logger (handle 1) -> this program (2) -> launcher (3) -> service_mgr (4) -> the start service
 *     stop    `exit` of every service, youngest type first, within `stoptimeout` -> everything is killed -> the thread is free
 *
 * The program that starts a node acts as one of its services, the bootstrap of skynet: `node.skynet` and `node.snax` are
 * bound to it.
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../base/clock.ts";
import type { EventLoopWaker } from "../fabric/event-loop.ts";
import { createDrain, createWaker } from "../fabric/event-loop.ts";
import { Kernel } from "../kernel/kernel.ts";
import { CodeCache } from "../loader/code-cache.ts";
import { PLAIN_RECEIVERS } from "../service/answers.ts";
import { launch } from "../service/boot.ts";
import { Context } from "../service/context.ts";
import { Environment } from "../service/environment.ts";
import { PLAIN_KIND, PLAIN_KIND_NAME } from "../service/life.ts";
import { Runtime } from "../service/runtime.ts";
import { SearchPath } from "../service/search-path.ts";
import type { SkynetApi } from "../service/skynet-api.ts";
import { createSkynet } from "../service/skynet.ts";
import { INJECTED_NAMES } from "../service/surroundings.ts";
import { ConsoleNode } from "../console/console-node.ts";
import { createOperatorMaker } from "../console/operator-api.ts";
import { createRunCommand } from "../live/inject-command.ts";
import { LiveNode } from "../live/live-node.ts";
import { createSnaxMaker } from "../live/snax-api.ts";
import { createSnaxKind, SNAX_KIND } from "../snax/snax-kind.ts";
import { SnaxNode } from "../snax/snax-node.ts";
import type { SnaxApi } from "../snax/types.ts";
import type { SharetableApi, TablesObject } from "../table/sharetable-api.ts";
import { createTableApi } from "../table/sharetable.ts";
import { TableHub } from "../table/table-hub.ts";
import { TableThread } from "../table/table-thread.ts";
import { apiParts } from "./api-parts.ts";
import type { Config, FullConfig } from "./config.ts";
import { completeConfig, suspectKeys } from "./config.ts";
import { kernelEvents } from "./kernel-events.ts";
import { watchStrayErrors } from "./rejections.ts";
import { endEverything, sayGoodbye } from "./goodbye.ts";

/** A node that runs. */
export interface Node {
  /** The runtime, as the program that started the node uses it. */
  readonly skynet: SkynetApi;
  /** Typed services, as the program that started the node uses them. */
  readonly snax: SnaxApi;
  /** Shared tables, as the program that started the node uses them. */
  readonly sharetable: SharetableApi;
  /** The tables themselves. */
  readonly tables: TablesObject;
  /** Ends every service, with its `exit`, and frees the thread; resolves when all is done. May be called again. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

/** What only the command line says. */
export interface StartOptions {
  /** The folder to which paths in the configuration are relative. @defaultValue the working directory */
  readonly root?: string;
  /** The process is nothing but this node, so errors that nobody caught are logged and end nothing. @defaultValue false */
  readonly ownsProcess?: boolean;
  /** Stops the node when it fires, also while the node still starts. */
  readonly signal?: AbortSignal;
}

/** How many threads can share tables. */
const TABLE_THREADS = 64;

/** Where the system's own services lie, as the search path names them. */
const SYSTEM_SERVICES: string = `${fileURLToPath(new URL("../services/", import.meta.url))}?.js`;

/**
 * Starts a node in this process.
 *
 * @param config - the same keys as in a configuration file.
 * @throws {ERR_CONFIG} if a key has a value that makes no sense.
 * @throws what the start service throws while it loads or begins; then no node remains. If the node was told to stop
 * before it was ready (`skynet.abort` in the start service), that is no failure: it is given as a node that has stopped.
 * @example
 * ```ts
 * const node = await start({ services: "./services/?.ts" });
 * const p = await node.snax.newservice<typeof Foobar>("foobar");
 * await node.stop();
 * ```
 */
export async function start(config: Config = {}, options: StartOptions = {}): Promise<Node> {
  const full = withAbsolutePaths(completeConfig(config), options.root ?? process.cwd());
  const running = new RunningNode(full, options);
  const stop = (): void => void running.stop();
  options.signal?.addEventListener("abort", stop);
  if (options.signal?.aborted === true) stop();
  try {
    // What a stop cuts off while the node boots may never settle.
    await Promise.race([running.boot(), running.stopped]);
  } catch (error) {
    const isFailure = !running.isStopping;
    await running.stop();
    if (isFailure) throw error;
  }
  void running.stopped.then(() => options.signal?.removeEventListener("abort", stop));
  return running;
}

function withAbsolutePaths(config: FullConfig, root: string): FullConfig {
  const absolute = (key: "logger" | "preload"): Partial<Config> => {
    const path = config[key];
    return path === undefined ? {} : { [key]: resolve(root, path) };
  };
  return { ...config, ...absolute("logger"), ...absolute("preload") };
}

class RunningNode implements Node {
  readonly skynet: SkynetApi;
  readonly snax: SnaxApi;
  readonly sharetable: SharetableApi;
  readonly tables: TablesObject;
  readonly stopped: Promise<void>;
  readonly #config: FullConfig;
  readonly #runtime: Runtime;
  readonly #program: Context;
  readonly #waker: EventLoopWaker;
  readonly #ready: Promise<void>;
  readonly #forgetErrors: () => void;
  #stopping: Promise<void> | undefined;
  #resolveStopped: () => void = () => {};

  constructor(config: FullConfig, options: StartOptions) {
    this.#config = config;
    this.#waker = createWaker(systemClock);
    this.#runtime = createRuntime(config, options.root ?? process.cwd(), this.#waker, () => {
      void this.stop();
    });
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const node = new SnaxNode(this.#runtime);
    const live = new LiveNode(node);
    const createSnax = createSnaxMaker(live);
    const tableThread = new TableThread(new TableHub(TABLE_THREADS).join(() => this.#waker.wake()));
    this.#waker.attach(() => {
      tableThread.beginTurn();
      this.#runtime.kernel.turn();
    });
    const tableApi = createTableApi(tableThread);
    for (const [name, make] of apiParts(createSnax, tableApi)) this.#runtime.parts.set(name, make);
    this.#runtime.parts.set("operator", createOperatorMaker(new ConsoleNode(live)));
    this.#runtime.debugCommands.set("RUN", createRunCommand(live));
    this.#runtime.kinds.set(PLAIN_KIND_NAME, PLAIN_KIND);
    this.#runtime.kinds.set(SNAX_KIND, createSnaxKind(node));
    // The logger first: it has handle 1, as in skynet.
    this.#ready = this.#launch("logger");
    this.#program = new Context(this.#runtime, "program", "program", PLAIN_RECEIVERS);
    this.#program.held = new Set();
    this.#forgetErrors = watchStrayErrors({
      runtime: this.#runtime,
      program: this.#program.handle,
      ownsProcess: options.ownsProcess === true,
    });
    this.#runtime.owner = this.#program.handle;
    this.skynet = createSkynet(this.#program);
    this.snax = createSnax(this.#program);
    this.sharetable = tableApi.sharetable(this.#program);
    this.tables = tableApi.tables(this.#program);
  }

  /** Starts the system's services, then the program's. */
  async boot(): Promise<void> {
    await this.#ready;
    this.#runtime.logger = this.#runtime.kernel.names.get(".logger") ?? 0;
    for (const line of suspectKeys(this.#config)) this.#runtime.log(0, line);
    await this.#launch("launcher");
    await this.skynet.within(Infinity).call(".launcher", "lua", "LAUNCH", "snlua", "service_mgr");
    const { console: place } = this.#config;
    if (place !== undefined) await this.skynet.newservice("debug_console", place);
    if (this.#config.start !== undefined) await this.skynet.newservice(this.#config.start);
  }

  /** Somebody has asked for the end. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#runtime.state = "stopping";
    try {
      await sayGoodbye(this.#program, this.#config.stoptimeout);
    } finally {
      endEverything(this.#program);
      this.#waker.close();
      this.#forgetErrors();
      this.#resolveStopped();
    }
  }

  #launch(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const onReady = (error?: unknown): void => {
        if (error === undefined) resolve();
        else reject(error as Error);
      };
      launch(this.#runtime, { kind: "snlua", name, args: [], onReady });
    });
  }
}

function createRuntime(
  config: FullConfig,
  root: string,
  waker: EventLoopWaker,
  abort: () => void,
): Runtime {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const runtime: Runtime = new Runtime({
    kernel: new Kernel({
      clock: systemClock,
      drain: createDrain(),
      waker,
      harbor: config.harbor,
      profile: config.profile,
      mailboxLimit: config.mailbox,
      events: kernelEvents(() => runtime),
    }),
    cache: new CodeCache({
      injected: INJECTED_NAMES,
      preload: config.preload,
      onGlobalWrite: (name, { file, line, column }) =>
        runtime.log(
          0,
          `globalThis.${name} is shared by all services of the thread: ${file}:${line}:${column}`,
        ),
    }),
    clock: systemClock,
    environment: new Environment(config),
    paths: new SearchPath(config.services, root, [SYSTEM_SERVICES]),
    write,
    abort,
  });
  return runtime;
}
