/**
 * `node:timers` and `node:timers/promises` as a service imports them: with the service's own timers.
 *
 * Node's would outlive the service, run outside its turns, where no loop can be cut off, and fire at once beyond 24.8
 * days. Packages and shared modules, which belong to no service, keep Node's.
 */

import nodeTimers from "node:timers";
import nodePromises from "node:timers/promises";
import type { Context } from "./context.ts";
import { definePart } from "./context.ts";
import { setImmediateIn, setIntervalIn, setTimeoutIn, waitForTimer } from "./timers.ts";
import type { ServiceTimer, TimerCallback } from "./timers.ts";

/** What `node:timers/promises` takes beside the time and the value; `ref` changes nothing. */
interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

type Module = Record<string, unknown>;

/** The modules of one service that have been asked for, by name without `node:`. */
const modules = definePart(() => new Map<string, Module>());

/**
 * Returns what a module of Node is for a service; undefined if it is Node's own.
 *
 * @param specifier - with `node:` or without.
 * @param timers - `setTimeout` and its kin of the service, by name.
 */
export function timersModule(
  context: Context,
  specifier: string,
  timers: () => Record<string, unknown>,
): Module | undefined {
  const name = specifier.replace(/^node:/, "");
  if (name !== "timers" && name !== "timers/promises") return undefined;
  const known = modules.of(context);
  let module = known.get(name);
  if (module === undefined) {
    const own = name === "timers" ? ownTimers(context, timers()) : ownPromises(context);
    known.set(name, (module = { ...own, default: own }));
  }
  return module;
}

function ownTimers(context: Context, timers: Record<string, unknown>): Module {
  return { ...nodeTimers, ...timers, promises: ownPromises(context) };
}

function ownPromises(context: Context): Module {
  const sleep = async (ms?: number, value?: unknown, options?: WaitOptions): Promise<unknown> =>
    waitUnless(options?.signal, (run) => setTimeoutIn(context, run, ms, []), value);
  const immediate = async (value?: unknown, options?: WaitOptions): Promise<unknown> =>
    waitUnless(options?.signal, (run) => setImmediateIn(context, run, []), value);
  return {
    ...nodePromises,
    setTimeout: sleep,
    setImmediate: immediate,
    setInterval: (ms?: number, value?: unknown, options?: WaitOptions) =>
      everyInterval(context, ms, value, options?.signal),
    scheduler: {
      wait: async (ms: number, options?: WaitOptions) => sleep(ms, undefined, options),
      yield: async () => immediate(),
    },
  };
}

/** Waits for a timer; a signal that fires before cancels it. */
async function waitUnless(
  signal: AbortSignal | undefined,
  start: (run: TimerCallback) => ServiceTimer,
  value: unknown,
): Promise<unknown> {
  if (signal === undefined) return waitForTimer(start, value);
  if (signal.aborted) throw abortError(signal);
  let timer: ServiceTimer | undefined;
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(abortError(signal));
  });
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([waitForTimer((run) => (timer = start(run)), value), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    timer?.close();
  }
}

/** Yields a value at each interval; what came while the loop's body ran comes one after the other. */
async function* everyInterval(
  context: Context,
  ms: number | undefined,
  value: unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator {
  const stopIfAborted = (): void => {
    if (signal?.aborted === true) throw abortError(signal);
  };
  stopIfAborted();
  let due = 0;
  let wake: () => void = () => undefined;
  const tick = (): void => {
    due += 1;
    wake();
  };
  const timer = setIntervalIn(context, tick, ms, []);
  const abort = (): void => wake();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      if (due === 0) {
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          timer.tellOfEnd(reject);
        });
      }
      stopIfAborted();
      for (; due > 0; due -= 1) {
        yield value;
        stopIfAborted();
      }
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    timer.close();
  }
}

/** The error that Node's own reject with. */
function abortError(signal: AbortSignal): Error {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  return Object.assign(error, { name: "AbortError", code: "ABORT_ERR" });
}
