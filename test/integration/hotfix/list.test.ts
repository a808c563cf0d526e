/** Lists, Sets and Maps with functions in them are given whole, and stay the same objects, as long as they are what a text wrote. */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import type { Expected } from "./harness.ts";
import { World, serve } from "./harness.ts";
import { log } from "./moves.ts";

const GAME = `
  const quests = [
    { id: 1, done: false, tags: ["a"], reward() { return 10 + this.id; } },
    { id: 2, done: false, tags: [], reward() { return 20; }, steps: [() => 1, () => 2] },
  ];
  const first = quests[0]!; const tags = first.tags; const all = quests;
  const add = (n: number) => n + 1;
  const moves = new Map<string, any>([["hit", add], ["heal", { power: 2, run: (n: number) => n + 2 }], ["flee", () => "flee"]]);
  const heal = moves.get("heal"); const sameMoves = moves;
  const hooks = new Set([() => 1]); const sameHooks = hooks;
  const deep = { on: [() => "on"], n: 1 }; const on = deep.on;
  export const response = {
    look() { return [quests.map((q) => q.reward()), first.reward(), tags, all === quests, quests.map((q: any) => Object.keys(q).length)]; },
    steps() { return quests[1]!.steps!.map((f) => f()); },
    moves() { return [[...moves.keys()], moves.get("hit")?.(1), heal.run(1), heal.power, moves.get("heal") === heal, sameMoves === moves]; },
    hooks() { return [[...sameHooks].map((f) => f()), on.map((f) => f()), deep.n]; },
    finish() { first.done = true; deep.n += 1; },
    learn(name: string) { moves.set(name, () => name); return moves.get(name)(); },
    call(name: string) { return moves.get(name)(); },
  };`;

const QUESTS = `const quests = [
  { id: 1, done: false, tags: ["b"], reward() { return 15 + this.id; } },
  { id: 2, done: false, tags: [], extra: 1, reward() { return 20; } },
  { id: 3, done: false, tags: [], reward() { return 30; } },
];`;

test("a list becomes what the patch says, and its entries stay the same objects by their places", async (t) => {
  const { world, p, fix } = await serve(t, GAME);
  await fix(QUESTS);
  deepEqual(await p.req.look(), [[16, 20, 30], 16, ["b"], true, [4, 5, 4]]);
  deepEqual(await log(world), "sets quests");
  await fix(
    `const quests = [{ id: 7, done: false, tags: ["b"], reward() { return 1 + this.id; } }];`,
  );
  deepEqual(await p.req.look(), [[8], 8, ["b"], true, [4]]);
});

test("a list inside an entry, and one inside an object, is merged likewise", async (t) => {
  const { p, fix } = await serve(t, GAME);
  await fix(`const quests = [
    { id: 1, done: false, tags: ["a"], reward() { return 10 + this.id; } },
    { id: 2, done: false, tags: [], reward() { return 20; }, steps: [() => 5] },
  ]; const deep = { on: [() => "ON", () => "more"] };`);
  deepEqual(await p.req.steps(), [5]);
  deepEqual(await p.req.hooks(), [[1], ["ON", "more"], 1]);
});

test("a Map has the keys of the patch by their names, and those that the program added behind them", async (t) => {
  const { p, fix, refuse } = await serve(t, GAME);
  await p.req.learn("own");
  await fix(
    `const moves = new Map<string, any>([["heal", { power: 2, run: (n: number) => n + 20 }], ["hit", add], ["new", () => "new"]]);`,
  );
  deepEqual(await p.req.moves(), [["heal", "hit", "new", "own"], 2, 21, 2, true, true]);
  deepEqual([await p.req.call("new"), await p.req.call("own")], ["new", "own"]);
  await refuse(`const moves = new Map<string, any>([["own", () => "patched"]]);`, {
    code: "ERR_PATCH",
    message: /^moves is state, since it is not what the module's text, or the last patch, wrote/,
  });
  deepEqual(await p.req.call("own"), "own");
});

test("a Set is given whole", async (t) => {
  const { p, fix } = await serve(t, GAME);
  await fix(`const hooks = new Set([() => 2, () => 3]);`);
  deepEqual(await p.req.hooks(), [[2, 3], ["on"], 1]);
});

test("a name in a list is the function of the module, and follows its later patches", async (t) => {
  const { p, fix } = await serve(t, GAME);
  await fix(
    `const moves = new Map<string, any>([["hit", add], ["heal", { power: 2, run: add }]]);`,
  );
  await fix(`const add = (n: number) => n + 100;`);
  deepEqual(await p.req.moves(), [["hit", "heal"], 101, 101, 2, true, true]);
});

