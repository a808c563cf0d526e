/**
 * What a thread's steward does for patches that somebody on another thread applies.
 */

import type { CampaignCall, CampaignCommand, CampaignOrder } from "./hotfix-all-thread.ts";
import { CAMPAIGN } from "./hotfix-all-thread.ts";
import { HOTFIXALL, runCampaign } from "./hotfix-all.ts";
import { SHARED_PATCH } from "./hotfix-shared-thread.ts";
import type { SharedCall, SharedCommand, SharedOrder } from "./hotfix-shared-thread.ts";
import { HOTFIXSHARED, runShared } from "./hotfix-shared.ts";
import { HOTFIX, hotfixHere } from "./hotfix.ts";
import type { LiveNode } from "./live-node.ts";
import type { TextQuestion } from "./running-texts.ts";
import { listRunning, TEXTS } from "./running-texts.ts";
import type { PatchTexts } from "../text/patch.ts";
import type { OrderState } from "./thread-order.ts";
import { takeOrder } from "./thread-order.ts";

/** What ends a patch is done however late it comes: nobody waits for it, and nothing else depends on it. */
const MUST_BE_HEARD: ReadonlySet<string> = new Set(["APPLY", "KEEP", "WITHDRAW", "UNDO"]);

/** Gives the steward of a runtime the commands. */
export function addLiveCommands(live: LiveNode): void {
  const { runtime } = live.node;
  const { stewardCommands } = runtime;
  stewardCommands.set(TEXTS, async (_context, [question]) => {
    return listRunning(runtime, question as TextQuestion);
  });
  stewardCommands.set(HOTFIX, (_context, [state, caller, handle, texts, args]) => {
    takeOrder(state as OrderState);
    const order = {
      order: state as OrderState,
      caller: caller as number,
      handle: handle as number,
      texts: texts as PatchTexts,
      args: args as unknown[],
    };
    return hotfixHere(live, order, undefined);
  });
  stewardCommands.set(HOTFIXALL, (context, [state, call]) => {
    takeOrder(state as OrderState);
    return runCampaign(live, context, call as CampaignCall);
  });
  stewardCommands.set(HOTFIXSHARED, (context, [state, call]) => {
    takeOrder(state as OrderState);
    return runShared(live, context, call as SharedCall);
  });
  for (const command of Object.keys(CAMPAIGN) as CampaignCommand[]) {
    stewardCommands.set(`HOTFIXALL_${command}`, (context, [state, order]) => {
      if (!MUST_BE_HEARD.has(command)) takeOrder(state as OrderState);
      return CAMPAIGN[command](live, context, order as CampaignOrder, state as OrderState);
    });
  }
  for (const command of Object.keys(SHARED_PATCH) as SharedCommand[]) {
    stewardCommands.set(`HOTFIXSHARED_${command}`, (_context, [state, order]) => {
      if (!MUST_BE_HEARD.has(command)) takeOrder(state as OrderState);
      return SHARED_PATCH[command](live, order as SharedOrder, state as OrderState);
    });
  }
}
