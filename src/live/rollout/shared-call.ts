/** `snax.hotfixshared`: each thread by itself, or with all services held that use the module. */

import { resolve } from "node:path";
import { SnaxError } from "../../base/error.ts";
import type { LiveThread } from "./live-thread.ts";
import type { PatchCaller } from "./rollout.ts";
import { lead } from "./rollout.ts";
import type { SharedCall, SharedDone } from "./shared-module.ts";
import { SHARED_MODULE } from "./shared-module.ts";
import { applyTogether } from "./together.ts";

/** Repairs a shared module; see `SnaxApi.hotfixshared`. */
export async function hotfixshared(
  live: LiveThread,
  caller: PatchCaller,
  path: string,
  text: string,
): Promise<SharedDone> {
  if (typeof path !== "string" || typeof text !== "string") {
    throw new SnaxError("ERR_ARGUMENT", "snax.hotfixshared needs the path of a module and a text");
  }
  const { context, repair, takesBack, undoes } = caller;
  const { paths } = context.runtime;
  const file = resolve(paths.root, path);
  const isOnce = repair?.once === true;
  if (repair?.atomic === true) {
    const parts = [{ kind: "shared", file, text }] as const;
    const { id, threads, keepsOld } = await applyTogether(live, caller, parts);
    return { id, threads, ...(keepsOld !== undefined && { keepsOld }) };
  }
  const call: SharedCall = { file, text, caller: context.handle, takesBack, undoes, isOnce };
  return (await lead(live, context, SHARED_MODULE, { leader: 0, call })) as SharedDone;
}
