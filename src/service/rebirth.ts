/**
 * Puts other code behind a service that lives on: what its code had registered is begun anew.
 *
 * Handle, mailbox, names, sessions, sockets and watchers belong to the service and stay.
 */

import { PTYPE } from "../kernel/protocol.ts";
import { tableWith } from "./answers.ts";
import type { Context } from "./context.ts";
import { endParts, partsWithoutCode, returnParts } from "./context.ts";

/** Code that a service has forgotten. */
export interface Forgotten {
  /** Puts everything back as it was; what other code has registered meanwhile ends. */
  readonly back: () => void;
  /** Other code is in its place for good: what it had registered elsewhere, a listener of a shared table, ends. */
  readonly end: () => void;
}

/** Lets a service forget its code and what that has registered: handlers, protocols, its start function. Timers stay. */
export function forgetCode(context: Context): Forgotten {
  const { code, state, receivers, parts, kind, runtime } = context;
  context.code = undefined;
  context.receivers = runtime.kind(kind).receivers;
  // Marks behind what a gate delivered are the runtime's, and one may wait in the mailbox.
  const { [PTYPE.flow]: flow } = receivers;
  if (flow !== undefined) context.receivers = tableWith(context.receivers, PTYPE.flow, flow);
  context.parts = partsWithoutCode(context);
  const keepOwn = (others: Context["parts"]): void => {
    endParts(others, context.parts);
    // Both may have registered the same object.
    returnParts(context.parts);
  };
  return {
    back: () => {
      const { parts: others } = context;
      Object.assign(context, { code, state, receivers, parts });
      keepOwn(others);
    },
    end: () => keepOwn(parts),
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

/** Tells those who follow a service that it has other code now. */
export function tellNewCode(context: Context): void {
  for (const hear of [...(followers.get(context) ?? [])]) hear();
}
