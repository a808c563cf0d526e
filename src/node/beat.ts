/**
 * The beat of a thread: once a second it writes on its board how it is. A thread that hangs falls silent, and a reader of the
 * board sees it.
 */

/* oxlint-disable no-restricted-globals -- the thread's own time, no service's: a service that rests must not silence it */

import { getHeapStatistics } from "node:v8";
import { BOARD_BEAT_MS } from "../base/limits.ts";
import type { Board } from "../fabric/board.ts";
import type { Kernel } from "../kernel/kernel.ts";

/** Begins to beat; the timer does not keep the process alive. @returns what ends it. */
export function beginBeat(board: Board, kernel: Kernel): () => void {
  const beat = (): void => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    board.beat(used, limit, kernel.calls.size);
  };
  beat();
  const timer = setInterval(beat, BOARD_BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
