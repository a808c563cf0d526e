/**
 * Health, readiness and metrics at an address of their own, for load balancers and Prometheus. The
 * configuration's `metrics` starts it; what it answers is the runtime's
 * (src/console/doors/probe-door.ts).
 */

import { operator, skynet } from "snax";

skynet.start(async (place: unknown) => {
  const address = await operator.listenForProbes(place);
  skynet.info_func(() => ({ address }));
  skynet.error(`Listen on ${address} for health and metrics`);
});
