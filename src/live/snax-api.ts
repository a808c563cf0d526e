/**
 * Puts the API object `snax` together: starting and finding services (snax/), and changing what
 * runs (live/).
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { defineApi } from "../service/lazy-api.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import { snaxFunctions } from "../snax/snax-functions.ts";
import type { FleetApi, FleetOptions, Patch, RepairOptions, SnaxApi } from "../snax/types.ts";
import { readRepairOptions } from "./repair-options.ts";
import { fleetHotfixall, fleetRollback } from "./rollout/fleet-call.ts";
import { hotfixall } from "./rollout/all-of-type.ts";
import { gatherDrift } from "./rollout/drift.ts";
import { inflight } from "./rollout/inflight.ts";
import { rollback } from "./rollout/rollback.ts";
import { hotfixshared } from "./rollout/shared-module.ts";
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
      const options = readRepairOptions(given);
      return isOfFleet(options)
        ? makeFleet(caller, options)
        : caller.make({ ...caller, repair: options });
    },
    rollback: (caller, ids: number | readonly number[]) =>
      settleAt(caller, () => rollback(live, caller, ids)),
    drift: (caller) => settleAt(caller, () => gatherDrift(live.ledger, caller.context)),
    inflight: (caller, id: number, options?: unknown) =>
      settleAt(caller, () => inflight(live, caller.context, id, options)),
    patches: () => live.ledger.records(),
  };
  const make = defineApi<SnaxCaller>({ ...snaxFunctions, ...liveFunctions });
  return (context) => make({ snax: live.snax, context, deadlineMs: 0, make }) as SnaxApi;
}

function isOfFleet(options: RepairOptions | FleetOptions): options is FleetOptions {
  return "fleet" in options;
}

/** What is not there for the whole fleet is refused: it would be done on this node alone. */
function makeFleet(caller: SnaxCaller, options: FleetOptions): FleetApi {
  const refuse = (name: string) => (): never => {
    const why = `${name} is for this node: the fleet has hotfixall and rollback`;
    throw new SnaxError("ERR_ARGUMENT", `snax.repair({ fleet: true }).${name}: ${why}`);
  };
  const api: FleetApi = {
    hotfixall: (type, ...patch) =>
      settleAt(caller, () => fleetHotfixall(caller, options, type as string, patch)),
    rollback: (ids) => settleAt(caller, () => fleetRollback(caller, options, ids)),
  };
  return Object.assign(api, {
    hotfix: refuse("hotfix"),
    hotfixshared: refuse("hotfixshared"),
    repair: refuse("repair"),
  });
}

/**
 * Settles a promise in a turn of the service that holds it: what patches another service ends in a
 * turn of that one, and whose code runs must always be known.
 */
function settleAt<T>({ context }: SnaxCaller, run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    requireAlive(context);
    const { kernel } = context.runtime;
    const here = (settle: () => void): void => {
      if (context.service.isAlive) kernel.soon(context.service, settle);
      else settle();
    };
    run().then(
      (value) => here(() => resolve(value)),
      (error: unknown) => here(() => reject(error as Error)),
    );
  });
}
