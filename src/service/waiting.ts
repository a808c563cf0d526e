/**
 * Time and order inside one service: timeout, sleep, wait and wakeup, fork, queue.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import type { Timer } from "../kernel/timer-wheel.ts";
import type { Context } from "./context.ts";
import { EXIT_SIGNAL, deadPromise, extrasOf, requireAlive } from "./context.ts";
import type { ApiTable } from "./lazy-api.ts";
import { Lock } from "./lock.ts";
import type { Queue } from "./skynet-api.ts";

/** Ends a wait before its time. */
type Wake = () => void;

const kSleepers: unique symbol = Symbol("sleepers");
const createSleepers = (): Map<unknown, Wake> => new Map<unknown, Wake>();

function sleepersOf(context: Context): Map<unknown, Wake> {
  return extrasOf(context, kSleepers, createSleepers);
}

function sleep(context: Context, ms: number, token?: unknown): Promise<"BREAK" | undefined> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  return new Promise((resolve, reject) => {
    requireMs(ms);
    const { kernel } = context.runtime;
    const { origin } = kernel;
    const end = hold(context, token, reject);
    const timer = after(context, ms, () => {
      end();
      resolve(undefined);
    });
    timer.origin = origin;
    context.runtime.tracer?.slept(context, timer);
    if (token === undefined) return;
    sleepersOf(context).set(token, () => {
      kernel.removeTimer(context.service, timer);
      end();
      kernel.resume(context.service, origin, () => resolve("BREAK"));
    });
  });
}

function wait(context: Context, token: unknown): Promise<void> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  return new Promise((resolve, reject) => {
    const { kernel, commitments } = context.runtime;
    const { origin } = kernel;
    const end = hold(context, token, reject);
    const endWait = commitments.wait(origin, context.service);
    sleepersOf(context).set(token, () => {
      end();
      endWait();
      kernel.resume(context.service, origin, resolve);
    });
  });
}

/** Runs something after `ms` milliseconds; at 0 after the messages that wait already. */
function requireMs(ms: unknown): void {
  if (typeof ms === "number" && !Number.isNaN(ms)) return;
  throw new SnaxError("ERR_ARGUMENT", `a time is a number of milliseconds, not ${inspect(ms)}`);
}

function after({ runtime, service }: Context, ms: number, run: () => void): Timer {
  const { kernel } = runtime;
  return ms > 0 ? kernel.addTimer(service, ms, run) : kernel.soon(service, run);
}

/**
 * Begins a wait.
 *
 * @returns a function that ends it.
 * @throws {ERR_ARGUMENT} if somebody waits on the token.
 */
function hold(context: Context, token: unknown, reject: (error: unknown) => void): () => void {
  if (token !== undefined && sleepersOf(context).has(token)) {
    throw new SnaxError("ERR_ARGUMENT", "somebody in this service waits on that token already");
  }
  context.held?.add(reject);
  return () => {
    if (token !== undefined) sleepersOf(context).delete(token);
    context.held?.delete(reject);
  };
}

function wakeup(context: Context, token: unknown): boolean {
  requireAlive(context);
  const wake = sleepersOf(context).get(token);
  wake?.();
  return wake !== undefined;
}

function timeout(context: Context, ms: number, run: () => unknown): void {
  requireAlive(context);
  requireMs(ms);
  requireFunction(run, "skynet.timeout");
  after(context, ms, () => {
    try {
      run();
    } catch (error) {
      if (error !== EXIT_SIGNAL) throw error;
    }
  });
}

/** Runs something when the handler that runs has returned or awaits; what it throws is logged, never lost in a promise. */
function fork(context: Context, run: (...args: unknown[]) => unknown, ...args: unknown[]): void {
  requireAlive(context);
  requireFunction(run, "skynet.fork");
  const { kernel } = context.runtime;
  kernel.resume(context.service, undefined, () => {
    (async () => await run(...args))().catch((error: unknown) => {
      if (error !== EXIT_SIGNAL) context.runtime.reportFork(context.service, error);
    });
  });
}

/**
 * Makes a lock. The lock is re-entrant only before the running function's first await: later nobody can tell whose
 * code asks, and a nested use waits for itself.
 */
function queue(context: Context): Queue {
  const lock = new Lock(context);
  return async <A extends unknown[], R>(
    run: (...args: A) => R,
    ...args: A
  ): Promise<Awaited<R>> => {
    const dead = deadPromise(context);
    if (dead !== undefined) return dead;
    requireFunction(run, "a queue");
    if (lock.isInside) return await run(...args);
    return await lock.hold(() => run(...args));
  };
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
  now: ({ runtime }: Context): number => Math.floor(runtime.clock.now() - runtime.startedAt),
  starttime: ({ runtime }: Context): number =>
    Math.floor((runtime.clock.wall() - (runtime.clock.now() - runtime.startedAt)) / 1000),
  time: ({ runtime }: Context): number => runtime.clock.wall() / 1000,
  hpc: ({ runtime }: Context): bigint => BigInt(Math.round(runtime.clock.now() * 1e6)),
};
