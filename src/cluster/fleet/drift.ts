/**
 * `drift` of the whole fleet: each node compares what it runs with its own files, and says so over its link.
 *
 *     who is there (configuration, engine) -- %drift --> each node -> its report, or why there is none
 */

import { codeOf } from "../../base/error.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { liveOf } from "../../live/rollout/live-thread.ts";
import { gatherDrift } from "../../live/operate/drift.ts";
import { request } from "../../service/calls.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Context } from "../../service/context.ts";
import type { FleetDrift, FleetNodeDrift, SilentNode } from "../../snax/types.ts";
import type { Membership } from "../engine/membership.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { LinkNodes } from "../link/nodes.ts";

/** What other nodes ask for. */
const ADDRESS = "%drift";

/** What it needs of clusterd. */
export interface DriftOptions {
  readonly context: Context;
  readonly node: string;
  readonly links: LinkNodes;
  readonly membership: Membership | undefined;
}

/** Lets other nodes of the cluster ask for this one's drift. */
export function offerDrift({ offers }: Exposure, context: Context): void {
  offers.set(ADDRESS, () => ownDrift(context));
}

/** Asks all nodes. */
export async function gatherFleetDrift(options: DriftOptions): Promise<FleetDrift> {
  const { context, node, links, membership } = options;
  const found = new Map<string, FleetNodeDrift>();
  const silent: SilentNode[] = [];
  const names = links.names.filter((name) => name !== node);
  const ask = async (name: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      found.set(name, (await run()) as FleetNodeDrift);
    } catch (error) {
      silent.push({ node: name, code: codeOf(error) ?? "ERR_REMOTE", reason: messageOf(error) });
    }
  };
  await Promise.all([
    ask(node, () => ownDrift(context)),
    ...names.map((name) => ask(name, () => askNode(context, links, name))),
  ]);
  const isComplete = membership?.isUp !== false;
  const rows = [...found].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    drifts: silent.length > 0 || !isComplete || rows.some(([, { drifts }]) => drifts),
    nodes: Object.fromEntries(rows),
    silent: silent.toSorted((one, other) => (one.node < other.node ? -1 : 1)),
    isComplete,
  };
}

async function ownDrift(context: Context): Promise<FleetNodeDrift> {
  const { runtime } = context;
  const report = await gatherDrift(liveOf(runtime).ledger, context);
  return { ...report, root: runtime.paths.root };
}

/** A node waits `hotfixtimeout` for its own threads; what takes twice as long is silent. */
async function askNode(context: Context, links: LinkNodes, node: string): Promise<unknown> {
  const ms = 2 * context.runtime.environment.hotfixMs;
  const envelope = {
    type: PTYPE.harbor,
    method: 0,
    values: [ADDRESS, context.runtime.sinceStartMs + ms],
  };
  return await request(context, links.handleOf(node), envelope, ms);
}
