/**
 * The node's side of the watchdog: which words describe what a service does, and where the lines go.
 */

import type { EventLoopWaker } from "../fabric/event-loop.ts";
import { watchMainThread } from "../fabric/main-watchdog.ts";
import type { LogSink } from "../fabric/log-sink.ts";
import type { StallLimits } from "../fabric/stall-watch.ts";
import type { DeskOptions } from "../fabric/watch-desk.ts";
import type { Runtime } from "../service/runtime.ts";
import { senderOf, titleOf } from "../snax/message-title.ts";
import type { FullConfig } from "./config.ts";
import { lackOfWatchdog } from "./footing.ts";
import { describeHoldings } from "./holdings.ts";
import { logFormatOf } from "./log-format.ts";

/** What is watched. */
export interface StallOptions {
  readonly runtime: Runtime;
  readonly waker: EventLoopWaker;
  readonly config: FullConfig;
  readonly logSink: LogSink | undefined;
}

/** Begins to watch the services of a node that has them on the main thread. @returns what ends the watch. */
export function watchStalls({
  runtime,
  waker,
  config,
  logSink,
}: StallOptions): () => Promise<void> {
  const { phase } = runtime.kernel.scheduler;
  if (phase === undefined || logSink === undefined) return async () => {};
  return watchMainThread({
    phase,
    // Without an inspector the thread is there for the log alone.
    limits: lackOfWatchdog() === undefined ? config.stall : NEVER,
    log: {
      journal: logSink.journal.memory,
      isJson: config.logformat === "json",
      node: logFormatOf(config).node,
      floor: { words: runtime.logFloor.words, at: runtime.logFloor.at },
    },
    desk: deskOf(runtime, waker),
    onLostLine: ({ handle, text, level }) => runtime.log(handle, text, level),
  });
}

/** The limits of a watchdog that looks at nothing. */
export const NEVER: StallLimits = { warn: 0, interrupt: 0 };

/** Says whether the configuration wants a stall watch. */
export function isWatched({ stall: { warn, interrupt } }: FullConfig): boolean {
  return warn > 0 || interrupt > 0;
}

/** What a thread's desk needs of the node. */
export function deskOf(runtime: Runtime, waker: EventLoopWaker): Omit<DeskOptions, "phase"> {
  const { kernel } = runtime;
  return {
    kernel,
    describe: () => describeWork(runtime),
    sender: () => describeSender(runtime),
    recover: () => waker.recover(),
    program: () => runtime.owner,
    holdings: () => describeHoldings(runtime),
  };
}

/** Says what the service does: not which answer it has just got, but which request it handles. */
function describeWork({ kernel, owner, protocolName }: Runtime): string {
  const { origin } = kernel;
  const { current } = kernel.scheduler;
  const isProgram = current?.handle === owner;
  if (origin === undefined || current === undefined || isProgram) return "code of its own";
  const isBehindAwait = kernel.dispatching !== origin;
  return `${titleOf(origin, current.instance, protocolName)}${isBehindAwait ? " after an await" : ""}`;
}

function describeSender(runtime: Runtime): string {
  return senderOf(runtime, runtime.kernel.origin ?? { source: 0 });
}
