/**
 * The timers of a kernel's services: how one is armed, becomes a message when it is due, and goes with its service.
 *
 *     add -> TimerWheel, list of the service -> fire: message in the service's mailbox -> run: inside the service
 *
 * A timer is a message like any other, so that it can be held back, is attributed to its service and never interrupts one.
 */

import type { Clock } from "../base/clock.ts";
import { Message } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import type { Scheduler } from "./scheduler.ts";
import { HOLD } from "./service.ts";
import type { Service } from "./service.ts";
import type { ServiceTable } from "./service-table.ts";
import { Timer, TimerWheel } from "./timer-wheel.ts";

/** What timers need of their kernel. */
export interface KernelTimersOptions {
  readonly clock: Clock;
  readonly services: ServiceTable;
  readonly scheduler: Scheduler;
}

/** All timers of one kernel. */
export class KernelTimers {
  readonly #wheel = new TimerWheel();
  readonly #clock: Clock;
  readonly #services: ServiceTable;
  readonly #scheduler: Scheduler;

  constructor({ clock, services, scheduler }: KernelTimersOptions) {
    this.#clock = clock;
    this.#services = services;
    this.#scheduler = scheduler;
  }

  /**
   * Arms a timer; that of a dead service never fires.
   *
   * @param ms - milliseconds until it is due; at once if that is no number above 0.
   */
  add(service: Service, timer: Timer, ms: number): void {
    if (!service.isAlive) return;
    this.#arm(service, timer, this.#clock.now() + (ms > 0 ? ms : 0));
  }

  /** Cancels a timer, also one whose message lies in the mailbox. */
  remove(service: Service, timer: Timer): void {
    timer.isCancelled = true;
    this.#wheel.remove(timer);
    unlink(service, timer);
  }

  /** Cancels all timers of a service. */
  removeAll(service: Service): void {
    while (service.timers !== undefined) this.remove(service, service.timers);
  }

  /** Runs something in the kernel's own name after `ms` milliseconds. */
  later(ms: number, run: () => void): void {
    this.#scheduler.timerAdded(this.#wheel.add(new Timer(0, run), this.#clock.now() + ms));
  }

  /** Turns what is due into messages. */
  fire(now: number): void {
    for (;;) {
      const timer = this.#wheel.take(now);
      if (timer === undefined) return;
      const service = this.#services.get(timer.owner);
      if (service === undefined) {
        if (timer.owner === 0) timer.run();
        continue;
      }
      service.mail.push(new Message(PTYPE.timer, 0, 0, 0, timer));
      this.#scheduler.enqueue(service);
    }
  }

  /** Runs a timer whose message is dispatched, unless it was cancelled meanwhile. */
  run(service: Service, timer: Timer): void {
    unlink(service, timer);
    if (timer.isCancelled) return;
    // From the millisecond that was due: counted from this very moment and rounded up, each round would take one more.
    const { intervalMs } = timer;
    if (intervalMs > 0) this.#arm(service, timer, Math.floor(this.#clock.now()) + intervalMs);
    timer.run();
  }

  /** Returns the next moment at which a timer may be due, or undefined if none waits. */
  next(): number | undefined {
    return this.#wheel.next();
  }

  #arm(service: Service, timer: Timer, at: number): void {
    timer.passesHold = (service.holds & HOLD.patching) !== 0;
    timer.following = service.timers;
    if (service.timers !== undefined) service.timers.previous = timer;
    service.timers = timer;
    this.#scheduler.timerAdded(this.#wheel.add(timer, at));
  }
}

function unlink(service: Service, timer: Timer): void {
  if (timer.previous !== undefined) timer.previous.following = timer.following;
  else if (service.timers === timer) service.timers = timer.following;
  if (timer.following !== undefined) timer.following.previous = timer.previous;
  timer.previous = timer.following = undefined;
}
