/**
 * `setTimeout` and its kin for one service: they die with it, and they arrive as messages.
 *
 * They wait for any time; in Node a delay of more than 2,147,483,647 ms counts as 1.
 * What they return works like Node's own: it can be passed to clearTimeout, turned into a number and back, refreshed.
 * `ref` and `unref` change nothing, since a node lives until it is stopped.
 */

import { SnaxError } from "../base/error.ts";
import { Waiting } from "../kernel/last-words.ts";
import type { Timer } from "../kernel/timers.ts";
import type { Context } from "./context.ts";
import { definePart, EXIT_SIGNAL, leaveAlone, requireAlive } from "./context.ts";
import type { Armer } from "./top-level.ts";
import { Armed, armerOf } from "./top-level.ts";

/** What a timer runs. */
export type TimerCallback = (...args: unknown[]) => unknown;

/** What a timer was asked for. */
export interface TimerWish {
  readonly run: TimerCallback;
  readonly args: readonly unknown[];
  /** Milliseconds; 0 = after the messages that wait already. */
  readonly ms: number;
  /** 0 = it fires once. */
  readonly intervalMs: number;
}

/** The timers whose number was asked for, by number. */
const numbered = definePart(() => new Map<number, ServiceTimer>());

/** The last number handed out on this thread. */
let lastNumber = 0;

/**
 * A timer of a service, as its code holds it.
 *
 * No code takes a promise that a callback returns: its rejection is reported as unhandled, with the service's address.
 */
export class ServiceTimer extends Armed {
  /** What was asked for. */
  readonly wish: TimerWish;
  readonly #context: Context;
  readonly #start: (body: () => void) => Timer;
  readonly #body: () => void;
  #timer: Timer;
  #number = 0;

