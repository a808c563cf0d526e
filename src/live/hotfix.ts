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
import { SnaxObject } from "../snax/service-object.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import { SnaxHost } from "../snax/snax-host.ts";
import { SNAX_KIND } from "../snax/snax-kind.ts";
import type { Patch } from "../snax/types.ts";
import { Application, codeOfService, scopeIn } from "./apply.ts";
import type { LiveNode } from "./live-node.ts";
import { checkGroups } from "./method-swap.ts";
import type { PatchTexts } from "./patch.ts";
import { compileParts, hashOfPatch, readPatch } from "./patch.ts";

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
  const enter = (result: { ok: boolean; code?: string }): void => {
    const where = `${formatAddress(handle)} ${context.name}`;
    live.ledger.enter(id, hashOfPatch(texts), where, [{ handle, ...result }]);
  };
  let value: unknown;
  try {
    value = await patchOne(context, { texts, args: own, caller: caller.context.handle });
  } catch (error) {
    enter({ ok: false, code: codeOf(error) ?? "ERR_PATCH_FAILED" });
    throw error;
  }
  enter({ ok: true });
  // A result that can't be sent is the caller's error; the patch stays.
  return copyResult(value, caller.context.service);
}

/** Compiles a patch for one service as it is, and applies it; again, if another patch was faster. */
export async function patchOne(
  context: Context,
  { texts, args, caller }: { texts: PatchTexts; args: readonly unknown[]; caller: number },
): Promise<unknown> {
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
    if (done !== undefined) return done.value;
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
  const found = handle === undefined ? undefined : context.runtime.contextOf(handle);
  if (found === undefined) throw deadError(handle ?? 0);
  return found;
}
