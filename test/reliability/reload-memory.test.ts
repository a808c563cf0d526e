/** A thousand reloads leave no memory behind, and the old code of a service can be collected. */

import { equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { collect } from "../collector.ts";
import { ONE_THREAD, world } from "../world.ts";

const ROUNDS = 1000;
/** Enough to fill everything that is bounded by count: the ledger keeps the last thousand. */
const WARM_UP = 1000;
const GROWTH_MAX_BYTES = 1024 * 1024;

const textOf = (round: number): string => `
  class Player { hp = ${round}; name = ""; hit(n: number) { this.hp -= n; return ${round}; } }
  const players = new Map<string, Player>(); let count = 0; const table = { beat() { count += 1; }, price: ${round} };
  setInterval(table.beat, 100000); (globalThis as any).snaxTestSeen?.(Player);
  function later() {}
  export const response = { add(n: string) { players.set(n, new Player()); setTimeout(later, 100000); return players.size; }, version() { return ${round}; } };
  export function reload() { for (const p of players.values()) p.hp = ${round}; }`;

async function heapBytes(): Promise<number> {
  // V8 keeps a text that was evaluated until it has grown old, and only collections that it finds due let it grow old.
  for (let round = 0; round < 100; round += 1) {
    const garbage = Array.from({ length: 300_000 }, (_, index) => ({ index }));
    ok(garbage.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let round = 0; round < 8; round += 1) {
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

test("a thousand reloads leave no memory behind, and the old classes are collected", async (t) => {
  const classes: WeakRef<object>[] = [];
  const globals = globalThis as { snaxTestSeen?: (made: object) => void };
  globals.snaxTestSeen = (made) => void classes.push(new WeakRef(made));
  t.after(() => delete globals.snaxTestSeen);
  const node = await world(t, { arena: textOf(0) }, ONE_THREAD);
  const arena = await node.make("arena");
  for (const name of ["ann", "bob"]) await arena.req.add(name);
  const reload = async (round: number): Promise<void> => {
    writeFileSync(join(node.folder, "arena.ts"), textOf(round));
    await node.snax.reload(arena);
  };
  for (let round = 1; round <= WARM_UP; round += 1) await reload(round);
  const before = await heapBytes();
  for (let round = 1; round <= ROUNDS; round += 1) await reload(WARM_UP + round);
  const growth = (await heapBytes()) - before;
  const alive = classes.filter((each) => each.deref() !== undefined).length;
  console.log(
    `${ROUNDS} reloads: grown by ${growth} bytes, ${alive} of ${classes.length} old classes alive`,
  );
  equal(await arena.req.version(), WARM_UP + ROUNDS);
  equal(await arena.req.add("cid"), 3);
  ok(alive <= 3, `${alive} classes`);
  ok(growth <= GROWTH_MAX_BYTES, `${growth} bytes`);
});
