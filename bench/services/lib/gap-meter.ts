/**
 * Measures for how long the event loop was held at most.
 *
 * It asks for Node's own `setImmediate`, not the service's, because an event that arrives as a message would wait its turn
 * in a mailbox: what is measured here is what a socket would feel. Two immediates are one pass of the loop apart, so the
 * longest gap between them is the longest pause, whatever caused it: a turn, a garbage collection, a hot-fix.
 */

import { setImmediate } from "node:timers";

/** A running measurement; `stop()` ends it. */
export interface GapMeter {
  /** Ends the measurement. @returns the longest gap in milliseconds. */
  stop(): number;
}

/** Starts to measure at once. */
export function createGapMeter(): GapMeter {
  let isRunning = true;
  let longestMs = 0;
  let lastMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (isRunning) setImmediate(look);
  };
  setImmediate(look);
  return {
    stop() {
      isRunning = false;
      return Math.max(longestMs, performance.now() - lastMs);
    },
  };
}
