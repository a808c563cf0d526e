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

/** Returns the scopes of a running service's modules. */
export function scopesOf(instance: Instance): (node: ModuleNode) => NameScope {
  return (node) => {
    const module = instance.find(node);
    return module === undefined ? rootScope(node.image) : scopeOf(module);
  };
}

/** Applies a patch inside a service as soon as it can take one; the outcome is told once, also if it dies. */
export function applyInside(
  context: Context,
  parts: readonly PatchPart[],
  args: readonly unknown[],
  outcome: Outcome,
): void {
  const dead = (): void => outcome.failed(deadError(context.handle));
  const unwatch = context.runtime.kernel.watch(context.handle, dead);
  if (unwatch === undefined) return dead();
  const told: Outcome = {
    applied: (value) => {
      unwatch();
      outcome.applied(value);
    },
    failed: (error) => {
      unwatch();
      outcome.failed(error);
    },
    stale: () => {
      unwatch();
      outcome.stale();
    },
  };
  const job = (): void => apply(context, parts, args, told);
  if (context.isReady) runInside(context, job);
  else (context.whenReady ??= []).push(job);
}

function apply(
  context: Context,
  parts: readonly PatchPart[],
  args: readonly unknown[],
  outcome: Outcome,
): void {
  const again = (): void => runInside(context, () => apply(context, parts, args, outcome));
  if (context.patching !== undefined) {
    void context.patching.then(again);
    return;
  }
  try {
    const instance = codeOfService(context);
    const evaluating = evaluateImports(parts, instance);
    if (evaluating !== undefined) {
      evaluating.then(again, (error: unknown) => outcome.failed(error));
      return;
    }
    const scopes = scopesOf(instance);
    if (parts.some(({ node, scope }) => scopes(node) !== scope)) return outcome.stale();
    const host = context.state instanceof SnaxHost ? context.state : undefined;
    runHotfix(context, ServicePatch.commit(instance, host, parts), args, outcome);
  } catch (error) {
    outcome.failed(error);
  }
}
