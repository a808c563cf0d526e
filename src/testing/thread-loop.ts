/**
 * The event loop of one simulated thread: a turn when it is woken, looks at the mail while its
 * exchange asks for them.
 *
 * It does on the virtual loop what fabric/event-loop.ts does on Node's.
 */

import type { Waker } from "../kernel/scheduler.ts";
import type { FaultPlan } from "./fault.ts";
import * as fault from "./thread-fault.ts";
import type { VirtualEvent } from "./virtual-loop.ts";
import type { ThreadWorld } from "./simulated-thread.ts";

/** Most milliseconds that a wake-up takes, a late one, and a look at the mail. */
const WAKE_MAX_MS = 0.1;
const LATE_MAX_MS = 5;
const LOOK_MAX_MS = 0.03;

/** What a turn is made of. */
export interface ThreadTurn {
  readonly isDead: () => boolean;
  /** Takes mail in and lets the services run. */
  readonly run: () => void;
  readonly hasMail: () => boolean;
  /** Publishes what was sent. */
  readonly rest: () => "again" | "asleep";
}

/** Wakes a thread and runs its turns. */
export class ThreadLoop implements Waker {
  readonly #world: ThreadWorld;
  readonly #turn: ThreadTurn;
  #alarm: VirtualEvent | undefined;
  #isLooking = false;
  /** How many turns and looks are to come, alarms aside. */
  #coming = 0;

  constructor(world: ThreadWorld, turn: ThreadTurn) {
    this.#world = world;
    this.#turn = turn;
  }

  /** Whether the thread will look at its mail without being woken. */
  get isAwake(): boolean {
    return this.#coming > 0;
  }

  readonly wake = (): void => {
    this.#after(drawDelay(this.#world, this.#world.faults), this.turn);
  };

  alarm(at: number | undefined): void {
    const { loop, random } = this.#world;
    if (this.#alarm !== undefined) this.#alarm.isCancelled = true;
    this.#alarm =
      at === undefined ? undefined : loop.at(at + random.next() * WAKE_MAX_MS, this.turn);
  }

  readonly turn = (): void => {
    if (this.#turn.isDead()) return;
    this.#turn.run();
    this.#rest();
  };

  #rest(): void {
    if (this.#turn.isDead() || this.#isLooking || this.#turn.rest() === "asleep") return;
    this.#isLooking = true;
    this.#after(this.#world.random.next() * LOOK_MAX_MS, this.#look);
  }

  readonly #look = (): void => {
    this.#isLooking = false;
    if (this.#turn.isDead()) return;
    if (this.#turn.hasMail()) this.turn();
    else this.#rest();
  };

  #after(ms: number, run: () => void): void {
    this.#coming += 1;
    this.#world.loop.at(this.#world.clock.now() + ms, () => {
      this.#coming -= 1;
      run();
    });
  }
}

function drawDelay({ random }: ThreadWorld, faults: FaultPlan): number {
  return random.next() * (faults.fires(fault.LATE_WAKE) ? LATE_MAX_MS : WAKE_MAX_MS);
}
