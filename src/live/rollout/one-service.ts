/**
 * `snax.hotfix`: one patch for one running service.
 *
 *     text -> compiled and checked (compile.ts)
 *          -> inside the service (application.ts): bound, committed
 *          -> hotfix(...args), perhaps awaited -> one result, and a line in the ledger
 *
 * The thread of the service leads, and is the only one: no other has to agree, so there is nothing to
 * roll out.
 */

import { copyArguments, copyResult } from "../../base/copy.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { deadError } from "../../kernel/refusal.ts";
import { resolveAddress } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { standsFor } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { Patch } from "../../snax/types.ts";
import { applyPatch, codeOfService } from "../apply/application.ts";
import { checkGroups } from "../apply/method-swap.ts";
import { keepsOldOf, summarise } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import type { PatchTexts, PatchPart } from "../text/compile.ts";
import { compileParts, hashOfPatch, readPatch } from "../text/compile.ts";
import { scopeIn } from "../text/patched-module.ts";
import type { LiveThread } from "./live-thread.ts";
import type { Led, PatchCaller } from "./rollout.ts";
import { lead } from "./rollout.ts";
import { refuseSelfWait } from "./self-wait.ts";
import type { OrderState } from "./thread-order.ts";
import { commitOrder } from "./thread-order.ts";

