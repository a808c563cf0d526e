/**
 * Applies a committed patch's `hotfix()`: at once, or over time with the service's requests, posts and timers held.
 *
 * Race: a reply that a handler awaits passes while `hotfix()` waits, so a handler in flight may write variables
 * meanwhile; test/integration/hotfix covers what is undone then.
 */

import { SnaxError } from "../base/error.ts";
import { GATE } from "../kernel/service.ts";
import type { Context } from "../service/context.ts";
import { isThenable } from "../service/context.ts";
import { runInside } from "../service/job.ts";
import type { ServicePatch } from "./service-patch.ts";

/** Told once what came of a patch in a service. */
export interface Outcome {
  /** The patch stays; `value` is what `hotfix()` returned. */
  applied(value: unknown): void;
  /** The service is as it was, or has ended. */
  failed(error: unknown): void;
  /** Another patch has added names meanwhile: this one must be compiled again. */
  stale(): void;
}

/** Runs the patch's `hotfix()` inside the service and keeps or undoes the patch. */
export function runHotfix(
  context: Context,
  patch: ServicePatch,
  args: readonly unknown[],
  outcome: Outcome,
): void {
  const { kernel, commitments } = context.runtime;
  const keepPromise = commitments.add(kernel.origin, context.service, (error) => {
    kernel.openGate(context.service, GATE.held);
    outcome.failed(patch.undo(error));
  });
  // Held from the first moment on: what hotfix() begins before its first await is its own already.
  kernel.closeGate(context.service, GATE.held);
  let result: unknown;
  try {
    result = patch.run(args);
    keepPromise();
  } catch (error) {
    keepPromise();
    kernel.openGate(context.service, GATE.held);
    outcome.failed(patch.undo(error));
    return;
  }
  if (!isThenable(result)) {
    kernel.openGate(context.service, GATE.held);
    keep(context, patch);
    outcome.applied(result);
    return;
  }
  waitFor(context, patch, result, outcome);
}

/** A service that was cut off, and rests, runs other code now. */
function keep({ runtime, service }: Context, patch: ServicePatch): void {
  patch.keep();
  runtime.kernel.rests.end(service);
}

function waitFor(
  context: Context,
  patch: ServicePatch,
  result: PromiseLike<unknown>,
  outcome: Outcome,
): void {
  const { service, runtime } = context;
  const { kernel, commitments } = runtime;
  const ms = Number(runtime.environment.get("hotfixtimeout"));
  let isOver = false;
  let release = (): void => {};
  context.patching = new Promise((resolve) => {
    release = resolve;
  });
  const settle = (finish: () => void): void => {
    if (isOver) return;
    isOver = true;
    stopDeadline();
    keepPromise();
    unwatch?.();
    context.patching = undefined;
    release();
    finish();
    if (service.isAlive) kernel.openGate(service, GATE.held);
  };
  // The service's own timers are held with its requests: the deadline is kept outside.
  const stopDeadline = runtime.after(ms, () =>
    runInside(context, () => settle(() => outcome.failed(patch.undo(timeoutError(ms))))),
  );
  const unwatch = kernel.watch(context.handle, () =>
    settle(() =>
      outcome.failed(new SnaxError("ERR_SERVICE_DEAD", "the service ended while it was patched")),
    ),
  );
  const keepPromise = commitments.add(kernel.origin, service, (error) =>
    settle(() => outcome.failed(patch.undo(error))),
  );
  result.then(
    (value) =>
      settle(() => {
        keep(context, patch);
        outcome.applied(value);
      }),
    (error: unknown) => settle(() => outcome.failed(patch.undo(error))),
  );
}

function timeoutError(ms: number): SnaxError {
  return new SnaxError("ERR_PATCH_TIMEOUT", `hotfix() did not settle within ${ms} ms`);
}
