/** Services are born from a text that has the patches of their type in it, where a text can say them; else they get them in turn. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../src/base/random.ts";
import { failureOf } from "../../world.ts";
import { drawSeeds } from "../../sim/scale.ts";
import { runBirths } from "./born-run.ts";
import { World } from "./harness.ts";
import type { Files } from "./harness.ts";

const { seeds } = drawSeeds("births", { c: 1, r: 10, s: 100 });

for (const seed of seeds) {
  test(`a service born after random patches of seed ${seed} is like one of the edited file`, async (t) => {
    const world = await World.open(t);
    const { different, astray } = await runBirths(world, createRandom(seed), 60);
    equal(different.length, 0, different[0]);
    equal(astray.length, 0, astray[0]);
  });
}

test("the comparison of births notices a patch that is not the edit", async (t) => {
  const world = await World.open(t);
  const { different } = await runBirths(world, createRandom(seeds[0] ?? 1), 200, true);
  ok(different.length > 0);
});

/** `seen()` says how a service was born: 20 from a text with the patches, 10 from the file. */
const SHOP = `
import { half } from "./half.ts";
const FROM = 1;
const SEEN = FROM * 10;
const prices = { apple: () => 0 };
const offers = { apple: { price: 1 } };
Object.assign(prices, { apple: () => 1 });
let log: string[] = [];
function note(text: string) { log.push(text); return log.length; }
function fill() { return 0; }
class Unit { hp = 1; one() { return 1; } }
const filled = fill();
export const response = {
  seen() { return SEEN; },
  look() { return [half(8), prices.apple(), offers.apple, log.length, new Unit(), new Unit().one(), filled]; },
  log() { return log; },
};
`;

const FILES: Files = {
  "main.ts": SHOP,
  "half.ts": `export function half(n: number) { return n / 2; }`,
  "side.ts": `import { half } from "./half.ts"; export const SIDE = half(14); export function side() { return SIDE; }`,
  "back.ts": `import { response } from "./main.ts"; export function back() { return Object.keys(response).length; }`,
  "late.ts": `await null; export const LATE = 1;`,
};

interface Case {
  readonly title: string;
  readonly patch: string | Record<string, string>;
  /** Whether services are born from a text that has the patch. */
  readonly isInText: boolean;
  /** The method that shows it. @defaultValue look */
  readonly method?: string;
}

const CASES: readonly Case[] = [
  { title: "a function", patch: `function note() { return 7; }`, isInText: true },
  {
    title: "a class",
    patch: `class Unit { hp = 2; one() { return 2; } two() {} }`,
    isInText: true,
  },
  {
    title: "methods of a service",
    patch: `export const response = { more: () => 1, even() { return this === undefined; } };`,
    isInText: true,
    method: "more",
  },
  {
    title: "an object that is written out",
    patch: `const offers = { apple: { price: 2 }, pear: 3 };`,
    isInText: true,
  },
  {
    title: "an object that the module fills",
    patch: `const prices = { apple: () => 2 };`,
    isInText: false,
  },
  {
    title: "new state that is written out",
    patch: `let fresh = { list: [1, 2], of: new Map([["a", 1]]) }; export const response = { fresh() { return [fresh.list, [...fresh.of]]; } };`,
    isInText: true,
    method: "fresh",
  },
  {
    title: "new state that a call gives",
    patch: `let fresh = note("x"); export const response = { fresh() { return fresh; } };`,
    isInText: false,
    method: "fresh",
  },
  {
    title: "a method that a call gives",
    patch: `export const response = { made: ((n: number) => () => n + log.length)(note("x")) };`,
    isInText: false,
    method: "made",
  },
  { title: "something taken away", patch: `delete response.log;`, isInText: true },
  {
    title: "another module",
    patch: { "./half.ts": `export function half(n: number) { return -n; }` },
    isInText: true,
  },
  {
    title: "an import of a module that no service had",
    patch: `import { side } from "./side.ts"; import { basename } from "node:path"; export const response = { side() { return [side(), basename("a/b")]; } };`,
    isInText: true,
    method: "side",
  },
  {
    title: "an import that leads back",
    patch: {
      "./half.ts": `import { back } from "./back.ts"; export function half() { return back(); }`,
    },
    isInText: false,
  },
  {
    title: "a constant of another one that is behind it",
    patch: `const FROM = SEEN * 2;`,
    isInText: false,
  },
];

