/**
 * Puts other code behind a service that lives on: what its code had registered is begun anew.
 *
 * Handle, mailbox, names, sessions, sockets and watchers belong to the service and stay.
 */

import type { Context } from "./context.ts";
import { partsWithoutCode } from "./part.ts";

/**
 * Lets a service forget its code and what that has registered: handlers, protocols, its start function. Timers stay.
 *
 * @returns what puts everything back as it was.
 */
export function forgetCode(context: Context): () => void {
  const { code, state, receivers, parts, kind, runtime } = context;
  context.code = undefined;
  context.receivers = runtime.kind(kind).receivers;
  context.parts = partsWithoutCode(context);
  return () => {
    Object.assign(context, { code, state, receivers, parts });
  };
}

/** Who hears that a service has other code, by service. */
const followers = new WeakMap<Context, Set<() => void>>();

/**
 * Hears whenever a service lives on with other code.
 *
 * @returns what ends that.
 */
export function followCode(context: Context, hear: () => void): () => void {
  const all = followers.get(context) ?? new Set();
  followers.set(context, all);
  all.add(hear);
  return () => void all.delete(hear);
}

/** Tells whoever follows a service that it has other code now. */
export function tellNewCode(context: Context): void {
  for (const hear of [...(followers.get(context) ?? [])]) hear();
}
