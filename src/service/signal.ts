/**
 * `skynet.signal`: an AbortSignal that fires when its service has ended on this thread.
 *
 * What listens to it has been begun here and can't go to another thread: it refuses a move. If nobody listens the service has another
 * signal there, and whoever looks at the one from here finds it fired.
 */

import { getEventListeners } from "node:events";
import { types } from "node:util";
import { LET_GO } from "../kernel/service.ts";
import type { Context } from "./context.ts";
import { defineNote } from "./part.ts";

const HEARD =
  "something listens to skynet.signal, and what it has begun here ends by that: give work with a signal to a service of its own";

const controllers = defineNote<AbortController>({
  ties: ({ signal }) => (isHeard(signal) ? HEARD : undefined),
});

/** Makes the signal of a service. */
export function createSignal(context: Context): AbortSignal {
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
