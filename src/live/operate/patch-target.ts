/** What a patch was for, as the ledger says it, and the thread that led it. */

import { deadError } from "../../kernel/refusal.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { Home } from "../rollout/rollout.ts";

/** What a patch was for. */
export type Target =
  | { readonly kind: "service"; readonly handle: number }
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "shared"; readonly file: string };

/** Reads the target of an entry of the ledger; a reload was for a service or a type as well. */
export function readTarget(entered: string): Target {
  const target = entered.replace(/^reload /, "");
  const [, address] = /^:([0-9a-f]{8}) /.exec(target) ?? [];
  if (address !== undefined) return { kind: "service", handle: Number.parseInt(address, 16) };
  if (target.startsWith("all ")) return { kind: "type", type: target.slice("all ".length) };
  return { kind: "shared", file: target };
}

/**
 * Returns the thread that led a patch.
 *
 * @throws {ERR_SERVICE_DEAD} if it was for a service that has ended, and its thread is unknown.
 */
export function leaderOf({ threads }: Runtime, target: Target): Home {
  if (target.kind !== "service") return 0;
  const thread = threads?.threadOf(target.handle);
  if (threads !== undefined && thread === undefined) throw deadError(target.handle);
  return thread;
}
