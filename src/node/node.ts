/**
 * A node: everything put together, started and stopped.
 *
 *     start   kernel -> logger (handle 1) -> this program (2) -> launcher (3) -> cdummy (4), which starts harbor (5)
 *             -> datacenterd (6) -> service_mgr (7) -> the console and the start service
 *             in a network of harbors cslave for cdummy, behind cmaster on the node that is its master; datacenterd there only
 *             meanwhile the worker threads, if there are any
 *     stop    `exit` of every service, youngest type first, within `stoptimeout` -> everything is killed -> the threads end
 *
 * The program that starts a node acts as one of its services, the bootstrap of skynet: `node.skynet` and `node.snax` are
 * bound to it.
 */

import { resolve } from "node:path";
import { LEVEL } from "../base/log-level.ts";
import { readScripts } from "../inspector/object-session.ts";
import { SnaxError } from "../base/error.ts";
import { findModuleFile } from "../loader/resolve/module-file.ts";
import { launch } from "../service/boot.ts";
import { PLAIN_RECEIVERS } from "../service/answers.ts";
import { Context } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import type { SkynetApi } from "../service/skynet-api.ts";
import { createSkynet } from "../service/skynet.ts";
import type { SnaxApi } from "../snax/types.ts";
import type { SharetableApi, TablesObject } from "../table/sharetable-api.ts";
import { TableHub } from "../table/table-hub.ts";
import type { Assembly } from "./assemble.ts";
import { assemble } from "./assemble.ts";
import type { Config, FullConfig } from "./config.ts";
import { completeConfig, suspectKeys } from "./config.ts";
import { checkRuntime, lackOfWatchdog } from "./footing.ts";
import { endEverything, sayGoodbye } from "./goodbye.ts";
import { makeRoomForForwarders } from "./inlining.ts";
import { MainThread } from "./main-thread.ts";
import { watchStrayErrors } from "./rejections.ts";
import { watchStalls } from "./stall.ts";
import { setOperator } from "./node-operator.ts";
import type { TestSeams } from "./test-seams.ts";

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
  /**
   * Takes the node out of readiness, waits until no call of another node is open (for `drain` milliseconds at most), says goodbye to other nodes, and
   * stops; resolves when all is done.
   */
  drain(): Promise<void>;
  /** Resolves when the node has stopped, for any reason. */
  readonly stopped: Promise<void>;
  /** What was cut off when the node stopped, for people; empty if every service has left in order. */
  readonly cutOff: readonly string[];
}

/** What only the command line says. */
export interface StartOptions {
  /** The folder to which paths in the configuration are relative. @defaultValue the working directory */
  readonly root?: string;
  /** The process is nothing but this node, so errors that were not caught are logged and end nothing. @defaultValue false */
  readonly ownsProcess?: boolean;
  /** Stops the node when it fires, also while the node still starts. */
  readonly signal?: AbortSignal;
  /** @internal */
  readonly seams?: TestSeams;
}

/** Milliseconds for the goodbye of a node that drains. */
const DRAIN_REST_MS = 1000;

/** What the launcher starts first, in skynet's order for a node without a network. */
const BOOT_SERVICES: readonly string[] = ["cdummy", "datacenterd", "service_mgr"];

/** The same in a network of harbors, in skynet's order. */
function bootServices({ harbor, standalone }: FullConfig): readonly string[] {
  if (harbor === 0) return BOOT_SERVICES;
  return standalone === undefined
    ? ["cslave", "service_mgr"]
    : ["cmaster", "cslave", "datacenterd", "service_mgr"];
}

/**
 * Starts a node in this process.
 *
 * V8 puts more of other functions into one from then on, in the whole process (`inlining.ts`), unless a flag of Node says how much.
 *
 * @param config - the same keys as in a configuration file.
 * @throws {ERR_RUNTIME} if no node can run in this process.
 * @throws {ERR_CONFIG} if a key has a value that makes no sense.
 * @throws what the start service throws while it loads or begins; then no node remains. One whose start function waits is
 * waited for as long as `inittimeout`; from then on the node runs, also if that service fails. If the node was told to stop
 * before it was ready (`skynet.abort` in the start service), that is no failure: it is given as a node that has stopped.
 * @example
 * ```ts
 * const node = await start({ services: "./services/?.ts" });
 * const p = await node.snax.newservice<typeof Foobar>("foobar");
 * await node.stop();
 * ```
 */
