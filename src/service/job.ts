/**
 * Work that the runtime does inside a service: starting it, patching it, ending it.
 *
 * A job is a message of the system lane, so it runs as the service (its CPU, its errors, its microtasks) and passes
 * everything that waits in the mailbox, whatever holds the service.
 */

import { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { deadError } from "../kernel/refusal.ts";
import type { Context, Receiver } from "./context.ts";
import { requireAlive } from "./context.ts";
import { Birth } from "./top-level.ts";

/** What runs inside the service. */
export type Job = (context: Context) => void;

/**
 * Runs a job inside a service, before all that waits there.
 *
 * @param behind - a sender whose messages go first: code that posts something and then patches means that order.
 */
export function runInside(context: Context, job: Job | Birth, behind = 0): void {
  const message = new Message(PTYPE.system, 0, 0, 0, job);
  context.runtime.kernel.sendUrgent(context.service, message, behind);
}

/**
 * Runs a job inside a service, as {@link runInside} does, and gives what it returns.
 *
 * @throws what the job throws, and {ERR_SERVICE_DEAD} if the service ends before.
 */
export function callInside<T>(
  context: Context,
  job: (context: Context) => T | PromiseLike<T>,
  behind = 0,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { runtime, handle } = context;
    const unwatch = runtime.kernel.watch(handle, () => reject(deadError(handle)));
    if (unwatch === undefined) {
      reject(deadError(handle));
      return;
    }
    const run = async (): Promise<void> => {
      try {
        resolve(await job(context));
      } catch (error) {
        reject(error as Error);
      } finally {
        unwatch();
      }
    };
    runInside(context, () => void run(), behind);
  });
}

/** The receiver of jobs; is in every receiver table. */
export const receiveJob: Receiver = (context, message) => {
  const { payload } = message;
  if (typeof payload === "function") (payload as Job)(context);
  else if (payload instanceof Birth) payload.run();
};

/**
 * Settles a promise in a turn of the service that holds it: what another service ends is ended in a
 * turn of that one, and whose code runs must always be known.
 */
export function settleInside<T>(context: Context, run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    requireAlive(context);
    const { kernel } = context.runtime;
    const here = (settle: () => void): void => {
      if (context.service.isAlive) kernel.soon(context.service, settle);
      else settle();
    };
    run().then(
      (value) => here(() => resolve(value)),
      (error: unknown) => here(() => reject(error as Error)),
    );
  });
}
