/**
 * What a thread's steward does for patches that somebody on another thread applies.
 */

import type { CampaignCommand, CampaignOrder } from "./hotfix-all-thread.ts";
import { CAMPAIGN } from "./hotfix-all-thread.ts";
import { SHARED_PATCH } from "./hotfix-shared-thread.ts";
import type { SharedCommand, SharedOrder } from "./hotfix-shared-thread.ts";
import { HOTFIX, hotfixHere } from "./hotfix.ts";
import type { LiveNode } from "./live-node.ts";
import type { PatchTexts } from "./patch.ts";

/** Gives the steward of a runtime the commands. */
export function addLiveCommands(live: LiveNode): void {
  const { stewardCommands } = live.node.runtime;
  stewardCommands.set(HOTFIX, (_context, [caller, handle, texts, args]) => {
    const order = {
      caller: caller as number,
      handle: handle as number,
      texts: texts as PatchTexts,
      args: args as unknown[],
    };
    return hotfixHere(live, order, undefined);
  });
  for (const command of Object.keys(CAMPAIGN) as CampaignCommand[]) {
    stewardCommands.set(`HOTFIXALL_${command}`, (context, [order]) =>
      CAMPAIGN[command](live, context, order as CampaignOrder),
    );
  }
  for (const command of Object.keys(SHARED_PATCH) as SharedCommand[]) {
    stewardCommands.set(`HOTFIXSHARED_${command}`, (_context, [order]) =>
      SHARED_PATCH[command](live, order as SharedOrder),
    );
  }
}
