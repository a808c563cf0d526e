/** A node that calls itself over skynet's wire: small values and player objects, many in flight and one at a time. */

import { cluster, skynet } from "snax";
import { timePlayers, timeSmall } from "../services/lib/node-calls.ts";
import type { Call } from "../services/lib/node-calls.ts";

const wire: Call = (value) => cluster.call("self", "@plain", value);

export async function init() {
  const { port } = await cluster.open(0);
  await cluster.reload({ self: `127.0.0.1:${port}` });
  await cluster.register("plain", await skynet.newservice("plain"));
}

export const response = {
  async round({ count, single, width }: { count: number; single: number; width: number }) {
    return {
      flight: await timeSmall(wire, count, width),
      player: await timePlayers(wire, count, width),
      single: await timeSmall(wire, single, 1),
    };
  },
};
