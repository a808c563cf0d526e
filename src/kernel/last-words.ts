/**
 * The last turn of a service that has ended: what its handlers wait for fails, so that their `catch` and `finally` run.
 *
 *     death -> all waits are collected: calls, sleeps, sleepers that were woken and have not gone on, and the instance's own
 *           -> there are none: nothing happens
 *           -> one job, in the name of the dead service: all of them are rejected with one error; the handlers run on
 *           -> one more behind it: what the code of the service sends from here on is refused
 *
 * It is a turn like any other: attributed to the service, watched, cut off if it does not end. What its code calls or waits for
 * fails at once. Kill and exit are alike; only where a whole thread ends do handlers end without such a turn.
 */

import type { Kernel } from "./kernel.ts";
import type { MessageList } from "./message.ts";
import { Message } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import { endedError } from "./refusal.ts";
import { HOLD } from "./service.ts";
import type { Service } from "./service.ts";
import { OpenCall } from "./open-calls.ts";
import { Timer } from "./timers.ts";

/** A wait inside a service, as the subject of the timer that would wake it or in {@link Instance.waits}. */
export abstract class Waiting {
  /** Makes what was waited for fail. */
  abstract reject: (error: unknown) => void;
}

type Rejectable = Pick<Waiting, "reject">;

/** Lists those who wait in a service that is about to lose its mail, its calls and its timers. */
export function collectWaiting(service: Service): Rejectable[] {
  const waiting: Rejectable[] = [];
  if (service.calls !== undefined) waiting.push(...service.calls);
  for (let timer = service.timers; timer !== undefined; timer = timer.following) {
    addSubject(waiting, timer);
  }
  for (const mail of [service.systemMail, service.deferred, service.mail]) addDue(waiting, mail);
  for (const each of service.instance.waits?.() ?? []) waiting.push(each);
  return waiting;
}

/** Those whose time has come, or that were woken: the message that would tell them is not run. */
function addDue(waiting: Rejectable[], mail: MessageList | undefined): void {
  for (let message = mail?.head; message !== undefined; message = message.next) {
    if (message.type === PTYPE.timer) addSubject(waiting, message.payload as Timer);
  }
}

function addSubject(waiting: Rejectable[], { subject, isCancelled }: Timer): void {
  if (isCancelled) return;
  if (subject instanceof Waiting || subject instanceof OpenCall) waiting.push(subject);
}

/** Gives a service that has died its last turn. */
export function giveLastTurn(
  kernel: Kernel,
  service: Service,
  waiting: readonly Rejectable[],
): void {
  const begin = (): void => {
    service.holds = HOLD.ending;
    const error = endedError(service);
    for (const each of waiting) {
      // It is not reported that no code awaits it; code that does is told as always.
      if (each instanceof OpenCall) each.promise?.catch(() => {});
      each.reject(error);
    }
  };
  const end = (): void => {
    service.holds = HOLD.none;
  };
  // Order: microtasks are drained between the two. test/integration/service/last-turn.test.ts
  for (const run of [begin, end]) {
    const job = new Message(PTYPE.timer, 0, 0, 0, new Timer(service.handle, run));
    service.mail.push(job);
  }
  kernel.scheduler.enqueue(service);
}
