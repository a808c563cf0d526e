/** Virtual time of several nodes, each of which may stand still: for simulations of what runs on a DriverHost. */

import { createRandom } from "../../src/base/random.ts";
import type { Random } from "../../src/base/random.ts";
import type { DriverHost } from "../../src/cluster/engine/driver.ts";

/** Awaited to let promises run. */
const SETTLED = Promise.resolve();

interface Event {
  at: number;
  readonly order: number;
  readonly node: number;
  run: (() => void) | undefined;
}

/** Events in order of their moment; those of a node that stands still wait for it. */
export class World {
  now = 0;
  readonly frozen = new Map<number, number>();
  /** Told after each event which node it was of. */
  onRun: (node: number) => void = () => {};
  /** A heap: the next event first. */
  readonly #events: Event[] = [];
  #order = 0;
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  host(node: number): DriverHost {
    return { now: () => this.now, later: (ms, run) => this.later(node, ms, run) };
  }

  later(node: number, ms: number, run: () => void): () => void {
    // Of a process that is dead.
    if (this.frozen.get(node) === Infinity) return () => {};
    this.#order += 1;
    const event: Event = { at: this.now + ms, order: this.#order, node, run };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  async runUntil(end: number): Promise<void> {
    for (let next = this.#events[0]; next !== undefined && next.at <= end; next = this.#events[0]) {
      this.#pop();
      const { node, run, at } = next;
      if (run === undefined) continue;
      this.now = at;
      const until = this.frozen.get(node) ?? 0;
      if (until > at) {
        // What waits when it goes on comes in any order.
        next.at = until + this.#random.next();
        this.#push(next);
        continue;
      }
      run();
      // Promises of a node run before anything else happens.
      for (let step = 0; step < 8; step += 1) await SETTLED;
      this.onRun(node);
    }
    this.now = end;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isSooner(event, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up] as Event;
      heap[up] = event;
      at = up;
    }
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const down of [2 * at + 1, 2 * at + 2]) {
        if (down < heap.length && isSooner(heap[down], heap[least])) least = down;
      }
      if (least === at) return;
      heap[at] = heap[least] as Event;
      heap[least] = last;
      at = least;
    }
  }
}

function isSooner(a: Event | undefined, b: Event | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return (a.at - b.at || a.order - b.order) < 0;
}
