/**
 * A service of another node as one of this node: `cluster.proxy("db", "@sdb")` gives its handle.
 */

import { clusterHost, skynet } from "snax";

skynet.start((node: string, address: number | string, type?: string) => {
  clusterHost.proxy(node, address, type);
});