export async function start(config: Config = {}, options: StartOptions = {}): Promise<Node> {
  checkRuntime();
  makeRoomForForwarders();
  const full = withAbsolutePaths(completeConfig(config), options.root ?? process.cwd());
  const running = new RunningNode(full, options);
  const stop = (): void => void (options.ownsProcess === true ? running.drain() : running.stop());
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
  const { logger, logservice, preload, ledger, audit } = config;
  const file = preload === undefined ? undefined : resolve(root, preload);
  if (file !== undefined && findModuleFile(file) === undefined) {
    throw new SnaxError("ERR_CONFIG", `preload names no file: ${file}`);
  }
  return {
    ...config,
    ...(logger !== undefined && logservice === undefined && { logger: resolve(root, logger) }),
    ...(file !== undefined && { preload: file }),
    ...(typeof ledger === "string" && { ledger: resolve(root, ledger) }),
    ...(audit !== undefined && { audit: resolve(root, audit) }),
  };
}

class RunningNode implements Node {
  readonly skynet: SkynetApi;
  readonly snax: SnaxApi;
  readonly stopped: Promise<void>;
  cutOff: readonly string[] = [];
  readonly #config: FullConfig;
  readonly #ownsProcess: boolean;
  readonly #assembly: Assembly;
  readonly #runtime: Runtime;
  readonly #program: Context;
  #sharetable: SharetableApi | undefined;
  #tables: TablesObject | undefined;
  /** The other threads; undefined if the node has one. */
  readonly #main: MainThread | undefined;
  readonly #ready: Promise<number>;
  readonly #forgetErrors: () => void;
  readonly #endWatch: () => Promise<void>;
  #stopping: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #resolveStopped: () => void = () => {};

