/**
 * A thousand moves of a service leave nothing behind on any thread, with patches, timers, a lock, a row and a message that waits.
 *
 * What is counted are the objects that the collector finds, by their kinds: V8 goes on compiling what runs often for some
 * thousand moves, so the bytes of a heap tell less.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";

const THREADS = [1, 2, 3];
const WARM_UP = 90;
const ROUNDS = 999;
/** Services that come to each thread; one object left behind by each would be as many. */
const COMING = ROUNDS / THREADS.length;

const ROOM = `import { skynet, tables } from "snax";
class Player { hp = 1; name = ""; constructor(n: string) { this.name = n; } }
const players = new Map<string, Player>(); let count = 0; let held: any; const lock = skynet.queue(); let row: any;
setInterval(beat, 50); function beat() { count += 1; } function later() {}
export const response = {
  add(n: string) { players.set(n, new Player(n)); held = setTimeout(later, 100000); row = tables.items[1]; return players.size; },
  up(n: number) { return n; },
  async locked() { return await lock(() => 1); },
  all() { return [players.get("ann") instanceof Player, count > 0, held !== undefined, row.name]; },
};`;

/** Counts the objects and functions of its thread once that was collected. */
const METER = `import v8 from "node:v8"; import vm from "node:vm"; import { skynet } from "snax";
v8.setFlagsFromString("--expose-gc"); const gc = vm.runInNewContext("gc") as () => void;
export const response = { async count() {
  for (let i = 0; i < 12; i += 1) { gc(); await skynet.sleep(1); }
  let text = "";
  for await (const part of v8.getHeapSnapshot()) text += part;
  const { snapshot: { meta }, nodes, strings } = JSON.parse(text);
  const counts = new Map<string, number>();
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const type = meta.node_types[0][nodes[at]];
    if (type !== "object" && type !== "closure" && type !== "native") continue;
    const kind = type + " " + strings[nodes[at + 1]];
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
} };`;

test("a thousand moves leave nothing behind on any thread", async (t) => {
  const node = await world(t, { room: ROOM, meter: METER }, { thread: THREADS.length });
  await node.sharetable.loadtable("items", { 1: { name: "sword" } });
  const room = await node.make("room");
  for (const name of ["ann", "bob"]) await room.req.add(name);
  await node.snax.hotfixall(
    "room",
    `declare const count: number; export const response = { twice(n: number) { return 2 * n; } };`,
  );
  await node.snax.hotfix(
    room,
    `let mine = 0; export function hotfix() { mine += 1; } export const response = { mine() { return mine; } };`,
  );
  const meters = await Promise.all(
    THREADS.map((thread) => node.snax.at(thread).newservice<any>("meter")),
  );
  const count = (): Promise<Map<string, number>[]> =>
    Promise.all(meters.map((each) => each.req.count()));
  let moves = 0;
  const move = async (): Promise<void> => {
    moves += 1;
    const waiting = room.req.up(moves);
    await node.skynet.migrate(room.handle, { thread: 1 + (moves % THREADS.length) });
    equal(await waiting, moves);
    if (moves % 50 === 0) equal(await room.req.locked(), 1);
  };
  while (moves < WARM_UP) await move();
  const before = await count();
  while (moves < WARM_UP + ROUNDS) await move();
  const grown = (await count()).flatMap((counts, index) =>
    [...counts].flatMap(([kind, n]) => {
      const more = n - (before[index]?.get(kind) ?? 0);
      return more < COMING / 2 ? [] : [`${more} more of ${kind} on thread ${THREADS[index]}`];
    }),
  );
  deepEqual(grown, []);
  deepEqual(await room.req.all(), [true, true, true, "sword"]);
  equal(await room.req.mine(), 1);
  equal(await room.req.twice(4), 8);
});
