/**
 * The main thread of a node that has worker threads: it starts and replaces them, and hosts only what is the system's.
 *
 * The program that started the node acts here too; its services live on the workers.
 */

import type { MessagePort } from "node:worker_threads";
import { MessageChannel } from "node:worker_threads";
import type { ResourceLimits } from "node:worker_threads";
import { getHeapStatistics } from "node:v8";
import { LEVEL } from "../base/log-level.ts";
import { aheadOfMachine, systemClock } from "../base/clock.ts";
import type { NodeMemory } from "../fabric/node-memory.ts";
import { createNodeMemory, NODE_WORD } from "../fabric/node-memory.ts";
import { STANDING } from "../fabric/thread-load.ts";
import type { WatchedThread } from "../fabric/thread-watchdog.ts";
import type { Thread } from "../fabric/thread.ts";
import { createThread } from "../fabric/thread.ts";
import type { ThreadEnd } from "../fabric/warden.ts";
import { Warden } from "../fabric/warden.ts";
import { bereave } from "../kernel/death.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { LiveThread } from "../live/rollout/live-thread.ts";
import type { Runtime } from "../service/runtime.ts";
import { createSteward, stewardIndex } from "../service/steward.ts";
import { TableHub } from "../table/table-hub.ts";
import { PortableTable } from "../wire/codec-portable.ts";
import type { FullConfig } from "./config.ts";
import { addGoodbyeCommands } from "./goodbye.ts";
import { NodeThreads } from "./node-threads.ts";
import { ThreadCare } from "./thread-care.ts";
import type { WorkerSetup } from "./worker.ts";

/** The module that a worker runs. */
const ENTRY = new URL("./worker.js", import.meta.url);

/** The main thread and the workers that it watches over. */
export class MainThread {
  readonly portables: PortableTable = new PortableTable();
  /** Gives publications of shared tables their order. */
  readonly tableHub: TableHub;
  readonly thread: Thread;
  readonly #config: FullConfig;
  readonly #root: string;
  readonly #memory: NodeMemory;
  #runtime: Runtime | undefined;
  #threads: NodeThreads | undefined;
  #warden: Warden | undefined;
  #care: ThreadCare | undefined;

  constructor(config: FullConfig, root: string) {
    this.#config = config;
    this.#root = root;
    this.#memory = createNodeMemory(config.thread + 1);
    // A thread that takes the number of another may join before that one is seen to have gone.
    this.tableHub = new TableHub(config.thread * 2 + 1);
    this.thread = createThread({
      clock: systemClock,
      memory: this.#memory,
      portables: this.portables,
      thread: 0,
      harbor: config.harbor,
      waitingLimit: config.mailbox,
      polling: { windowMs: config.polling },
      onWord: (_from, values) => this.#threads?.hear(values),
      onMalformed: (from, error) => this.#warden?.end(from, `it sent nonsense: ${String(error)}`),
    });
  }

