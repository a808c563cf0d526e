/**
 * The heap of deadlines gives them back in order, whatever the order in which they came.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { DeadlineHeap } from "../../../src/kernel/timers.ts";
import { createRandom } from "../../../src/base/random.ts";

function popAll(heap: DeadlineHeap): number[] {
  const popped: number[] = [];
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) popped.push(next);
  return popped;
}

test("an empty heap has no deadline", () => {
  const heap = new DeadlineHeap();
  deepEqual([heap.length, heap.peek(), heap.pop()], [0, undefined, undefined]);
});

test("deadlines come out smallest first, equal ones as often as they came in", () => {
  const random = createRandom(1);
  for (let length = 0; length < 60; length += 1) {
    const heap = new DeadlineHeap();
    const items = Array.from({ length }, () => random.below(40));
    for (const item of items) heap.push(item);
    equal(heap.length, length);
    deepEqual(
      popAll(heap),
      items.toSorted((a, b) => a - b),
    );
  }
});

test("the earliest deadline is right while others come and go", () => {
  const random = createRandom(2);
  const heap = new DeadlineHeap();
  const model: number[] = [];
  for (let step = 0; step < 2000; step += 1) {
    if (random.next() < 0.55) {
      const item = random.below(1000);
      heap.push(item);
      model.push(item);
    } else {
      equal(heap.pop(), model.shift());
    }
    model.sort((a, b) => a - b);
    equal(heap.peek(), model[0]);
  }
});
