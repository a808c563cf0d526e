/**
 * `cmaster`: where the harbors of a network meet.
 *
 * The key `standalone` of the configuration starts it, on the node that is the master. What it does
 * is the runtime's (src/cluster); this service is what that runs in.
 */

import { clusterHost, skynet } from "snax";

skynet.start(async () => {
  await clusterHost.serveMaster();
});
