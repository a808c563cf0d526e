/**
 * The calls of a kernel's services that wait for an answer: opened, and settled exactly once.
 *
 *     open -> CallTable of the caller -> settle: by an answer, an error, or the deadline
 *                                           abandon: the caller died, and is told in its last turn (last-words.ts)
 *
 * Hot path (bench: call).
 */

import type { Clock } from "../base/clock.ts";
import { SnaxError } from "../base/error.ts";
import type { KernelEvents } from "./kernel-options.ts";
import type { KernelTimers } from "./timers.ts";
import type { Message } from "./message.ts";
import type { NamedMail } from "./named-mail.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Service, ServiceTable } from "./service.ts";
import { SlowCallSweep } from "./slow-calls.ts";
import { Timer } from "./timers.ts";

/** The last session before the counter begins again at 1, as in skynet. */
export const SESSION_MAX = 0x7fffffff;

/** Most calls of one service that may wait at once. */
export const OPEN_CALLS_MAX: number = 1 << 24;

const CAPACITY_MIN = 4;

/** A call that waits. It is settled exactly once: by an answer, an error, or its deadline. */
export class OpenCall {
  /** Set by the table; 0 before and after. */
  session = 0;
  /** The service that should answer, for the log. */
  target = 0;
  /** When the call began, in milliseconds of the kernel's clock as of that turn; NaN once it was logged as slow. */
  since = 0;
  /** The message whose handling made the call; see Kernel.origin. */
  origin: Message | undefined = undefined;
  /** It waits for something that may take for ever, a death: that it takes long is not reported. */
  isPatient = false;
  /** What the caller was given, if the code that made the call says so. */
  promise: Promise<unknown> | undefined = undefined;
  /** The deadline, if one was set. */
  timer: Timer | undefined = undefined;
  /** Settle it. An operator who asks where the call waits puts others in their place, which do the same. */
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  /** It has not been settled yet. */
  get isOpen(): boolean {
    return this.session !== 0;
  }
}

/**
 * The waiting calls of one service, by session.
 *
 * Sessions are handed out in sequence, so the table is an array indexed by the low bits of the session: no map, no hashing.
 * A session whose place is taken by a call that has waited long is skipped, which also keeps a wrapped counter from
 * ever handing out a session that is still open (skynet checks for that only above 0x70000000). The table doubles when
 * it is half full.
 */
export class CallTable {
  #slots: (OpenCall | undefined)[] = new Array<OpenCall | undefined>(CAPACITY_MIN).fill(undefined);
  /** How many calls wait. */
  size = 0;

  /**
   * Returns the session that the next call gets: the first free one after `last`.
   *
   * @throws {ERR_EXHAUSTED} if OPEN_CALLS_MAX calls wait already.
   */
  next(last: number): number {
    if (this.size >= this.#slots.length >> 1) this.#grow();
    const mask = this.#slots.length - 1;
    let session = last;
    do {
      session = session >= SESSION_MAX ? 1 : session + 1;
    } while (this.#slots[session & mask] !== undefined);
    return session;
  }

  /**
   * Files a call under the next session.
   *
   * @returns the session, which is the new last one.
   * @throws {ERR_EXHAUSTED} if OPEN_CALLS_MAX calls wait already.
   */
  open(call: OpenCall, last: number): number {
    const session = this.next(last);
    this.#slots[session & (this.#slots.length - 1)] = call;
    this.size += 1;
    call.session = session;
    return session;
  }

  /** Takes out the call that waits under a session; undefined if none does (any more). */
  close(session: number): OpenCall | undefined {
    const index = session & (this.#slots.length - 1);
    const call = this.#slots[index];
    if (call === undefined || call.session !== session) return undefined;
    this.#slots[index] = undefined;
    this.size -= 1;
    call.session = 0;
    return call;
  }

  /** Says whether the table has grown so much that an idle service should not keep it. */
  get isLarge(): boolean {
    return this.#slots.length > 64;
  }

  /** Returns the call that waits under a session. */
  get(session: number): OpenCall | undefined {
    const call = this.#slots[session & (this.#slots.length - 1)];
    return call?.session === session ? call : undefined;
  }

  /** Says whether a call waits under the session. */
  has(session: number): boolean {
    return this.get(session) !== undefined;
  }

  /** All waiting calls, in no order that means anything. */
  *[Symbol.iterator](): Generator<OpenCall> {
    for (const call of this.#slots) if (call !== undefined) yield call;
  }

  #grow(): void {
    const old = this.#slots;
    if (this.size >= OPEN_CALLS_MAX) {
      throw new SnaxError("ERR_EXHAUSTED", `${this.size} calls of this service wait for an answer`);
    }
    // Two calls that share no place in the old table share none in one of twice its length.
    const slots = new Array<OpenCall | undefined>(old.length * 2).fill(undefined);
    for (const call of old) {
      if (call !== undefined) slots[call.session & (slots.length - 1)] = call;
    }
    this.#slots = slots;
  }
}

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
   * @param target - the service that should answer; 0 = the one that takes the name for which the request waits.
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
    // What follows from the deadline goes on with the handler that made the call, as what follows from an answer does.
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
