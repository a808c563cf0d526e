/**
 * Moves a service of a kilobyte from thread to thread, beside the start of such services on the same threads.
 *
 * After each move it answers from its state, so nothing is measured that did not arrive.
 */

import { skynet, snax } from "snax";
import type * as Room from "../services/room.ts";
import { expectEqual } from "../services/lib/check.ts";

/** Worker threads of the run. */
const THREADS = 3;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export const response = {
  async round({ count }: { count: number }) {
    const room = await snax.at(1).newservice<typeof Room>("room");
    const held: number[] = [];
    const moves: number[] = [];
    const spawns: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const thread = 1 + ((i + 1) % THREADS);
      let beginMs = performance.now();
      const other = await snax.at(thread).newservice<typeof Room>("room");
      spawns.push(performance.now() - beginMs);
      beginMs = performance.now();
      const moved = await skynet.migrate(room.handle, { thread });
      moves.push(performance.now() - beginMs);
      held.push(moved.held);
      expectEqual(moved.to, thread, "thread");
      expectEqual(await room.req.ask(), i + 1, "answers so far");
      expectEqual(await room.req.players(), 8, "players");
      await snax.exit(other);
    }
    await snax.exit(room);
    return { spawn: median(spawns), move: median(moves), held: median(held) };
  },
};
