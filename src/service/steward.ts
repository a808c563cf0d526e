/**
 * The steward: a service on each thread of a node. It does for the other threads what can only be done on its own.
 *
 *     askSteward(context, thread, "PATCH", ...) -> system message -> the command's function on that thread -> its answer
 *
 * Higher layers add commands (`Runtime.stewardCommands`). Being a service, it is asked by messages like any other: in order
 * with what the asker sent before, and with ERR_SERVICE_DEAD as the answer if its thread ends. A node of one thread has none.
 */

import { SnaxError } from "../base/error.ts";
import { INDEX_MASK } from "../kernel/service.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { PLAIN_RECEIVERS, tableWith } from "./answers.ts";
import { request } from "./calls.ts";
import type { Receiver } from "./context.ts";
import { Context, receiveJob } from "./context.ts";
import type { Runtime } from "./runtime.ts";

/** Does something on the steward's thread; what it returns, or its promise resolves to, is the answer. */
export type StewardCommand = (
  context: Context,
  args: readonly unknown[],
  message: Message,
) => unknown;

/** The index of the handle under which a thread's steward lives: from the end, out of the way of all others. */
export function stewardIndex(thread: number): number {
  return INDEX_MASK - thread;
}

const receiveSystem: Receiver = (context, message) => {
  if (typeof message.payload === "function") return receiveJob(context, message);
  const [name, ...args] = message.payload as [string, ...unknown[]];
  const command = context.runtime.stewardCommands.get(name);
  if (command === undefined) {
    throw new SnaxError("ERR_NO_METHOD", `the threads have no command ${String(name)}`);
  }
  // Who waits for the answer goes on while this thread ends its turn.
  const { threads } = context.runtime;
  context.answer(message, command(context, args, message), () => threads?.publish());
};

/** Creates the steward of a runtime's thread. */
export function createSteward(runtime: Runtime, thread: number, handle: number): Context {
  const table = tableWith(PLAIN_RECEIVERS, PTYPE.system, receiveSystem);
  const context = new Context(runtime, "steward", `thread ${thread}`, table, handle);
  // What the console asks of a thread must not wait for what has just been cut off there.
  runtime.kernel.scheduler.first = context.service;
  return context;
}

/** Asks the steward of a thread; a node of one thread has no steward to ask. */
export function askSteward(
  context: Context,
  thread: number,
  ...values: [command: string, ...args: unknown[]]
): Promise<unknown> {
  const { threads } = context.runtime;
  if (threads === undefined) return Promise.reject(noThread(thread));
  const envelope = { type: PTYPE.system, method: 0, values };
  const answer = request(context, threads.steward(thread), envelope, Infinity);
  // That thread begins while this one ends its turn.
  threads.publish();
  return answer;
}

/** The error for a thread that the node does not have. */
export function noThread(thread: unknown): SnaxError {
  return new SnaxError("ERR_ARGUMENT", `no thread ${String(thread)}`);
}
