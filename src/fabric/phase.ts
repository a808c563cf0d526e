/**
 * The phase of a kernel in shared memory: made by the thread that starts the kernel, read by the one that watches its thread.
 */

import type { PhaseWords } from "../kernel/instruments.ts";
import { PHASE, PHASE_LENGTH } from "../kernel/instruments.ts";

/** What a phase says of the moment at which it was read. */
export interface Phase {
  /** The handle of the service whose message is handled; 0 = none is. */
  readonly handle: number;
  /** The number of that dispatch. */
  readonly dispatch: number;
  readonly type: number;
  readonly method: number;
  /** The handle of the sender of the message; 0 = the runtime. */
  readonly source: number;
  readonly session: number;
  /** The number of the turn. */
  readonly turn: number;
}

/** Allocates the memory of one phase. */
export function createPhaseMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(PHASE_LENGTH * Int32Array.BYTES_PER_ELEMENT);
}

/** Makes the words of one kernel. @param memory - where other threads look for them. @defaultValue new memory */
export function createPhase(memory: SharedArrayBuffer = createPhaseMemory()): PhaseWords {
  return new Int32Array(memory);
}

/**
 * Reads a phase. Its words are written one by one and may not belong together: only what is the same at a second look,
 * milliseconds later, is true.
 */
export function readPhase(words: PhaseWords): Phase {
  const at = (index: number): number => words[index] as number;
  return {
    handle: at(PHASE.handle) >>> 0,
    dispatch: at(PHASE.dispatch) >>> 0,
    type: at(PHASE.type),
    method: at(PHASE.method),
    source: at(PHASE.source) >>> 0,
    session: at(PHASE.session),
    turn: at(PHASE.turn) >>> 0,
  };
}
