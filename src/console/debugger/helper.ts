/**
 * A debugger for a service of the console's own thread.
 *
 *     this thread puts up the desk, stops reading the client, starts a helper thread
 *         -> the helper reads the client and drives this thread's inspector (worker.ts), until the end
 *         -> this thread reads the client again
 */

import type { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { SnaxError } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import type { Terminal } from "../operator/command.ts";
import { putUpDesk } from "./desk.ts";
import type { DebugEnd, DebugTask } from "./worker.ts";

/** What Node's sockets are made of. Where there is no file descriptor (on Windows), it is -1. */
interface SocketHandle {
  readonly fd: number;
  readStop(): unknown;
  readStart(): unknown;
}

/** Who talks, how long, and what to do once nothing is in the way. */
export interface DebugHereOptions {
  readonly terminal: Terminal;
  readonly deadlineMs: number;
  readonly tell: () => void;
}

/** Runs a conversation. @returns what ended it. */
export async function debugHere(
  context: Context,
  { terminal, deadlineMs, tell }: DebugHereOptions,
): Promise<string> {
  const handle = handleOf(terminal.socket);
  const takeDown = putUpDesk(context, "");
  tell();
  handle.readStop();
  try {
    const { why, rest } = await converse(context, {
      fd: handle.fd,
      handle: context.handle,
      title: context.service.title,
      deadlineMs,
      rest: terminal.takeRest(),
    });
    terminal.giveRest(rest);
    return why;
  } finally {
    takeDown();
    if (!terminal.socket.destroyed) handle.readStart();
  }
}

/** Runs the helper thread. */
function converse({ handle, runtime }: Context, task: DebugTask): Promise<DebugEnd> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: task,
      execArgv: [],
    });
    const unwatch = runtime.kernel.watch(
      handle,
      () => {
        void worker.terminate();
        resolve({ why: "the service has ended", rest: new Uint8Array() });
      },
      "a debugger is at it: end that first",
    );
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", () => {
      unwatch?.();
      resolve({ why: "the debugger has ended", rest: new Uint8Array() });
    });
  });
}

function handleOf(socket: Socket): SocketHandle {
  const { _handle: handle } = socket as unknown as { readonly _handle?: SocketHandle | null };
  if (handle !== undefined && handle !== null && handle.fd >= 0) return handle;
  throw new SnaxError(
    "ERR_ARGUMENT",
    "this system's sockets can't be read by another thread; use node --inspect",
  );
}
