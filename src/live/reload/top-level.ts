/**
 * What the top level of new code has begun and goes on with, before that code gets the state of the old one: what it would do
 * later would meet the state that was carried, and arm timers beside those that go on.
 */

import { Waiting } from "../../kernel/last-words.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Timer } from "../../kernel/timers.ts";
import { isOfProgram } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import { dropWaiters } from "../../service/waiting.ts";
import { SLEEPS, listWaits, nameBusy } from "./drain.ts";
import { dueTimersOf, timersOf } from "./timers.ts";

/** How often a service is asked whether its top level has ended, in milliseconds. */
const LOOK_MS = 1;

/** Resolves behind all that goes on without waiting, and before anything else of the service runs. */
export async function promisesEnd(): Promise<void> {
  // A tick that is asked for now may run before the microtasks do; one that a microtask asks for runs behind all of them.
  await Promise.resolve();
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
}

/**
 * Resolves when what the top level has begun has ended, as far as that waits for something of the service's own (calls,
 * sleeps); what waits for a file or a socket is not known.
 *
 * @param isOver - says that the reload has been given up meanwhile.
 * @throws {ERR_SERVICE_DEAD} if the service ends.
 */
export async function topLevelEnds(context: Context, isOver: () => boolean): Promise<void> {
  const { runtime, service } = context;
  const { kernel } = runtime;
  const { origin } = kernel;
  await promisesEnd();
  while (!isOver() && listAll(context).length > 0) {
    await runtime.pause(LOOK_MS);
    if (!service.isAlive) throw deadError(context.handle);
    // Code of the service runs in its turns only.
    await new Promise<void>((goOn) => {
      kernel.resume(service, origin, goOn);
    });
    await promisesEnd();
  }
}

/** Names for people what a service waits for. */
export function describeWaits(context: Context): string {
  return nameBusy(listAll(context));
}

/** A sleep that is over and whose code has not gone on counts, too. */
function listAll(context: Context): string[] {
  const due = [...dueTimersOf(context)].filter(isSleep);
  return [...listWaits(context), ...due.map(() => SLEEPS)];
}

/** Lets nothing go on that code of the service waits for: that code is not the service's any more, or has done it elsewhere. */
export function dropWaits(context: Context): void {
  const { kernel } = context.runtime;
  const { service } = context;
  const calls = [...(service.calls ?? [])].filter(isOfProgram);
  for (const { session } of calls) kernel.settle(service, session);
  const timers = [...timersOf(context), ...dueTimersOf(context)];
  for (const timer of timers.filter(isSleep)) kernel.removeTimer(service, timer);
  dropWaiters(context);
}

function isSleep({ subject }: Timer): boolean {
  return subject instanceof Waiting;
}