  constructor(config: FullConfig, options: StartOptions) {
    this.#config = config;
    this.#ownsProcess = options.ownsProcess === true;
    const root = options.root ?? process.cwd();
    const abort = (): void => void this.stop();
    this.#main = config.thread > 0 ? new MainThread(config, root) : undefined;
    const { thread, portables } = this.#main ?? {};
    const tableHub = this.#main?.tableHub ?? new TableHub(1);
    this.#assembly = assemble({
      config,
      root,
      thread,
      portables,
      isConfigured: false,
      abort,
      seams: options.seams,
      joinTables: ({ later }) => tableHub.join(later),
    });
    const { runtime, live, createSnax } = this.#assembly;
    this.#runtime = runtime;
    runtime.drain = () => void this.drain();
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    // The logger first: it has handle 1, as in skynet.
    const { logger, logservice } = config;
    this.#ready =
      logservice === undefined || logger === undefined
        ? this.#launch("snlua", "logger")
        : this.#launch(logservice, logger);
    this.#program = new Context(runtime, "program", "program", PLAIN_RECEIVERS);
    this.#program.held = new Set();
    this.#forgetErrors = watchStrayErrors({
      runtime,
      program: this.#program.handle,
      ownsProcess: this.#ownsProcess,
    });
    runtime.owner = this.#program.handle;
    this.#main?.attach(live);
    this.#endWatch =
      this.#main === undefined ? watchStalls({ config, ...this.#assembly }) : async () => {};
    this.skynet = createSkynet(this.#program);
    this.snax = createSnax(this.#program);
    setOperator(this, this.#assembly.createOperator(this.#program));
  }

  get sharetable(): SharetableApi {
    return (this.#sharetable ??= this.#assembly.tableApi.sharetable(this.#program));
  }

  get tables(): TablesObject {
    return (this.#tables ??= this.#assembly.tableApi.tables(this.#program));
  }

  /** Starts the system's services, then the program's. */
  async boot(): Promise<void> {
    const logger = await this.#ready;
    const { names } = this.#runtime.kernel;
    // A logger of the user's has the name, as in skynet, without asking for it.
    if (names.get(".logger") === undefined) names.register(".logger", logger);
    this.#runtime.logger = names.get(".logger") ?? 0;
    for (const line of suspectKeys(this.#config)) this.#runtime.log(0, line, LEVEL.warn);
    const lack = lackOfWatchdog();
    if (lack !== undefined) this.#runtime.log(0, lack, LEVEL.warn);
    const { ledger } = this.#config;
    // All new services are born with what is in; a thread that is started learns of it.
    if (typeof ledger === "string") this.#assembly.live.openLedger(ledger);
    const threads = this.#main?.start();
    this.#runtime.isBooting = !this.#config.verbose;
    // The code that awaits it hears of its failure; a boot that fails before that does not.
    threads?.catch(() => {});
    await this.#launch("snlua", "launcher");
    const unbounded = this.skynet.within(Infinity);
    for (const name of bootServices(this.#config))
      await unbounded.call(".launcher", "lua", "LAUNCH", "snlua", name);
    this.#runtime.isBooting = false;
    await threads;
    // With workers no service of the program's lives here.
    if (threads === undefined && lack === undefined) readScripts();
    const { console: place } = this.#config;
    if (place !== undefined) await this.skynet.newservice("debug_console", place);
    const { cluster, metrics, start: main } = this.#config;
    // What restarts nodes asks while the first service is still on its way.
    if (metrics !== undefined) await this.skynet.newservice("metricsd", metrics);
    // Other nodes may call before any service here does.
    const { listen, engine, skynet: theirs } = cluster ?? {};
    const isCalled = listen !== undefined || engine !== undefined || theirs?.open !== undefined;
    if (isCalled) await this.skynet.uniqueservice("clusterd");
    if (main !== undefined) await unbounded.call(".launcher", "lua", "LAUNCHMAIN", "snlua", main);
    this.#runtime.isReady = true;
  }

  /** The end has been asked for. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  drain(): Promise<void> {
    return (this.#draining ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const { drain } = this.#config;
    if (this.isStopping || !this.#runtime.isReady) return await this.stop();
    this.#runtime.isDraining = true;
    if (this.#runtime.kernel.names.get(".clusterd") !== undefined) {
      const order = this.skynet
        .within(drain + DRAIN_REST_MS)
        .call(".clusterd", "lua", "DRAIN", drain);
      // The node ends, also if that failed.
      await Promise.race([order.catch(() => undefined), this.stopped]);
    }
    await this.stop();
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#runtime.beginStop();
    this.#runtime.kernel.rests.close();
    this.#main?.thread.fabric.tellAll("stopping");
    try {
      // What the watchdog has cut off may have been the last thing that the node did; test/integration/fabric/watchdog-threads.test.ts
      const settled = async (): Promise<void> => await this.#main?.watchdogSettled();
      this.cutOff = await sayGoodbye(this.#program, this.#config.stoptimeout, settled);
    } finally {
      const left = (await this.#main?.stop()) ?? [];
      for (const thread of left) this.#tellLeft(thread);
      endEverything(this.#program);
      this.#main?.close();
      this.#assembly.live.sticky?.close();
      this.#assembly.end();
      this.#assembly.waker.close();
      await this.#endWatch();
      this.#assembly.logSink?.close();
      this.#forgetErrors();
      // The caller that waits for the stop would end the process in the usual way, which waits for the thread.
      if (left.length > 0 && this.#ownsProcess) await endProcess();
      this.#resolveStopped();
    }
  }

  #tellLeft(thread: number): void {
    this.#runtime.log(
      0,
      `thread ${thread} can't be ended: it is in native code, which nothing stops`,
      LEVEL.error,
    );
    this.cutOff = [...new Set([...this.cutOff, `thread ${thread}`])];
  }

  #launch(kind: string, name: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const onReady = (error?: unknown): void => {
        if (error === undefined) resolve(context.handle);
        else reject(error as Error);
      };
      const context = launch(this.#runtime, { kind, name, args: [], onReady });
    });
  }
}

/**
 * Ends the process although a thread is in native code: `process.exit` would wait for that. All other services have left, and the log
 * is closed; what waits for stdout and stderr is written first.
 */
function endProcess(): Promise<never> {
  return new Promise(() => {
    process.stdout.write("", () => {
      process.stderr.write("", () => process.kill(process.pid, "SIGKILL"));
    });
  });
}
