/**
 * `setTimeout` and its kin for one service: they die with it, and they arrive as messages.
 *
 * What they return works like Node's own: it can be passed to clearTimeout, turned into a number and back, refreshed.
 * `ref` and `unref` change nothing, since a node lives until it is stopped.
 */

import { SnaxError } from "../base/error.ts";
import type { Timer } from "../kernel/timer-wheel.ts";
import type { Context } from "./context.ts";
import { EXIT_SIGNAL, extrasOf, requireAlive } from "./context.ts";

/** What a timer runs. */
export type TimerCallback = (...args: unknown[]) => unknown;

/** Longest delay in milliseconds; as in Node a longer one counts as 1. */
const DELAY_MAX_MS = 0x7fffffff;

const kNumbers: unique symbol = Symbol("timer numbers");

/** A timer of a service, as its code holds it. */
export class ServiceTimer {
  readonly #context: Context;
  readonly #start: () => Timer;
  #timer: Timer;
  #number = 0;

  constructor(context: Context, start: () => Timer) {
    this.#context = context;
    this.#start = start;
    this.#timer = start();
  }

  /** Cancels the timer. */
  close(): this {
    this.#context.runtime.kernel.removeTimer(this.#context.service, this.#timer);
    if (this.#number !== 0) numbersOf(this.#context).delete(this.#number);
    return this;
  }

  /** Begins the wait anew. */
  refresh(): this {
    if (!this.#context.service.isAlive) return this;
    this.#context.runtime.kernel.removeTimer(this.#context.service, this.#timer);
    this.#timer = this.#start();
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
      this.#number = this.#context.service.session += 1;
      numbersOf(this.#context).set(this.#number, this);
    }
    return this.#number;
  }

  /** Cancels the timer. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Runs `run` once after `ms` milliseconds, at least 1. */
export function setTimeoutIn(
  context: Context,
  run: TimerCallback,
  ms: number | undefined,
  args: readonly unknown[],
): ServiceTimer {
  const { kernel } = prepare(context, run);
  const delay = delayOf(ms);
  const body = bodyOf(context, run, args);
  return new ServiceTimer(context, () => kernel.addTimer(context.service, delay, body));
}

/** Runs `run` every `ms` milliseconds, at least 1. */
export function setIntervalIn(
  context: Context,
  run: TimerCallback,
  ms: number | undefined,
  args: readonly unknown[],
): ServiceTimer {
  const { kernel } = prepare(context, run);
  const delay = delayOf(ms);
  const body = bodyOf(context, run, args);
  return new ServiceTimer(context, () => kernel.addTimer(context.service, delay, body, delay));
}

/** Runs `run` after the messages that wait already. */
export function setImmediateIn(
  context: Context,
  run: TimerCallback,
  args: readonly unknown[],
): ServiceTimer {
  const { kernel } = prepare(context, run);
  const body = bodyOf(context, run, args);
  return new ServiceTimer(context, () => kernel.soon(context.service, body));
}

/** Cancels what setTimeout and its kin returned, or its number; anything else is ignored, as Node does. */
export function clearTimer(context: Context, timer: unknown): void {
  if (timer instanceof ServiceTimer) timer.close();
  else if (typeof timer === "number" || typeof timer === "string") {
    numbersOf(context).get(Number(timer))?.close();
  }
}

function prepare(context: Context, run: unknown): Context["runtime"] {
  requireAlive(context);
  if (typeof run === "function") return context.runtime;
  throw new SnaxError("ERR_ARGUMENT", `a timer needs a function, not ${typeof run}`);
}

function numbersOf(context: Context): Map<number, ServiceTimer> {
  return extrasOf(context, kNumbers, () => new Map<number, ServiceTimer>());
}

function delayOf(ms: number | undefined): number {
  const delay = Number(ms ?? 1);
  return delay >= 1 && delay <= DELAY_MAX_MS ? Math.trunc(delay) : 1;
}

/** A promise that a callback returns is nobody's: its rejection is reported as unhandled, with the service's address. */
function bodyOf(context: Context, run: TimerCallback, args: readonly unknown[]): () => void {
  return () => {
    if (!context.service.isAlive) return;
    try {
      run(...args);
    } catch (error) {
      if (error !== EXIT_SIGNAL) throw error;
    }
  };
}
