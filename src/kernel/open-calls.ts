/**
 * The calls of a kernel's services that wait for an answer: opened, and settled exactly once.
 *
 *     open -> CallTable of the caller -> settle: by an answer, an error, or the deadline
 *                                           abandon: the caller died, and is told in its last turn (last-words.ts)
 *
 * Hot path (bench: call).
 */

import type { Clock } from "../base/clock.ts";
import type { KernelEvents } from "./kernel-options.ts";
import type { KernelTimers } from "./kernel-timers.ts";
import type { Message } from "./message.ts";
import type { NamedMail } from "./named-mail.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Service } from "./service.ts";
import type { ServiceTable } from "./service-table.ts";
import type { OpenCall } from "./call-table.ts";
import { CallTable } from "./call-table.ts";
import { SlowCallSweep } from "./slow-calls.ts";
import { Timer } from "./timer-wheel.ts";

/** What calls need of their kernel. */
export interface OpenCallsOptions {
  readonly clock: Clock;
  readonly events: KernelEvents;
  readonly services: ServiceTable;
  readonly scheduler: Scheduler;
  readonly timers: KernelTimers;
  readonly namedMail: NamedMail;
}

/** All waiting calls of one kernel. */
export class OpenCalls {
  /** How many calls wait. */
  size = 0;
  readonly #scheduler: Scheduler;
  readonly #timers: KernelTimers;
  readonly #namedMail: NamedMail;
  readonly #slowCalls: SlowCallSweep | undefined;
  /** News of calls that were passed on, which came before the news that must be heard first. */
  readonly #early = new WeakMap<OpenCall, { from: number; handle: number }[]>();

  constructor({ clock, events, services, scheduler, timers, namedMail }: OpenCallsOptions) {
    this.#scheduler = scheduler;
    this.#timers = timers;
    this.#namedMail = namedMail;
    if (events.onSlowCall === undefined) return;
    this.#slowCalls = new SlowCallSweep({
      clock,
      services,
      later: (ms, run) => timers.later(ms, run),
      onSlowCall: (service, call, ms) => events.onSlowCall?.(service, call, ms),
    });
  }

  /**
   * Opens a session.
   *
   * @param target - who should answer; 0 = whoever takes the name for which the request waits.
   * @param origin - see Kernel.origin.
   * @returns the session.
   * @throws {ERR_EXHAUSTED} if OPEN_CALLS_MAX calls of the service wait already.
   */
  open(source: Service, target: number, call: OpenCall, origin: Message | undefined): number {
    source.session = (source.calls ??= new CallTable()).open(call, source.session);
    call.target = target;
    call.since = this.#scheduler.now;
    call.origin = origin;
    this.size += 1;
    if (this.#slowCalls?.isQuiet === true) this.#slowCalls.noticeCall();
    return source.session;
  }

  /** Takes out the call that waits under a session, with its deadline; undefined if none does. */
  settle(service: Service, session: number): OpenCall | undefined {
    const { calls } = service;
    const call = calls?.close(session);
    if (call === undefined) return undefined;
    this.size -= 1;
    if (calls?.size === 0 && calls.isLarge) service.calls = undefined;
    if (call.timer !== undefined) this.#timers.remove(service, call.timer);
    if (call.target === 0) this.#namedMail.forget(call);
    return call;
  }

  /** Notes who answers a call from now on: see Kernel.retarget. */
  retarget(call: OpenCall, handle: number, from: number): void {
    if (from !== 0 && call.target !== from) {
      // Race: it was passed on to `from` before, and the news of that is still under way. test/sim/fabric.test.ts
      const early = this.#early.get(call);
      if (early === undefined) this.#early.set(call, [{ from, handle }]);
      else early.push({ from, handle });
      return;
    }
    call.target = handle;
    const early = this.#early.get(call);
    if (early === undefined) return;
    for (;;) {
      const index = early.findIndex((move) => move.from === call.target);
      if (index < 0) return;
      call.target = early[index]?.handle ?? 0;
      early.splice(index, 1);
    }
  }

  /** Sets a deadline for a call: it then fails with what `error` makes. */
  setDeadline(source: Service, call: OpenCall, ms: number, error: () => unknown): void {
    const timer = new Timer(source.handle, () => {
      call.timer = undefined;
      if (this.settle(source, call.session) !== undefined) call.reject(error());
    });
    // What follows from the deadline goes on with whoever made the call, as what follows from an answer does.
    timer.origin = call.origin;
    call.timer = timer;
    this.#timers.add(source, timer, ms);
  }

  /** Gives up all calls of a service that ends; its timers are not touched. */
  abandon(service: Service): void {
    for (const call of service.calls ?? []) if (call.target === 0) this.#namedMail.forget(call);
    this.size -= service.calls?.size ?? 0;
    service.calls = undefined;
  }
}
