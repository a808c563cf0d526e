/**
 * Puts a compiled patch into one service, inside a turn of that service.
 *
 * The job travels on the system lane: it passes whatever waits in the mailbox, so a service in queue mode that is stuck in
 * an await can be repaired. A service that is still in its `init` gets it right after, before its first message.
 */

import { SnaxError } from "../base/error.ts";
import { deadError } from "../kernel/kernel.ts";
import type { Instance } from "../loader/instance.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import type { Context } from "../service/context.ts";
import { runInside } from "../service/job.ts";
import { SnaxHost } from "../snax/snax-host.ts";
import type { Outcome } from "./hold.ts";
import { runHotfix } from "./hold.ts";
import type { NameScope } from "./name-scope.ts";
import { rootScope, scopeOf } from "./name-scope.ts";
import type { PatchPart } from "./patch.ts";
import { evaluateImports } from "./patch.ts";
import { ServicePatch } from "./service-patch.ts";

/** Returns the code of a living service. */
export function codeOfService(context: Context): Instance {
  if (!context.service.isAlive) throw deadError(context.handle);
  if (context.code !== undefined) return context.code;
  throw new SnaxError("ERR_PATCH", `${context.service.title} has no code that could be patched`);
}

/** Returns the scope in which a module of a running service is. */
export function scopeIn(instance: Instance, node: ModuleNode): NameScope {
  const module = instance.find(node);
  return module === undefined ? rootScope(node.image) : scopeOf(module);
}

/** A patch on its way into one service; its outcome is told once, also if the service dies. */
export class Application {
  readonly #context: Context;
  readonly #parts: readonly PatchPart[];
  readonly #args: readonly unknown[];
  readonly #outcome: Outcome;
  #unwatch: (() => void) | undefined = undefined;

  constructor(
    context: Context,
    parts: readonly PatchPart[],
    args: readonly unknown[],
    outcome: Outcome,
  ) {
    this.#context = context;
    this.#parts = parts;
    this.#args = args;
    this.#outcome = outcome;
  }

  /** Applies the patch as soon as the service can take one. */
  start(): void {
    const context = this.#context;
    this.#unwatch = context.runtime.kernel.watch(context.handle, () => {
      this.#outcome.failed(deadError(context.handle));
    });
    if (this.#unwatch === undefined) this.#outcome.failed(deadError(context.handle));
    else if (context.isReady) runInside(context, () => this.#apply());
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
      else evaluating.then(again, (error: unknown) => this.#end().failed(error));
    } catch (error) {
      this.#end().failed(error);
    }
  }

  #commit(instance: Instance): void {
    const isStale = this.#parts.some(({ node, scope }) => scopeIn(instance, node) !== scope);
    if (isStale) {
      this.#end().stale();
      return;
    }
    const { state } = this.#context;
    const host = state instanceof SnaxHost ? state : undefined;
    const patch = ServicePatch.commit(instance, host, this.#parts);
    // From here on runHotfix tells the outcome, and watches the service if it has to wait.
    runHotfix(this.#context, patch, this.#args, this.#end());
  }

  /** Ends the watch; what comes now is the outcome. */
  #end(): Outcome {
    this.#unwatch?.();
    return this.#outcome;
  }
}
