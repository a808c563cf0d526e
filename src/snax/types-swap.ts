/**
 * What `snax.swap` takes and answers.
 */

import type { PatchFailure } from "./types.ts";

/** How `snax.swap` is done. */
export interface SwapOptions {
  /**
   * State, sockets and timers that the services have of their own do not refuse the swap: they go
   * with the old ones.
   *
   * @defaultValue false
   */
  readonly stateless?: boolean;
  /**
   * Milliseconds without a message to its old handle after which an old service that is drained
   * ends, up to a day.
   *
   * @defaultValue 60000
   */
  readonly retire?: number;
}

/** A service in the place of another. */
export interface SwappedService {
  readonly old: number;
  readonly new: number;
}

/** What came of `snax.swap`. */
export interface SwapResult {
  /** The number of the entry in the ledger. */
  readonly id: number;
  /** Who has taken whose place, by handle. */
  readonly swapped: readonly SwappedService[];
  /** The services that go on as they were. */
  readonly failed: readonly PatchFailure[];
  /** The longest time for which an old service went on with what it had begun, in milliseconds. */
  readonly drained: number;
  /** How many messages went on from an old handle to a new one until then. */
  readonly forwarded: number;
  /**
   * Old services that have not ended what they had begun after `draintimeout`, and go on with it.
   */
  readonly busy: readonly { readonly handle: number; readonly what: string }[];
}
