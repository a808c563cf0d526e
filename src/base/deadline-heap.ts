/**
 * A binary heap of numbers, smallest first: the distinct deadlines for which some timer waits.
 *
 * Timers of one millisecond share one entry (see kernel/timers.ts), so the heap stays small however many timers
 * there are, and nothing is ever removed from its middle.
 */
export class DeadlineHeap {
  readonly #items: number[] = [];

  /** How many deadlines wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Returns the earliest deadline, or undefined if none waits. */
  peek(): number | undefined {
    return this.#items[0];
  }

  /** Adds a deadline. */
  push(deadline: number): void {
    const items = this.#items;
    let index = items.length;
    items.push(deadline);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent] as number;
      if (above <= deadline) break;
      items[index] = above;
      index = parent;
    }
    items[index] = deadline;
  }

  /** Takes the earliest deadline out. */
  pop(): number | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    const half = items.length >> 1;
    let index = 0;
    while (index < half) {
      let child = 2 * index + 1;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) {
        child += 1;
      }
      const below = items[child] as number;
      if (below >= last) break;
      items[index] = below;
      index = child;
    }
    items[index] = last;
    return first;
  }
}
