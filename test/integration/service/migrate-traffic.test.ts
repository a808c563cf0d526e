/**
 * A service moves between threads under random traffic, unnoticed; faults that are planted in the move are found. How messages
 * keep their order between the threads is shown in simulated time: test/sim/hand-over.test.ts.
 */

import { deepEqual, match, notEqual, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";
import { drawSeeds } from "../../sim/scale.ts";
import { runMoves } from "./migrate-run.ts";

const run = promisify(execFile);
const PLANT = fileURLToPath(new URL("./migrate-plant.js", import.meta.url));

/** Runs seeds in a process with a fault in every thread until one notices it; returns how many did. */
async function noticed(plant: string, seeds: readonly number[]): Promise<number> {
  const env = { ...process.env, MIGRATE_PLANT: plant, MIGRATE_SEEDS: seeds.join() };
  const { stdout } = await run(process.execPath, ["--import", PLANT, "-e", "0"], { env });
  match(stdout, /noticed \d+\n$/);
  return Number(/noticed (\d+)/.exec(stdout)?.[1]);
}

test("a service that moves all the time under traffic of three threads is as one that stays", async () => {
  let moves = 0;
  for (const seed of drawSeeds("migrate", { c: 2, r: 40, s: 100_000 }).seeds) {
    const { problems, moves: count } = await runMoves(seed);
    deepEqual(problems, [], `seed ${seed}`);
    moves += count;
  }
  ok(moves > 5, `${moves} moves`);
});

for (const plant of [
  "a timer is lost",
  "the timers of the top level begin anew",
  "one object becomes two",
  "the gate is opened early",
]) {
  test(`planted: ${plant}`, async () => {
    notEqual(await noticed(plant, [1, 2, 3]), 0);
  });
}
