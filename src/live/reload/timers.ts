/**
 * The timers of a service whose code is replaced.
 *
 * The top level of the new code arms its own, so those that the old top level armed end. What the service armed later
 * (`setTimeout` in a handler) is armed again for the time that is left, if what it runs goes by a name or can be made again
 * (remake.ts); a closure that captures something would run old code, and refuses the reload.
 */

import type { Timer } from "../../kernel/timer-wheel.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Context } from "../../service/context.ts";
import type { TimerCallback, TimerWish } from "../../service/timers.ts";
import { ServiceTimer, startAfter } from "../../service/timers.ts";
import { Timeout, timeout } from "../../service/waiting.ts";
import type { Remake } from "./remake.ts";

/** A timer that code of the service has asked for. */
export type CodeTimer = ServiceTimer | Timeout;

/** Says whether code of a service has asked for a timer, and nobody inside of that code waits for it. */
export function isOpenTimer(subject: unknown): subject is CodeTimer {
  return subject instanceof ServiceTimer || subject instanceof Timeout;
}

/** A timer of the old code that goes on in the new one. */
interface Lasting {
  readonly subject: CodeTimer;
  readonly leftMs: number;
  /** By which the state knows what it runs. */
  readonly name: string;
}

/** A wish whose function comes later. */
type OpenWish = { -readonly [K in keyof TimerWish]: TimerWish[K] };

/** The timers of one service, from before its new code ran. */
export class OldTimers {
  readonly #context: Context;
  readonly #before: ReadonlySet<Timer>;
  readonly #lasting: Lasting[] = [];
  readonly #topLevel: ServiceTimer[] = [];
  readonly #replaced = new Map<unknown, ServiceTimer>();
  readonly #wishes = new Map<ServiceTimer, OpenWish>();
  /** How functions without a name are made again, by the name of their timer. */
  readonly #remakes = new Map<string, Remake>();

  /** @param plan - tells how a function without a name is made again. */
  constructor(context: Context, plan: (run: unknown) => Remake | undefined) {
    this.#context = context;
    const now = context.runtime.clock.now();
    const before = [...timersOf(context)];
    this.#before = new Set(before);
    for (const { subject, bucket } of before) {
      if (!isOpenTimer(subject)) continue;
      if (subject.isOfTopLevel) {
        if (subject instanceof ServiceTimer) this.#topLevel.push(subject);
        continue;
      }
      const leftMs = Math.max(1, (bucket?.deadline ?? now) - now);
      const name = `${describe(subject)} #${this.#lasting.length + 1}`;
      this.#lasting.push({ subject, leftMs, name });
      const remake = plan(runOf(subject));
      if (remake !== undefined) this.#remakes.set(name, remake);
    }
  }

  /** What the lasting ones run, and their arguments, by name: to be carried with the state. */
  get extras(): ReadonlyMap<string, unknown> {
    return new Map(
      this.#lasting.map(({ subject, name }) => {
        const args = subject instanceof ServiceTimer ? subject.wish.args : [];
        return [name, [this.#remakes.has(name) ? undefined : runOf(subject), args]];
      }),
    );
  }

  /** Gives the new timer for one that the state holds. */
  replace(value: unknown): unknown {
    if (!(value instanceof ServiceTimer)) return value;
    const known = this.#replaced.get(value);
    if (known !== undefined) return known;
    const lasting = this.#lasting.find(({ subject }) => subject === value);
    const next = lasting === undefined ? this.#findTopLevel(value) : this.#arm(lasting);
    if (next !== undefined) this.#replaced.set(value, next);
    return next ?? value;
  }

  /** Arms those that last, now that what they run is known. */
  armLasting(extras: ReadonlyMap<string, unknown>, fresh: Instance): void {
    for (const lasting of this.#lasting) {
      const { subject, leftMs, name } = lasting;
      const [named, args] = extras.get(name) as [TimerCallback, unknown[]];
      const run = (this.#remakes.get(name)?.(fresh) as TimerCallback | undefined) ?? named;
      if (subject instanceof ServiceTimer) {
        const wish = this.#wishes.get(this.replace(subject) as ServiceTimer);
        if (wish !== undefined) Object.assign(wish, { run, args });
      } else timeout(this.#context, leftMs, run);
    }
  }

  /** Ends the timers of the old code. */
  endOld(): void {
    const { kernel } = this.#context.runtime;
    const { service } = this.#context;
    for (const timer of this.#before) {
      if (isOpenTimer(timer.subject)) kernel.removeTimer(service, timer);
    }
  }

  /** Ends the timers that new code has armed. */
  endNew(): void {
    const { kernel } = this.#context.runtime;
    const { service } = this.#context;
    for (const timer of [...timersOf(this.#context)]) {
      if (!this.#before.has(timer)) kernel.removeTimer(service, timer);
    }
    // Nothing was due before; what is by now may be an old one, which waits.
    for (const mail of [service.mail, service.deferred, service.systemMail]) {
      for (let message = mail?.head; message !== undefined; message = message.next) {
        if (message.type !== PTYPE.timer) continue;
        const timer = message.payload as Timer;
        if (!this.#before.has(timer)) timer.isCancelled = true;
      }
    }
  }

  #arm({ subject, leftMs }: Lasting): ServiceTimer | undefined {
    if (!(subject instanceof ServiceTimer)) return undefined;
    const { ms, intervalMs } = subject.wish;
    const wish: OpenWish = { run: () => undefined, args: [], ms, intervalMs };
    const timer = startAfter(this.#context, wish, leftMs);
    this.#wishes.set(timer, wish);
    return timer;
  }

  /** The one that the new top level has armed in the place of an old one: it runs the same text, as often. */
  #findTopLevel(old: ServiceTimer): ServiceTimer | undefined {
    const taken = new Set(this.#replaced.values());
    for (const timer of timersOf(this.#context)) {
      const { subject } = timer;
      if (this.#before.has(timer) || !(subject instanceof ServiceTimer)) continue;
      if (taken.has(subject) || !isAlike(subject.wish, old.wish)) continue;
      return subject;
    }
    return undefined;
  }
}

/** Says whether two timers run the same text, as often. */
export function isAlike(one: TimerWish, two: TimerWish): boolean {
  const isSame = one.ms === two.ms && one.intervalMs === two.intervalMs;
  return isSame && (one.run.name === two.run.name || String(one.run) === String(two.run));
}

/** The timers that a service has armed and that are not due. */
export function* timersOf({ service }: Context): Generator<Timer> {
  for (let timer = service.timers; timer !== undefined; timer = timer.following) yield timer;
}

function runOf(subject: CodeTimer): unknown {
  return subject instanceof ServiceTimer ? subject.wish.run : subject.run;
}

/** Names a timer for people: `setInterval of 1000 ms`. */
export function describe(subject: CodeTimer): string {
  if (subject instanceof Timeout) return "skynet.timeout";
  const { ms, intervalMs } = subject.wish;
  return intervalMs > 0 ? `setInterval of ${ms} ms` : `setTimeout of ${ms} ms`;
}
