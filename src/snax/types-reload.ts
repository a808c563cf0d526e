/**
 * What `snax.reload` takes and answers.
 */

import type { PatchFailure, PatchSkip } from "./types.ts";

/** How `snax.reload` is done. */
export interface ReloadOptions {
  /**
   * State that the new text has no variable for refuses the reload.
   *
   * @defaultValue false: it is listed
   */
  readonly strict?: boolean;
}

/** What came of `snax.reload`. The lists of names are those of all its services together. */
export interface ReloadResult {
  /** The number of the entry in the ledger. */
  readonly id: number;
  /** The services that run the new code, by handle. */
  readonly reloaded: readonly number[];
  /** The services that go on as they were. */
  readonly failed: readonly PatchFailure[];
  readonly skipped: readonly PatchSkip[];
  /**
   * The longest time for which new messages of a service waited, in milliseconds; its drain is part
   * of it.
   */
  readonly held: number;
  /** How many handlers were waited for. */
  readonly drained: number;
  /** Variables that have their old value. */
  readonly carried: readonly string[];
  /** Variables that the old code did not have. */
  readonly new: readonly string[];
  /**
   * Variables of the old code that the new one does not have, methods that the program had
   * replaced on a prototype, and what the old top level had registered and the new one does not,
   * `skynet.dispatch text`: what was there is gone. What is not in the service's own file has its
   * file and line: `rooms (world.ts:3)`.
   */
  readonly leftBehind: readonly string[];
  /** Variables that hold an object of a package or of snax, which went over as it is. */
  readonly kept: readonly string[];
}
