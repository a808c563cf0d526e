/**
 * `snax.hotfix`: one patch for one running service.
 *
 *     text -> compiled and checked (patch.ts) -> inside the service (apply.ts): bound, committed (service-patch.ts)
 *          -> hotfix(...args), perhaps awaited (hold.ts) -> one result, and a line in the ledger
 */

import { copyArguments, copyResult } from "../base/copy.ts";
import { codeOf, SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import { deadError } from "../kernel/refusal.ts";
import { resolveAddress } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { messageOf } from "../service/error-text.ts";
import { SnaxObject } from "../snax/service-object.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import { SnaxHost } from "../snax/snax-host.ts";
import { SNAX_KIND } from "../snax/snax-kind.ts";
import type { Patch } from "../snax/types.ts";
import { Application, codeOfService, scopeIn } from "./apply.ts";
import type { LiveNode } from "./live-node.ts";
import { checkGroups } from "./method-swap.ts";
import type { PatchTexts } from "./patch.ts";
import { compileParts, hashOfPatch, readPatch, summaryOf } from "./patch.ts";

/** Repairs one service; see `SnaxApi.hotfix`. */
export async function hotfix(
  live: LiveNode,
  caller: SnaxCaller,
  target: unknown,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<unknown> {
  const context = targetOf(caller, target);
  const texts = readPatch(patch);
  const own = copyArguments(args, context.service);
  const id = live.ledger.next();
  const { handle } = context;
  const enter = (said: string, result: { ok: boolean; code?: string }): void => {
    const target = `${formatAddress(handle)} ${context.name}`;
    const results = [{ handle, ...result }];
    live.enter(caller.context.handle, { id, hash: hashOfPatch(texts), target, results, said });
  };
  let value: unknown;
  try {
    const done = await patchOne(context, { texts, args: own, caller: caller.context.handle });
    ({ value } = done);
    enter(`applied: ${done.summary}`, { ok: true });
  } catch (error) {
    enter(`refused: ${messageOf(error)}`, { ok: false, code: codeOf(error) ?? "ERR_PATCH_FAILED" });
    throw error;
  }
  try {
    return copyResult(value, caller.context.service);
  } catch (error) {
    const why = `the patch is applied, but what hotfix() returned can't be sent: ${messageOf(error)}`;
    throw new SnaxError("ERR_NOT_SENDABLE", why, { cause: error });
  }
}

/** Compiles a patch for one service as it is, and applies it; again, if another patch was faster. */
export async function patchOne(
  context: Context,
  { texts, args, caller }: { texts: PatchTexts; args: readonly unknown[]; caller: number },
): Promise<{ value: unknown; summary: string }> {
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
    const done = await new Promise<{ value: unknown } | undefined>((resolve, reject) => {
      new Application(
        context,
        { parts, args, caller },
        {
          applied: (value) => resolve({ value }),
          failed: reject,
          stale: () => resolve(undefined),
        },
      ).start();
    });
    if (done !== undefined) return { value: done.value, summary: summaryOf(parts) };
  }
}

/** Returns the service that a patch is for. */
function targetOf({ context }: SnaxCaller, target: unknown): Context {
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
  const found = context.runtime.contextOf(handle);
  if (found === undefined) throw deadError(handle);
  return found;
}