for (const { title, patch, isInText, method = "look" } of CASES) {
  test(`born with ${title}: ${isInText ? "from a text that has it" : "in turn"}, and like one that was patched`, async (t) => {
    const world = await World.open(t, FILES);
    const patched = await world.start("main");
    if (typeof patch !== "string" || !patch.includes("FROM")) {
      await world.hotfixall("main", `const FROM = 2;`);
      await world.hotfixall("main", patch);
      const born = await world.start("main");
      equal(await born.req.seen?.(), isInText ? 20 : 10);
      deepEqual(await born.req[method]?.(), await patched.req[method]?.());
      const codes = [patched, born].map((each) =>
        failureOf(Promise.resolve(each.req.log?.())).catch(() => "none"),
      );
      deepEqual(
        String((await codes[0]) as Error).slice(0, 20),
        String((await codes[1]) as Error).slice(0, 20),
      );
      return;
    }
    await world.hotfixall("main", patch);
    const born = await world.start("main");
    deepEqual([await born.req.seen?.(), await born.req.look?.()], [10, await patched.req.look?.()]);
  });
}

test("a patch that makes a text throw is given in turn, and the log says so", async (t) => {
  const world = await World.open(t, FILES);
  const patched = await world.start("main");
  await world.hotfixall(
    "main",
    `const FROM = 2; function fill(): number { return fresh.of; } let fresh = { of: 3 };`,
  );
  const text = `function fill(): number { throw new Error("empty"); }`;
  await world.hotfixall("main", text);
  for (let born = 0; born < 2; born += 1) {
    const service = await world.start("main");
    equal(await service.req.seen?.(), 10);
    deepEqual(await service.req.look?.(), await patched.req.look?.());
  }
  await world.hotfixall("main", `function fill() { return 1; }`);
  equal(await (await world.start("main")).req.seen?.(), 20);
});

test("what is patched later is patched in a service that was born from a text, too", async (t) => {
  const world = await World.open(t, FILES);
  const patched = await world.start("main");
  const first = await world.hotfixall(
    "main",
    `const FROM = 2; let fresh = 1; export const response = { fresh() { return [fresh, FROM]; } };`,
  );
  const born = await world.start("main");
  equal(await born.req.seen?.(), 20);
  const second = await world.hotfixall(
    "main",
    `declare let fresh: number; export const response = { grow() { return (fresh += 1); } };`,
  );
  deepEqual(second.applied, [patched.handle, born.handle]);
  for (const each of [patched, born])
    deepEqual([await each.req.grow?.(), await each.req.fresh?.()], [2, [2, 2]]);
  const late = await world.start("main");
  deepEqual(await late.req.grow?.(), 2);
  await failureOf(
    world.hotfix(
      born,
      `class Unit { one() { return 9; } } declare let fresh: number; export function hotfix() { fresh = 50; throw new Error("no"); }`,
    ),
  );
  deepEqual(
    [await born.req.fresh?.(), ((await born.req.look?.()) as unknown[] | undefined)?.[5]],
    [[2, 2], 1],
  );
  const { applied } = await world.node.snax.rollback(second.id);
  equal(applied.length, 3);
  for (const each of [patched, born, late])
    match(String(await failureOf(Promise.resolve(each.req.grow?.()))), /grow/);
  await world.node.snax.rollback(first.id);
  for (const each of [patched, born, late])
    match(String(await failureOf(Promise.resolve(each.req.fresh?.()))), /fresh/);
  equal(await (await world.start("main")).req.seen?.(), 10);
});

