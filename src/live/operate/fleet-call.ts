/**
 * `snax.repair({ fleet: true })`: patches of all nodes of the cluster. What leads them is above (cluster/fleet/lead.ts); the way there is `.clusterd`, from any
 * thread.
 */

import { SnaxError } from "../../base/error.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { request } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import { createSkynet } from "../../service/skynet.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { FleetDrift, FleetOptions, FleetResult, Patch } from "../../snax/types.ts";
import { readPatch } from "../text/compile.ts";
import { readIds } from "./rollback.ts";

/** The commands of clusterd. */
const FLEET_PATCH = "FLEETPATCH";
const FLEET_ROLLBACK = "FLEETROLLBACK";
const FLEET_DRIFT = "FLEETDRIFT";

/** Repairs all services of a type on all nodes; see `FleetApi.hotfixall`. */
export async function fleetHotfixall(
  { context }: SnaxCaller,
  options: FleetOptions,
  type: string,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<FleetResult> {
  readPatch(patch);
  return await askFleet(context, [
    FLEET_PATCH,
    options.allowMissing === true,
    type,
    patch,
    ...args,
  ]);
}

/** Takes patches of the fleet back; see `FleetApi.rollback`. */
export async function fleetRollback(
  { context }: SnaxCaller,
  options: FleetOptions,
  ids: unknown,
): Promise<FleetResult> {
  return await askFleet(context, [FLEET_ROLLBACK, options.allowMissing === true, readIds(ids)]);
}

/** Compares what all nodes run with their files; see `FleetApi.drift`. */
export async function fleetDrift({ context }: Pick<SnaxCaller, "context">): Promise<FleetDrift> {
  const { environment, kernel } = context.runtime;
  const { engine, nodes } = (environment.get("cluster") ?? {}) as Record<string, unknown>;
  if ((engine ?? nodes) === undefined) {
    const why = "the configuration has neither cluster.engine nor cluster.nodes";
    throw new SnaxError("ERR_ENGINE_DOWN", `the nodes of the fleet are unknown: ${why}`, {
      data: { sent: false },
    });
  }
  const daemon =
    kernel.names.get(".clusterd") ?? (await createSkynet(context).uniqueservice("clusterd"));
  const order = { type: PTYPE.lua, method: 0, values: [FLEET_DRIFT] };
  return (await request(context, daemon, order, Infinity)) as FleetDrift;
}

async function askFleet(context: Context, values: unknown[]): Promise<FleetResult> {
  const { environment, kernel } = context.runtime;
  const { engine } = (environment.get("cluster") ?? {}) as { engine?: string };
  const daemon = kernel.names.get(".clusterd");
  if (engine === undefined || daemon === undefined) {
    const why =
      engine === undefined
        ? "the configuration has no cluster.engine"
        : "clusterd does not run yet";
    throw new SnaxError(
      "ERR_ENGINE_DOWN",
      `a patch of the fleet needs the engine of the cluster: ${why}`,
      {
        data: { sent: false },
      },
    );
  }
  const order = { type: PTYPE.lua, method: 0, values };
  return (await request(context, daemon, order, Infinity)) as FleetResult;
}
