/**
 * Applies a committed patch's `hotfix()`: at once, or over time with the service's requests, posts
 * and timers held.
 *
 * Race: a reply that a handler awaits passes while `hotfix()` waits, so a handler in flight may
 * write variables meanwhile; test/integration/hotfix covers what is undone then.
 */

import { SnaxError } from "../../base/error.ts";
import type { Message } from "../../kernel/message.ts";
import { HOLD } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import { isThenable } from "../../service/context.ts";
import { runInside } from "../../service/job.ts";
import type { ServicePatch } from "./service-patch.ts";
import { failedError } from "./service-patch.ts";

/** A patch that is in. */
export interface Applied {
  /** What {@link HotfixCall.receive} made of what `hotfix()` returned. */
  readonly received: unknown;
  /** Variables that keep what others have written since; see ServicePatch.restore. */
  readonly kept: readonly string[];
}

/** What settles a promise. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** How `hotfix()` is called; see PatchRequest. */
export interface HotfixCall {
  readonly args: readonly unknown[];
  readonly receive: ((value: unknown) => unknown) | undefined;
  /** Takes the patch when `hotfix()` has ended. @defaultValue it is kept */
  readonly keep: ((patch: ServicePatch) => void) | undefined;
}

/** A `hotfix()` that waits for something. */
interface PendingHotfix {
  /** The job in which it runs; see Kernel.origin. */
  readonly origin: Message | undefined;
  /** Others have to agree to its patch: no service of the type goes on before that. */
  readonly isUndecided: boolean;
}

const pendings = new WeakMap<Context, PendingHotfix>();

/** Returns the `hotfix()` of a service that waits for something; undefined if none does. */
export function pendingHotfix(context: Context): PendingHotfix | undefined {
  return pendings.get(context);
}

/**
 * Runs the patch's `hotfix()` inside the service and keeps or undoes the patch.
 *
 * It settles a promise instead of returning one: where the code is cut off, nothing returns.
 */
export function runHotfix(
  context: Context,
  patch: ServicePatch,
  { args, receive, keep: given }: HotfixCall,
  end: Settle<Applied>,
): void {
  const { kernel, commitments } = context.runtime;
  const settle = given ?? ((done: ServicePatch) => keep(context, done));
  const fail = (error: unknown): void =>
    takeBack(context, undoing(patch, error), (failure) => {
      kernel.release(context.service, HOLD.patching);
      end.reject(failure);
    });
  const endCommitment = commitments.add(kernel.origin, context.service, fail);
  // Held from the first moment on: what hotfix() begins before its first await is its own already.
  kernel.hold(context.service, HOLD.patching);
  let result: unknown;
  let isPending: boolean;
  let received: unknown;
  try {
    result = patch.run(args);
    isPending = isThenable(result);
    if (!isPending) received = receive?.(result);
    endCommitment();
  } catch (error) {
    endCommitment();
    fail(error);
    return;
  }
  if (!isPending) {
    settle(patch);
    kernel.release(context.service, HOLD.patching);
    end.resolve({ received, kept: patch.kept });
    return;
  }
  pendings.set(context, { origin: kernel.origin, isUndecided: given !== undefined });
  const pending = { result: result as PromiseLike<unknown>, receive, keep: settle };
  waitFor(context, patch, pending, end);
}

/** How a patch is taken back, and what is said of it. */
interface Undoing<T> {
  readonly run: () => T;
  /** Says it if that was cut off. */
  readonly cut: (error: unknown) => T;
}

function undoing(patch: ServicePatch, reason: unknown): Undoing<SnaxError> {
  return { run: () => patch.undo(reason), cut: failedError };
}

/**
 * Takes a patch back. Its own code runs then, and may be cut off as well: whoever waits is told all
 * the same.
 */
export function takeBack<T>(
  { runtime, service }: Context,
  { run, cut }: Undoing<T>,
  tell: (outcome: T) => void,
): void {
  const { kernel, commitments } = runtime;
  const endCommitment = commitments.add(kernel.origin, service, (error) => tell(cut(error)));
  const outcome = run();
  endCommitment();
  tell(outcome);
}

/** A service that was cut off, and rests, runs other code now. */
export function keep({ runtime, service }: Context, patch: ServicePatch): void {
  patch.keep();
  runtime.kernel.rests.end(service);
}

/** A `hotfix()` that has not ended. */
interface Pending {
  readonly result: PromiseLike<unknown>;
  readonly receive: HotfixCall["receive"];
  readonly keep: (patch: ServicePatch) => void;
}

function waitFor(
  context: Context,
  patch: ServicePatch,
  { result, receive, keep: conclude }: Pending,
  end: Settle<Applied>,
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
    endCommitment();
    unwatch?.();
    context.patching = undefined;
    pendings.delete(context);
    release();
    finish();
    if (service.isAlive) kernel.release(service, HOLD.patching);
  };
  const fail = (reason: unknown): void => {
    if (isOver) return;
    takeBack(context, undoing(patch, reason), (failure) => settle(() => end.reject(failure)));
  };
  // The service's own timers are held with its requests: the deadline is kept outside.
  const stopDeadline = runtime.after(ms, () => runInside(context, () => fail(timeoutError(ms))));
  const unwatch = kernel.watch(context.handle, () =>
    settle(() =>
      end.reject(new SnaxError("ERR_SERVICE_DEAD", "the service ended while it was patched")),
    ),
  );
  const endCommitment = commitments.add(kernel.origin, service, fail);
  result.then((value) => {
    if (isOver) return;
    const received = receive?.(value);
    settle(() => {
      conclude(patch);
      end.resolve({ received, kept: patch.kept });
    });
  }, fail);
}

function timeoutError(ms: number): SnaxError {
  return new SnaxError("ERR_PATCH_TIMEOUT", `hotfix() did not settle within ${ms} ms`);
}
