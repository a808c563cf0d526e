/**
 * The end of a service: all callers and watchers are told, its own handlers too, and nothing of it remains.
 *
 * Order: the handle is struck out first, so that what is sent from now on finds no service; then every request that it took or
 * that is in its mailbox is answered with ERR_SERVICE_DEAD; then names, timers and watchers go. Only requests are
 * answered: skynet also bounces answers, which can fail an unrelated call of the other side.
 */

import { isOpen } from "./answering.ts";
import type { Kernel } from "./kernel.ts";
import type { KernelEvents } from "./kernel-options.ts";
import type { MessageList } from "./message.ts";
import { Message, REPLY } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import { lostError, unansweredError } from "./refusal.ts";
import { collectWaiting, giveLastTurn } from "./last-words.ts";
import { HOLD } from "./service.ts";
import type { Service } from "./service.ts";
import { count, TALLY } from "./instruments.ts";

/** The deaths of a kernel. */
export class Burials {
  /** Services that are being buried: one inside the other, if a watcher kills another service. */
  readonly #open: Service[] = [];
  readonly #events: KernelEvents;

  constructor(events: KernelEvents) {
    this.#events = events;
  }

  /** Ends a service; only Kernel.kill calls this. */
  bury(kernel: Kernel, service: Service): void {
    this.#open.push(service);
    strikeOut(kernel, service);
    tellWatchers(service);
    this.#open.pop();
    this.#events.onDeath(service);
  }

  /** Tells those who have not been told, after an interrupt that cut off a callback. */
  finish(): void {
    for (let dead = this.#open.pop(); dead !== undefined; dead = this.#open.pop()) {
      tellWatchers(dead);
      this.#events.onDeath(dead);
    }
  }
}

function strikeOut(kernel: Kernel, service: Service): void {
  service.isAlive = false;
  kernel.services.delete(service);
  if (kernel.forwarding.size > 0) kernel.forwarding.delete(service);
  count(service.tally, TALLY.ended);
  kernel.names.release(service.handle);
  const waiting = collectWaiting(service);
  const bounce = (message: Message): void => {
    if (isOpen(message)) kernel.fail(service, message, unansweredError(service));
  };
  if (kernel.scheduler.current === service && kernel.dispatching !== undefined) {
    // The service ends itself, or is ended, by the very handler that runs: its request has not been filed yet.
    bounce(kernel.dispatching);
  }
  for (const request of [...(service.owed?.keys() ?? [])]) bounce(request);
  for (const list of [service.systemMail, service.deferred, service.mail]) drop(list, bounce);
  service.owed = service.running = undefined;
  kernel.calls.abandon(service);
  kernel.timers.removeAll(service);
  // Nothing is held back from a last turn: what was to release it may never come.
  service.holds = HOLD.none;
  if (waiting.length > 0 && kernel.hasLastTurns) giveLastTurn(kernel, service, waiting);
}

function tellWatchers(service: Service): void {
  for (let next = service.watchers?.shift(); next; next = service.watchers?.shift()) next.onDeath();
  service.watchers = undefined;
}

/**
 * Fails every call that waits for a service of another kernel which ended without a word, for example with its thread.
 *
 * @param isLost - says whether a handle's service is among them.
 */
export function bereave(kernel: Kernel, isLost: (handle: number) => boolean): void {
  for (const service of kernel.services) {
    let answered: Set<number> | undefined;
    for (const { target, session } of service.calls ?? []) {
      if (target === 0 || !isLost(target)) continue;
      answered ??= answeredCalls(service);
      if (answered.has(session)) continue;
      const news = new Message(PTYPE.error, target, session, 0, lostError(target));
      news.reply = REPLY.none;
      kernel.arrive(service.handle, news);
    }
  }
}

/** The sessions of the calls whose answers are in the mailbox already: they came before the thread ended. */
function answeredCalls({ mail }: Service): Set<number> {
  const sessions = new Set<number>();
  for (let message = mail.head; message !== undefined; message = message.next) {
    const isAnswer = message.type === PTYPE.response || message.type === PTYPE.error;
    if (isAnswer) sessions.add(message.session);
  }
  return sessions;
}

function drop(list: MessageList | undefined, bounce: (message: Message) => void): void {
  for (let message = list?.shift(); message !== undefined; message = list?.shift()) bounce(message);
}
