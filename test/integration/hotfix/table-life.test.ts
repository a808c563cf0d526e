/** Members that patches gave to objects: undone with the patch, for all services of a type, for those yet to be born. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, fails, serve } from "./harness.ts";
import { LOOK, MOVES, log } from "./moves.ts";

test("a patch that fails is undone, member by member", async (t) => {
  const { p, fix, refuse } = await serve(t, MOVES);
  const patch = `const list = [7]; const Moves = { tackle: { onMiss: () => "M", power: 99, types: [], get strength() { return 0; } }, fresh: { a() {} } };`;
  const hotfix = `export function hotfix() { if (Moves.tackle.power === 99) throw new Error("no"); }`;
  await refuse(patch + hotfix, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), LOOK);
  equal(((await p.req.keys()) as string[]).length, 5);
  deepEqual(((await p.req.more()) as unknown[])[1], "1,2,3");
  // What it had noted is undone as well.
  await fix(patch);
  deepEqual(await p.req.look(), [99, "Tackle", 35, 0, 0, "M", "start", "end", ""]);
});

test("services of a type, and those yet to be born, get the members; patches of which nothing is left are let go", async (t) => {
  const world = await World.open(t, { "main.ts": MOVES });
  const first = await world.start("main");
  const patch = (n: number): string =>
    `const Moves = { tackle: { power: ${n}, onMiss() { return "m${n}"; } }, growl: { onHit() { return ${n}; } } };`;
  for (const n of [50, 60, 70]) await world.hotfixall("main", patch(n));
  equal(await log(world), "sets Moves.tackle.power, Moves.tackle.onMiss, Moves.growl.onHit");
  const second = await world.start("main");
  for (const p of [first, second]) {
    deepEqual(await p.req.look(), [70, "Tackle", 35, 0, 140, "m70", "start", "end", "normal"]);
    equal(await p.req.call("growl", "onHit"), 70);
  }
});

test("where no service lives yet the log asks the text", async (t) => {
  const world = await World.open(t, { "main.ts": MOVES });
  await world.hotfixall(
    "main",
    `const Moves = { tackle: { power: 40, onHit() {}, onHti() {} }, tackel: { a() {} } };`,
  );
  equal(await log(world), "sets Moves.tackle.onHit; adds Moves.tackle.onHti, Moves.tackel");
});

test("what hotfix() reaches through an object is undone with it", async (t) => {
  const { p, refuse } = await serve(
    t,
    `let n = 0; const CMD = { set(v: number) { n = v; } }; export const response = { n() { CMD; return n; } };`,
  );
  await refuse(
    `declare let n: number; const CMD = { set(v: number) { n = v; } }; export function hotfix() { CMD.set(5); throw new Error("no"); }`,
    { code: "ERR_PATCH_FAILED" },
  );
  equal(await p.req.n(), 0);
});

test("an object of a shared module takes members on all threads", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { Moves } from "./moves.ts"; export const response = { look() { return Moves.a(); } };`,
    "moves.ts": `"use shared"; export const Moves = { a() { return 1; } };`,
  });
  const p = await world.start("main");
  await world.hotfixshared("moves.ts", `export const Moves = { a() { return 2; } };`);
  equal(await p.req.look(), 2);
  await fails(world.hotfixshared("moves.ts", `export const Moves = { a: 1 };`), {
    code: "ERR_PATCH",
    message: /Moves\.a is a function/,
  });
});
