/** The options of `snax.repair`: what is asked for and not there is refused, or it would be missed too late. */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import type { RepairOptions } from "../snax/types.ts";

const OPTIONS: ReadonlySet<string> = new Set<keyof RepairOptions>(["atomic", "once"]);

/**
 * Reads them from a program.
 *
 * @throws {ERR_ARGUMENT} if there is no such option, or it is not what it should be.
 */
export function readRepairOptions(given: unknown): RepairOptions {
  if (typeof given !== "object" || given === null) {
    throw new SnaxError("ERR_ARGUMENT", `snax.repair needs options, not ${inspect(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    const known = [...OPTIONS].join(" and ");
    throw new SnaxError("ERR_ARGUMENT", `snax.repair has no option ${unknown}, only ${known}`);
  }
  const { atomic, once } = given as { readonly atomic?: unknown; readonly once?: unknown };
  return { atomic: readSwitch("atomic", atomic), once: readSwitch("once", once) };
}

function readSwitch(name: string, value: unknown = false): boolean {
  if (typeof value === "boolean") return value;
  const why = `${name} of snax.repair is true or false, not ${inspect(value)}`;
  throw new SnaxError("ERR_ARGUMENT", why);
}
