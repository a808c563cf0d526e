/**
 * Time and order inside one service: timeout, sleep, wait and wakeup, fork, queue.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { endHandling } from "../kernel/handling.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { isEnding } from "../kernel/refusal.ts";
import type { Timer } from "../kernel/timers.ts";
import type { Context } from "./context.ts";
import {
  deadPromise,
  definePart,
  EXIT_SIGNAL,
  isThenable,
  leaveAlone,
  requireAlive,
} from "./context.ts";
import { markInterchangeable } from "./interchangeable.ts";
import type { ApiTable } from "./lazy-api.ts";
import { Lock } from "./lock.ts";
import type { Queue } from "./skynet-api.ts";
import type { Armer } from "./top-level.ts";
import { Armed, armerOf } from "./top-level.ts";

/** A handler that sleeps, or waits to be woken. */
export class Waiter extends Waiting {
  /** When it began, in milliseconds of the kernel's clock as of that turn. */
  readonly since: number;
  /** The message whose handler waits. */
  readonly origin: Message | undefined;
  /** What it can be woken by. */
  readonly token: unknown;
  /** Settle it. An operator who asks where it waits puts others in their place, which do the same. */
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  isOpen = true;
  /** Ends it before its time; only one with a token can be woken. */
  wake: (() => void) | undefined = undefined;
  /** As it is in `Context.held`. */
  held: ((error: unknown) => void) | undefined = undefined;

  constructor(
    { scheduler, origin }: Kernel,
    token: unknown,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.since = scheduler.now;
    this.origin = origin;
    this.token = token;
    this.resolve = resolve as (value: unknown) => void;
    this.reject = reject;
  }
}

/** Those that have a token, by token. */
const sleepersBy = definePart(() => new Map<unknown, Waiter>());

/** Lists those that sleep or wait in a service, each with the moment at which it sleeps no longer. */
export function* waitersOf(
  context: Context,
): Generator<{ readonly waiter: Waiter; readonly until: number | undefined }> {
  const sleepers = new Set<unknown>();
  for (let timer = context.service.timers; timer !== undefined; timer = timer.following) {
    const waiter = timer.subject;
    if (!(waiter instanceof Waiter)) continue;
    sleepers.add(waiter);
    // One that is due waits for its turn.
    yield { waiter, until: timer.bucket?.deadline ?? 0 };
  }
  for (const waiter of sleepersBy.peek(context)?.values() ?? []) {
    if (!sleepers.has(waiter)) yield { waiter, until: undefined };
  }
}

function sleep(context: Context, ms: number, token?: unknown): Promise<"BREAK" | undefined> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  return new Promise((resolve, reject) => {
    requireMs(ms);
    const { kernel } = context.runtime;
    const { origin } = kernel;
    const waiter = beginWait(context, token, resolve, reject);
    const timer = after(context, ms, () => {
      endWait(context, waiter);
      waiter.resolve(undefined);
    });
    timer.origin = origin;
    timer.subject = waiter;
    context.runtime.tracer?.slept(context, timer);
    if (token === undefined) return;
    waiter.wake = () => {
      kernel.removeTimer(context.service, timer);
      endWait(context, waiter);
      kernel.resume(context.service, origin, () => waiter.resolve("BREAK")).subject = waiter;
    };
  });
}

function wait(context: Context, token: unknown): Promise<void> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  return new Promise((resolve, reject) => {
    const { kernel, commitments } = context.runtime;
    const { origin } = kernel;
    const waiter = beginWait(context, token, resolve, reject);
    const settle = commitments.wait(origin, context.service, waiter);
    waiter.wake = () => {
      endWait(context, waiter);
      settle();
      kernel.resume(context.service, origin, () => waiter.resolve(undefined)).subject = waiter;
    };
  });
}

function requireMs(ms: unknown): void {
  if (typeof ms === "number" && !Number.isNaN(ms)) return;
  throw new SnaxError("ERR_ARGUMENT", `a time is a number of milliseconds, not ${inspect(ms)}`);
}

/** Runs something after `ms` milliseconds; at 0 after the messages that wait already. */
function after({ runtime, service }: Context, ms: number, run: () => void): Timer {
  const { kernel } = runtime;
  return ms > 0 ? kernel.addTimer(service, ms, run) : kernel.soon(service, run);
}

/**
 * Begins a wait; {@link endWait} ends it.
 *
 * @throws {ERR_ARGUMENT} if other code waits on the token.
 */
function beginWait(
  context: Context,
  token: unknown,
  resolve: (value: never) => void,
  reject: (error: unknown) => void,
): Waiter {
  const waiter = new Waiter(context.runtime.kernel, token, resolve, reject);
  if (token !== undefined) {
    const sleepers = sleepersBy.of(context);
    if (sleepers.has(token)) {
      throw new SnaxError("ERR_ARGUMENT", "other code of this service waits on that token already");
    }
    sleepers.set(token, waiter);
  }
  if (context.held !== undefined) {
    waiter.held = (error) => waiter.reject(error);
    context.held.add(waiter.held);
  }
  return waiter;
}

function endWait(context: Context, waiter: Waiter): void {
  waiter.isOpen = false;
  if (waiter.token !== undefined) sleepersBy.of(context).delete(waiter.token);
  if (waiter.held !== undefined) context.held?.delete(waiter.held);
}

