/**
 * An errand: what a thread does for another one, with a state that both see and only one of them decides.
 *
 *     sender    sent --------------------------------------------------> withdrawn: it never changes anything
 *     receiver      \-> taken -> [just before anything changes] -> committed: it is done, or fails by itself
 *
 * The state is a word of memory that the two threads share. So a caller that gives up a thread that hangs knows whether the
 * errand was done, and it stays so when the thread goes on.
 */

import { Stay } from "../fabric/stay.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Context } from "./context.ts";
import { takeSlot } from "./errand-slots.ts";
import type { Errand } from "./errand-state.ts";
import { createErrand, SENT, stateOf, TAKEN, withdrawErrand } from "./errand-state.ts";
import { askSteward } from "./steward.ts";
import type { ThreadWork } from "./threads.ts";

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

/** Names what keeps such a thread: `a handler of :0000000a`. */
export function whoHangs({ handle }: Pick<Stuck, "handle">): string {
  return handle === 0 ? "code outside any message" : `a handler of ${formatAddress(handle)}`;
}

/** How long to wait for a thread that does not go on, and what to reject with. */
export interface Patience {
  readonly limitMs: number;
  readonly error: (stuck: Stuck) => Error;
  /** Such errands go often: the receiver finds the state with {@link openErrand}. @defaultValue false */
  readonly isFrequent?: boolean;
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
  const slot = patience.isFrequent === true ? takeSlot(context.runtime, thread) : undefined;
  const errand = slot?.errand ?? createErrand();
  const answer = askSteward(context, thread, command, slot?.sent ?? errand, ...args);
  return new Promise((resolve, reject) => {
    let isStuck = false;
    const stop = watchThread(context, thread, {
      errand,
      limitMs: patience.limitMs,
      onStuck: (stuck) => {
        isStuck = true;
        reject(patience.error(stuck));
      },
    });
    const end = (isWell: boolean): void => {
      stop();
      slot?.release(isWell && !isStuck);
    };
    answer.then(
      () => end(true),
      () => end(false),
    );
    answer.then(resolve, reject);
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
