/** The texts of patches that were applied: the thread that led a patch has them. */

import { SnaxError } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import { askSteward } from "../../service/steward.ts";
import type { PatchRecord } from "../../snax/types.ts";
import type { PatchTexts } from "../text/compile.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { leaderOf, readTarget } from "./patch-target.ts";

/** The command of a thread's steward: `PATCHTEXTS(id)`. */
const PATCH_TEXTS = "PATCHTEXTS";

/** Has a thread tell others the texts of the patches that it has led. */
export function answerPatchTexts({ runtime, ledger }: LiveThread): void {
  runtime.stewardCommands.set(PATCH_TEXTS, async (_context, [id]) => ledger.textsOf(id as number));
}

/**
 * Returns the texts of a patch, by module.
 *
 * @throws {ERR_SERVICE_DEAD} if it was for a service that has ended.
 * @throws {ERR_PATCH} if they are no longer kept.
 */
export async function askPatchTexts(
  live: LiveThread,
  context: Context,
  { id, target, retired }: PatchRecord,
): Promise<PatchTexts> {
  const { threads } = live.runtime;
  const own = live.ledger.textsOf(id);
  if (own !== undefined) return own;
  const leader = leaderOf(live.runtime, readTarget(target));
  const isOwn = threads === undefined || leader === undefined || leader === threads.own;
  const texts = isOwn
    ? undefined
    : ((await askSteward(context, leader, PATCH_TEXTS, id)) as PatchTexts | undefined);
  if (texts !== undefined) return texts;
  const why = retired === undefined ? "" : `: ${retired}`;
  throw new SnaxError("ERR_PATCH", `the text of patch ${id} is no longer kept${why}`);
}