/** Repairs one service; see `SnaxApi.hotfix`. */
export async function hotfix(
  live: LiveThread,
  caller: PatchCaller,
  target: unknown,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<unknown> {
  const { context, takesBack, undoes } = caller;
  const handle = targetOf(caller, target);
  const texts = readPatch(patch);
  const { threads } = context.runtime;
  if (context.isPatched) await refuseSelfWait(caller, "a patch", { handle });
  for (;;) {
    const leader = threads?.threadOf(handle);
    const call = { handle, texts, caller: context.handle, takesBack, undoes };
    try {
      if (leader === undefined || leader === threads?.own)
        return await runForService(live, context, { ...call, args });
      const sent = { ...call, args: copyArguments(args, undefined) };
      return await lead(live, context, ONE_SERVICE, { leader, call: sent });
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
}

/** Whether the order came to a thread that the service had left by then: nothing of it has been done. */
export function hasMoved(error: unknown): boolean {
  const { data } = error as { data?: { thread?: unknown } };
  return codeOf(error) === "ERR_SERVICE_DEAD" && data?.thread !== undefined;
}

/** The error for a service that is not on this thread; see {@link hasMoved}. */
export function absentError({ threads }: Runtime, handle: number): SnaxError {
  const thread = threads?.threadOf(handle);
  return deadError(handle, thread === threads?.own ? {} : { thread });
}

/** What a program asks of hotfix. */
interface ServiceCall {
  /** Whom it is for. */
  readonly handle: number;
  readonly texts: PatchTexts;
  readonly args: readonly unknown[];
  /** The handle of the service that asks. */
  readonly caller: number;
  /** The patches that it takes back, by number. */
  readonly takesBack: readonly number[] | undefined;
  /** The texts of these. */
  readonly undoes: readonly string[] | undefined;
}

/** One patch for a service of this thread. */
interface ServiceRequest extends Omit<ServiceCall, "handle" | "takesBack"> {
  readonly context: Context;
  /** How far the order has come, if it is another thread's. */
  readonly state?: OrderState | undefined;
}

/** A patch for one service. */
export const ONE_SERVICE: Led<ServiceCall> = { name: "service", run: runForService };

async function runForService(
  live: LiveThread,
  asker: Context,
  { handle, texts, args, caller, takesBack, undoes }: ServiceCall,
  state?: OrderState,
): Promise<unknown> {
  const { runtime } = live;
  const context = runtime.contextOf(handle);
  if (context === undefined) throw absentError(runtime, handle);
  const own = copyArguments(args, context.service);
  const id = live.ledger.next();
  const enter = (
    said: string,
    result: { ok: boolean; code?: string },
    summary?: PatchSummary,
  ): void => {
    const target = `${formatAddress(handle)} ${context.name}`;
    const results = [{ handle, ...result }];
    const hash = hashOfPatch(texts);
    const report = { id, hash, target, results, said, texts, by: caller, takesBack };
    live.ledger.enter({ ...report, ...keepsOldOf(summary) });
  };
  let done: ServiceDone;
  try {
    done = await patchOne({ context, texts, args: own, caller, state, undoes });
    enter(`applied: ${done.summary.said}`, { ok: true }, done.summary);
  } catch (error) {
    enter(`refused: ${messageOf(error)}`, { ok: false, code: codeOf(error) ?? "ERR_PATCH_FAILED" });
    throw error;
  }
  if (undoes !== undefined) return done.kept;
  const { refusal, value } = done.returned;
  if (refusal !== undefined) {
    const why = `the patch is applied, but what hotfix() returned can't be sent: ${messageOf(refusal)}`;
    throw new SnaxError("ERR_NOT_SENDABLE", why, { cause: refusal });
  }
  // A service of another thread gets it with the answer.
  return copyResult(value, state === undefined ? asker.service : undefined);
}

/** What `hotfix()` returned, or why it can't be sent. */
interface Returned {
  readonly value?: unknown;
  readonly refusal?: unknown;
}

function receive(value: unknown): Returned {
  try {
    return { value: copyResult(value, undefined) };
  } catch (refusal) {
    return { refusal };
  }
}

/** What came of a patch in one service. */
interface ServiceDone {
  readonly returned: Returned;
  /** See Applied.kept. */
  readonly kept: readonly string[];
  readonly summary: PatchSummary;
}

/** A patch compiled for one service as it is. */
interface CompiledPatch {
  readonly parts: readonly PatchPart[];
  readonly summary: PatchSummary;
}

async function compileFor({ context, texts }: ServiceRequest): Promise<CompiledPatch> {
  const elsewhere = standsFor.peek(context);
  if (elsewhere !== undefined) {
    const why = `it stands for ${elsewhere}, and only its own node can patch that`;
    throw new SnaxError("ERR_PATCH_LANGUAGE", `${formatAddress(context.handle)}: ${why}`);
  }
  const instance = codeOfService(context);
  const { state, runtime, kind } = context;
  const parts = await compileParts(texts, {
    program: instance.program,
    scopeOf: (node) => scopeIn(instance, node),
    hasMethods: kind === SNAX_KIND,
    apiNames: new Set(runtime.parts.keys()),
  });
  if (state instanceof SnaxHost) checkGroups(parts, state.numbers);
  // What it adds can be told only before it is in.
  return { parts, summary: summarise(parts, instance) };
}

/**
 * Compiles a patch for one service as it is, and applies it; what fails has undone itself. If another
 * patch was faster, it is compiled again for what the service is by then.
 */
export async function patchOne(request: ServiceRequest): Promise<ServiceDone> {
  const { context, args, caller, state, undoes } = request;
  const enter = state && (() => commitOrder(state));
  for (;;) {
    const { parts, summary } = await compileFor(request);
    const applied = await applyPatch(context, { parts, args, caller, enter, receive, undoes });
    if (applied === undefined) continue;
    return { returned: applied.received as Returned, kept: applied.kept, summary };
  }
}

/** Returns the handle that a patch is for. */
export function targetOf({ context }: SnaxCaller, target: unknown): number {
  if (!(target instanceof SnaxObject) && typeof target !== "number" && typeof target !== "string") {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `snax.hotfix needs a service object or an address, not ${typeof target}`,
    );
  }
  if (typeof target === "number" && !(Number.isInteger(target) && target > 0)) {
    throw new SnaxError("ERR_ARGUMENT", `${target} is no address`);
  }
  const handle = target instanceof SnaxObject ? target.handle : resolveAddress(context, target);
  if (handle === undefined) {
    const advice = "a type of services is patched with snax.hotfixall";
    throw new SnaxError("ERR_NO_SERVICE", `no service has the name ${String(target)}; ${advice}`);
  }
  if (!context.runtime.kernel.lives(handle)) throw deadError(handle);
  return handle;
}
