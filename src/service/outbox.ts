/**
 * What a patch sends while the services that it is for have not agreed on it: it goes out when the patch stays, and is
 * dropped if the patch goes.
 */

import { LEVEL } from "../base/log-level.ts";
import { HOLD } from "../kernel/service.ts";
import type { Service } from "../kernel/service.ts";
import type { Context } from "./context.ts";
import { messageOf } from "./error-text.ts";
import { defineNote } from "./context.ts";

const drafts = defineNote<(() => void)[]>();

const UNDECIDED = HOLD.voting | HOLD.patching;

/** Says whether a patch runs in a service that waits for a vote: what the service sends now is kept back. */
export function isUndecided({ holds }: Service): boolean {
  return (holds & UNDECIDED) === UNDECIDED;
}

/** Keeps a message back. @param send - sends it; its values are copies */
export function keepBack(context: Context, send: () => void): void {
  const kept = drafts.peek(context);
  if (kept === undefined) drafts.set(context, [send]);
  else kept.push(send);
}

/** Sends what was kept back, in its order; also of a service that has ended since. */
export function sendKept(context: Context): void {
  const kept = drafts.peek(context);
  if (kept === undefined) return;
  drafts.drop(context);
  for (const send of kept) {
    try {
      send();
    } catch (error) {
      const what = "a message that hotfix() sent could not be delivered when the patch stayed";
      context.runtime.log(context.handle, `${what}: ${messageOf(error)}`, LEVEL.error);
    }
  }
}

/** Forgets what was kept back. */
export function dropKept(context: Context): void {
  drafts.drop(context);
}
