/**
 * The types of a dry run: what a patch would do, tried on a copy.
 */

import type { Patch, ServiceObject } from "./types.ts";

/** What is asked of the copies. */
export interface DryProbe {
  /** A method of `response` or `accept`. */
  readonly method: string;
  readonly args?: readonly unknown[];
}

/** How a patch is tried. */
export interface DryOptions {
  /**
   * What both copies are asked, in turn: `'buy "apple", 1'`, or the same as data.
   *
   * @defaultValue nothing: only what `hotfix()` does is shown
   */
  readonly probes?: readonly (string | DryProbe)[];
  /**
   * What other services are really asked by `call` and `req`: a type, a name or an address, a dot,
   * and a method or command, `stock.left`. To name it is to promise that it only reads.
   *
   * @defaultValue nothing: a call rejects with ERR_DRY_RUN
   */
  readonly allow?: readonly string[];
}

/** A part of the state that two copies do not have alike; texts are for people. */
export interface DryDifference {
  /** `sold`, `accounts.get("ann").limits.day` */
  readonly path: string;
  /** Undefined if there was nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What one copy did when it was asked. */
export interface DryAnswer {
  /** What it answered, or the message of its error. */
  readonly text: string;
  /** The code of the error, or its name; undefined if it answered. */
  readonly error: string | undefined;
  /** What it would have done outside of itself, a line each. */
  readonly would: readonly string[];
}

/** What both copies answered to one probe. */
export interface DryProbed {
  /** `buy("apple", 1)` */
  readonly probe: string;
  /** With the code that runs. */
  readonly before: DryAnswer;
  /** With the patch. */
  readonly after: DryAnswer;
}

/** What a patch would do. */
export interface DryReport {
  /** The service that was copied. */
  readonly handle: number;
  readonly type: string;
  /**
   * How many of its handlers waited when it was copied: its state may be in the middle of what
   * they do.
   */
  readonly inFlight: number;
  /** What is not in the copy, with path, place and reason: what uses it fails with ERR_DRY_RUN. */
  readonly missing: readonly string[];
  /** What `hotfix()` returned and would have done; undefined if the patch has none. */
  readonly hotfix: DryAnswer | undefined;
  /** What `hotfix()` changed in the state. */
  readonly atOnce: readonly DryDifference[];
  readonly probes: readonly DryProbed[];
  /** The state after the probes: with the code that runs, and with the patch. */
  readonly afterProbes: readonly DryDifference[];
  /** What could not be simulated as it would be, a line each. */
  readonly notes: readonly string[];
  /** For how many milliseconds the service stood still while its state was taken. */
  readonly held: number;
}

/** The patches of `snax.repair({ dry: ... })`: they are tried on a copy, and nothing is changed. */
export interface DryApi {
  /**
   * Tries a patch on a copy of a service.
   *
   * @throws {ERR_DRY_RUN} if no copy can be made, or what runs in it does not end.
   * @throws what `snax.hotfix` throws.
   */
  readonly hotfix: (
    target: ServiceObject | number | string,
    patch: Patch,
    ...args: unknown[]
  ) => Promise<DryReport>;
  /** The same for a type: the service with the lowest address is copied. */
  readonly hotfixall: (type: string, patch: Patch, ...args: unknown[]) => Promise<DryReport>;
}