/** Lets nothing go on that waits in a service to be woken; what sleeps has a timer, which the caller of this removes. */
export function dropWaiters(context: Context): void {
  for (const waiter of [...(sleepersBy.peek(context)?.values() ?? [])]) endWait(context, waiter);
  context.runtime.commitments.dropWaits(context.service);
}

/** Ends a sleep or a wait with an error, for an operator; nothing happens if it is over. */
export function breakWait(context: Context, waiter: Waiter, error: Error): void {
  if (!waiter.isOpen) return;
  if (waiter.wake !== undefined) {
    waiter.resolve = () => waiter.reject(error);
    return waiter.wake();
  }
  const { kernel } = context.runtime;
  for (let timer = context.service.timers; timer !== undefined; timer = timer.following) {
    if (timer.subject !== waiter) continue;
    kernel.removeTimer(context.service, timer);
    endWait(context, waiter);
    const { origin } = waiter;
    kernel.resume(context.service, origin, () => waiter.reject(error)).subject = waiter;
    return;
  }
}

function wakeup(context: Context, token: unknown): boolean {
  requireAlive(context);
  const waiter = sleepersBy.of(context).get(token);
  waiter?.wake?.();
  return waiter !== undefined;
}

/** `skynet.timeout`. */
export function timeout(context: Context, ms: number, run: () => unknown): void {
  requireAlive(context);
  requireMs(ms);
  requireFunction(run, "skynet.timeout");
  startTimeout(context, ms, new Timeout(run, armerOf(context, run)));
}

/** Begins what `skynet.timeout` was asked for. */
export function startTimeout(context: Context, ms: number, wish: Timeout): void {
  const timer = after(context, ms, () => {
    try {
      const result = wish.run();
      leaveAlone(result);
      context.runtime.tracer?.returned(context, result);
    } catch (error) {
      if (error !== EXIT_SIGNAL) throw error;
    }
  });
  timer.subject = wish;
}

/** What `skynet.timeout` was asked for, as the subject of its timer. */
export class Timeout extends Armed {
  /** Set anew where it has come from another thread, and what it runs comes later. */
  run: () => unknown;

  constructor(run: () => unknown, armer: Armer) {
    super(armer);
    this.run = run;
  }

  get code(): () => unknown {
    return this.run;
  }
}

/** Runs something when the handler that runs has returned or awaits; what it throws is logged, never lost in a promise. */
function fork(context: Context, run: (...args: unknown[]) => unknown, ...args: unknown[]): void {
  requireAlive(context);
  requireFunction(run, "skynet.fork");
  const { kernel } = context.runtime;
  kernel.resume(context.service, undefined, () => runFork(context, run, args));
}

function runFork(
  context: Context,
  run: (...args: unknown[]) => unknown,
  args: readonly unknown[],
): void {
  const { runtime, service } = context;
  const { kernel } = runtime;
  const { origin } = kernel;
  const report = (error: unknown): void => {
    if (error !== EXIT_SIGNAL && !isEnding(error)) runtime.reportFork(service, error);
  };
  // So that a list of what runs can name it.
  if (origin?.type === PTYPE.timer) (origin.payload as Timer).subject = run;
  try {
    const result = run(...args);
    if (!isThenable(result)) return runtime.tracer?.returned(context, undefined);
    const handling = origin === undefined ? undefined : kernel.goesOn(service, origin);
    const end = (): void => {
      if (handling !== undefined) endHandling(service, handling);
      if (origin !== undefined) runtime.tracer?.ended(context, origin, "end");
    };
    Promise.resolve(result).then(end, (error: unknown) => {
      end();
      report(error);
    });
  } catch (error) {
    report(error);
  }
}

/**
 * Makes a lock. It is re-entrant, as in skynet: what the function that has the lock awaits may use it again. That is seen by
 * the name of this function on the stack, and looked for only where a caller would wait.
 */
export function queue(context: Context): Queue {
  const lock = new Lock(context);
  const hold = async <A extends unknown[], R>(
    run: (...args: A) => R,
    ...args: A
  ): Promise<Awaited<R>> => {
    const dead = deadPromise(context);
    if (dead !== undefined) return dead;
    requireFunction(run, "a queue");
    if (lock.isInside) return await run(...args);
    if (lock.isHeldAround(hold)) return await lock.enter(() => run(...args));
    return await lock.hold(() => run(...args));
  };
  Object.defineProperty(hold, "name", { value: lock.name });
  locks.set(hold, lock);
  return markInterchangeable(hold);
}

/** The locks by the functions that services have of them. */
const locks = new WeakMap<Function, Lock>();

/** The lock behind what `skynet.queue` has returned; undefined if it is something else. */
export function lockBehind(value: Function): Lock | undefined {
  return locks.get(value);
}

function requireFunction(run: unknown, what: string): void {
  if (typeof run === "function") return;
  throw new SnaxError("ERR_ARGUMENT", `${what} needs a function, not ${typeof run}`);
}

/** The functions of `skynet` about time and order. */
export const waitingFunctions: ApiTable<Context> = {
  sleep,
  wait,
  wakeup,
  timeout,
  fork,
  queue,
  yield: (context: Context) => sleep(context, 0),
  now: ({ runtime }: Context): number => Math.floor(runtime.sinceStartMs),
  starttime: ({ runtime }: Context): number =>
    Math.floor((runtime.clock.wall() - runtime.sinceStartMs) / 1000),
  time: ({ runtime }: Context): number => runtime.clock.wall() / 1000,
  hpc: ({ runtime }: Context): bigint => BigInt(Math.round(runtime.sinceStartMs * 1e6)),
};
