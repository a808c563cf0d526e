/**
 * The runtime of one thread of a node, put together: kernel, code cache, API, kinds of services.
 *
 * The main thread and the workers have the same, so that a service finds the same around it wherever it runs.
 */

import { fileURLToPath } from "node:url";
import { aheadOfMachine, systemClock } from "../base/clock.ts";
import { IMAGE_BUILD_MS } from "../base/limits.ts";
import { LEVEL, LevelFloor } from "../base/log-level.ts";
import type { LogLine } from "../base/log-line.ts";
import { LogFormatter } from "../base/log-line.ts";
import { Board } from "../fabric/board.ts";
import type { EventLoopWaker } from "../fabric/event-loop.ts";
import { createDrain, createWaker } from "../fabric/event-loop.ts";
import { HarborDoor } from "../fabric/harbor-door.ts";
import type { LogSink } from "../fabric/log-sink.ts";
import { createPhase } from "../fabric/phase.ts";
import type { Thread } from "../fabric/thread.ts";
import { Kernel } from "../kernel/kernel.ts";
import { CodeCache } from "../loader/code-cache.ts";
import type { Context } from "../service/context.ts";
import { Environment } from "../service/environment.ts";
import { PLAIN_KIND, PLAIN_KIND_NAME } from "../service/life.ts";
import { Runtime } from "../service/runtime.ts";
import { SearchPath } from "../service/search-path.ts";
import { INJECTED_NAMES } from "../service/surroundings.ts";
import { defineValues } from "../service/values.ts";
import { ConsoleThread } from "../console/operator/console-thread.ts";
import { addConsoleCommand } from "../console/console-steward.ts";
import { createOperatorMaker } from "../console/operator-api.ts";
import { Operator } from "../console/operator/operator.ts";
import { beginTenure } from "../service/tenure.ts";
import { runScript } from "../live/inspect/inject.ts";
import { answerOperator } from "../live/operate/answers.ts";
import { LiveThread } from "../live/rollout/live-thread.ts";
import { createSnaxMaker } from "../live/snax-api.ts";
import { createClusterHostMaker } from "../library/cluster-host.ts";
import { joinNet } from "../net/remote.ts";
import { defineServiceObjects } from "../snax/service-object.ts";
import { createSnaxKind, SNAX_KIND } from "../snax/snax-kind.ts";
import { SnaxThread } from "../snax/snax-thread.ts";
import type { SnaxApi } from "../snax/types.ts";
import type { TableApi } from "../table/sharetable.ts";
import { createTableApi } from "../table/sharetable.ts";
import { defineTableViews } from "../table/row-address.ts";
import type { TableLink } from "../table/table-link.ts";
import { TableThread } from "../table/table-thread.ts";
import type { PortableTable } from "../wire/codec-portable.ts";
import { apiParts } from "./api-parts.ts";
import { beginBeat } from "./beat.ts";
import type { FullConfig } from "./config.ts";
import { kernelEvents } from "./kernel-events.ts";
import { logFormatOf } from "./log-format.ts";
import { NODE_WORD } from "../fabric/node-memory.ts";
import { createLogSink, joinLogSink, refuseLogSink } from "./log-sink-api.ts";
import { isWatched } from "./stall.ts";
import type { TestSeams } from "./test-seams.ts";

/** Where the system's own services are, as the search path names them. */
const SYSTEM_SERVICES: string = `${fileURLToPath(new URL("../services/", import.meta.url))}?.js`;

/** How a link to the shared tables says that something new was published. */
export interface TableWake {
  /** Begins a turn soon, which looks for it. */
  readonly later: () => void;
  /** Takes it over at once; only outside turns. */
  readonly now: () => void;
}

/** What a thread's runtime is made of. */
export interface AssemblyOptions {
  readonly config: FullConfig;
  /** The folder to which paths in the configuration are relative. */
  readonly root: string;
  /** This thread's part of the node; undefined if the node has one thread. */
  readonly thread: Thread | undefined;
  /** Where the thread's kinds of portable objects are entered. */
  readonly portables: PortableTable | undefined;
  /** The configuration is in the environment already: another thread has put it there. */
  readonly isConfigured: boolean;
  /** Joins the thread to the shared tables. */
  readonly joinTables: (on: TableWake) => TableLink;
  /** Ends the node. */
  readonly abort: () => void;
  /** When the node began; see machineMs. @defaultValue it begins */
  readonly beganAt?: number | undefined;
  /** What a test wants otherwise. */
  readonly seams?: TestSeams | undefined;
}

/** A thread's runtime. */
export interface Assembly {
  readonly runtime: Runtime;
  readonly waker: EventLoopWaker;
  readonly live: LiveThread;
  readonly createSnax: (context: Context) => SnaxApi;
  readonly tableApi: TableApi;
  /** Makes the hands of an operator who asks in the name of a service. */
  readonly createOperator: (context: Context) => Operator;
  /** The end of the log; undefined on worker threads. */
  readonly logSink: LogSink | undefined;
  /** Ends what the thread does by itself. */
  readonly end: () => void;
}

