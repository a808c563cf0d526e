/**
 * The memory that all threads of one node share, beside the rings between them.
 */

import { createBoardMemory } from "./board.ts";
import { createDirectory } from "./directory.ts";
import { createPhaseMemory } from "./phase.ts";
import { createDoorbell } from "./ring-doorbell.ts";
import { createLogMemory } from "./shared-log.ts";
import { createNamesMemory } from "./shared-names.ts";

/** What is shared. */
export interface NodeMemory {
  /** Handle -> thread. */
  readonly directory: SharedArrayBuffer;
  /** Name -> handle. */
  readonly names: SharedArrayBuffer;
  /** What every thread has to know in the same order. */
  readonly log: SharedArrayBuffer;
  /** Single numbers: see {@link NODE_WORD}. */
  readonly words: SharedArrayBuffer;
  /** Whose message each thread handles, by its number. */
  readonly phases: readonly SharedArrayBuffer[];
  /** What each thread counts, by its number. */
  readonly boards: readonly SharedArrayBuffer[];
  /**
   * How each thread is woken, by its number. A thread that takes the place of another has a doorbell of its own: a thread that has
   * not heard yet of the death still rings for the dead one. test/sim/fabric.test.ts
   */
  readonly doorbells: SharedArrayBuffer[];
}

/** Indexes of the single numbers. */
export const NODE_WORD = {
  /** The logger's handle; 0 = none yet. */
  logger: 0,
  /** The handle of the service that is told of each death; 0 = none is. */
  monitor: 1,
  /** The number of the last patch. */
  patch: 2,
  /** The number of the last logpoint. */
  logpoint: 3,
  /** How many threads have logpoints. */
  logpointThreads: 4,
  /** The level from which on lines of the log are written. */
  loglevel: 5,
} as const;

/** The kinds of entries in the log that the threads share. */
export const LOG_KIND = {
  /** A method of a type of services got the next number. */
  method: 1,
  /** Some service of the type has the method. */
  offer: 2,
  /** A key of the environment. */
  environment: 3,
} as const;

/**
 * Creates the memory of a node.
 *
 * @param threads - how many threads it has, the main thread included.
 */
export function createNodeMemory(threads: number): NodeMemory {
  return {
    directory: createDirectory(),
    names: createNamesMemory(),
    log: createLogMemory(),
    words: new SharedArrayBuffer(64),
    phases: Array.from({ length: threads }, createPhaseMemory),
    boards: Array.from({ length: threads }, createBoardMemory),
    // The main thread's; each worker gets its own when it is started.
    doorbells: [createDoorbell()],
  };
}
