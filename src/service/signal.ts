/**
 * `skynet.signal`: an AbortSignal that fires when its service has ended on this thread.
 *
 * What listens to it has been begun here and can't go to another thread: it refuses a move. Without a listener the service has another
 * signal there, and code that looks at the one from here finds it fired.
 */

import { getEventListeners } from "node:events";
import { types } from "node:util";
import { LET_GO } from "../kernel/service.ts";
import type { Context } from "./context.ts";
import { defineNote } from "./context.ts";

const HEARD =
  "something listens to skynet.signal, and what it has begun here ends by that: give work with a signal to a service of its own";

const controllers = defineNote<AbortController>({
  ties: ({ signal }) => (isHeard(signal) ? HEARD : undefined),
});

/** Makes the signal of a service; code in the place of other code gets the one that is there. */
export function createSignal(context: Context): AbortSignal {
  const known = controllers.peek(context);
  if (known !== undefined) return known.signal;
  const controller = new AbortController();
  controllers.set(context, controller);
  const { kernel } = context.runtime;
  const isAlive = kernel.watch(context.handle, () => controller.abort(), LET_GO) !== undefined;
  if (!isAlive) controller.abort();
  return controller.signal;
}

/** Says whether a value is the signal of a service. */
export function isSignalOf(context: Context, value: unknown): boolean {
  return value !== undefined && controllers.peek(context)?.signal === value;
}

/** The service has gone to another thread: what was begun here ends. */
export function fireSignal(context: Context): void {
  controllers.peek(context)?.abort();
}

/** What listens since the top level has run. */
const ofTopLevel = defineNote<ReadonlySet<Function>>({ isOfCode: true });

/**
 * Notes what listens to the signal of a service now, when its top level has run. The signal does not know who has given a listener.
 *
 * @param before - what listened before the top level ran.
 */
export function noteListenersOfTopLevel(context: Context, before?: ReadonlySet<Function>): void {
  const all = listenersOf(context).map(({ run }) => run);
  const own = all.filter((run) => before?.has(run) !== true);
  if (own.length > 0) ofTopLevel.set(context, new Set(own));
}

/** What the top level has added to the signal of a service. */
export function listenersOfTopLevel(context: Context): ReadonlySet<Function> {
  return ofTopLevel.peek(context) ?? NONE;
}

const NONE: ReadonlySet<Function> = new Set();

/** A function that listens to the signal of a service; it can be exchanged. */
export interface SignalListener {
  run: Function;
  /** It does not listen any more. */
  end(): void;
}

/** Lists what listens to the signal of a service: functions that were added, and `onabort`. */
export function listenersOf(context: Context): SignalListener[] {
  const signal = controllers.peek(context)?.signal;
  if (signal === undefined) return [];
  const listeners: SignalListener[] = [];
  for (const run of getEventListeners(signal, "abort")) {
    if (typeof run === "function") listeners.push(new AddedListener(signal, run));
  }
  if (typeof signal.onabort === "function") listeners.push(new OnAbort(signal));
  return listeners;
}

class AddedListener implements SignalListener {
  readonly #signal: AbortSignal;
  #run: Function;

  constructor(signal: AbortSignal, run: Function) {
    this.#signal = signal;
    this.#run = run;
  }

  get run(): Function {
    return this.#run;
  }

  set run(next: Function) {
    this.end();
    this.#run = next;
    this.#signal.addEventListener("abort", next as () => void);
  }

  end(): void {
    this.#signal.removeEventListener("abort", this.#run as () => void);
  }
}

class OnAbort implements SignalListener {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get run(): Function {
    return this.#signal.onabort as Function;
  }

  set run(next: Function) {
    this.#signal.onabort = next as () => void;
  }

  end(): void {
    this.#signal.onabort = null;
  }
}

/** Whether something waits for it: a listener, or a signal that was made of it (AbortSignal.any). */
function isHeard(signal: AbortSignal): boolean {
  if (getEventListeners(signal, "abort").length > 0) return true;
  const followers = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === "kDependantSignals",
  );
  const all = followers && (signal as unknown as Record<symbol, unknown>)[followers];
  // A set of Node's own realm of safe classes: no `instanceof Set`.
  return types.isSet(all) && all.size > 0;
}
