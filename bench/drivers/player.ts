/** A player object there and back, one at a time: always the same shape, and sixty shapes in turn. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Lobby from "../services/lobby.ts";
import { expectEqual, microsecondsEach } from "../services/lib/check.ts";
import { createPlayer } from "../services/lib/player.ts";
import type { Player } from "../services/lib/player.ts";

let lobby: ServiceObject<typeof Lobby>;

export async function init() {
  lobby = await snax.newservice<typeof Lobby>("lobby");
}

/** Fails unless the answer is a copy, whole but for the coin that the lobby added. */
function expectCopy(answer: Player, sent: Player) {
  expectEqual(answer.gold, sent.gold + 1, "gold of the copy");
  const same = JSON.stringify({ ...answer, gold: sent.gold }) === JSON.stringify(sent);
  if (!same || answer.bag === sent.bag) throw new Error("the answer is not a copy of the player");
}

async function timeVisits(count: number, shapes: number) {
  const players = Array.from({ length: shapes }, (_, shape) => createPlayer(shape));
  const beginMs = performance.now();
  let gold = 0;
  for (let i = 0; i < count; i += 1) {
    const player = players[i % shapes] as Player;
    gold += (await lobby.req.visit(player)).gold;
  }
  const us = microsecondsEach(beginMs, count);
  expectEqual(gold, count * 1001, "gold of all answers");
  for (const player of players) expectCopy(await lobby.req.visit(player), player);
  return us;
}

export const response = {
  async round({ count, shapes }: { count: number; shapes: number }) {
    return { visit: await timeVisits(count, shapes) };
  },
};