/** Puts the runtime of a thread together. */
export function assemble(options: AssemblyOptions): Assembly {
  const { thread, portables, isConfigured, seams = {} } = options;
  const waker = thread?.waker ?? createWaker(seams.clock ?? systemClock);
  const runtime = createRuntime(options, waker);
  if (thread !== undefined) thread.fabric.attach(runtime.kernel, thread.exchange);
  const tableThread = joinTables(options, waker);
  waker.attach(runtime.kernel);
  runtime.portables = portables;
  if (portables !== undefined) defineTableViews(portables, tableThread);
  const tableApi = createTableApi(tableThread);
  const snax = new SnaxThread(runtime, thread?.log);
  if (portables !== undefined) {
    defineServiceObjects(portables, snax);
    defineValues(portables);
  }
  const live = new LiveThread(snax, thread?.words);
  answerOperator(live);
  const createSnax = createSnaxMaker(live);
  for (const [name, make] of apiParts(createSnax, tableApi)) runtime.parts.set(name, make);
  const consoleThread = new ConsoleThread(live, tableApi);
  runtime.parts.set("operator", createOperatorMaker(consoleThread));
  runtime.parts.set("clusterHost", createClusterHostMaker(snax));
  addConsoleCommand(consoleThread);
  joinNet(runtime);
  runtime.debugCommands.set("RUN", runScript);
  runtime.debugCommands.set("TENURE", (context, [memory, token]) =>
    beginTenure(context, memory as SharedArrayBuffer, token as number),
  );
  runtime.kinds.set(PLAIN_KIND_NAME, PLAIN_KIND);
  runtime.kinds.set(SNAX_KIND, createSnaxKind(snax));
  const logSink = isConfigured ? undefined : createLogSink(options.config, thread, seams);
  if (logSink === undefined) refuseLogSink(runtime);
  else joinLogSink(runtime, logSink);
  const endBeat = beginBeat(runtime.boards[thread?.fabric.thread ?? 0] as Board, runtime.kernel);
  const end = (): void => {
    endBeat();
    consoleThread.end();
  };
  const createOperator = (context: Context): Operator => new Operator(consoleThread, context);
  return { runtime, waker, live, createSnax, tableApi, createOperator, logSink, end };
}

/** A thread looks for new tables at each turn from the moment when code of it may see one. */
function joinTables({ joinTables: join }: AssemblyOptions, waker: EventLoopWaker): TableThread {
  const link = join({
    later: () => {
      thread.follow();
      waker.wake();
    },
    now: () => thread.catchUp(),
  });
  const thread: TableThread = new TableThread(link, () => waker.before(() => thread.beginTurn()));
  return thread;
}

function createRuntime(options: AssemblyOptions, waker: EventLoopWaker): Runtime {
  const { config, root, thread, isConfigured, abort, seams, beganAt } = options;
  const clock = seams?.clock ?? systemClock;
  const isJson = config.logformat === "json";
  const formatter = new LogFormatter(logFormatOf(config));
  const write = (line: LogLine): void =>
    void process.stdout.write(`${formatter.format(Date.now(), line, false, false)}\n`);
  const logFloor = new LevelFloor(thread?.words, NODE_WORD.loglevel);
  if (!isConfigured) logFloor.level = LEVEL[config.loglevel];
  const door = config.harbor === 0 ? undefined : new HarborDoor(config.harbor, thread?.fabric);
  const elsewhere = door ?? thread?.fabric;
  const shared = thread && {
    handles: thread.directory.handleSource(thread.fabric.thread),
    names: thread.names,
  };
  const boards = thread?.boards ?? [new Board()];
  const board = boards[thread?.fabric.thread ?? 0] as Board;
  board.begin();
  const runtime: Runtime = new Runtime({
    boards,
    kernel: new Kernel({
      clock,
      drain: createDrain(),
      waker,
      harbor: config.harbor,
      profile: config.profile,
      mailboxLimit: config.mailbox,
      restMs: config.stall.rest,
      events: kernelEvents(() => runtime),
      tallies: board,
      phase: thread !== undefined || isWatched(config) ? createPhase(thread?.phase) : undefined,
      ...shared,
      ...(elsewhere !== undefined && { elsewhere }),
    }),
    harborDoor: door,
    cache: new CodeCache({
      injected: INJECTED_NAMES,
      preload: config.preload,
      isKept: config.codecache,
      buildMs: IMAGE_BUILD_MS,
      onGlobalWrite: (name, { file, line, column }) =>
        runtime.log(
          0,
          `globalThis.${name} is shared by all services of the thread: ${file}:${line}:${column}`,
          LEVEL.warn,
        ),
    }),
    clock,
    startedAt: beganAt === undefined ? undefined : beganAt + aheadOfMachine(clock),
    environment: new Environment(isConfigured ? {} : config, thread?.log),
    paths: new SearchPath(config.services, root, [SYSTEM_SERVICES]),
    write,
    logFloor,
    lineThread: isJson ? (thread?.fabric.thread ?? 0) : undefined,
    abort,
    arrived: waker.arrived,
  });
  return runtime;
}
