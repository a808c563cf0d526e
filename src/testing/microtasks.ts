/**
 * What runs after a message and before the next one: the continuations of the code that awaited.
 *
 * In a simulation they are plain callbacks in a queue, so that a run is synchronous from the first
 * step to the last and a million steps need no promise. The real microtask queue can be put in its
 * place to show that nothing depends on it.
 */

import type { Drain, Microtasks } from "./testing-api.ts";

/**
 * Creates a queue of plain callbacks.
 *
 * @param isSynchronous - false stands for a runtime that can't drain from inside a callback: the
 * queue then runs only between two events.
 */
export function callbackMicrotasks(isSynchronous = true): Microtasks {
  const waiting: (() => void)[] = [];
  const flush = (): void => {
    // Taken one by one: when one throws, those behind it must still be there.
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) run();
  };
  return {
    drain: { isSynchronous, drain: flush },
    defer: (run) => {
      waiting.push(run);
    },
    flush,
  };
}

/**
 * Uses the microtask queue of the runtime.
 *
 * The simulation must then be run from a macrotask: inside a microtask the runtime does not drain.
 *
 * @param drain - a synchronous drain of this thread.
 */
export function promiseMicrotasks(drain: Drain): Microtasks {
  return { drain, defer: (run) => queueMicrotask(run), flush: () => drain.drain() };
}
