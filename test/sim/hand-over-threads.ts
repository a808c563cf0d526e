/** Simulated threads between which services move: each has a hand-over, and they say its words to each other. */

import { Fabric } from "../../src/fabric/fabric.ts";
import type { HandOverOptions } from "../../src/fabric/hand-over.ts";
import { HAND_OVER_WORDS, HandOver } from "../../src/fabric/hand-over.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Simulator } from "../simulator.ts";
import { createSimulator } from "../simulator.ts";

/** The word by which a test takes back what was expected. */
export const DISCARD = "moved.discard";

/** Makes the hand-over of a thread. */
export type Make = (options: HandOverOptions) => HandOver;

/** How threads are joined. */
export interface JoinOptions {
  readonly seed: number;
  /** @defaultValue as the product does */
  readonly make?: Make;
  /** @defaultValue drawn from the seed */
  readonly ringBytes?: number;
  /** Has a thread hear a word, now or later. @defaultValue now */
  readonly hear?: (thread: number, word: string, hear: () => void) => void;
  /** Has a thread do something after what it has said. @defaultValue now */
  readonly afterwards?: (thread: number, run: () => void) => void;
}

/** Threads that are joined. */
export interface JoinedThreads {
  readonly simulator: Simulator;
  readonly fabrics: readonly Fabric[];
  readonly handOvers: readonly HandOver[];
}

/** Joins threads. */
export function joinThreads(
  count: number,
  {
    seed,
    make = (options) => new HandOver(options),
    ringBytes,
    hear = (_thread, _word, now) => now(),
    afterwards = (_thread, now) => now(),
  }: JoinOptions,
): JoinedThreads {
  const fabrics: Fabric[] = [];
  const handOvers: HandOver[] = [];
  const words: ReadonlySet<unknown> = new Set(Object.values(HAND_OVER_WORDS));
  const simulator = createSimulator({
    ...{ seed, kernels: count, faults: "none" },
    fabric: {
      ...(ringBytes === undefined ? {} : { ringBytes }),
      createFabric: (options) => {
        const { thread } = options;
        const fabric = new Fabric({
          ...options,
          onWord: (from, values) => {
            const [word, ...rest] = values as [string, ...unknown[]];
            if (words.has(word)) hear(thread, word, () => handOvers[thread]?.hear(word, ...rest));
            else if (word === DISCARD) handOvers[thread]?.discard(rest[0] as number);
            else options.onWord(from, values);
          },
        });
        fabrics[thread] = fabric;
        return fabric;
      },
    },
  });
  const { kernels, threads } = simulator;
  const numbers = Array.from({ length: count }, (_, index) => index);
  for (const thread of numbers) {
    handOvers[thread] = make({
      thread,
      kernel: kernels[thread] as Kernel,
      directory: threads?.all[thread]?.directory as HandOverOptions["directory"],
      threadOf: (handle) => threads?.all[thread]?.directory.threadOf(handle),
      tell: (to, word, ...values) => void fabrics[thread]?.tell(to, word, ...values),
      others: () => numbers.filter((other) => other !== thread),
      afterwards: (run) => afterwards(thread, run),
      later: () => () => {},
      waitMs: 1000,
    });
  }
  return { simulator, fabrics, handOvers };
}
