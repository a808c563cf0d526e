/**
 * What every service answers under the protocol `debug`, whatever its program does: skynet's debug messages.
 *
 * LINK is never answered: the caller gets ERR_SERVICE_DEAD when the service ends, by exit or by kill.
 */

import { SnaxError } from "../base/error.ts";
import type { Message } from "../kernel/message.ts";
import { mailboxLength, unfinishedCount } from "../kernel/service.ts";
import { exitSelf } from "./boot.ts";
import type { Context, Receiver } from "./context.ts";
import { infoOf } from "./information.ts";

/** A debug message's handler: what it returns, or its promise resolves to, is the answer. */
export type DebugCommand = (
  context: Context,
  args: readonly unknown[],
  message: Message,
) => unknown;

const COMMANDS: ReadonlyMap<unknown, DebugCommand> = new Map<unknown, DebugCommand>([
  ["PING", () => undefined],
  ["LINK", (context, _args, message) => context.runtime.kernel.detach(context.service, message)],
  [
    "INFO",
    (context, args) => {
      const tell = infoOf(context);
      if (tell !== undefined) return tell(...args);
      return context.runtime.kinds.get(context.kind)?.info?.(context);
    },
  ],
  ["TASK", (context) => context.service.calls?.size ?? 0],
  ["EXIT", (context) => exitSelf(context)],
  [
    "STAT",
    ({ service }) => ({
      cpu: service.cpuMs / 1000,
      message: service.messageCount,
      mqlen: mailboxLength(service),
      task: service.calls?.size ?? 0,
      handlers: unfinishedCount(service),
    }),
  ],
]);

/** The receiver of debug messages. */
export const receiveDebug: Receiver = (context, message) => {
  const [name, ...args] = message.payload as unknown[];
  const command = COMMANDS.get(name) ?? context.runtime.debugCommands.get(name);
  if (command === undefined) {
    throw new SnaxError("ERR_NO_METHOD", `no debug command ${JSON.stringify(name)}`);
  }
  context.answer(message, command(context, args, message));
};
