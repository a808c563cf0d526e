/**
 * What the logger gets as `logSink`: the end of the log, where the lines of all services go without a message to another service. It
 * stays open until the node has stopped, whatever becomes of the logger.
 */

import { SnaxError } from "../base/error.ts";
import { isLevelName, LEVEL } from "../base/log-level.ts";
import { LogSink } from "../fabric/log-sink.ts";
import type { Thread } from "../fabric/thread.ts";
import type { Context } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import type { FullConfig } from "./config.ts";
import { logFormatOf } from "./log-format.ts";
import type { TestSeams } from "./test-seams.ts";
import { isWatched } from "./stall.ts";

/** Everything under `import { logSink } from "snax"`. */
export interface LogSinkApi {
  /**
   * Opens the log; from then on it has the lines of all services.
   *
   * @param path - its file. @defaultValue stdout
   * @throws {ERR_ARGUMENT} if another service has opened it; and what the file system throws.
   */
  open(path: string | undefined): void;
  /** Takes a line under the address of a service, if its level is written. @param level - @defaultValue `"info"` */
  write(source: number, text: string, isPlain: boolean, level?: string): void;
  /** Writes all lines that are there. */
  flush(): void;
  /** Opens the file anew. @throws what the file system throws. */
  reopen(): void;
}

/** Makes the end of the log of a node. @param thread - the main thread's part of it, if there are others. */
export function createLogSink(
  config: FullConfig,
  thread: Thread | undefined,
  { onLine }: TestSeams,
): LogSink {
  return new LogSink({
    format: logFormatOf(config),
    isImmediate: thread === undefined && !isWatched(config),
    collect: () => thread?.fabric.catchUp(),
    onLine,
  });
}

/** Joins the runtime of the main thread to the end of the log. */
export function joinLogSink(runtime: Runtime, sink: LogSink): void {
  // oxlint-disable-next-line max-params -- what the logger is sent
  const write = (handle: number, text: string, isPlain: boolean, name?: string): void => {
    const level = isLevelName(name) ? LEVEL[name] : LEVEL.info;
    if (!runtime.logFloor.lets(level)) return;
    sink.write({ handle, text, isPlain, level, origin: runtime.originOf(handle) });
  };
  runtime.lines = sink.take;
  runtime.parts.set("logSink", (context): LogSinkApi => ({
    open: (path) => openFor(context, sink, path),
    write,
    flush: () => void sink.flush(),
    reopen: () => sink.reopen(),
  }));
}

/** Gives a worker's services what says that the log is elsewhere. */
export function refuseLogSink(runtime: Runtime): void {
  const refuse = (): never => {
    throw new SnaxError("ERR_ARGUMENT", "the log ends on the main thread: a logger lives there");
  };
  const api: LogSinkApi = { open: refuse, write: refuse, flush: refuse, reopen: refuse };
  runtime.parts.set("logSink", () => api);
}

function openFor({ runtime, handle }: Context, sink: LogSink, path: string | undefined): void {
  sink.open(path);
  runtime.kernel.watch(handle, () => sink.disown());
}
