/**
 * The command `debug`: attaches a debugger to a service of this thread.
 *
 *     debug 6 -> the thread puts up a desk (debug-stop.ts), stops reading the client, starts a helper thread
 *             -> the helper reads the client and drives this thread's inspector (debug-worker.ts), until the end
 *             -> the thread reads the client again
 *
 * A thread that stands still can neither read a socket nor drive its own inspector; hence the helper.
 */

import type { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { DEBUG_SECONDS, DEBUG_SECONDS_MAX } from "../base/limits.ts";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import type { Context } from "../service/context.ts";
import { readService } from "./address.ts";
import type { CommandCall, CommandResult, CommandTable, Terminal } from "./command.ts";
import { readSeconds } from "./command.ts";
import { putUpDesk } from "./debug-stop.ts";
import type { DebugEnd, DebugTask } from "./debug-worker.ts";

/** What Node's sockets are made of. Where there is no file descriptor (on Windows), it is -1. */
interface SocketHandle {
  readonly fd: number;
  readStop(): unknown;
  readStart(): unknown;
}

/** The service that is being debugged; a thread can stand still for one operator only. */
let attached: string | undefined;

async function debug({ operator, args, terminal }: CommandCall): Promise<CommandResult> {
  const context = readService(operator, args[0]);
  const seconds = readSeconds(args[1], DEBUG_SECONDS, DEBUG_SECONDS_MAX);
  if (context === operator.context) throw refuse("the console can't debug itself");
  if (terminal === undefined)
    throw refuse("debug needs a connection that talks in lines, not HTTP");
  if (attached !== undefined) throw refuse(`${attached} is being debugged on this thread`);
  const handle = handleOf(terminal.socket);
  const address = formatAddress(context.handle);
  const { runtime } = operator;
  attached = address;
  const takeDown = putUpDesk(context);
  runtime.log(context.handle, `Attach to ${address}: Enter debug mode`);
  handle.readStop();
  try {
    const { why, rest } = await converse(context, terminal, { seconds, fd: handle.fd });
    terminal.giveRest(rest);
    runtime.log(context.handle, `Leave debug mode : ${why}`);
    return why;
  } finally {
    attached = undefined;
    takeDown();
    if (!terminal.socket.destroyed) handle.readStart();
  }
}

/** Runs the helper thread. @returns how the conversation ended. */
function converse(
  { handle, service, runtime }: Context,
  terminal: Terminal,
  { seconds, fd }: { readonly seconds: number; readonly fd: number },
): Promise<DebugEnd> {
  const task: DebugTask = {
    ...{ fd, handle, title: service.title, deadlineMs: seconds * 1000 },
    rest: terminal.takeRest(),
  };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./debug-worker.js", import.meta.url), {
      workerData: task,
      execArgv: [],
    });
    const unwatch = runtime.kernel.watch(handle, () => {
      void worker.terminate();
      resolve({ why: "the service has ended", rest: new Uint8Array() });
    });
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
  throw refuse("this system's sockets can't be read by another thread; use node --inspect");
}

function refuse(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}

/** The commands by name. */
export const debugCommands: CommandTable = {
  debug: {
    help: "debug address [seconds] : debug a lua service",
    isChange: true,
    run: debug,
  },
};
