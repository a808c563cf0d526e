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
  /** What other services are really asked, `stock.left`: a type, a name or an address, and a method or command. */
  readonly allow: readonly string[];
}

/** A question to a live service. */
export interface DryAsk {
  /** A name or a handle. */
  readonly address: string | number;
  /** For a method of a snax service. */
  readonly type: string | undefined;
  readonly method: string | undefined;
  /** The protocol first, if it is no method. */
  readonly args: readonly unknown[];
}

/** The process has a question, and gets {@link DryReply}. */
export interface DryAsked {
  readonly kind: "ask";
  readonly id: number;
  readonly ask: DryAsk;
}

/** What a live service answered. */
export interface DryReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode | undefined; readonly message: string };
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

export type DryWord = DryStep | DryAsked | DryDone | DryFailed;
