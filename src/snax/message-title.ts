/**
 * What a message is called where an operator reads of it: by its method where the service has
 * methods, else by its protocol.
 */

import { formatAddress } from "../kernel/service.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Timer } from "../kernel/timers.ts";
import { Context } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { SnaxHost } from "./snax-host.ts";

/** Names a message that a service handles, e.g. `request shop.buy`. */
export function titleOf(
  message: Message,
  instance: unknown,
  protocolName: (type: number) => string,
): string {
  if (message.type === PTYPE.timer) return titleOfTimer(message.payload as Timer);
  if (message.type === PTYPE.system) return "its beginning, a patch or a script";
  const verb = message.session === 0 ? "post" : "request";
  if (message.type === PTYPE.snax && instance instanceof Context) {
    const { state } = instance;
    const method = state instanceof SnaxHost ? state.numbers.nameOf(message.method) : undefined;
    if (method !== undefined) return `${verb} ${instance.name}.${method.name}`;
  }
  return `${protocolName(message.type)} ${verb}`;
}

/** A timer's subject is a function where that was forked. */
function titleOfTimer({ subject }: Timer): string {
  if (typeof subject !== "function") return "a timer";
  const { name } = subject;
  return typeof name === "string" && name !== "" ? `fork ${name}` : "a fork";
}

/**
 * Names who sent a message, e.g. `:0000000c (snax hall)`; by the address alone if it lives on
 * another thread.
 */
export function senderOf({ kernel }: Runtime, { source }: Pick<Message, "source">): string {
  if (source === 0) return "the runtime";
  const title = kernel.services.get(source)?.title;
  return title === undefined ? formatAddress(source) : `${formatAddress(source)} (${title})`;
}