  /** Gives the main thread its runtime. */
  attach(live: LiveThread): void {
    const { runtime } = live;
    const threads = new NodeThreads(this.thread, runtime, this.#config.thread + 1);
    this.#runtime = runtime;
    this.#threads = threads;
    runtime.threads = threads;
    this.thread.directory.claimAt(stewardIndex(0), 0);
    createSteward(runtime, 0, threads.steward(0));
    addGoodbyeCommands(runtime);
    const setup = (thread: number): { data: WorkerSetup; transfer: MessagePort[] } => {
      const { port1, port2 } = new MessageChannel();
      const data: WorkerSetup = {
        config: this.#config,
        root: this.#root,
        cacheMode: runtime.cache.mode,
        births: live.births.orders,
        sticky: live.births.sticky,
        shared: live.latePatches.orders,
        images: live.births.orders.flatMap(({ type }) => threads.imagesNow(thread, type)),
        beganAt: runtime.startedAt - aheadOfMachine(runtime.clock),
        tables: { invitation: this.tableHub.invite(port1), port: port2 },
      };
      return { data, transfer: [port2] };
    };
    this.#warden = new Warden({
      workers: this.#config.thread,
      entry: ENTRY,
      memory: this.#memory,
      main: this.thread,
      node: setup,
      ...(this.#config.heap === undefined ? {} : v8Limits(this.#config.heap)),
      onOpen: (thread) => this.thread.directory.claimAt(stewardIndex(thread), thread),
      later: (ms, run) => void runtime.after(ms, run),
      onDeath: (end) => this.#bury(runtime, end),
      onReplaced: (thread) => runtime.log(0, `thread ${thread} is back`),
    });
    const care = new ThreadCare({
      config: this.#config,
      threads: () => this.#allWatched(threads.hosts),
      lives: (handle) => this.thread.fabric.threadOf(handle) !== undefined,
      log: ({ handle, text, level }) => {
        // What the service said before it stood still is before what is said of it.
        this.thread.fabric.catchUp();
        runtime.log(handle, text, level);
      },
      collect: () => this.thread.fabric.catchUp(),
      end: (thread, why) => this.#warden?.end(thread, why),
    });
    this.#care = care;
    threads.standing = (thread) => {
      const watched = this.#warden?.isHost(thread) === true ? this.#watched(thread) : undefined;
      return watched === undefined ? STANDING.stuck : care.standing(watched);
    };
    runtime.interrupt = (handle) => care.watchdog.interrupt(handle);
  }

  /** The threads that are up, and are not being ended. */
  *#allWatched(hosts: readonly number[]): Generator<WatchedThread> {
    for (const thread of hosts) {
      if (this.#warden?.isHost(thread) !== true) continue;
      const watched = this.#watched(thread);
      if (watched !== undefined) yield watched;
    }
  }

  #watched(thread: number): WatchedThread | undefined {
    const worker = this.#warden?.worker(thread);
    const phase = this.thread.phases[thread];
    return worker === undefined || phase === undefined ? undefined : { thread, worker, phase };
  }

  /** Resolves when the log has what the watchdog has found. */
  async watchdogSettled(): Promise<void> {
    await this.#care?.watchdog.settled();
  }

  /** Starts the workers; the logger runs already. */
  async start(): Promise<void> {
    Atomics.store(this.thread.words, NODE_WORD.logger, this.#runtime?.logger ?? 0);
    await this.#warden?.start();
  }

  /** Ends the workers. @returns those that have not ended in time */
  async stop(): Promise<readonly number[]> {
    this.#care?.stop();
    return (await this.#warden?.stop()) ?? [];
  }

  /** Frees the main thread. */
  close(): void {
    this.thread.close();
  }

  /** Tells of a thread's death: the log, the callers that wait for its services, the launcher. */
  #bury(runtime: Runtime, { thread, lost, reason }: ThreadEnd): void {
    this.#threads?.replaced(thread);
    // The steward does not count.
    const count = lost.length - 1;
    runtime.log(0, `thread ${thread} has died with ${count} services: ${reason}`, LEVEL.error);
    const { kernel } = runtime;
    bereave(kernel, (handle) => this.thread.fabric.isLost(handle));
    for (const tell of runtime.onThreadDeath) tell(thread);
    const launcher = kernel.names.get(".launcher");
    if (launcher === undefined) return;
    kernel.send(0, launcher, { type: PTYPE.lua, method: 0, values: ["LOST", [...lost]] });
  }
}

/**
 * V8 keeps Node's own limit where that is larger: at its limit it would end the process, and the room between the two is what
 * the guard has to act in.
 */
function v8Limits(mib: number): { readonly limits?: ResourceLimits } {
  const usualMib = getHeapStatistics().heap_size_limit / 2 ** 20;
  return mib > usualMib ? { limits: { maxOldGenerationSizeMb: mib } } : {};
}
