/**
 * Values of tables that an operator edits: read from constants and enums, new entries with functions and spreads. What a diff
 * calls applied is as in the edited file; everything else is as before.
 */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import { diffProgram } from "../../../src/texts/diff.ts";
import { serve, World } from "./harness.ts";

const FILE = `enum E { A, B }
const A = 1; const B = 2;
const base = { hp: 1, heal: () => "heal" };
const T: Record<string, any> = { x: A, e: E.A, n: 3, orc: { ...base, hit: 1 }, a: { f: () => 1 } };
const L = [A, B];
const M = new Map([["k", A]]);
const show = (each: any): unknown => typeof each === "function" ? each() : typeof each === "object" ? Object.entries(each).map(([key, value]) => [key, show(value)]).toSorted() : each;
const look = () => [Object.entries(T).map(([key, each]) => [key, show(each)]).toSorted(), [...L], [...M], A];
export const response = { look };
`;

const EDITS: readonly (readonly [
  title: string,
  pairs: readonly (readonly [string, string])[],
  verdict: "applied" | "note",
])[] = [
  ["another constant", [["x: A", "x: B"]], "applied"],
  ["a literal for a constant", [["x: A", "x: 5"]], "applied"],
  ["a constant for a literal", [["n: 3", "n: B"]], "applied"],
  ["another member of an enum", [["e: E.A", "e: E.B"]], "applied"],
  ["a new value that is a constant", [["n: 3", "n: 3, y: B"]], "applied"],
  [
    "a new value that is a constant which changes, too",
    [
      ["B = 2", "B = 7"],
      ["n: 3", "n: 3, y: B"],
    ],
    "note",
  ],
  [
    "a new entry with a function",
    [["n: 3", "n: 3, hit: { hit: () => 5, deep: { g() { return 6; } } }"]],
    "applied",
  ],
  [
    "a new entry with a spread",
    [["n: 3", "n: 3, troll: { ...base, hp: 3, cry: () => A }"]],
    "applied",
  ],
  [
    "a new entry with a spread deep in it",
    [["n: 3", "n: 3, pack: { chief: { ...base, hp: 9 }, size: B }"]],
    "applied",
  ],
  [
    "a new entry with a spread and an enum's member",
    [["n: 3", "n: 3, troll: { ...base, e: E.B, sub: { ...base } }"]],
    "applied",
  ],
  ["a member behind a spread", [["hit: 1", "hit: 2"]], "applied"],
  ["a list of constants", [["[A, B]", "[A]"]], "note"],
  ["a value that is computed", [["n: 3", "n: 3 * Math.random()"]], "note"],
];

test("what a diff calls applied in the values of a table is as in the edited file", async (t) => {
  const world = await World.open(t);
  for (const [index, [title, pairs, verdict]] of EDITS.entries()) {
    let edited = FILE;
    for (const [from, to] of pairs) edited = edited.replace(from, () => to);
    const [found] = diffProgram([{ file: `was${index}.ts`, running: FILE, edited }]);
    deepEqual(found?.verdict, verdict, `${title}: ${JSON.stringify(found?.changes)}`);
    world.write({ [`was${index}.ts`]: FILE, [`now${index}.ts`]: edited });
    const service = await world.start(`was${index}`);
    if (found.patch !== undefined) await world.hotfix(service, found.patch);
    if (verdict !== "applied") continue;
    const born = await world.start(`now${index}`);
    deepEqual(await service.req.look(), await born.req.look(), title);
    await world.hotfix(service, found.patch ?? "");
    deepEqual(await service.req.look(), await born.req.look(), `${title}, once more`);
  }
});

test("a value that a patch reads from a constant which it changes is the new one", async (t) => {
  const { p, fix } = await serve(t, FILE);
  await fix(
    `enum E { A = 4, B } const A = 9; const T = { x: A, y: E.B, troll: { ...base, hp: A } };`,
  );
  const [entries] = (await p.req.look()) as [[string, unknown][]];
  const all = Object.fromEntries(entries);
  deepEqual([all.x, all.y, JSON.stringify(all.troll)], [9, 5, '[["heal","heal"],["hp",9]]']);
});

test("what the program has changed stays, also where a new entry has a spread", async (t) => {
  const text = FILE.replace(
    "export const response = { look",
    "export const response = { look, set() { T.x = 6; }, grow() { T.troll = { hp: 1 }; }",
  );
  const { p, fix, refuse } = await serve(t, text);
  await p.req.set();
  await refuse(`const T = { x: B };`, {
    code: "ERR_PATCH",
    message: /T\.x is state, since the service has changed it/,
  });
  await p.req.grow();
  const message = /T\.troll\.hp is state, since it is not written out/;
  await refuse(`const T = { troll: { ...base, hp: 3 } };`, { code: "ERR_PATCH", message });
  await fix(`const T = { ogre: { ...base, hp: 3 } };`);
  await fix(`const T = { ogre: { hp: 4 } };`);
  await fix(`const T = { ogre: { ...base, hp: 5 } };`);
  const [ogre] = (await p.req.look()) as [[string, unknown][]];
  match(JSON.stringify(ogre), /\["ogre",\[\["heal","heal"\],\["hp",5\]\]\]/);
  await fix(`export function hotfix() { T.x = B; }`);
  const [entries] = (await p.req.look()) as [[string, unknown][]];
  match(JSON.stringify(entries), /\["x",2\]/);
});
