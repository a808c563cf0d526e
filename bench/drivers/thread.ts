/**
 * Between two threads: a hundred calls in flight, one at a time, a player object, posts and a drain. The driver and its
 * partners live on chosen threads.
 */

import { threadId } from "node:worker_threads";
import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import type * as Lobby from "../services/lobby.ts";
import type * as Where from "../services/where.ts";
import { expectEqual, microsecondsEach, sumBelow } from "../services/lib/check.ts";
import { timeDrain } from "../services/lib/drain.ts";
import { createPlayer } from "../services/lib/player.ts";

let counter: ServiceObject<typeof Counter>;
let lobby: ServiceObject<typeof Lobby>;

export async function init() {
  // Of two threads the driver has one; its partners get the other.
  const one = await snax.at(1).newservice<typeof Where>("where");
  const other = (await one.req.thread()) === threadId ? 2 : 1;
  counter = await snax.at(other).newservice<typeof Counter>("counter");
  lobby = await snax.at(other).newservice<typeof Lobby>("lobby");
}

async function callInTurn(count: number) {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += await counter.req.echo(i);
  return sum;
}

async function timeCalls(count: number, callers: number) {
  const each = count / callers;
  const beginMs = performance.now();
  const sums = await Promise.all(Array.from({ length: callers }, () => callInTurn(each)));
  const us = microsecondsEach(beginMs, count);
  for (const sum of sums) expectEqual(sum, sumBelow(each), "sum of one caller's echoes");
  return us;
}

async function visitInTurn(count: number) {
  const player = createPlayer(0);
  let gold = 0;
  for (let i = 0; i < count; i += 1) gold += (await lobby.req.visit(player)).gold;
  return gold;
}

async function timeVisits(count: number, callers: number) {
  const each = count / callers;
  const beginMs = performance.now();
  const golds = await Promise.all(Array.from({ length: callers }, () => visitInTurn(each)));
  const us = microsecondsEach(beginMs, count);
  for (const gold of golds) expectEqual(gold, each * 1001, "gold of all answers");
  return us;
}

export const response = {
  async round({ count, single, callers, batch }: Record<string, number>) {
    return {
      flight: await timeCalls(count ?? 0, callers ?? 1),
      single: await timeCalls(single ?? 0, 1),
      player: await timeVisits((count ?? 0) / 4, callers ?? 1),
      drain: await timeDrain(counter, count ?? 0, batch ?? 1),
    };
  },
};
