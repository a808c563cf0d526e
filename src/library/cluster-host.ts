/**
 * What the services of the cluster get as `clusterHost`: their insides, loaded when the first of
 * them begins. A node that has nothing to do with others does not load them.
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import type { SnaxThread } from "../snax/snax-thread.ts";
import type { ClusterAddress } from "./cluster-api.ts";
import { serveProxy } from "./cluster-proxy.ts";

/** Everything under `import { clusterHost } from "snax"`. */
export interface ClusterHostApi {
  /** Makes the service clusterd: from now on it holds the node's connections. */
  serve(): Promise<void>;
  /** Makes the service cslave: from now on it holds the node's place in a network of harbors. */
  serveSlave(): Promise<void>;
  /** Makes the service cmaster: harbors meet there. */
  serveMaster(): Promise<void>;
  /**
   * Makes the service a proxy of one of another node.
   *
   * @param type - the name of its file, if it is a snax service
   */
  proxy(node: string, address: ClusterAddress, type?: string): void;
}

/** Makes the maker of `clusterHost` for the services of a node. */
export function createClusterHostMaker(snax: SnaxThread): (context: Context) => ClusterHostApi {
  return (context) => ({
    serve: async () => {
      requireSystem(context);
      const { Clusterd } = await import("../cluster/clusterd.ts");
      await new Clusterd(context).start();
    },
    serveSlave: async () => {
      requireSystem(context);
      const { HarborSlave } = await import("../cluster/harbor/slave.ts");
      await new HarborSlave(context).start();
    },
    serveMaster: async () => {
      requireSystem(context);
      const { HarborMaster } = await import("../cluster/harbor/master.ts");
      await new HarborMaster(context).start();
    },
    proxy: (name, address, type) => {
      requireSystem(context);
      serveProxy(snax, context, { node: name, address, type });
    },
  });
}

function requireSystem({ runtime, name }: Context): void {
  if (runtime.paths.isSystem(name)) return;
  throw new SnaxError("ERR_FORBIDDEN", "clusterHost is for the system's own services");
}
