/**
 * Time and order inside one service: timeout, sleep, wait and wakeup, fork, queue.
 */

import { SnaxError } from "../base/error.ts";
import type { Timer } from "../kernel/timer-wheel.ts";
import type { Context } from "./context.ts";
import { EXIT_SIGNAL, deadPromise, extrasOf, requireAlive } from "./context.ts";
import type { ApiTable } from "./lazy-api.ts";
import type { Queue } from "./skynet-api.ts";

type Wake = (isBreak: boolean) => void;

const kSleepers: unique symbol = Symbol("sleepers");

function sleepersOf(context: Context): Map<unknown, Wake> {
  return extrasOf(context, kSleepers, () => new Map<unknown, Wake>());
}

function sleep(context: Context, ms: number, token?: unknown): Promise<"BREAK" | undefined> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  const { kernel } = context.runtime;
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    const wake: Wake = (isBreak) => {
      if (token !== undefined) sleepersOf(context).delete(token);
      if (isBreak && timer !== undefined) kernel.removeTimer(context.service, timer);
      resolve(isBreak ? "BREAK" : undefined);
    };
    if (token !== undefined && !occupy(context, token, wake, reject)) return;
    const fire = (): void => wake(false);
    timer = ms > 0 ? kernel.addTimer(context.service, ms, fire) : kernel.soon(context.service, fire);
  });
}

function wait(context: Context, token: unknown): Promise<void> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  return new Promise((resolve, reject) => {
    const wake: Wake = () => {
      sleepersOf(context).delete(token);
      resolve();
    };
    occupy(context, token, wake, reject);
  });
}

function occupy(
  context: Context,
  token: unknown,
  wake: Wake,
  reject: (error: unknown) => void,
): boolean {
  const sleepers = sleepersOf(context);
  if (sleepers.has(token)) {
    reject(new SnaxError("ERR_ARGUMENT", "somebody in this service waits on that token already"));
    return false;
  }
  sleepers.set(token, wake);
  return true;
}

/** Runs something as a microtask; what it throws is logged, never lost in a promise. */
function fork(
  context: Context,
  run: (...args: unknown[]) => unknown,
  ...args: unknown[]
): void {
  requireAlive(context);
  Promise.resolve()
    .then(() => (context.service.isAlive ? run(...args) : undefined))
    .catch((error: unknown) => {
      if (error !== EXIT_SIGNAL) context.runtime.reportFork(context.service, error);
    });
}

/**
 * Makes a lock. The lock is re-entrant only before the running function's first await: later nobody can tell whose
 * code asks, and a nested use waits for itself.
 */
function queue(context: Context): Queue {
  let last: Promise<unknown> = Promise.resolve();
  let isInside = false;
  return async <A extends unknown[], R>(
    run: (...args: A) => R,
    ...args: A
  ): Promise<Awaited<R>> => {
    requireAlive(context);
    if (isInside) return await run(...args);
    const turn = last.then(() => {
      isInside = true;
      try {
        return run(...args);
      } finally {
        isInside = false;
      }
    });
    last = turn.catch(() => {});
    return await turn;
  };
}

/** The functions of `skynet` about time and order. */
export const waitingFunctions: ApiTable<Context> = {
  sleep,
  wait,
  fork,
  queue,
  yield: (context: Context) => sleep(context, 0),
  wakeup: (context: Context, token: unknown): boolean => {
    requireAlive(context);
    const wake = sleepersOf(context).get(token);
    wake?.(true);
    return wake !== undefined;
  },
  timeout: (context: Context, ms: number, run: () => unknown): void => {
    requireAlive(context);
    const { kernel } = context.runtime;
    const body = (): void => {
      try {
        run();
      } catch (error) {
        if (error !== EXIT_SIGNAL) throw error;
      }
    };
    if (ms > 0) kernel.addTimer(context.service, ms, body);
    else kernel.soon(context.service, body);
  },
  now: ({ runtime }: Context): number => Math.floor(runtime.clock.now() - runtime.startedAt),
  starttime: ({ runtime }: Context): number =>
    Math.floor((runtime.clock.wall() - (runtime.clock.now() - runtime.startedAt)) / 1000),
  time: ({ runtime }: Context): number => runtime.clock.wall() / 1000,
  hpc: ({ runtime }: Context): bigint => BigInt(Math.round(runtime.clock.now() * 1e6)),
};
