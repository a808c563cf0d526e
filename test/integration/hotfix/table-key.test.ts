/**
 * Names in brackets in the objects of a patch, `[Kind.Bow]: (n) => n`, and spreads that repeat the module's: `{ ...base, hit() {} }`.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";
import { log } from "./moves.ts";

const KINDS = `export enum Element { Fire, Ice = "ice" } export const NAMES = { HIT: "hit" } as const; export const SLOT = 4;`;

const GAME = `
  import { Element, NAMES, SLOT } from "./kinds.ts";
  import * as kinds from "./kinds.ts";
  enum Kind { Sword, Bow = 5, Staff }
  const kGo = Symbol("go");
  const HEAL = "heal";
  const Damage = {
    [Kind.Sword]: (n: number) => n * 2,
    [Kind.Bow]: (n: number) => n + 3,
    [Kind.Staff]: { base: 4, seen: 0, roll: (n: number) => n * 4 },
    [Element.Ice]: (n: number) => n - 1,
    [NAMES.HIT](n: number) { return n; },
    [HEAL]: (n: number) => n + 100,
    [SLOT]: (n: number) => n + 4,
    [kGo]: (n: number) => -n,
    [Symbol.toStringTag]: "damage",
    ["plain"]: (n: number) => n,
    [\`text\`]: (n: number) => n,
  };
  const LEVELS = Object.freeze({ [Kind.Bow]: 10, [kGo]: 3, rest: 1 });
  class Room { static rules = { [Kind.Bow]: (n: number) => n, [Kind.Sword]: 7 }; }
  const held = Damage; const order = Object.keys(Damage).length;
  const d = Damage as any;
  export const response = {
    look: () => [held[Kind.Sword](3), held[Kind.Bow](3), held[Kind.Staff].roll(2), held[Kind.Staff].base, held.ice(3), held.hit(3)],
    more: () => [held.heal(1), held[SLOT](1), held[kGo](1), String(held), held.plain(1), held.text(1)],
    levels: () => [LEVELS[Kind.Bow], LEVELS[kGo], LEVELS.rest, Room.rules[Kind.Bow](1), Room.rules[Kind.Sword]],
    see: () => (d[Kind.Staff].seen += 1),
    keys: () => Object.keys(Damage),
    at: (key: any, n: number) => { const value = d[key]; return typeof value === "function" ? value(n) : value; },
    kinds: () => [kinds.SLOT, Element.Fire, order],
  };`;

const FILES = { "main.ts": GAME, "kinds.ts": KINDS };
const BOW = `const Damage = { [Kind.Bow]: (n: number) => n + 30 };`;

test("a member whose name is an enum's, a constant's or a symbol is replaced, and the others stay", async (t) => {
  const { world, p, fix } = await serve(t, FILES);
  deepEqual(await p.req.look(), [6, 6, 8, 4, 2, 3]);
  deepEqual(await p.req.more(), [101, 5, -1, "[object damage]", 1, 1]);
  await fix(`enum Kind { Sword, Bow = 5, Staff }
    const Damage = {
      [Kind.Bow]: (n: number) => n + 30,
      [Kind.Staff]: { base: 5, roll: (n: number) => n * 40 },
      [Element.Ice]: (n: number) => n - 10,
      [NAMES.HIT](n: number) { return n * 9; },
    };`);
  deepEqual(await p.req.look(), [6, 33, 80, 5, -7, 27]);
  equal(
    await log(world),
    "sets Kind, Damage[Kind.Bow], Damage[Kind.Staff].base, Damage[Kind.Staff].roll, Damage[Element.Ice], Damage[NAMES.HIT]",
  );
  await fix(`const Damage = {
    [HEAL]: (n: number) => n + 200, [kinds.SLOT]: (n: number) => n + 5, [kGo]: (n: number) => -n * 2,
    [Symbol.toStringTag]: "DAMAGE", ["plain"]: (n: number) => n + 1, text: (n: number) => n + 2 };`);
  deepEqual(await p.req.more(), [201, 6, -2, "[object DAMAGE]", 2, 3]);
  deepEqual(await p.req.look(), [6, 33, 80, 5, -7, 27]);
});

test("names in brackets count in frozen objects and in static fields, too", async (t) => {
  const { p, fix } = await serve(t, FILES);
  deepEqual(await p.req.levels(), [10, 3, 1, 1, 7]);
  await fix(`const LEVELS = Object.freeze({ [Kind.Bow]: 11, [kGo]: 4 });
    class Room { static rules = { [Kind.Bow]: (n: number) => n + 1, [Kind.Sword]: 8 }; }`);
  deepEqual(await p.req.levels(), [11, 4, 1, 2, 8]);
});

test("an enum that the same patch changes, or adds, is read as the patch has it", async (t) => {
  const { world, p, fix } = await serve(t, FILES);
  await fix(`enum Kind { Sword, Bow = 9, Staff, Axe }
    enum Rank { Low = 77 }
    const Damage = { [Kind.Bow]: (n: number) => n + 90, [Kind.Axe]: (n: number) => n + 11, [Rank.Low]: { deep: 1 } };`);
  deepEqual(
    [await p.req.at(9, 1), await p.req.at(11, 1), await p.req.at(5, 1), await p.req.at(77, 1)],
    [91, 12, 4, { deep: 1 }],
  );
  match(String(await log(world)), /adds .*Damage\[Kind\.Bow\], Damage\[Kind\.Axe\]/);
  await fix(`const Damage = { [Rank.Low]: { deep: 2 } };`);
  deepEqual(await p.req.at(77, 1), { deep: 2 });
});

test("an enum of another module of the same patch is read as that has it", async (t) => {
  const { p, fix } = await serve(t, FILES);
  const parts: [string, string][] = [
    ["./main.ts", `const Damage = { [Element.Ice]: (n: number) => n + 50 };`],
    ["./kinds.ts", `export enum Element { Fire, Ice = "cold" }`],
  ];
  await fix(Object.fromEntries(parts));
  equal(await p.req.at("cold", 1), 51);
  await fix(
    Object.fromEntries([
      ["./kinds.ts", `export enum Element { Fire, Ice = "frost" }`],
      ["./main.ts", `const Damage = { [Element.Ice]: (n: number) => n + 60 };`],
    ]),
  );
  equal(await p.req.at("frost", 1), 61);
});

test("a member of an enum with another value names what was made with the old one", async (t) => {
  const { world, fix } = await serve(t, FILES);
  await fix(`enum Kind { Sword, Bow = 6, Staff = 7 }`);
  const said = String(await log(world));
  match(said, /Damage, LEVELS, Room were made with Kind\.Bow, and keep what came of that/);
  await fix({ "./kinds.ts": `export enum Element { Fire, Ice = "cold" }` });
  match(String(await log(world)), /Damage of main\.ts was made with Element\.Ice/);
});

test("an enum with a new member, and the others as they were, names nothing", async (t) => {
  const { world, fix } = await serve(t, FILES);
  await fix(`enum Kind { Sword, Bow = 5, Staff, Axe }`);
  equal(await log(world), "sets Kind");
});

test("for a frozen object in a static field the log names what keeps the old one", async (t) => {
  const { world, p, fix } = await serve(
    t,
    `class Rules { static T = Object.freeze({ max: 5, deep: { a: 1 } }); }
    const held = Rules.T; const max = Rules.T.max;
    export const response = { look: () => [Rules.T.max, held.max, max] };`,
  );
  await fix(`class Rules { static T = Object.freeze({ max: 7 }); }`);
  deepEqual(await p.req.look(), [7, 5, 5]);
  match(
    String(await log(world)),
    /held, max were made with Rules\.T\.max, and keep what came of that/,
  );
});

test("data under a name in brackets that the program has changed is state", async (t) => {
  const { p, refuse } = await serve(t, FILES);
  await p.req.see();
  await refuse(`const Damage = { [Kind.Staff]: { seen: 5 } };`, {
    code: "ERR_PATCH",
    message:
      /Damage\[Kind\.Staff\]\.seen is state, since the service has changed it: assign it in hotfix\(\), Damage\[Kind\.Staff\]\.seen = /,
  });
  deepEqual(await p.req.look(), [6, 6, 8, 4, 2, 3]);
});

test("a patch with such names that fails, or is taken back, leaves all as it was", async (t) => {
  const { world, p, fix, refuse } = await serve(t, FILES);
  const patch = `${BOW} const LEVELS = Object.freeze({ [Kind.Bow]: 11 });
    class Room { static rules = { [Kind.Bow]: (n: number) => n + 1 }; }`;
  const before = async (): Promise<void> => {
    deepEqual(await p.req.look(), [6, 6, 8, 4, 2, 3]);
    deepEqual(await p.req.levels(), [10, 3, 1, 1, 7]);
  };
  await refuse(`${patch} export function hotfix() { throw new Error("no"); }`, {
    code: "ERR_PATCH_FAILED",
  });
  await before();
  await fix(patch);
  deepEqual(await p.req.levels(), [11, 3, 1, 2, 7]);
  await world.node.snax.rollback((await world.patches()).at(-1)?.id ?? 0);
  equal(((await p.req.look()) as number[])[1], 6);
});

test("services that are born later have what patches gave under such names", async (t) => {
  const { world } = await serve(t, FILES);
  await world.hotfixall("main", BOW);
  await world.hotfixall("main", `enum Kind { Sword, Bow = 5, Staff, Axe }`);
  await world.hotfixall("main", `const Damage = { [Kind.Axe]: (n: number) => n + 7 };`);
  const late = await world.start("main");
  deepEqual(await late.req.look(), [6, 33, 8, 4, 2, 3]);
  equal(await late.req.at(7, 1), 8);
  await world.hotfixall("main", `const Damage = { [Kind.Bow]: (n: number) => n + 31 };`);
  deepEqual(await (await world.start("main")).req.look(), [6, 34, 8, 4, 2, 3]);
});

for (const [title, text, message] of [
  [
    "what a call gives",
    `[String(1)]: () => 1`,
    /\[String\(1\)\] is computed; write the name itself, or assign it in hotfix\(\), Damage\[String\(1\)\] = /,
  ],
  ["what is computed", `["a" + HEAL]: () => 1`, /is computed; write the name itself/],
  [
    "one member twice",
    `[Kind.Bow]: () => 1, 5: () => 2`,
    /\[Kind\.Bow\] and 5 of Damage are the same member/,
  ],
  [
    "what is no name",
    `[Kind.Gone]: () => 1`,
    /\[Kind\.Gone\] is no name of a member: it is undefined/,
  ],
  ["an object as a name", `[NAMES]: () => 1`, /\[NAMES\] is no name of a member: it is an object/],
  [
    "a name that looks like one",
    `"[Kind.Bow]": () => 1`,
    /a member named \[Kind\.Bow\] can't be given/,
  ],
] as const) {
  test(`a name in brackets that can't be told is refused: ${title}`, async (t) => {
    const { p, refuse } = await serve(t, FILES);
    await refuse(`const Damage = { ${text} };`, { code: "ERR_PATCH", message });
    deepEqual(await p.req.look(), [6, 6, 8, 4, 2, 3]);
  });
}

const MOBS = `
  const base = { hp: 10, hit(n: number) { return n; }, heal: (n: number) => n + 1 };
  const lib = { traits: { fly: () => "fly" } };
  const orc = { ...base, hp: 20, hit(n: number) { return n * 2; } };
  const bird = { name: "bird", ...lib.traits, sing: () => "la" };
  class Mobs { static boss = { ...base, roar: () => "grr" }; }
  export const response = { look: () => [orc.hit(3), orc.heal(3), orc.hp, bird.fly(), bird.sing(), Mobs.boss.roar(), base.hit(3)],
    change() { orc.heal = (n: number) => n + 50; } };`;

test("an entry with a spread may be copied whole, and what the spread gave stays", async (t) => {
  const { world, p, fix } = await serve(t, MOBS);
  await p.req.change();
  await fix(`const orc = { ...base, hp: 25, hit(n: number) { return n * 3; } };
    const bird = { ...lib.traits, sing: () => "LA" };
    class Mobs { static boss = { ...base, roar: () => "GRR" }; }`);
  deepEqual(await p.req.look(), [9, 53, 25, "fly", "LA", "GRR", 3]);
  equal(await log(world), "sets Mobs (static boss.roar), orc.hp, orc.hit, bird.sing");
  await fix(
    `const base = { heal: (n: number) => n + 7 }; const orc = { ...base, hit: (n: number) => n };`,
  );
  deepEqual(await p.req.look(), [3, 53, 25, "fly", "LA", "GRR", 3]);
  match(
    String(await log(world)),
    /orc, Mobs were made with base\.heal, and keep what came of that/,
  );
});

test("a spread that the module does not have, or behind members, is refused", async (t) => {
  const { p, refuse } = await serve(t, MOBS);
  await refuse(`const orc = { ...lib.traits, hit: () => 1 };`, {
    code: "ERR_PATCH",
    message: /leave \.\.\.lib\.traits out, for what the patch does not name stays/,
  });
  await refuse(`const orc = { hit: () => 1, ...base };`, {
    code: "ERR_PATCH",
    message: /\.\.\.base is behind members, and may give others: put it in front of them/,
  });
  deepEqual(await p.req.look(), [6, 4, 20, "fly", "la", "grr", 3]);
});

test("objects in a frozen list get the functions of the patch, and an entry that is a function is refused", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `const quests = Object.freeze([{ id: 1, reward: (n: number) => n }, { id: 2, reward: (n: number) => n + 1 }]);
    const steps = Object.freeze([(n: number) => n]);
    const first = quests[0]!;
    export const response = { look: () => [quests.map((each) => each.reward(5)), first.reward(5), first.id, steps[0]!(1)] };`,
  );
  await fix(
    `const quests = Object.freeze([{ id: 3, reward: (n: number) => n * 10 }, { id: 2, reward: (n: number) => n + 1 }]);`,
  );
  deepEqual(await p.req.look(), [[50, 6], 50, 3, 1]);
  await refuse(`const steps = Object.freeze([(n: number) => n + 1]);`, {
    code: "ERR_PATCH",
    message: /steps can't be changed: the service made it fixed/,
  });
  await refuse(`const quests = Object.freeze([{ id: 4, reward: (n: number) => n }]);`, {
    code: "ERR_PATCH",
    message: /quests can't be changed: the service made it fixed/,
  });
  deepEqual(await p.req.look(), [[50, 6], 50, 3, 1]);
});
