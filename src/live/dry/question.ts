/** What the process of a dry run is asked, and what it answers. */

import type { ErrorCode } from "../../base/error.ts";
import type { DryDifference, DryProbed, DryAnswer } from "../../snax/types-dry.ts";

/** A module of the service, as it runs. */
export interface DryModule {
  readonly file: string;
  readonly text: string;
  readonly isShared: boolean;
}

/** A service as it was at one moment. */
export interface DryService {
  readonly handle: number;
  readonly type: string;
  readonly isService: boolean;
  /** Its own file first. */
  readonly modules: readonly DryModule[];
  /** A `State`, in V8's own form. */
  readonly state: Uint8Array;
  /** What its modules may import from "snax". */
  readonly apiNames: readonly string[];
  readonly environment: ReadonlyMap<string, unknown>;
  /** Milliseconds of the kernel's clock since the start, and since 1970. */
  readonly now: number;
  readonly wall: number;
  readonly inFlight: number;
  readonly missing: readonly string[];
  readonly held: number;
}

/** A call of a method. */
export interface DryCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What is tried. */
export interface DryQuestion {
  readonly service: DryService;
  readonly texts: ReadonlyMap<string, string>;
  readonly args: readonly unknown[];
  readonly probes: readonly DryCall[];
}

/** What the process says of how far it is: what it does now. */
export interface DryStep {
  readonly kind: "step";
  /** `hotfix()`, `the probe buy("apple", 1)` */
  readonly what: string;
}

/** What came of it. */
export interface DryDone {
  readonly kind: "done";
  readonly missing: readonly string[];
  readonly hotfix: DryAnswer | undefined;
  readonly atOnce: readonly DryDifference[];
  readonly probes: readonly DryProbed[];
  readonly afterProbes: readonly DryDifference[];
  readonly notes: readonly string[];
}

/** Why nothing came of it. */
export interface DryFailed {
  readonly kind: "failed";
  readonly code: ErrorCode | undefined;
  readonly message: string;
}

export type DryWord = DryStep | DryDone | DryFailed;
