/**
 * Applies a committed patch's `hotfix()`: at once, or over time with the service's requests, posts and timers held.
 *
 * Race: a reply that a handler awaits passes while `hotfix()` waits, so a handler in flight may write variables
 * meanwhile; test/integration/hotfix covers what is undone then.
 */

import { SnaxError } from "../../base/error.ts";
import { HOLD } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import { isThenable } from "../../service/context.ts";
import { runInside } from "../../service/job.ts";
import type { ServicePatch } from "./service-patch.ts";
import { failedError } from "./service-patch.ts";

/** Told once what came of a patch in a service. */
export interface Outcome {
  /**
   * Makes what `hotfix()` returned fit for whoever asked: inside the service, for that may run code of it, and while it can
   * still be cut off. Must not throw. @defaultValue nobody wants it
   */
  receive?(value: unknown): unknown;
  /** The patch stays; `received` is what {@link receive} made of what `hotfix()` returned. */
  applied(received: unknown): void;
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
  const fail = (error: unknown): void =>
    undo(context, patch, error, (failure) => {
      kernel.release(context.service, HOLD.patching);
      outcome.failed(failure);
    });
  const keepPromise = commitments.add(kernel.origin, context.service, fail);
  // Held from the first moment on: what hotfix() begins before its first await is its own already.
  kernel.hold(context.service, HOLD.patching);
  let result: unknown;
  let isPending: boolean;
  let received: unknown;
  try {
    result = patch.run(args);
    isPending = isThenable(result);
    if (!isPending) received = outcome.receive?.(result);
    keepPromise();
  } catch (error) {
    keepPromise();
    fail(error);
    return;
  }
  if (!isPending) {
    kernel.release(context.service, HOLD.patching);
    keep(context, patch);
    outcome.applied(received);
    return;
  }
  waitFor(context, patch, result as PromiseLike<unknown>, outcome);
}

/** Takes a patch back. Its own code runs then, and may be cut off as well: whoever waits is told all the same. */
function undo(
  { runtime, service }: Context,
  patch: ServicePatch,
  reason: unknown,
  tell: (failure: SnaxError) => void,
): void {
  const { kernel, commitments } = runtime;
  const keepPromise = commitments.add(kernel.origin, service, (error) => tell(failedError(error)));
  const failure = patch.undo(reason);
  keepPromise();
  tell(failure);
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
    if (service.isAlive) kernel.release(service, HOLD.patching);
  };
  const fail = (reason: unknown): void => {
    if (isOver) return;
    undo(context, patch, reason, (failure) => settle(() => outcome.failed(failure)));
  };
  // The service's own timers are held with its requests: the deadline is kept outside.
  const stopDeadline = runtime.after(ms, () => runInside(context, () => fail(timeoutError(ms))));
  const unwatch = kernel.watch(context.handle, () =>
    settle(() =>
      outcome.failed(new SnaxError("ERR_SERVICE_DEAD", "the service ended while it was patched")),
    ),
  );
  const keepPromise = commitments.add(kernel.origin, service, fail);
  result.then((value) => {
    if (isOver) return;
    const received = outcome.receive?.(value);
    settle(() => {
      keep(context, patch);
      outcome.applied(received);
    });
  }, fail);
}

function timeoutError(ms: number): SnaxError {
  return new SnaxError("ERR_PATCH_TIMEOUT", `hotfix() did not settle within ${ms} ms`);
}
