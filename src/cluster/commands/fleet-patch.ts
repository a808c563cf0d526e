/**
 * Patches of all nodes, and what all nodes run.
 *
 *     FLEETPATCH allowMissing type patch ...    a patch for all nodes (fleet/lead.ts)
 *     FLEETROLLBACK allowMissing ids            takes some back
 *     FLEETDRIFT                   what all nodes run against their files (fleet/drift.ts)
 */

import type { FleetDrift, FleetResult, Patch } from "../../snax/types.ts";
import { engineError } from "../engine/driver.ts";
import { gatherFleetDrift } from "../fleet/drift.ts";
import type { FleetNode } from "../fleet/local.ts";
import type { FleetPatch } from "../fleet/record.ts";
import type { Hub } from "../hub/hub.ts";
import type { LinkNodes } from "../link/nodes.ts";
import type { Commands } from "./command.ts";
import type { EngineDesk } from "./engine.ts";

/** Makes the commands. */
export function fleetCommands(hub: Hub, links: LinkNodes, engine: EngineDesk): Commands {
  const { context } = hub;

  async function lead(
    allowMissing: boolean,
    make: (node: FleetNode) => Promise<FleetPatch>,
  ): Promise<FleetResult> {
    const patches = engine.fleet?.patches;
    if (patches === undefined) throw engineError("is none", false);
    const { FleetLead } = await import("../fleet/lead.ts");
    const { FleetNode } = await import("../fleet/local.ts");
    const patch = { ...(await make(new FleetNode(context))), from: hub.nodeName };
    return await new FleetLead(patches).run({ patch, allowMissing });
  }

  return {
    FLEETPATCH: (
      _source,
      allowMissing: boolean,
      ...[type, patch, ...args]: [string, Patch, ...unknown[]]
    ) => lead(allowMissing, (node) => node.make(type, patch, args)),
    FLEETROLLBACK: (_source, allowMissing: boolean, ids: readonly number[]) =>
      lead(allowMissing, (node) => node.makeReverse(ids)),
    FLEETDRIFT: async (): Promise<FleetDrift> => {
      const membership = await engine.known();
      return await gatherFleetDrift({ context, node: hub.nodeName, links, membership });
    },
  };
}
