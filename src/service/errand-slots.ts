/**
 * Memory for errands that go to a thread again and again: it is sent once, and later errands name it by its number.
 *
 *     first time   [from, number, memory]    a record with memory attached goes through a port
 *     afterwards   [from, number]            one without goes through the ring
 *
 * Each two threads have a few; a thread that needs more at once sends memory of its own. Memory of an errand that failed is not used again:
 * its number gets other memory.
 */

import type { Errand } from "./errand-state.ts";
import { createErrand, resetErrand } from "./errand-state.ts";
import type { Runtime } from "./runtime.ts";

/** Most numbers of two threads. */
const SLOTS = 8;

/** An errand as it travels. */
export type SentErrand = Errand | readonly [from: number, number: number, errand?: Errand];

/** The memory under one number. */
class Slot {
  readonly number: number;
  errand: Errand = createErrand();
  /** The other thread has it. */
  isKnown = false;
  isFree = false;

  constructor(number: number) {
    this.number = number;
  }

  /** Its errand is over. @param isWell - it was answered, and neither thread will touch it any more */
  release(isWell: boolean): void {
    if (isWell) resetErrand(this.errand);
    else this.errand = createErrand();
    this.isKnown = isWell;
    this.isFree = true;
  }
}

/** Those of one thread. */
class ErrandSlots {
  readonly #own: number;
  /** By the thread that they go to. */
  readonly #leaving = new Map<number, Slot[]>();
  /** By the thread that they come from, and their numbers. */
  readonly #coming = new Map<number, Map<number, Errand>>();

  constructor({ threads, onThreadDeath }: Runtime) {
    this.#own = threads?.own ?? 0;
    onThreadDeath.push((thread) => {
      this.#leaving.delete(thread);
      this.#coming.delete(thread);
    });
  }

  take(thread: number): Slot | undefined {
    let slots = this.#leaving.get(thread);
    if (slots === undefined) this.#leaving.set(thread, (slots = []));
    let slot = slots.find(({ isFree }) => isFree);
    if (slot === undefined) {
      if (slots.length >= SLOTS) return undefined;
      slots.push((slot = new Slot(slots.length)));
    }
    slot.isFree = false;
    return slot;
  }

  pack({ number, errand, isKnown }: Slot): SentErrand {
    return isKnown ? [this.#own, number] : [this.#own, number, errand];
  }

  open([from, number, errand]: readonly [number, number, Errand?]): Errand {
    let known = this.#coming.get(from);
    if (known === undefined) this.#coming.set(from, (known = new Map()));
    if (errand !== undefined) known.set(number, errand);
    return known.get(number) ?? createErrand();
  }
}

const slotsOf = new WeakMap<Runtime, ErrandSlots>();

function find(runtime: Runtime): ErrandSlots {
  let slots = slotsOf.get(runtime);
  if (slots === undefined) slotsOf.set(runtime, (slots = new ErrandSlots(runtime)));
  return slots;
}

/** Memory for an errand to a thread, what to send for it, and what to call when it is over. */
export interface TakenSlot {
  readonly errand: Errand;
  readonly sent: SentErrand;
  /** @param isWell - it was answered, and neither thread will touch it any more */
  release(isWell: boolean): void;
}

/** Takes a number for an errand, or memory of its own. */
export function takeSlot(runtime: Runtime, thread: number): TakenSlot {
  const slots = find(runtime);
  const slot = slots.take(thread);
  if (slot === undefined) {
    const errand = createErrand();
    return { errand, sent: errand, release: () => {} };
  }
  const { errand } = slot;
  return { errand, sent: slots.pack(slot), release: (isWell) => slot.release(isWell) };
}

/** The memory of an errand that has come. */
export function openErrand(runtime: Runtime, sent: SentErrand): Errand {
  return Array.isArray(sent)
    ? find(runtime).open(sent as [number, number, Errand?])
    : (sent as Errand);
}
