/**
 * What the top level of new code has begun and goes on with, before that code gets the state of the old one: what it would do
 * later would meet the state that was carried, and arm timers beside those that go on.
 */

import { Waiting } from "../../kernel/last-words.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Timer } from "../../kernel/timers.ts";
import type { Context } from "../../service/context.ts";
import { dropWaiters } from "../../service/waiting.ts";
import { nameBusy } from "./drain.ts";
import { timersOf } from "./timers.ts";

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
  while (!isOver() && listWaits(context).length > 0) {
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
  return nameBusy(listWaits(context));
}

function listWaits(context: Context): string[] {
  const { service, runtime } = context;
  const waits: string[] = [];
  for (const _ of service.calls ?? []) waits.push("a call that waits for its answer");
  for (const _ of sleepsOf(context)) waits.push("code that sleeps (skynet.sleep)");
  for (const _ of runtime.commitments.waiters(service)) {
    waits.push("code that waits (skynet.wait)");
  }
  for (let left = runtime.commitments.outsideWaits(service); left > 0; left -= 1) {
    waits.push("code that waits for a socket");
  }
  return waits;
}

/** Lets nothing go on that code of the service waits for: that code is not the service's any more, or has done it elsewhere. */
export function dropWaits(context: Context): void {
  const { kernel } = context.runtime;
  const { service } = context;
  for (const { session } of [...(service.calls ?? [])]) kernel.settle(service, session);
  for (const timer of [...sleepsOf(context)]) kernel.removeTimer(service, timer);
  dropWaiters(context);
}

/** The timers that would wake code of a service, and those that are about to. */
function* sleepsOf(context: Context): Generator<Timer> {
  const { mail, deferred, systemMail } = context.service;
  for (const timer of timersOf(context)) if (timer.subject instanceof Waiting) yield timer;
  for (const list of [mail, deferred, systemMail]) {
    for (let message = list?.head; message !== undefined; message = message.next) {
      if (message.type !== PTYPE.timer) continue;
      const timer = message.payload as Timer;
      if (timer.subject instanceof Waiting && !timer.isCancelled) yield timer;
    }
  }
}
