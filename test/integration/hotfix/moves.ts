/** A game's table of moves, as several tests patch it. */

import type { World } from "./harness.ts";

export const MOVES = `
  let hits = 0;
  const bonus = 1;
  function helper() { return "helper"; }
  export const Moves: Record<string, any> = {
    tackle: {
      power: 40, types: ["normal"], name: "Tackle", pp: 35, seen: 0, tags: { soft: true },
      onHit(n: number) { hits += n; return ["tackle", this.power, hits]; },
      onMiss: () => "missed",
      get strength() { return this.power * 2; },
      condition: { onStart() { return "start"; }, onEnd() { return "end"; } },
    },
    "10,000 volts": { power: 90, onHit() { return "volts"; }, async later() { return 1; }, *steps() { yield 1; } },
    helper,
    table: new Map([["a", 1]]),
    Room: class {},
  };
  const held = Moves.tackle;
  const list = [1, 2, 3];
  const heldList = list;
  const PATTERN = /^a+$/;
  export const response = {
    hit(n: number) { return Moves.tackle.onHit(n); },
    held() { return held.onHit(0); },
    see() { Moves.tackle.seen += 1; Moves.tackle.types.push("seen"); return Moves.tackle.seen; },
    look() { const t = Moves.tackle; return [t.power, t.name, t.pp, t.seen, t.strength, t.onMiss(), t.condition.onStart(), t.condition.onEnd(), t.types.join()]; },
    volts() { return Moves["10,000 volts"].onHit(); },
    call(move: string, name: string) { return Moves[move][name](); },
    keys() { return Object.keys(Moves); },
    more() { return [Moves.helper(), list.join(), heldList === list, PATTERN.test("aaa"), PATTERN.test("bbb")]; },
  };`;

/** What `look` answers before any patch. */
export const LOOK = [40, "Tackle", 35, 0, 80, "missed", "start", "end", "normal"];

/** Returns what the log says of the last patch. */
export async function log(world: World): Promise<string> {
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  return (
    world.log
      .split("\n")
      .findLast((line) => / patch \d+ /.test(line))
      ?.replace(/^.*applied: |^.*skipped: /, "") ?? ""
  );
}
