/**
 * The types of `snax.inflight`: which handlers still run what a patch has replaced.
 */

/** What is to be done about them. */
export interface InflightOptions {
  /**
   * Milliseconds to wait until none is left.
   *
   * @defaultValue 0: they are listed as they are now
   */
  readonly wait?: number;
  /**
   * Ends them: their callers get ERR_TIMEOUT, and what they await is rejected with it.
   *
   * @defaultValue false
   */
  readonly end?: boolean;
}

/** A handler that has not ended. */
export interface InflightHandler {
  /** The address of the service. */
  readonly handle: number;
  /** The name of its service file. */
  readonly type: string;
  /** What it waits for as `task` calls it, e.g. `session: 12`; `killtask` takes that. */
  readonly task: string;
  /** What came in, e.g. `request shop.buy`; undefined for code that belongs to no message. */
  readonly title: string | undefined;
  /** The address of the sender; 0 = the service itself. */
  readonly source: number;
  /** Milliseconds since it began; undefined if that is not known. */
  readonly age: number | undefined;
  /** Whom it waits for, for people. */
  readonly waitsFor: string;
  /**
   * The old body in which it waits, e.g. `price` or `response.buy`; undefined if no stack tells
   * where it waits, so that it may run one.
   */
  readonly body: string | undefined;
  /** Where in the file, or in the patch, that body waits. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** The hash of the patch that the body is of; undefined if it is of the file. */
  readonly patch: string | undefined;
}

/** A thread that did not answer: what it runs is not known. */
export interface InflightSilence {
  readonly thread: number;
  /** The service whose handler has not returned; 0 = code of no service. */
  readonly handle: number;
  /** For people. */
  readonly reason: string;
}

/** What still runs bodies from before a patch. */
export interface InflightResult {
  /** Those that do, and those of which it can't be told; of very many the first. */
  readonly handlers: readonly InflightHandler[];
  /** How many do. */
  readonly old: number;
  /** How many began before the patch, and no stack tells where they wait: they may run old ones. */
  readonly unknown: number;
  /** How many others wait in services that have the patch. */
  readonly current: number;
  /** How many were ended. */
  readonly ended: number;
  readonly silent: readonly InflightSilence[];
  /** What was not looked at, a line each: for people. */
  readonly notes: readonly string[];
}
