/**
 * How a simulated kernel gets its turns: a wake-up takes a random moment, an alarm rings when it is
 * due or a little later.
 */

import type { Random } from "../base/random.ts";
import type { Waker } from "../kernel/scheduler.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualEvent, VirtualLoop } from "./virtual-loop.ts";

/** Most milliseconds that a wake-up takes. */
const WAKE_DELAY_MAX_MS = 0.1;

/** What a waker needs of its simulation. */
export interface VirtualWakerOptions {
  readonly clock: VirtualClock;
  readonly loop: VirtualLoop;
  readonly random: Random;
  /** Runs one turn. */
  readonly turn: () => void;
}

/** Creates a waker on a virtual event loop. */
export function createVirtualWaker({ clock, loop, random, turn }: VirtualWakerOptions): Waker {
  let alarm: VirtualEvent | undefined;
  const delay = (): number => random.next() * WAKE_DELAY_MAX_MS;
  return {
    wake: () => {
      loop.at(clock.now() + delay(), turn);
    },
    alarm: (at) => {
      if (alarm !== undefined) alarm.isCancelled = true;
      alarm = at === undefined ? undefined : loop.at(at + delay(), turn);
    },
  };
}