test("a patch passes over a service that has it already, though it was born with it", async (t) => {
  const world = await World.open(t, FILES);
  const text = `const FROM = 2; let fresh = 1; export const response = { fresh() { return fresh; } };`;
  await world.hotfixall("main", text);
  const born = await world.start("main");
  equal(await born.req.seen?.(), 20);
  const second = await world.start("main");
  world.node.skynet.cache.clear();
  const again = await world.hotfixall("main", text);
  deepEqual(
    [again.applied, again.skipped.map(({ handle }) => handle)],
    [[], [born.handle, second.handle]],
  );
  equal(await (await world.start("main")).req.fresh?.(), 1);
});

test("every thread has its births from a text of its own, also while a patch goes in", async (t) => {
  const world = await World.open(t, FILES, { thread: 2 });
  await world.hotfixall("main", `const FROM = 2;`);
  const before = await Promise.all(Array.from({ length: 4 }, () => world.start("main")));
  const [, ...meanwhile] = await Promise.all([
    world.hotfixall("main", `function note() { return 5; }`),
    ...Array.from({ length: 8 }, () => world.start("main")),
  ]);
  const after = await Promise.all(Array.from({ length: 4 }, () => world.start("main")));
  const services = [...before, ...(meanwhile as typeof before), ...after];
  const answers = await Promise.all(
    services.map(async (each) => JSON.stringify(await each.req.look?.())),
  );
  equal(new Set(answers).size, 1);
  for (const each of [...before, ...after]) equal(await each.req.seen?.(), 20);
});

test("all or none, and taken back: births from the text before are as they were", async (t) => {
  const world = await World.open(t, FILES);
  await world.hotfixall("main", `const FROM = 2;`);
  const [one, other] = [await world.start("main"), await world.start("main")];
  const atomic = world.node.snax.repair({ atomic: true });
  const refusing = `const FROM = 3; export function hotfix(who: number): void { if (skynet.self() === who) throw new Error("no"); }`;
  await failureOf(
    atomic.hotfixall("main", `import { skynet } from "snax"; ${refusing}`, other?.handle),
  );
  equal(await (await world.start("main")).req.seen?.(), 20);
  await atomic.hotfixall("main", `const FROM = 3;`);
  equal(await (await world.start("main")).req.seen?.(), 30);
  equal(await one?.req.seen?.(), 20);
});

const TEXT = `
class Unit { fail() { throw new Error("old unit"); } }
function inner(): never { throw new Error("old inner"); }
export const response = {
  run() { return outer(); },
  unit() { return new Unit().fail(); },
};
function outer() { return inner(); }
`;

test("stacks of a service that was born from a text name the patch, and the file, with their lines", async (t) => {
  const world = await World.open(t, { "main.ts": TEXT });
  await world.hotfixall(
    "main",
    `\n\nfunction inner(): never {\n  const text: string = "new inner"; throw new Error(text);\n}`,
  );
  await world.hotfixall(
    "main",
    `\nclass Unit { fail(): never {\n  throw new Error("new unit"); } }`,
  );
  const born = await world.start("main");
  const stack = async (method: string): Promise<string> => {
    const error = await failureOf(Promise.resolve(born.req[method]?.()));
    return (error as Error).stack ?? "";
  };
  match(await stack("run"), /at inner \(snax-patch:[0-9a-f]{12}\/main\.ts:4:43\)/);
  match(await stack("run"), /at outer \(file:[^()?]*main\.ts:8:27\)/);
  match(await stack("run"), /run \(file:[^()?]*main\.ts:5:18\)/);
  match(await stack("unit"), /fail \(snax-patch:[0-9a-f]{12}\/main\.ts:3:9\)/);
  match(await stack("unit"), /unit .*main\.ts:6:30/);
});
