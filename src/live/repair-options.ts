/** The options of `snax.repair`: what is asked for and not there is refused, or it would be missed too late. */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import type { RepairOptions } from "../snax/types.ts";

const OPTIONS: ReadonlySet<string> = new Set<keyof RepairOptions>(["atomic"]);

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
    throw new SnaxError("ERR_ARGUMENT", `snax.repair has no option ${unknown}, only atomic`);
  }
  const { atomic = false } = given as { readonly atomic?: unknown };
  if (typeof atomic === "boolean") return { atomic };
  const why = `atomic of snax.repair is true or false, not ${inspect(atomic)}`;
  throw new SnaxError("ERR_ARGUMENT", why);
}
