/** The texts of patches that were applied: the thread that led a patch has them. */

import { SnaxError } from "../../base/error.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Context } from "../../service/context.ts";
import { askSteward } from "../../service/steward.ts";
import type { PatchTexts } from "../text/compile.ts";
import type { LiveThread } from "./live-thread.ts";
import type { Home } from "./rollout.ts";

/** The command of a thread's steward: `PATCHTEXTS(id)`. */
const PATCH_TEXTS = "PATCHTEXTS";

/** Has a thread tell others the texts of the patches that it has led. */
export function answerPatchTexts({ runtime, ledger }: LiveThread): void {
  runtime.stewardCommands.set(PATCH_TEXTS, async (_context, [id]) => ledger.textsOf(id as number));
}

/** The handle of the service that an entry of the ledger names; undefined if it names a type or a module. */
export function handleOf(target: string): number | undefined {
  const [, address] = /^:([0-9a-f]{8}) /.exec(target) ?? [];
  return address === undefined ? undefined : Number.parseInt(address, 16);
}

/**
 * Returns the thread that led a patch.
 *
 * @param target - whom it was for, as the ledger says it.
 * @throws {ERR_SERVICE_DEAD} if it was for a service that is gone.
 */
export function leaderOf({ runtime }: LiveThread, target: string): Home {
  const handle = handleOf(target);
  if (handle === undefined) return 0;
  const thread = runtime.threads?.threadOf(handle);
  if (runtime.threads !== undefined && thread === undefined) throw deadError(handle);
  return thread;
}

/**
 * Returns the texts of a patch.
 *
 * @param leader - the thread that led it
 * @throws {ERR_PATCH} if they are no longer kept.
 */
export async function askPatchTexts(
  live: LiveThread,
  context: Context,
  { id, leader }: { readonly id: number; readonly leader: Home },
): Promise<PatchTexts> {
  const { threads } = live.runtime;
  const isOwn = threads === undefined || leader === undefined || leader === threads.own;
  const texts = isOwn
    ? live.ledger.textsOf(id)
    : ((await askSteward(context, leader, PATCH_TEXTS, id)) as PatchTexts | undefined);
  if (texts !== undefined) return texts;
  throw new SnaxError("ERR_PATCH", `the text of patch ${id} is no longer kept`);
}
