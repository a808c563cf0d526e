/**
 * What a worker thread of a node runs: a runtime like the main thread's, joined to all others.
 *
 *     workerData -> thread and runtime -> steward -> joined to the threads that are up -> "ready" to the warden
 *     news       join: another thread is there; part: one has died, and the callers that wait for its services are told
 */

import type { MessagePort } from "node:worker_threads";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { LEVEL } from "../base/log-level.ts";
import { systemClock } from "../base/clock.ts";
import { NODE_WORD } from "../fabric/node-memory.ts";
import { WORKER_DESK } from "../fabric/thread-watchdog.ts";
import { createThread } from "../fabric/thread.ts";
import type { ThreadData, ThreadNews } from "../fabric/warden.ts";
import { openDesk } from "../fabric/watch-desk.ts";
import { bereave } from "../kernel/death.ts";
import type { BirthOrder, StickyOrder } from "../live/births/births.ts";
import type { LiveThread } from "../live/rollout/live-thread.ts";
import type { LateOrder } from "../live/rollout/late-patches.ts";
import { readScripts } from "../inspector/object-session.ts";
import type { Context } from "../service/context.ts";
import type { CacheMode } from "../service/skynet-api.ts";
import type { ImageData } from "../loader/weave/image.ts";
import { createSteward } from "../service/steward.ts";
import type { TableInvitation } from "../table/table-hub.ts";
import { connectTables } from "../table/table-port.ts";
import { PortableTable } from "../wire/codec-portable.ts";
import { assemble } from "./assemble.ts";
import type { FullConfig } from "./config.ts";
import { addGoodbyeCommands } from "./goodbye.ts";
import { lineShower } from "./line-words.ts";
import { NodeThreads } from "./node-threads.ts";
import { deskOf } from "./stall.ts";
import { watchStrayErrors } from "./rejections.ts";

/** What the node's layer tells its workers. */
export interface WorkerSetup {
  readonly config: FullConfig;
  /** The folder to which paths in the configuration are relative. */
  readonly root: string;
  /** What the node's threads do with their caches. */
  readonly cacheMode: CacheMode;
  /** The patches for services yet to be born. */
  readonly births: readonly BirthOrder[];
  /** Those that outlive the text they were made for. */
  readonly sticky: readonly StickyOrder[];
  /** The patches of shared modules. */
  readonly shared: readonly LateOrder[];
  /** The code that these are for. */
  readonly images: readonly ImageData[];
  /** When the node began; see machineMs. */
  readonly beganAt: number;
  /** How the thread takes part in the shared tables. */
  readonly tables: { readonly invitation: TableInvitation; readonly port: MessagePort };
}

/** Takes up the code and the patches of a thread whose place this one may have taken. */
async function takeUpPatches(
  live: LiveThread,
  steward: Context,
  { images, cacheMode, sticky, shared, births }: WorkerSetup,
): Promise<void> {
  const { cache } = live.runtime;
  for (const image of images) cache.adopt(image);
  cache.mode = cacheMode;
  live.births.inheritSticky(sticky);
  for (const order of shared) live.latePatches.remember(order);
  if (births.length > 0) await live.births.inherit(steward, births);
}

async function run(data: ThreadData): Promise<void> {
  const { thread: number, memory, joints, news } = data;
  const setup = data.node as WorkerSetup;
  const { config, root, tables } = setup;
  const portables = new PortableTable();
  const thread = createThread({
    clock: systemClock,
    memory,
    portables,
    thread: number,
    harbor: config.harbor,
    waitingLimit: config.mailbox,
    polling: { windowMs: config.polling },
    onWord: (_from, values) => threads.hear(values),
    onMalformed: (from, error) =>
      runtime.log(0, `thread ${from} sent nonsense: ${String(error)}`, LEVEL.error),
    onUnknown: () => takeNews(),
  });
  const { runtime, live } = assemble({
    config,
    root,
    thread,
    portables,
    isConfigured: true,
    beganAt: setup.beganAt,
    abort: () => void thread.fabric.tell(0, "abort"),
    joinTables: ({ now }) => connectTables(tables.invitation, tables.port, now),
  });
  const threads = new NodeThreads(thread, runtime, data.threads);
  runtime.threads = threads;
  runtime.logger = Atomics.load(thread.words, NODE_WORD.logger) >>> 0;
  runtime.lines = lineShower(thread.fabric);
  const steward = createSteward(runtime, number, threads.steward(number));
  runtime.owner = steward.handle;
  addGoodbyeCommands(runtime);
  watchStrayErrors({ runtime, program: steward.handle, ownsProcess: true });

  const hear = (heard: ThreadNews): void => {
    if (heard.kind === "join") return thread.join(heard.joint);
    thread.part(heard.thread);
    // Another thread may have its number already, and a steward under the same handle: what was asked of the one before is lost.
    const steward = threads.steward(heard.thread);
    bereave(runtime.kernel, (handle) => handle === steward || thread.fabric.isLost(handle));
    for (const tell of runtime.onThreadDeath) tell(heard.thread);
  };
  const takeNews = (): void => {
    for (;;) {
      const received = receiveMessageOnPort(news) as { message: ThreadNews } | undefined;
      if (received === undefined) return;
      hear(received.message);
    }
  };
  news.on("message", hear);
  // Before the first launch is heard; a program that imports packages makes it wait.
  await takeUpPatches(live, steward, setup);
  for (const joint of joints) thread.join(joint);
  thread.waker.turn();
  const { phase } = runtime.kernel.scheduler;
  if (phase !== undefined) openDesk(WORKER_DESK, { ...deskOf(runtime, thread.waker), phase });
  // The watchdog asks for a turn where no other thread can tell whether the event loop goes round.
  parentPort?.on("message", thread.waker.turn);
  readScripts();
  parentPort?.postMessage("ready");
}

void run(workerData as ThreadData);
