/**
 * Puts the API object `snax` together: starting and finding services (snax/), and changing what
 * runs (live/).
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { settleInside } from "../service/context.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { defineApi } from "../service/lazy-api.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import { snaxFunctions } from "../snax/snax-functions.ts";
import type { FleetApi, FleetOptions, Patch, RepairOptions, SnaxApi } from "../snax/types.ts";
import type { DryApi, DryOptions } from "../snax/types-dry.ts";
import type { ReloadOptions } from "../snax/types-reload.ts";
import type { SwapOptions } from "../snax/types-swap.ts";
import { readRepairOptions } from "./repair-options.ts";
import { fleetDrift, fleetHotfixall, fleetRollback } from "./operate/fleet-call.ts";
import { hotfixall } from "./rollout/all-of-type.ts";
import { dryRun, dryRunType, readDry } from "./operate/dry-run.ts";
import { together } from "./rollout/together.ts";
import { gatherDrift } from "./operate/drift.ts";
import { inflight } from "./operate/inflight.ts";
import { reload } from "./rollout/reload.ts";
import { swap } from "./rollout/swap.ts";
import { rollback } from "./operate/rollback.ts";
import { hotfixshared } from "./rollout/shared-call.ts";
import { hotfix } from "./rollout/one-service.ts";
import type { LiveThread } from "./rollout/live-thread.ts";

/** Makes the maker of `snax` for the services of one thread. */
export function createSnaxMaker(live: LiveThread): (context: Context) => SnaxApi {
  const liveFunctions: ApiTable<SnaxCaller> = {
    hotfix: (caller, target: unknown, ...patch: [Patch, ...unknown[]]) =>
      settleAt(caller, () => hotfix(live, caller, target, patch)),
    hotfixall: (caller, type: string, ...patch: [Patch, ...unknown[]]) =>
      settleAt(caller, () => hotfixall(live, caller, type, patch)),
    hotfixshared: (caller, path: string, text: string) =>
      settleAt(caller, () => hotfixshared(live, caller, path, text)),
    repair: (caller, given: unknown) => {
      const dry = takeDry(given);
      if (dry !== undefined) return makeDry(caller, dry);
      const options = readRepairOptions(given);
      return isOfFleet(options)
        ? makeFleet(caller, options)
        : caller.make({ ...caller, repair: options });
    },
    rollback: (caller, ids: number | readonly number[]) =>
      settleAt(caller, () => rollback(live, caller, ids)),
    together: (caller, patches: unknown) => settleAt(caller, () => together(live, caller, patches)),
    drift: (caller) => settleAt(caller, () => gatherDrift(live.ledger, caller.context)),
    inflight: (caller, id: number, options?: unknown) =>
      settleAt(caller, () => inflight(live, caller.context, id, options)),
    reload: (caller, target: unknown, wish?: ReloadOptions) =>
      settleAt(caller, () => reload(live, caller, target, wish)),
    swap: (caller, type: unknown, wish?: SwapOptions) =>
      settleAt(caller, () => swap(live, caller, type, wish)),
    patches: () => live.ledger.records(),
  };
  const make = defineApi<SnaxCaller>({ ...snaxFunctions, ...liveFunctions });
  return (context) => make({ snax: live.snax, context, deadlineMs: 0, make }) as SnaxApi;
}

/** The options of a dry run; beside it nothing else is meant. */
function takeDry(given: unknown): DryOptions | undefined {
  if (typeof given !== "object" || given === null || !("dry" in given)) return undefined;
  const other = Object.keys(given).find((name) => name !== "dry");
  if (other === undefined) return readDry(given.dry);
  const why = `${other} does not go with dry: a dry run is on one copy, and changes nothing`;
  throw new SnaxError("ERR_ARGUMENT", `snax.repair: ${why}`);
}

/** What can't be tried is refused: it would be done. */
function makeDry(caller: SnaxCaller, options: DryOptions): DryApi {
  const refuse = (name: string) => (): never => {
    const why = "a dry run is of hotfix and hotfixall";
    throw new SnaxError("ERR_ARGUMENT", `snax.repair({ dry }).${name}: ${why}`);
  };
  const api: DryApi = {
    hotfix: (target, ...patch) => settleAt(caller, () => dryRun(caller, options, target, patch)),
    hotfixall: (type, ...patch) => settleAt(caller, () => dryRunType(caller, options, type, patch)),
  };
  const others = ["hotfixshared", "rollback", "reload", "swap", "repair"];
  return Object.assign(api, Object.fromEntries(others.map((name) => [name, refuse(name)])));
}

function isOfFleet(options: RepairOptions | FleetOptions): options is FleetOptions {
  return "fleet" in options;
}

/** What is not there for the whole fleet is refused: it would be done on this node alone. */
function makeFleet(caller: SnaxCaller, options: FleetOptions): FleetApi {
  const refuse = (name: string) => (): never => {
    const why = `${name} is for this node: the fleet has hotfixall, rollback and drift`;
    throw new SnaxError("ERR_ARGUMENT", `snax.repair({ fleet: true }).${name}: ${why}`);
  };
  const api: FleetApi = {
    hotfixall: (type, ...patch) =>
      settleAt(caller, () => fleetHotfixall(caller, options, type as string, patch)),
    rollback: (ids) => settleAt(caller, () => fleetRollback(caller, options, ids)),
    drift: () => settleAt(caller, () => fleetDrift(caller)),
  };
  return Object.assign(api, {
    hotfix: refuse("hotfix"),
    hotfixshared: refuse("hotfixshared"),
    reload: refuse("reload"),
    swap: refuse("swap"),
    repair: refuse("repair"),
  });
}

/** See {@link settleInside}. */
function settleAt<T>({ context }: SnaxCaller, run: () => Promise<T>): Promise<T> {
  return settleInside(context, run);
}
