/** A node that calls itself over a link, beside bare TCP in the same round: small values and player objects. */

import { cluster, skynet } from "snax";
import { openBareTcp } from "../services/lib/bare-tcp.ts";
import { timeCalls } from "../services/lib/call-timer.ts";
import { expectEqual, sumBelow } from "../services/lib/check.ts";
import { createPlayer } from "../services/lib/player.ts";
import type { Player } from "../services/lib/player.ts";

type Call = (value: unknown) => Promise<unknown>;

let bare: Call;
const link: Call = (value) => cluster.call("self", "@plain", value);

export async function init() {
  bare = await openBareTcp();
  await cluster.register("plain", await skynet.newservice("plain"));
}

async function timeSmall(call: Call, count: number, width: number) {
  let sum = 0;
  const us = await timeCalls(count, width, async (index) => {
    const answer = (await call(index)) as number;
    sum += answer;
  });
  expectEqual(sum, sumBelow(count), "sum of the answers");
  return us;
}

async function timePlayers(call: Call, count: number, width: number) {
  const player = createPlayer(0);
  let gold = 0;
  const us = await timeCalls(count, width, async () => {
    const answer = (await call(player)) as Player;
    gold += answer.gold;
  });
  expectEqual(gold, count * player.gold, "gold of all answers");
  return us;
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