test("what fails afterwards leaves every list as it was", async (t) => {
  const { p, fix, refuse } = await serve(t, GAME);
  const before = [
    await p.req.look(),
    await p.req.moves(),
    await p.req.hooks(),
    await p.req.steps(),
  ];
  const patch = `${QUESTS} const moves = new Map<string, any>([["new", () => 1]]); const hooks = new Set([() => 2]);
    const deep = { on: [() => "ON"] };`;
  await refuse(`${patch} export function hotfix() { throw new Error("no"); }`, {
    code: "ERR_PATCH_FAILED",
  });
  const after = [await p.req.look(), await p.req.moves(), await p.req.hooks(), await p.req.steps()];
  deepEqual(after, before);
  // It is still as the text wrote it.
  await fix(patch);
  deepEqual(await p.req.hooks(), [[2], ["ON"], 1]);
});

const REFUSED: readonly (readonly [title: string, patch: string, expected: Expected])[] = [
  [
    "a list that the program has changed",
    QUESTS,
    { code: "ERR_PATCH", message: /^quests is state/ },
  ],
  [
    "a list of a name that is no function",
    `const hooks = new Set([1 as any, () => 1, sold]);`,
    { code: "ERR_PATCH_NAME", message: /sold/ },
  ],
  [
    "a spread in a list",
    `const quests = [...all, { reward() { return 1; } }];`,
    { code: "ERR_PATCH", message: /quests is neither a function nor written out.*hotfix\(\)/ },
  ],
  [
    "a call in a list",
    `const hooks = new Set([add(1), () => 1]);`,
    { code: "ERR_PATCH", message: /hooks already: it is state.*hotfix\(\)/ },
  ],
];

for (const [title, patch, expected] of REFUSED) {
  test(`${title} is refused, and nothing has changed`, async (t) => {
    const { p, refuse } = await serve(t, GAME);
    await p.req.finish();
    const before = [await p.req.look(), await p.req.hooks()];
    await refuse(patch, expected);
    deepEqual([await p.req.look(), await p.req.hooks()], before);
  });
}

test("new services are born with the lists of patches; a rollback leaves them, as it leaves lists of data, and says so", async (t) => {
  const world = await World.open(t, { "game.ts": GAME });
  const one = await world.start("game");
  const { id } = await world.hotfixall("game", QUESTS);
  await world.hotfixall(
    "game",
    `const moves = new Map<string, any>([["heal", { power: 2, run: (n: number) => n + 9 }]]);`,
  );
  const born = await world.start("game");
  const { notes } = await world.node.snax.rollback(id);
  match(notes.join(), /^quests: state: it keeps its value; to set it now: hotfix\(\) \{ quests = /);
  for (const each of [one, born]) {
    deepEqual(await each.req.look(), [[16, 20, 30], 16, ["b"], true, [4, 5, 4]]);
    deepEqual(await each.req.moves(), [["heal"], undefined, 10, 2, true, true]);
  }
});

const ORDERS: readonly (readonly [title: string, text: string, patch: string])[] = [
  ["functions", `[() => "a", () => "b"]`, `[() => "A", () => "B"]`],
  [
    "methods of objects with the same data",
    `[{ f() { return "a"; } }, { f() { return "b"; } }]`,
    `[{ f() { return "A"; } }, { f() { return "B"; } }]`,
  ],
];

for (const [title, text, patch] of ORDERS) {
  test(`entries that the program has put in another order are refused: ${title}`, async (t) => {
    const { p, fix, refuse } = await serve(
      t,
      `const list: any[] = ${text}; const same: any[] = [() => 1, () => 1]; same.reverse();
      export const response = { turn() { list.reverse(); }, look() { return [...list, ...same].map((each) => each.f?.() ?? each()); } };`,
    );
    const refused = { code: "ERR_PATCH", message: /^list is state/ };
    await p.req.turn();
    await refuse(`const list: any[] = ${patch};`, refused);
    deepEqual(await p.req.look(), ["b", "a", 1, 1]);
    await p.req.turn();
    await fix(`const list: any[] = ${patch}; const same: any[] = [() => 2, () => 3];`);
    deepEqual(await p.req.look(), ["A", "B", 2, 3]);
    await p.req.turn();
    await refuse(`const list: any[] = ${text};`, refused);
    deepEqual(await p.req.look(), ["B", "A", 2, 3]);
  });
}
