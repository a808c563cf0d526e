/** A node that calls itself over a link, beside bare TCP in the same round: small values and player objects. */

import { cluster, skynet } from "snax";
import { openBareTcp } from "../services/lib/bare-tcp.ts";
import { timePlayers, timeSmall } from "../services/lib/node-calls.ts";
import type { Call } from "../services/lib/node-calls.ts";

let bare: Call;
const link: Call = (value) => cluster.call("self", "@plain", value);

export async function init() {
  bare = await openBareTcp();
  await cluster.register("plain", await skynet.newservice("plain"));
}

export const response = {
  async round({ count, single, width }: { count: number; single: number; width: number }) {
    return {
      flight: await timeSmall(link, count, width),
      bareFlight: await timeSmall(bare, count, width),
      player: await timePlayers(link, count, width),
      barePlayer: await timePlayers(bare, count, width),
      single: await timeSmall(link, single, 1),
      bareSingle: await timeSmall(bare, single, 1),
    };
  },
};