  /**
   * @param wish - what the timer runs.
   * @param start - begins the wait, and returns what the kernel knows it by.
   * @param armer - what has armed it. @defaultValue the code that runs
   */
  // oxlint-disable-next-line max-params -- one place makes timers, and these are what one is
  constructor(
    context: Context,
    wish: TimerWish,
    start: (body: () => void) => Timer,
    armer: Armer = armerOf(context, wish.run),
  ) {
    super(armer);
    this.wish = wish;
    this.#context = context;
    this.#start = start;
    this.#body = () => {
      if (wish.intervalMs === 0) this.#forgetNumber();
      try {
        const { run, args } = wish;
        const result = run(...args);
        leaveAlone(result);
        context.runtime.tracer?.returned(context, result);
      } catch (error) {
        if (error !== EXIT_SIGNAL) throw error;
      }
    };
    this.#timer = this.#begin();
  }

  get code(): TimerCallback {
    return this.wish.run;
  }

  /** Cancels the timer. */
  close(): this {
    this.#context.runtime.kernel.removeTimer(this.#context.service, this.#timer);
    this.#forgetNumber();
    return this;
  }

  /** Begins the wait anew. */
  refresh(): this {
    if (!this.#context.service.isAlive) return this;
    this.#context.runtime.kernel.removeTimer(this.#context.service, this.#timer);
    this.#timer = this.#begin();
    return this;
  }

  /** Changes nothing. */
  ref(): this {
    return this;
  }

  /** Changes nothing. */
  unref(): this {
    return this;
  }

  /** Always true. */
  hasRef(): boolean {
    return true;
  }

  /** A number that clearTimeout takes as well. */
  [Symbol.toPrimitive](): number {
    if (this.#number === 0) {
      this.#number = lastNumber += 1;
      numbered.of(this.#context).set(this.#number, this);
    }
    return this.#number;
  }

  /** The number that its code has asked for; 0 = none, or it is over. */
  get number(): number {
    return this.#number;
  }

  /** Gives it the number that code has which came here with it; no other timer of the thread gets that from now on. */
  bringNumber(number: number): void {
    this.#forgetNumber();
    this.#number = number;
    numbered.of(this.#context).set(number, this);
    lastNumber = Math.max(lastNumber, number);
  }

  /** Has the code that waits for it told, if the service ends before. */
  tellOfEnd(reject: (error: unknown) => void): void {
    this.#timer.subject = new TimerWait(reject);
  }

  /** Cancels the timer. */
  [Symbol.dispose](): void {
    this.close();
  }

  #begin(): Timer {
    const timer = this.#start(this.#body);
    timer.subject = this;
    return timer;
  }

  #forgetNumber(): void {
    if (this.#number === 0) return;
    const timers = numbered.of(this.#context);
    // New code may have brought it to the timer in the place of this one.
    if (timers.get(this.#number) === this) timers.delete(this.#number);
    this.#number = 0;
  }
}

/** Code that waits for a timer, as what `util.promisify` makes of it does. */
class TimerWait extends Waiting {
  readonly reject: (error: unknown) => void;

  constructor(reject: (error: unknown) => void) {
    super();
    this.reject = reject;
  }
}

/**
 * Resolves with a value when a timer fires.
 *
 * @param start - begins the timer.
 */
export function waitForTimer(
  start: (run: TimerCallback) => ServiceTimer,
  value: unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    start(() => resolve(value)).tellOfEnd(reject);
  });
}

/** Runs `run` once after `ms` milliseconds, at least 1. */
export function setTimeoutIn(
  context: Context,
  run: TimerCallback,
  ms: number | undefined,
  args: readonly unknown[],
): ServiceTimer {
  requireCallback(context, run);
  return startAfter(context, { run, args, ms: delayOf(ms), intervalMs: 0 });
}

/** Runs `run` every `ms` milliseconds, at least 1. */
export function setIntervalIn(
  context: Context,
  run: TimerCallback,
  ms: number | undefined,
  args: readonly unknown[],
): ServiceTimer {
  requireCallback(context, run);
  const delay = delayOf(ms);
  return startAfter(context, { run, args, ms: delay, intervalMs: delay });
}

/** Runs `run` after the messages that wait already. */
export function setImmediateIn(
  context: Context,
  run: TimerCallback,
  args: readonly unknown[],
): ServiceTimer {
  requireCallback(context, run);
  const { kernel } = context.runtime;
  const wish = { run, args, ms: 0, intervalMs: 0 };
  return new ServiceTimer(context, wish, (body) => kernel.soon(context.service, body));
}

/** Cancels what setTimeout and its kin returned, or its number; anything else is ignored, as Node does. */
export function clearTimer(context: Context, timer: unknown): void {
  if (timer instanceof ServiceTimer) timer.close();
  else if (typeof timer === "number" || typeof timer === "string") {
    numbered.peek(context)?.get(Number(timer))?.close();
  }
}

/** Sees to it that the service may have a timer. */
function requireCallback(context: Context, run: TimerCallback): void {
  requireAlive(context);
  if (typeof run === "function") return;
  throw new SnaxError("ERR_ARGUMENT", `a timer needs a function, not ${typeof run}`);
}

/**
 * Begins a timer.
 *
 * @param leftMs - milliseconds until it fires for the first time. @defaultValue those of the wish
 * @param armer - what has armed it. @defaultValue the code that runs
 */
// oxlint-disable-next-line max-params -- what a timer is, and what is left of it
export function startAfter(
  context: Context,
  wish: TimerWish,
  leftMs: number = wish.ms,
  armer?: Armer,
): ServiceTimer {
  const { service } = context;
  const { kernel } = context.runtime;
  let ms = leftMs;
  const start = (body: () => void): Timer => {
    const timer = kernel.addTimer(service, ms, body, wish.intervalMs);
    ({ ms } = wish);
    return timer;
  };
  return new ServiceTimer(context, wish, start, armer);
}

function delayOf(ms: number | undefined): number {
  const delay = Number(ms ?? 1);
  return delay >= 1 ? Math.trunc(delay) : 1;
}
