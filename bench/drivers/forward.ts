/** Calls to the handle of a service that a swap has replaced, beside calls to the new one itself. */

import { snax } from "snax";
import type * as Room from "../services/room.ts";
import { expectEqual, microsecondsEach } from "../services/lib/check.ts";

/** How often each is measured in a round. */
const TURNS = 10;

async function time(room: { req: { players(): Promise<number> } }, count: number): Promise<number> {
  const beginMs = performance.now();
  for (let i = 0; i < count; i += 1) {
    const players = await room.req.players();
    if (players !== 8) expectEqual(players, 8, "players");
  }
  return microsecondsEach(beginMs, count);
}

export const response = {
  async round({ count }: { count: number }) {
    const old = await snax.newservice<typeof Room>("room");
    const { swapped } = await snax.swap("room", { stateless: true });
    const moved = swapped.find((each) => each.old === old.handle);
    const next = snax.bind<typeof Room>(moved?.new ?? 0, "room");
    // The two take turns, so that neither is the one that warms up.
    const sums = { direct: 0, forwarded: 0 };
    for (let turn = 0; turn < TURNS; turn += 1) {
      sums.direct += await time(next, count / TURNS);
      sums.forwarded += await time(old, count / TURNS);
    }
    await snax.exit(next);
    return { direct: sums.direct / TURNS, forwarded: sums.forwarded / TURNS };
  },
};
