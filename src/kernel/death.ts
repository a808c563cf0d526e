/**
 * The end of a service: everyone who waits for it learns so, and nothing of it stays.
 *
 * Order: the handle is struck out first, so that what is sent from now on finds nobody; then every request that it took or
 * that lies in its mailbox is answered with ERR_SERVICE_DEAD; then names, timers and watchers go. Only requests are
 * answered: skynet also bounces answers, which can fail an unrelated call of the other side (skynet-semantics 2.2).
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "./address.ts";
import type { Kernel } from "./kernel.ts";
import type { Message, MessageList } from "./message.ts";
import { REPLY } from "./message.ts";
import type { Service } from "./service.ts";

/** Ends a service; only Kernel.kill calls this. */
export function bury(kernel: Kernel, service: Service): void {
  service.isAlive = false;
  kernel.services.delete(service);
  kernel.names.release(service.handle);
  const error = (): SnaxError =>
    new SnaxError(
      "ERR_SERVICE_DEAD",
      `service ${formatAddress(service.handle)} (${service.title}) ended before it answered`,
      { data: { handle: service.handle } },
    );
  const bounce = (message: Message): void => {
    const isOwed = message.reply === REPLY.owed || message.reply === REPLY.detached;
    if (isOwed) kernel.fail(service, message, error());
  };
  if (kernel.scheduler.current === service && kernel.dispatching !== undefined) {
    // The service ends itself, or is ended, by the very handler that runs: nobody has filed its request yet.
    bounce(kernel.dispatching);
  }
  for (const request of [...(service.owed ?? [])]) bounce(request);
  for (const list of [service.systemMail, service.deferred, service.mail]) drop(list, bounce);
  service.owed = undefined;
  if (service.calls !== undefined) {
    kernel.pendingCalls -= service.calls.size;
    service.calls = undefined;
  }
  while (service.timers !== undefined) kernel.removeTimer(service, service.timers);
  const watchers = service.watchers;
  service.watchers = undefined;
  for (const onDeath of watchers ?? []) onDeath();
}

function drop(list: MessageList | undefined, bounce: (message: Message) => void): void {
  for (let message = list?.shift(); message !== undefined; message = list?.shift()) bounce(message);
}
