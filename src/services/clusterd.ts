/**
 * `clusterd`: the node's connections to others, over skynet's wire.
 *
 * The configuration's `cluster` starts it, or the first use of `cluster`. What it does is the
 * runtime's (src/cluster); this service is what that runs in.
 */

import { clusterHost, skynet } from "snax";

skynet.start(async () => {
  await clusterHost.serve();
});
