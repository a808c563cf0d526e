/** A node that calls itself over skynet's wire: small values and player objects, many in flight and one at a time. */

import { cluster, skynet } from "snax";
import { timeCalls } from "../services/lib/call-timer.ts";
import { expectEqual, sumBelow } from "../services/lib/check.ts";
import { createPlayer } from "../services/lib/player.ts";
import type { Player } from "../services/lib/player.ts";

export async function init() {
  const { port } = await cluster.open(0);
  await cluster.reload({ self: `127.0.0.1:${port}` });
  await cluster.register("plain", await skynet.newservice("plain"));
}

async function timeSmall(count: number, width: number) {
  let sum = 0;
  const us = await timeCalls(count, width, async (index) => {
    const answer = await cluster.call<number>("self", "@plain", index);
    sum += answer;
  });
  expectEqual(sum, sumBelow(count), "sum of the answers");
  return us;
}

async function timePlayers(count: number, width: number) {
  const player = createPlayer(0);
  let gold = 0;
  const us = await timeCalls(count, width, async () => {
    const answer = await cluster.call<Player>("self", "@plain", player);
    gold += answer.gold;
  });
  expectEqual(gold, count * player.gold, "gold of all answers");
  return us;
}

export const response = {
  async round({ count, single, width }: { count: number; single: number; width: number }) {
    return {
      flight: await timeSmall(count, width),
      player: await timePlayers(count, width),
      single: await timeSmall(single, 1),
    };
  },
};
