/**
 * The engine of a node's cluster: which nodes take part, by the key `cluster.engine`. Loaded only where that is set.
 *
 *     nats://host:4222/name     a NATS server; the name keeps clusters apart
 *     memory://name             in this process: nodes of tests
 */

import { networkInterfaces } from "node:os";
import { MEMBER_LEASE_MS } from "../../base/limits.ts";
import type { Listened } from "../../net/socket-api.ts";
import { formatEndpoint } from "../../net/endpoint.ts";
import type { Driver, DriverHost } from "../engine/driver.ts";
import type { Hub } from "../hub/hub.ts";
import { incarnationsOf } from "../hub/incarnations.ts";
import type { LinkNodes } from "../link/nodes.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { GlobalOptions } from "../engine/global-services.ts";
import { FleetChannels } from "./channels.ts";
import { FleetData } from "./data.ts";
import { FleetNode } from "./local.ts";
import { FleetPatches } from "./patches.ts";
import { FleetSeal } from "./record.ts";
import { GlobalServices } from "../engine/global-services.ts";
import { Membership } from "../engine/membership.ts";

/** Makes the driver that a URL asks for. */
export async function createDriver(url: string, host: DriverHost): Promise<Driver> {
  if (url.startsWith("memory:")) {
    const { memoryEngine } = await import("../engine/driver-memory.ts");
    return memoryEngine(url).driver(host);
  }
  const { createNatsDriver } = await import("../engine/driver-nats.ts");
  return createNatsDriver(url, host);
}

/** What a fleet needs of its node. */
export interface FleetOptions {
  readonly hub: Hub;
  readonly links: LinkNodes;
  readonly exposure: Exposure;
  readonly proxy: GlobalOptions["proxy"];
  /** A node is there, with this process; undefined = neither the engine nor a link knows of any. */
  readonly onMember: (node: string, incarnation: string | undefined) => void;
  /** Where this node takes links; undefined = nowhere. */
  readonly listened: Listened | undefined;
  /** What all nodes of the cluster know; what is in the engine is sealed with it. */
  readonly token: string;
}

/** What a node has of its cluster. */
export interface Fleet {
  readonly membership: Membership;
  readonly globals: GlobalServices;
  readonly patches: FleetPatches;
  readonly data: FleetData;
  readonly channels: FleetChannels;
}

/** Takes part, and tells the links who is there. */
export async function joinFleet(url: string, options: FleetOptions): Promise<Fleet> {
  const { hub, links, listened } = options;
  const { runtime } = hub.context;
  const { own: incarnation } = incarnationsOf(runtime);
  // Not clusterd's own: the end of that is told too.
  const host: DriverHost = {
    now: () => runtime.clock.now(),
    later: (ms, run) => runtime.after(ms, run),
  };
  const membership: Membership = new Membership({
    driver: await createDriver(url, host),
    host,
    self: {
      node: hub.nodeName,
      incarnation,
      place: listened === undefined ? "" : reachable(listened),
    },
    leaseMs: MEMBER_LEASE_MS,
    log: hub.log,
    isLinked: ({ node, incarnation: other }) => links.isUp(node, other),
    onJoin: ({ node, place, incarnation: other }) => {
      links.name(node, place);
      options.onMember(node, other);
    },
    onLeave: ({ node }) => {
      links.unname(node);
      // A link says otherwise, as long as it is there.
      if (!links.isLinked(node)) options.onMember(node, undefined);
    },
    onRight: (ms) => globals.extend(ms),
    onLost: (why) => globals.lose(why),
    onEngine: () => patches.start(),
  });
  links.onAlone = (node) => {
    if (!membership.members.some((member) => member.node === node)) {
      options.onMember(node, undefined);
    }
  };
  const globals = new GlobalServices({ ...options, membership });
  const seal = new FleetSeal(options.token);
  const patches = createPatches(hub, membership, seal);
  const data = new FleetData(membership, seal);
  membership.start();
  return { membership, globals, patches, data, channels: new FleetChannels(membership) };
}

/** What says that a node is not ready: it has not what the fleet has. */
const UNKNOWN_PATCHES = "fleet";

function createPatches(hub: Hub, membership: Membership, seal: FleetSeal): FleetPatches {
  const { hindrances } = hub.context.runtime;
  const patches = new FleetPatches({
    membership,
    seal,
    local: new FleetNode(hub.context),
    log: hub.log,
    onHindrance: (id, why) => {
      if (why === undefined) hindrances.delete(`patch ${id} of the fleet`);
      else hindrances.set(`patch ${id} of the fleet`, why);
    },
  });
  hindrances.set(UNKNOWN_PATCHES, "the engine of the cluster has not told which patches it has");
  void patches.caughtUp.then(() => hindrances.delete(UNKNOWN_PATCHES));
  return patches;
}

/** What other machines can connect to: of a port that is open at all addresses, the first that is not this machine's own. */
function reachable({ address, port }: Listened): string {
  if (address !== "0.0.0.0" && address !== "::") return formatEndpoint(address, port);
  const family = address === "::" ? ["IPv4", "IPv6"] : ["IPv4"];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = all.find((one) => !one.internal && family.includes(one.family));
  return formatEndpoint(found?.address ?? "127.0.0.1", port);
}
