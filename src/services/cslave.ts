/**
 * `cslave`: the node's place in a network of harbors, `.cslave`.
 *
 * The key `harbor` of the configuration starts it. What it does is the runtime's (src/cluster);
 * this service is what that runs in.
 */

import { clusterHost, skynet } from "snax";

skynet.start(async () => {
  await clusterHost.serveSlave();
});
