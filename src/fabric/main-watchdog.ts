/**
 * The watch over the main thread, for nodes that have their services there: one thread for all nodes of the process.
 *
 * It starts with the first node and ends with the last, and does not keep the process alive. It looks at a word of shared
 * memory ten times a second, and attaches the inspector only to what does not return.
 */

import { Worker } from "node:worker_threads";
import { STALL_FLUSH_MS } from "../base/limits.ts";
import type { PhaseWords } from "../kernel/instruments.ts";
import type { DeskOptions } from "./watch-desk.ts";
import { openDesk } from "./watch-desk.ts";
import type { StallLine } from "./stall-text.ts";
import { within } from "../inspector/link.ts";
import type { StallLimits } from "./stall-watch.ts";

/** What the watching thread is told of a node. */
export interface WatchedNode {
  readonly phase: PhaseWords;
  readonly limits: StallLimits;
  readonly log: {
    /** The lines that are on their way into it. */
    readonly journal: SharedArrayBuffer;
    readonly isJson: boolean;
    /** The node's name. */
    readonly node: string;
    /** The level from which on it has lines; see LevelFloor. */
    readonly floor: { readonly words: Int32Array; readonly at: number };
  };
}

/** Begin to watch a node, or without one: leave it. */
export interface MainWatchOrder {
  readonly id: string;
  readonly node?: WatchedNode;
}

/** What the watching thread tells; an empty report comes first, when it is up. */
export interface MainWatchReport {
  /** A line that it could not write itself. */
  readonly lost?: StallLine;
  /** The node that it has left: nothing more is written of it. */
  readonly left?: string;
}

/** A node on the main thread, and its desk. */
export interface MainWatchOptions extends WatchedNode {
  readonly desk: Omit<DeskOptions, "phase">;
  /** Logs a line that the watching thread could not write. */
  readonly onLostLine: (line: StallLine) => void;
}

let worker: Worker | undefined;
/** The threads that have come up. */
const watching = new WeakSet<Worker>();
let watched = 0;
let lastId = 0;

/**
 * Begins to watch the services of a node on this, the main thread.
 *
 * @returns what ends the watch, once everything that was found has been written.
 */
export function watchMainThread(options: MainWatchOptions): () => Promise<void> {
  const { phase, limits, log, desk, onLostLine } = options;
  const id = `main-${(lastId += 1)}`;
  const closeDesk = openDesk(id, { ...desk, phase });
  const thread = (worker ??= startWorker());
  watched += 1;
  tell(thread, { id, node: { phase, limits, log } });
  const onReport = ({ lost }: MainWatchReport): void => {
    if (lost !== undefined) onLostLine(lost);
  };
  thread.on("message", onReport);
  return async () => {
    watched -= 1;
    // A node that begins to watch in the meantime needs a thread that stays.
    const isLast = watched === 0;
    if (isLast) worker = undefined;
    await leave(thread, id);
    thread.off("message", onReport);
    closeDesk();
    if (isLast) void thread.terminate();
  };
}

/** Resolves when the thread has left a node, or is no more; after STALL_FLUSH_MS in any case. */
async function leave(thread: Worker, id: string): Promise<void> {
  tell(thread, { id });
  // One that has not come up yet, or has ended, has found nothing.
  if (!watching.has(thread) || thread.threadId < 0) return;
  let finish = (): void => {};
  const onReport = ({ left }: MainWatchReport): void => {
    if (left === id) finish();
  };
  const gone = new Promise<void>((resolve) => {
    finish = resolve;
  });
  thread.on("message", onReport).on("exit", finish);
  await within(STALL_FLUSH_MS, gone);
  thread.off("message", onReport).off("exit", finish);
}

function tell(thread: Worker, order: MainWatchOrder): void {
  thread.postMessage(order);
}

function startWorker(): Worker {
  // What the process was started with, such as a debugger's port, is not meant for this thread.
  const thread = new Worker(new URL("./main-watchdog-worker.js", import.meta.url), {
    execArgv: [],
    name: "snax watchdog",
  });
  thread.unref();
  // Without it the node runs as well; an error must not end the process.
  thread.on("error", () => {});
  thread.once("message", () => watching.add(thread));
  return thread;
}
