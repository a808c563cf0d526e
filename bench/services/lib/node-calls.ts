/** The loops of the sections that call another node: small values and player objects, some in flight. */

import { timeCalls } from "./call-timer.ts";
import { expectEqual, sumBelow } from "./check.ts";
import { createPlayer } from "./player.ts";
import type { Player } from "./player.ts";

/** Calls the service that answers what it was given. */
export type Call = (value: unknown) => Promise<unknown>;

/** Sends numbers. @returns microseconds for a call. */
export async function timeSmall(call: Call, count: number, width: number) {
  let sum = 0;
  const us = await timeCalls(count, width, async (index) => {
    const answer = (await call(index)) as number;
    sum += answer;
  });
  expectEqual(sum, sumBelow(count), "sum of the answers");
  return us;
}

/** Sends a player there and back. @returns microseconds for a call. */
export async function timePlayers(call: Call, count: number, width: number) {
  const player = createPlayer(0);
  let gold = 0;
  const us = await timeCalls(count, width, async () => {
    const answer = (await call(player)) as Player;
    gold += answer.gold;
  });
  expectEqual(gold, count * player.gold, "gold of all answers");
  return us;
}
