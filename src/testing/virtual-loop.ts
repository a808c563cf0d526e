/**
 * The event loop of a simulation: events at moments of the virtual clock.
 *
 * What is due at the same moment comes in random order, drawn from the seed, because nothing
 * outside promises another. Code that needs an order keeps it itself, as the links do.
 */

import type { Random } from "../base/random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Something that will happen. */
export interface VirtualEvent {
  /** The moment, in milliseconds of the virtual clock. */
  readonly at: number;
  /** Drawn from the seed; orders events of one moment. */
  readonly tie: number;
  readonly run: () => void;
  /** Set to true, it never happens, and the clock does not move for its sake. */
  isCancelled: boolean;
}

/** The events to come. */
export class VirtualLoop {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  /** A binary heap, earliest first. */
  readonly #heap: VirtualEvent[] = [];

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Lets something happen at a moment; a moment that is past means as soon as possible. */
  at(moment: number, run: () => void): VirtualEvent {
    const event = {
      at: Math.max(moment, this.#clock.now()),
      tie: this.#random.next(),
      run,
      isCancelled: false,
    };
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent] as VirtualEvent)) break;
      heap[index] = heap[parent] as VirtualEvent;
      index = parent;
    }
    heap[index] = event;
    return event;
  }

  /** The moment of the next event, or undefined if none is to come. */
  next(): number | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
    return this.#heap[0]?.at;
  }

  /**
   * Moves the clock to the next event and lets it happen.
   *
   * @returns false if no event is to come.
   */
  step(): boolean {
    if (this.next() === undefined) return false;
    const event = this.#pop() as VirtualEvent;
    this.#clock.moveTo(event.at);
    event.run();
    return true;
  }

  #pop(): VirtualEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const other = heap[child + 1];
      if (other !== undefined && isBefore(other, heap[child] as VirtualEvent)) child += 1;
      if (!isBefore(heap[child] as VirtualEvent, last)) break;
      heap[index] = heap[child] as VirtualEvent;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(one: VirtualEvent, other: VirtualEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.tie < other.tie);
}
