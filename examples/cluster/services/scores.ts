/** The scores: a plain service, called as from Lua. */

import { cluster, skynet } from "snax";

const scores = new Map<string, number>();

const command = {
  add: (player: string, points: number) =>
    void scores.set(player, (scores.get(player) ?? 0) + points),
  top: () => [...scores].toSorted(([, a], [, b]) => b - a),
};

skynet.start(async () => {
  skynet.dispatch(
    "lua",
    (_session, _source, name: keyof typeof command, ...args: [string, number]) =>
      command[name](...args),
  );
  await cluster.register("scores");
});
