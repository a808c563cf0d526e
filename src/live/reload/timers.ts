/**
 * The timers that code of a service has asked for: which there are, and which do the same.
 */

import type { Message } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Timer } from "../../kernel/timers.ts";
import type { Context } from "../../service/context.ts";
import type { TimerWish } from "../../service/timers.ts";
import { ServiceTimer } from "../../service/timers.ts";
import { isSameCode } from "../../service/top-level.ts";
import { Timeout } from "../../service/waiting.ts";

/** A timer that code of the service has asked for. */
export type CodeTimer = ServiceTimer | Timeout;

/** Says whether code of a service has asked for a timer, and no function of that code waits for it. */
export function isOpenTimer(subject: unknown): subject is CodeTimer {
  return subject instanceof ServiceTimer || subject instanceof Timeout;
}

/**
 * Says whether two timers run the same code as often, with the same arguments as far as one can tell: objects are
 * others in each instance.
 */
function isAlike(one: TimerWish, two: TimerWish): boolean {
  if (one.ms !== two.ms || one.intervalMs !== two.intervalMs) return false;
  if (!isSameCode(one.run, two.run) || one.args.length !== two.args.length) return false;
  return one.args.every((arg, index) => isSameArgument(arg, two.args[index]));
}

/** Says whether two timers are of one kind and alike. */
export function doesTheSame(one: CodeTimer, two: CodeTimer): boolean {
  if (one instanceof Timeout || two instanceof Timeout) {
    return one instanceof Timeout && two instanceof Timeout && isSameCode(one.run, two.run);
  }
  return isAlike(one.wish, two.wish);
}

function isSameArgument(one: unknown, two: unknown): boolean {
  if (typeof one === "function" && typeof two === "function") return isSameCode(one, two);
  if (typeof one === "object" && one !== null) return typeof two === "object" && two !== null;
  return Object.is(one, two);
}

/** The timers that a service has armed and that are not due, the youngest first. */
export function* timersOf({ service }: Context): Generator<Timer> {
  for (let timer = service.timers; timer !== undefined; timer = timer.following) yield timer;
}

/** The timers of a service that are due, and whose turn has not come. */
export function* dueTimersOf({ service }: Context): Generator<Timer> {
  for (const mail of [service.mail, service.deferred, service.systemMail]) {
    let message: Message | undefined = mail?.head;
    for (; message !== undefined; message = message.next) {
      if (message.type !== PTYPE.timer) continue;
      const timer = message.payload as Timer;
      if (!timer.isCancelled) yield timer;
    }
  }
}

/** Names a timer for people: `setInterval of 1000 ms`. */
export function describe(subject: CodeTimer): string {
  if (subject instanceof Timeout) return "skynet.timeout";
  const { ms, intervalMs } = subject.wish;
  return intervalMs > 0 ? `setInterval of ${ms} ms` : `setTimeout of ${ms} ms`;
}
