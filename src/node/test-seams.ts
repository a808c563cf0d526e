/** What `snax/testing` puts in the place of the machine's own when it starts a node. */

import type { Clock } from "../base/clock.ts";

/** Each part may be left out. */
export interface TestSeams {
  /** The time of a node with one thread. */
  readonly clock?: Clock;
  /** Gets each line of the log, which then goes nowhere else. */
  readonly onLine?: (address: string, text: string) => void;
}
