/**
 * What a service's modules find around them: the API under `import ... from "snax"`, and names such as `console` and
 * `setTimeout` that are the service's own.
 */

import { promisify } from "node:util";
import type { Surroundings } from "../loader/run/instance.ts";
import { createConsole } from "./console.ts";
import type { Context } from "./context.ts";
import { defineApi } from "./lazy-api.ts";
import type { Runtime } from "./runtime.ts";
import type { TimerCallback } from "./timers.ts";
import { timersModule } from "./timers-module.ts";
import { clearTimer, setImmediateIn, setIntervalIn, setTimeoutIn, waitForTimer } from "./timers.ts";

/** Gives a timer function what `util.promisify` looks for, as Node's own have it. */
function promisable<F extends object>(timer: F, wait: (...args: never[]) => Promise<unknown>): F {
  Object.defineProperty(timer, promisify.custom, { value: wait });
  return timer;
}

const INJECTED: Readonly<Record<string, (context: Context) => unknown>> = {
  console: createConsole,
  setTimeout: (context) =>
    promisable(
      (run: TimerCallback, ms?: number, ...args: unknown[]) => setTimeoutIn(context, run, ms, args),
      (ms?: number, value?: unknown) =>
        waitForTimer((run) => setTimeoutIn(context, run, ms, []), value),
    ),
  setInterval:
    (context) =>
    (run: TimerCallback, ms?: number, ...args: unknown[]) =>
      setIntervalIn(context, run, ms, args),
  setImmediate: (context) =>
    promisable(
      (run: TimerCallback, ...args: unknown[]) => setImmediateIn(context, run, args),
      (value?: unknown) => waitForTimer((run) => setImmediateIn(context, run, []), value),
    ),
  clearTimeout: (context) => (timer: unknown) => clearTimer(context, timer),
  clearInterval: (context) => (timer: unknown) => clearTimer(context, timer),
  clearImmediate: (context) => (timer: unknown) => clearTimer(context, timer),
};

/** The names that a service's modules get for themselves instead of the global ones. */
export const INJECTED_NAMES: readonly string[] = Object.keys(INJECTED);

const TIMER_NAMES = INJECTED_NAMES.filter((name) => name !== "console");

const makers = new WeakMap<Runtime, (context: Context) => object>();

/** The surroundings of one service; the API is made for the first module that imports it. */
class ServiceSurroundings implements Surroundings {
  readonly #context: Context;
  #api: object | undefined = undefined;
  /** What was asked for, by name: all modules of the service get the same. */
  #own: Record<string, unknown> | undefined = undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  get api(): Record<string, unknown> {
    this.#api ??= makerOf(this.#context.runtime)(this.#context);
    return this.#api as Record<string, unknown>;
  }

  injected(name: string): unknown {
    return ((this.#own ??= {})[name] ??= INJECTED[name]?.(this.#context));
  }

  builtin(specifier: string): Record<string, unknown> | undefined {
    return timersModule(this.#context, specifier, () =>
      Object.fromEntries(TIMER_NAMES.map((name) => [name, this.injected(name)])),
    );
  }
}

function makerOf(runtime: Runtime): (context: Context) => object {
  let make = makers.get(runtime);
  if (make === undefined) {
    make = defineApi<Context>({}, Object.fromEntries(runtime.parts));
    makers.set(runtime, make);
  }
  return make;
}

/** Makes what surrounds the modules of one service. */
export function surroundingsOf(context: Context): Surroundings {
  return new ServiceSurroundings(context);
}
