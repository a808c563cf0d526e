/**
 * One patch in one running service: all of its parts bound, committed in one synchronous step, and
 * undone as a whole.
 *
 *     apply   bind every part (changes nothing) -> commit every part -> methods -> new state
 *             -> hotfix(...args)
 *     fail    at any of these: all that was done is taken back, last first, then rollback() runs
 */

import { SnaxError } from "../../base/error.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { isThenable } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Method, SnaxHost } from "../../snax/snax-host.ts";
import type { GivenMethod } from "./method-swap.ts";
import { listMethods, swapMethods } from "./method-swap.ts";
import type { PatchPart } from "../text/compile.ts";
import { PatchRun } from "./patch-run.ts";
import { UndoLog } from "./undo-log.ts";
import { restoreWritten } from "./written-state.ts";

/** What could not be taken back. */
export interface Remains {
  /** Variables that somebody else has written since. */
  readonly kept: readonly string[];
  readonly failures: readonly unknown[];
}

/** A patch that has been committed and may still be taken back. */
export class ServicePatch {
  readonly #runs: readonly PatchRun[];
  /** The methods that it gave. */
  readonly methods: readonly GivenMethod[];
  /** What others have written since, of the variables that it was to give back; see restore(). */
  kept: readonly string[] = [];
  readonly #log: UndoLog;

  private constructor(runs: readonly PatchRun[], methods: readonly GivenMethod[], log: UndoLog) {
    this.#runs = runs;
    this.methods = methods;
    this.#log = log;
  }

  /**
   * Puts a patch into a service's modules and methods, all of it or nothing.
   *
   * @param host - the service's methods; undefined for a plain service, and for one that has not
   * begun.
   * @param log - takes back what was done so far, if an interrupt cuts this off.
   * @throws {ERR_PATCH_FAILED} if the patch's own text throws while it is put in.
   * @throws {ERR_PATCH} or its kin if the service can't take it.
   */
  static commit(
    instance: Instance,
    host: SnaxHost | undefined,
    parts: readonly PatchPart[],
    log: UndoLog = new UndoLog(),
  ): ServicePatch {
    try {
      const runs: PatchRun[] = [];
      for (const part of parts) runs.push(createRun(part, instance, [...runs]));
      for (const run of runs) run.bind();
      const methods = listMethods(runs);
      for (const run of runs) run.commit(log);
      if (methods.length > 0) swapMethods(instance.entry, host, methods, log);
      if (host !== undefined) addExit(instance.entry, host, parts, log);
      for (const run of runs) run.initialise(log);
      return new ServicePatch(runs, methods, log);
    } catch (error) {
      log.undo();
      throw isRefusal(error) ? error : failedError(error);
    }
  }

  /**
   * Runs `hotfix(...args)` of the patch's parts in order; returns what the last one returns,
   * perhaps a promise.
   */
  run(args: readonly unknown[]): unknown {
    let result: unknown;
    for (const run of this.#runs) {
      const hotfix = run.step("hotfix");
      if (hotfix === undefined) continue;
      result = isThenable(result) ? result.then(() => hotfix(...args)) : hotfix(...args);
    }
    return result;
  }

  /**
   * Gives variables back what they had before other patches assigned them, until this one is taken
   * back itself.
   *
   * @param texts - of the other patches
   */
  restore(modules: readonly ModuleInstance[], texts: readonly string[]): void {
    this.kept = modules.flatMap((module) => restoreWritten(module, texts, this.#log));
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
    const { kept, failures } = this.takeBack();
    return failedError(reason, kept, failures);
  }

  /** Takes the patch back. @returns what of it could not be */
  takeBack(): Remains {
    const kept = this.#runs.flatMap((run) => run.restoreVariables());
    const failures = this.#log.undo();
    for (const run of this.#runs) {
      try {
        run.step("rollback")?.();
      } catch (error) {
        failures.push(error);
      }
    }
    return { kept, failures };
  }
}

/**
 * Tells an error of live/ from what the patch's own text threw, which may be anything, a hostile
 * proxy too.
 */
function isRefusal(thrown: unknown): thrown is SnaxError {
  try {
    return thrown instanceof SnaxError && /^ERR_(PATCH|BUG)/.test(thrown.code);
  } catch {
    return false;
  }
}

function createRun(part: PatchPart, instance: Instance, siblings: readonly PatchRun[]): PatchRun {
  const module = instance.find(part.node);
  if (module !== undefined) return new PatchRun(module, part, siblings);
  throw new SnaxError("ERR_PATCH_NAME", `the service has not imported ${part.node.image.file}`);
}

/**
 * A service without `exit` of its own gets the patch's; one that has it keeps its export, which the
 * patch replaces.
 */
function addExit(
  entry: ModuleInstance,
  host: SnaxHost,
  parts: readonly PatchPart[],
  log: UndoLog,
): void {
  const own = parts.find(({ node }) => node === entry.node);
  if (own?.code.fresh.get("exit")?.isExported !== true) return;
  const before = host.addedExit;
  log.note(() => {
    host.addedExit = before;
  });
  host.addedExit = entry.forward("exit") as Method;
}

/** Returns the error of a patch that was undone. */
export function failedError(
  reason: unknown,
  kept: readonly string[] = [],
  failures: readonly unknown[] = [],
): SnaxError {
  const notes = [`the patch was undone: ${messageOf(reason)}`];
  if (kept.length > 0) notes.push(`kept what others have written since: ${kept.join(", ")}`);
  for (const failure of failures) {
    notes.push(`not undone: ${messageOf(failure)}`);
  }
  const isTimeout = isRefusal(reason) && reason.code === "ERR_PATCH_TIMEOUT";
  const code = isTimeout ? "ERR_PATCH_TIMEOUT" : "ERR_PATCH_FAILED";
  return new SnaxError(code, notes.join("; "), {
    cause: reason,
    ...(kept.length > 0 && { data: { kept } }),
  });
}
