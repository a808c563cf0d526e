/**
 * The thread that drives the debugger of the main thread: `debug` starts it, and it ends with the conversation.
 */

import { parentPort, workerData } from "node:worker_threads";
import { DebugDriver } from "./driver.ts";
import { linkMainThread } from "../../inspector/link.ts";
import { SocketTerminal } from "./socket-terminal.ts";

/** What the main thread hands over. */
export interface DebugTask {
  /** The client's socket. */
  readonly fd: number;
  /** What came behind the command's line. */
  readonly rest: Uint8Array;
  readonly handle: number;
  readonly title: string;
  readonly deadlineMs: number;
}

/** What it gets back. */
export interface DebugEnd {
  readonly why: string;
  /** What the client sent behind the conversation. */
  readonly rest: Uint8Array;
}

const { fd, rest, ...task } = workerData as DebugTask;
// Answers of the inspector do not keep a thread alive.
parentPort?.ref();
const terminal = new SocketTerminal(fd, rest);
const why = await new DebugDriver({ ...task, terminal, link: linkMainThread() }).run();
parentPort?.postMessage({ why, rest: terminal.rest } satisfies DebugEnd);
parentPort?.unref();
