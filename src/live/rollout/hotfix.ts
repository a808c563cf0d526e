/**
 * `snax.hotfix`: one patch for one running service.
 *
 *     text -> compiled and checked (patch.ts) -> inside the service (apply.ts): bound, committed (service-patch.ts)
 *          -> hotfix(...args), perhaps awaited (hold.ts) -> one result, and a line in the ledger
 */

import { copyArguments, copyResult } from "../../base/copy.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import { deadError } from "../../kernel/refusal.ts";
import { resolveAddress } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { Patch } from "../../snax/types.ts";
import { Application, codeOfService } from "../apply/apply.ts";
import { scopeIn } from "../text/name-scope.ts";
import { standsFor } from "../../service/part.ts";
import type { LiveNode } from "./live-node.ts";
import { checkGroups } from "../apply/method-swap.ts";
import type { PatchTexts } from "../text/patch.ts";
import { compileParts, hashOfPatch, readPatch } from "../text/patch.ts";
import { summarise } from "../apply/patch-summary.ts";
import type { OrderState } from "./thread-order.ts";
import { commitOrder, orderThread } from "./thread-order.ts";

/** Repairs one service; see `SnaxApi.hotfix`. */
export async function hotfix(
  live: LiveNode,
  caller: SnaxCaller,
  target: unknown,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<unknown> {
  const handle = targetOf(caller, target);
  const texts = readPatch(patch);
  const { threads } = caller.context.runtime;
  const thread = threads?.threadOf(handle);
  if (thread !== undefined && thread !== threads?.own) {
    const own = copyArguments(args, undefined);
    const { context } = caller;
    return await orderThread(context, thread, HOTFIX, context.handle, handle, texts, own);
  }
  const order = { handle, texts, args, caller: caller.context.handle };
  return await hotfixHere(live, order, caller.context.service);
}

/** The command of a thread's steward. */
export const HOTFIX = "HOTFIX";

/** One patch for one service of this thread. */
export interface HotfixOrder {
  /** Whom it is for. */
  readonly handle: number;
  readonly texts: PatchTexts;
  readonly args: readonly unknown[];
  /** Who asks, by handle. */
  readonly caller: number;
  /** How far the order has come, if it is another thread's. */
  readonly order?: OrderState | undefined;
}

/**
 * Repairs one service of this thread.
 *
 * @param receiver - who gets what `hotfix()` returns; undefined if that is a service of another thread.
 */
export async function hotfixHere(
  live: LiveNode,
  { handle, texts, args, caller, order }: HotfixOrder,
  receiver: object | undefined,
): Promise<unknown> {
  const context = live.node.runtime.contextOf(handle);
  if (context === undefined) throw deadError(handle);
  const own = copyArguments(args, context.service);
  const id = live.ledger.next();
  const enter = (said: string, result: { ok: boolean; code?: string }): void => {
    const target = `${formatAddress(handle)} ${context.name}`;
    const results = [{ handle, ...result }];
    live.enter(caller, { id, hash: hashOfPatch(texts), target, results, said });
  };
  let returned: Returned;
  try {
    const done = await patchOne(context, { texts, args: own, caller, order });
    ({ returned } = done);
    enter(`applied: ${done.summary}`, { ok: true });
  } catch (error) {
    enter(`refused: ${messageOf(error)}`, { ok: false, code: codeOf(error) ?? "ERR_PATCH_FAILED" });
    throw error;
  }
  if (returned.refusal !== undefined) {
    const why = `the patch is applied, but what hotfix() returned can't be sent: ${messageOf(returned.refusal)}`;
    throw new SnaxError("ERR_NOT_SENDABLE", why, { cause: returned.refusal });
  }
  return copyResult(returned.value, receiver);
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

/** Compiles a patch for one service as it is, and applies it; again, if another patch was faster. */
export async function patchOne(
  context: Context,
  { texts, args, caller, order }: Omit<HotfixOrder, "handle">,
): Promise<{ returned: Returned; summary: string }> {
  const elsewhere = standsFor.peek(context);
  if (elsewhere !== undefined) {
    const why = `it stands for ${elsewhere}, and only its own node can patch that`;
    throw new SnaxError("ERR_PATCH_LANGUAGE", `${formatAddress(context.handle)}: ${why}`);
  }
  for (;;) {
    const instance = codeOfService(context);
    const { state } = context;
    const parts = await compileParts(texts, {
      program: instance.program,
      scopeOf: (node) => scopeIn(instance, node),
      hasMethods: context.kind === SNAX_KIND,
      apiNames: new Set(context.runtime.parts.keys()),
    });
    if (state instanceof SnaxHost) checkGroups(parts, state.numbers);
    // What it adds can be told only before it is in.
    const summary = summarise(parts, instance);
    const done = await new Promise<Returned | undefined>((resolve, reject) => {
      new Application(
        context,
        { parts, args, caller, enter: order && (() => commitOrder(order)) },
        {
          receive,
          applied: (returned) => resolve(returned as Returned),
          failed: reject,
          stale: () => resolve(undefined),
        },
      ).start();
    });
    if (done !== undefined) return { returned: done, summary };
  }
}

/** Returns the handle that a patch is for. */
function targetOf({ context }: SnaxCaller, target: unknown): number {
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
