/**
 * Puts a compiled patch into one service, inside a turn of that service.
 *
 * The job passes whatever waits in the mailbox, except what the same sender posted before; nothing holds it back, so a service in
 * queue mode that is stuck in an await can be repaired. A service that is still in its `init` gets it right after, before its first message.
 */

import { SnaxError } from "../../base/error.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Context } from "../../service/context.ts";
import { runInside } from "../../service/job.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import type { Outcome } from "./hold.ts";
import { runHotfix } from "./hold.ts";
import { scopeIn } from "../text/name-scope.ts";
import { evaluateImports } from "./import-values.ts";
import type { PatchPart } from "../text/patch-code.ts";
import { failedError, ServicePatch } from "./service-patch.ts";
import { UndoLog } from "./undo-log.ts";

/** Returns the code of a living service. */
export function codeOfService(context: Context): Instance {
  if (!context.service.isAlive) throw deadError(context.handle);
  if (context.code !== undefined) return context.code;
  throw new SnaxError("ERR_PATCH", `${context.service.title} has no code that could be patched`);
}

/** What goes into a service. */
export interface PatchRequest {
  readonly parts: readonly PatchPart[];
  /** Arguments of `hotfix()`, the service's own. */
  readonly args: readonly unknown[];
  /** Who asks, by handle: what it sent before is handled before. */
  readonly caller: number;
  /** Runs just before anything changes; what it throws refuses the patch. @defaultValue nothing stands in the way */
  readonly enter?: (() => void) | undefined;
}

/** A patch on its way into one service; its outcome is told once, also if the service dies. */
export class Application {
  readonly #context: Context;
  readonly #parts: readonly PatchPart[];
  readonly #args: readonly unknown[];
  readonly #caller: number;
  readonly #enter: (() => void) | undefined;
  readonly #outcome: Outcome;
  #unwatch: (() => void) | undefined = undefined;

  constructor(context: Context, request: PatchRequest, outcome: Outcome) {
    this.#context = context;
    this.#parts = request.parts;
    this.#args = request.args;
    this.#caller = request.caller;
    this.#enter = request.enter;
    this.#outcome = outcome;
  }

  /** Applies the patch as soon as the service can take one. */
  start(): void {
    const context = this.#context;
    this.#unwatch = context.runtime.kernel.watch(context.handle, () => {
      this.#outcome.failed(deadError(context.handle));
    });
    if (this.#unwatch === undefined) this.#outcome.failed(deadError(context.handle));
    else if (context.isListening) runInside(context, () => this.#apply(), this.#caller);
    else (context.whenReady ??= []).push(() => this.#apply());
  }

  #apply(): void {
    const context = this.#context;
    const again = (): void => runInside(context, () => this.#apply());
    if (context.patching !== undefined) {
      void context.patching.then(again);
      return;
    }
    try {
      const instance = codeOfService(context);
      const evaluating = evaluateImports(this.#parts, instance);
      if (evaluating === undefined) this.#commit(instance);
      else evaluating.then(again, (error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #commit(instance: Instance): void {
    const isStale = this.#parts.some(({ node, scope }) => scopeIn(instance, node) !== scope);
    if (isStale) {
      this.#end().stale();
      return;
    }
    this.#enter?.();
    const { state, service, runtime } = this.#context;
    const host = state instanceof SnaxHost ? state : undefined;
    const log = new UndoLog();
    const keepPromise = runtime.commitments.add(runtime.kernel.origin, service, (error) => {
      log.undo();
      this.#fail(error);
    });
    let patch: ServicePatch;
    try {
      patch = ServicePatch.commit(instance, host, this.#parts, log);
    } finally {
      keepPromise();
    }
    // From here on runHotfix tells the outcome, and watches the service if it has to wait.
    runHotfix(this.#context, patch, this.#args, this.#end());
  }

  /** What the patch's own code throws, or a module that it imports, leaves nothing behind. */
  #fail(error: unknown): void {
    const { runtime, service } = this.#context;
    // To read what was thrown may run code of the service, which may be cut off as well.
    const keepPromise = runtime.commitments.add(runtime.kernel.origin, service, (cut) =>
      this.#end().failed(failedError(cut)),
    );
    const isOwn = isSnaxError(error) && error.code !== "ERR_INTERRUPTED";
    const failure = isOwn ? error : failedError(error);
    keepPromise();
    this.#end().failed(failure);
  }

  /** Ends the watch; what comes now is the outcome. */
  #end(): Outcome {
    this.#unwatch?.();
    return this.#outcome;
  }
}

/** Tells an error of the runtime from anything that may be thrown, a proxy whose traps throw too. */
function isSnaxError(thrown: unknown): thrown is SnaxError {
  try {
    return thrown instanceof SnaxError;
  } catch {
    return false;
  }
}
