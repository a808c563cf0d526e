/**
 * An errand: what a thread does for another one, with a state that both see and only one of them decides.
 *
 *     sender    sent --------------------------------------------------> withdrawn: it never changes anything
 *     receiver      \-> taken -> [just before anything changes] -> committed: it is done, or fails by itself
 *
 * The state is a word of memory that the two threads share. So whoever gives up a thread that hangs knows whether the
 * errand was done, and it stays so when the thread goes on.
 */

import { Stay } from "../fabric/stay.ts";
import type { Context } from "./context.ts";
import { askSteward } from "./steward.ts";
import type { ThreadWork } from "./threads.ts";

/** The state of one errand. */
export type Errand = SharedArrayBuffer;

const SENT = 0;
const TAKEN = 1;
const COMMITTED = 2;
const WITHDRAWN = 3;

/** Makes the state of an errand that is about to be sent. */
export function createErrand(): Errand {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** The receiver has got it, and has changed nothing yet. @returns false if it was withdrawn */
export function takeErrand(errand: Errand): boolean {
  return advance(errand, SENT, TAKEN);
}

/** The receiver changes something from now on, or has done so before. @returns false if it was withdrawn */
export function commitErrand(errand: Errand): boolean {
  return advance(errand, TAKEN, COMMITTED) || stateOf(errand) === COMMITTED;
}

/** The receiver has got it and begins at once, or has done so before. @returns false if it was withdrawn */
export function beginErrand(errand: Errand): boolean {
  return advance(errand, SENT, COMMITTED) || commitErrand(errand);
}

/** The sender waits no longer. @returns false if the receiver has committed it */
export function withdrawErrand(errand: Errand): boolean {
  return (
    advance(errand, SENT, WITHDRAWN) ||
    advance(errand, TAKEN, WITHDRAWN) ||
    stateOf(errand) === WITHDRAWN
  );
}

function stateOf(errand: Errand): number {
  return Atomics.load(new Int32Array(errand), 0);
}

function advance(errand: Errand, from: number, to: number): boolean {
  return Atomics.compareExchange(new Int32Array(errand), 0, from, to) === from;
}

/** How often the thread is looked at within the patience. */
const LOOKS = 8;

/** A thread that was given up. */
export interface Stuck {
  readonly thread: number;
  /** The service whose handler does not return; 0 = code outside any message. */
  readonly handle: number;
  /** The handler is the steward's: it has not returned from another errand. */
  readonly isSteward: boolean;
  /** The errand was committed, and goes on when the thread does. */
  readonly isCommitted: boolean;
}

/** How long to wait for a thread that does not go on, and what to reject with. */
export interface Patience {
  readonly limitMs: number;
  readonly error: (stuck: Stuck) => Error;
}

/**
 * Sends an errand to another thread's steward, which gets its state as the first argument.
 *
 * @returns the answer; rejects with the error of the patience if the thread has been in one dispatch for `limitMs`.
 */
export function sendErrand(
  context: Context,
  thread: number,
  patience: Patience,
  ...[command, ...args]: [command: string, ...args: unknown[]]
): Promise<unknown> {
  const errand = createErrand();
  const answer = askSteward(context, thread, command, errand, ...args);
  return new Promise((resolve, reject) => {
    const stop = watchThread(context, thread, {
      errand,
      limitMs: patience.limitMs,
      onStuck: (stuck) => reject(patience.error(stuck)),
    });
    answer.finally(stop).then(resolve, reject);
  });
}

interface Watch {
  readonly errand: Errand;
  readonly limitMs: number;
  readonly onStuck: (stuck: Stuck) => void;
}

/** Looks at what a thread does until it is told to stop, or the thread is found to hang. */
function watchThread(
  context: Context,
  thread: number,
  { errand, limitMs, onStuck }: Watch,
): () => void {
  const { kernel, threads, clock } = context.runtime;
  const { origin } = kernel;
  const steward = threads?.steward(thread);
  const stay = new Stay<ThreadWork>();
  const see = (): ThreadWork | undefined => {
    const work = threads?.workOf(thread);
    const now = clock.now();
    if (work === undefined) {
      stay.excuse(now);
      return undefined;
    }
    const state = stateOf(errand);
    // Once it has got the errand, a thread that rests may wait for something.
    const isAtRest = work.handle === 0 && state !== SENT;
    // No code of services runs while the steward prepares what the errand needs.
    const isPreparing = work.handle === steward && state === TAKEN;
    stay.look(now, work);
    if (isAtRest || isPreparing) stay.excuse(now);
    return stay.ageMs(now) < limitMs ? undefined : work;
  };
  const look = (): void => {
    const work = see();
    if (work === undefined) return again();
    const { handle } = work;
    const isCommitted = !withdrawErrand(errand);
    onStuck({ thread, handle, isSteward: handle === steward, isCommitted });
  };
  const again = (): void => {
    timer = kernel.addTimer(context.service, limitMs / LOOKS, look);
    timer.origin = origin;
  };
  let timer: ReturnType<typeof kernel.addTimer>;
  see();
  again();
  return () => kernel.removeTimer(context.service, timer);
}
