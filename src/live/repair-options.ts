/** The options of `snax.repair`: an option that does not exist is refused, or its author would miss it too late. */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import type { FleetOptions, RepairOptions } from "../snax/types.ts";

const OPTIONS: ReadonlySet<string> = new Set<keyof RepairOptions | keyof FleetOptions | "dry">([
  ...(["atomic", "once", "fleet", "allowMissing"] as const),
  "dry",
]);

/**
 * Reads them from a program.
 *
 * @throws {ERR_ARGUMENT} if there is no such option, or it is not what it should be.
 */
export function readRepairOptions(given: unknown): RepairOptions | FleetOptions {
  if (typeof given !== "object" || given === null) {
    throw new SnaxError("ERR_ARGUMENT", `snax.repair needs options, not ${inspect(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    const known = [...OPTIONS].join(", ");
    throw new SnaxError("ERR_ARGUMENT", `snax.repair has no option ${unknown}, only ${known}`);
  }
  const { atomic, once, fleet, allowMissing } = given as Record<string, unknown>;
  if (readSwitch("fleet", fleet)) return readFleet({ atomic, once, allowMissing });
  if (readSwitch("allowMissing", allowMissing)) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      "allowMissing of snax.repair is for the fleet: { fleet: true, allowMissing: true }",
    );
  }
  return { atomic: readSwitch("atomic", atomic), once: readSwitch("once", once) };
}

function readFleet({ atomic, once, allowMissing }: Record<string, unknown>): FleetOptions {
  if (readSwitch("once", once)) {
    const why = "a patch of the fleet is for later nodes, too: it has no once";
    throw new SnaxError("ERR_ARGUMENT", `snax.repair: ${why}`);
  }
  if (!readSwitch("atomic", atomic ?? true)) {
    const why = "a patch of the fleet is for all services or for none";
    throw new SnaxError("ERR_ARGUMENT", `snax.repair: ${why}, so atomic can't be false`);
  }
  return { fleet: true, allowMissing: readSwitch("allowMissing", allowMissing) };
}

function readSwitch(name: string, value: unknown = false): boolean {
  if (typeof value === "boolean") return value;
  const why = `${name} of snax.repair is true or false, not ${inspect(value)}`;
  throw new SnaxError("ERR_ARGUMENT", why);
}
