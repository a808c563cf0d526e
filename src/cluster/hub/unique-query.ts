/**
 * Which unique service another node means. The service manager is asked for nothing else in its name, and what it knows is told
 * of exposed services only.
 */

import { parseAddress } from "../../kernel/service.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { request } from "../../service/calls.ts";
import type { Exposure } from "./exposure.ts";
import type { Hub } from "./hub.ts";

/**
 * Finds a unique service by the key under which the manager knows it: its name, or `snaxd` and its type.
 *
 * @returns undefined if there is none, or it is not exposed.
 */
export async function findUnique(
  { context }: Hub,
  exposure: Exposure,
  key: readonly unknown[],
): Promise<number | undefined> {
  const name = key.length === 2 && key[0] !== "" ? key.join(".") : String(key.at(-1));
  const envelope = { type: PTYPE.lua, method: 0, values: ["LIST"] };
  const entries = await request(context, ".service", envelope, Infinity);
  const text = Object.entries(entries as Record<string, string>).find(([at]) => at === name)?.[1];
  const handle = parseAddress(text ?? "");
  return handle !== undefined && exposure.isExposed(handle) ? handle : undefined;
}
