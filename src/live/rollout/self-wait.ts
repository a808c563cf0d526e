/**
 * What the `hotfix()` of a patch, or the `reload()` of a file, must not ask for: both would wait for each other, until
 * `hotfixtimeout`.
 *
 *     hotfix() of :08 -> hotfixall of its type -> its turn comes after this patch -> which waits for hotfix()
 *
 * Found where the code that asks still belongs to that function: up to its first wait for something that is not snax's.
 */

import { SnaxError } from "../../base/error.ts";
import { pendingHotfix } from "../apply/application.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";

/** Why a service can't be reloaded, swapped or moved on its own request, by a call that waits for the result. */
export const ASKS_FOR_ITSELF =
  "it asks for that itself, and the handler that asks would be waited for: let another service ask";

/** For which services the caller asks. */
export interface Wanted {
  /** The service, if it is for one service. */
  readonly handle?: number | undefined;
  /** The types. */
  readonly types?: readonly string[];
  /** Whether it holds services until all have agreed; of those one is at a time. */
  readonly holds?: boolean;
}

/**
 * Refuses what would wait for the `hotfix()` that asks for it. One that does not wait may ask: what it asks for comes after it.
 *
 * @param what - what is asked for, as the message says it.
 * @returns undefined if the caller is not being patched; else a promise that rejects with ERR_PATCH, or resolves.
 */
export function refuseSelfWait(
  { context }: SnaxCaller,
  what: string,
  { handle, types = [], holds = false }: Wanted,
): Promise<void> | undefined {
  const { runtime, name } = context;
  const { origin } = runtime.kernel;
  if (!context.isPatched || origin === undefined) return undefined;
  // The part of hotfix() before its first await is over then.
  return Promise.resolve().then(() => {
    const hotfix = pendingHotfix(context);
    if (hotfix?.origin !== origin) return;
    const { title = "hotfix()" } = hotfix;
    const other = handle === undefined ? undefined : runtime.contextOf(handle)?.name;
    const isHeld = hotfix.isUndecided && (holds || other === name);
    if (handle !== context.handle && !types.includes(name) && !isHeld) return;
    const why = isHeld
      ? "its patch holds all services of the type until hotfix() has ended"
      : `it is for ${name}, whose ${title} asks for it, and both would wait`;
    throw new SnaxError("ERR_PATCH", `${title} can't have ${what}: ${why}; ask for it afterwards`);
  });
}
