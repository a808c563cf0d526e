/**
 * The faults that simulated threads may meet.
 */

import type { FaultPoint } from "./fault.ts";
import { faults } from "./fault.ts";

/** A thread is ended from outside, between two turns. */
export const END: FaultPoint = faults.define("thread.end", 0.05);
/** A handler ends its thread: nothing of its turn is published. */
export const EXIT: FaultPoint = faults.define("thread.exit", 0.002);
/**
 * A thread ends between two steps of publishing what it sent: some of the others see theirs, and
 * some don't.
 */
export const CUT: FaultPoint = faults.define("thread.cut", 0.005);
/** The other threads learn late of a death and of the thread that takes its place. */
export const LATE_NEWS: FaultPoint = faults.define("news.late", 0.3);
/** A wake-up takes long. */
export const LATE_WAKE: FaultPoint = faults.define("wake.late", 0.1);
