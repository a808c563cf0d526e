/**
 * One patch in one running service: all of its parts bound, committed in one synchronous step, and undone as a whole.
 *
 *     apply   bind every part (changes nothing) -> commit every part -> methods -> new state -> hotfix(...args)
 *     fail    at any of these: everything that was done is taken back, last first, then the patch's rollback() runs
 */

import { SnaxError } from "../base/error.ts";
import type { Instance } from "../loader/instance.ts";
import { isThenable } from "../service/context.ts";
import type { SnaxHost } from "../snax/snax-host.ts";
import type { GivenMethod } from "./method-swap.ts";
import { listMethods, swapMethods } from "./method-swap.ts";
import type { PatchPart } from "./patch.ts";
import { createRuns } from "./patch.ts";
import type { PatchRun } from "./patch-run.ts";
import { UndoLog } from "./undo-log.ts";

/** A patch that has been committed and may still be taken back. */
export class ServicePatch {
  readonly #runs: readonly PatchRun[];
  /** The methods that it gave. */
  readonly methods: readonly GivenMethod[];
  readonly #log: UndoLog;

  private constructor(runs: readonly PatchRun[], methods: readonly GivenMethod[], log: UndoLog) {
    this.#runs = runs;
    this.methods = methods;
    this.#log = log;
  }

  /**
   * Puts a patch into a service's modules and methods, all of it or nothing.
   *
   * @param host - the service's methods; undefined for a plain service, and for one that has not begun.
   * @param onStep - called before each step; a test throws from it.
   * @throws {ERR_PATCH_FAILED} if the patch's own text throws while it is put in.
   * @throws {ERR_PATCH} or its kin if the service can't take it.
   */
  static commit(
    instance: Instance,
    host: SnaxHost | undefined,
    parts: readonly PatchPart[],
    onStep?: () => void,
  ): ServicePatch {
    const log = new UndoLog(onStep);
    try {
      const runs = createRuns(parts, instance);
      for (const run of runs) run.bind();
      const methods = listMethods(runs);
      for (const run of runs) run.commit(log);
      swapMethods(instance.entry, host, methods, log);
      for (const run of runs) run.initialise();
      return new ServicePatch(runs, methods, log);
    } catch (error) {
      log.undo();
      throw error instanceof SnaxError ? error : failedError(error);
    }
  }

  /** Runs `hotfix(...args)` of the patch's parts in order; returns what the last one returns, perhaps a promise. */
  run(args: readonly unknown[]): unknown {
    let result: unknown;
    for (const run of this.#runs) {
      const hotfix = run.step("hotfix");
      if (hotfix === undefined) continue;
      result = isThenable(result) ? result.then(() => hotfix(...args)) : hotfix(...args);
    }
    return result;
  }

  /** Says that the patch stays. */
  keep(): void {
    for (const run of this.#runs) run.settle();
  }

  /**
   * Takes the patch back, and returns the error for whoever asked for it.
   *
   * @param reason - why.
   */
  undo(reason: unknown): SnaxError {
    const kept = this.#runs.flatMap((run) => run.restoreVariables());
    const failures = this.#log.undo();
    for (const run of this.#runs) {
      try {
        run.step("rollback")?.();
      } catch (error) {
        failures.push(error);
      }
    }
    return failedError(reason, kept, failures);
  }
}

function failedError(
  reason: unknown,
  kept: readonly string[] = [],
  failures: readonly unknown[] = [],
): SnaxError {
  const why = reason instanceof Error ? reason.message : String(reason);
  const notes = [`the patch was undone: ${why}`];
  if (kept.length > 0) notes.push(`kept what others have written since: ${kept.join(", ")}`);
  for (const failure of failures) {
    notes.push(`not undone: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
  const isTimeout = reason instanceof SnaxError && reason.code === "ERR_PATCH_TIMEOUT";
  const code = isTimeout ? "ERR_PATCH_TIMEOUT" : "ERR_PATCH_FAILED";
  return new SnaxError(code, notes.join("; "), {
    cause: reason,
    ...(kept.length > 0 && { data: { kept } }),
  });
}
