/**
 * Data that is written out in a constant: Sets, Maps and Dates, frozen objects, several constants in one statement. A patch
 * makes of it what a fresh module of its text would have, as long as the service has not changed it.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";
import { log } from "./moves.ts";

const SHOP = `
  export const names = new Set(["a", "b"]); const prices = new Map([["apple", 3], ["pear", 4]]); const since = new Date("2026-01-02");
  const deep = { tags: new Set([1, 2]), f() { return 1; } }; const holder = { names, prices, since, tags: deep.tags };
  const LIMITS = Object.freeze({ max: 5, rest: Object.freeze({ low: 1, list: Object.freeze([1]) }), twice() { return this.max * 2; } });
  const FIXED = Object.freeze([1, 2]); const frozen = { LIMITS };
  export const response = {
    look() { return [[...names], [...prices], since.toISOString().slice(0, 10), [...deep.tags], holder.names === names && holder.prices === prices && holder.since === since && holder.tags === deep.tags]; },
    limits() { return [LIMITS.max, LIMITS.rest.low, LIMITS.rest.list[0], LIMITS.twice(), Object.isFrozen(LIMITS) && Object.isFrozen(LIMITS.rest), FIXED.length, frozen.LIMITS === LIMITS]; },
    add(name: string) { names.add(name); },
    sell(name: string) { prices.delete(name); },
  };`;

const BEFORE = [
  ["a", "b"],
  [
    ["apple", 3],
    ["pear", 4],
  ],
  "2026-01-02",
  [1, 2],
  true,
];

test("a Set, a Map and a Date get another content, and code that holds them has it", async (t) => {
  const { world, p, fix } = await serve(t, SHOP);
  deepEqual(await p.req.look(), BEFORE);
  await fix(
    `const names = new Set(["b", "c"]); const prices = new Map([["plum", 9]]); const since = new Date("2026-03-04"); const deep = { tags: new Set([3]) };`,
  );
  deepEqual(await p.req.look(), [["b", "c"], [["plum", 9]], "2026-03-04", [3], true]);
  equal(await log(world), "sets names, prices, since, deep.tags");
  await fix(
    `const names = new Set(["c", "b"]); const prices = new Map(); const since = new Date(0);`,
  );
  deepEqual(await p.req.look(), [["c", "b"], [], "1970-01-01", [3], true]);
});

test("what the service has changed is state: it stays if the patch repeats the text, and refuses another value", async (t) => {
  const { p, fix, refuse } = await serve(t, SHOP);
  await p.req.add("x");
  await p.req.sell("pear");
  await fix(
    `const names = new Set(["a", "b"]); const prices = new Map([["apple", 3], ["pear", 4]]);`,
  );
  deepEqual(await p.req.look(), [["a", "b", "x"], [["apple", 3]], "2026-01-02", [1, 2], true]);
  const state = (name: string): { code: string; message: RegExp } => ({
    code: "ERR_PATCH",
    message: new RegExp(`${name} is state, since the service has changed it: assign it in hotfix`),
  });
  await refuse(`const names = new Set(["q"]);`, state("names"));
  await refuse(`const prices = new Map([["q", 1]]);`, state("prices"));
  deepEqual(await p.req.look(), [["a", "b", "x"], [["apple", 3]], "2026-01-02", [1, 2], true]);
});

test("a patch that fails gives back the content", async (t) => {
  const { p, refuse } = await serve(t, SHOP);
  const patch = `const names = new Set(["z"]); const prices = new Map(); const since = new Date(0); const deep = { tags: new Set([3]) };
    const LIMITS = Object.freeze({ max: 9 }); const FIXED = Object.freeze([1]); export function hotfix() { throw new Error("no"); }`;
  await refuse(patch, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), BEFORE);
  deepEqual(await p.req.limits(), [5, 1, 1, 10, true, 2, true]);
});

test("a frozen object is replaced by one with the members of the patch, and the log names what keeps the old one", async (t) => {
  const { world, p, fix } = await serve(t, SHOP);
  await fix(
    `const LIMITS = Object.freeze({ max: 7, rest: Object.freeze({ list: Object.freeze([8]) }) }); const FIXED = Object.freeze([1, 2, 3]);`,
  );
  deepEqual(await p.req.limits(), [7, 1, 8, 14, true, 3, false]);
  equal(
    await log(world),
    "sets LIMITS.max, LIMITS.rest.list, FIXED; frozen was made with LIMITS.max, and keeps what came of that",
  );
  await fix(`const LIMITS = Object.freeze({ twice() { return this.max * 20; }, least: 1 });`);
  deepEqual(await p.req.limits(), [7, 1, 8, 140, true, 3, false]);
  await fix(`const LIMITS = Object.freeze({ max: 7 });`);
});

for (const [patch, message] of [
  [`const names = new Map([["a", 1]]);`, /a variable names already/],
  [`const names = new Set(["a", Math.random()]);`, /a variable names already/],
  [`const since = new Date();`, /a variable since already/],
  [`const LIMITS = { max: 7 };`, /LIMITS\.max can't be changed: the service made it fixed/],
  [`const deep = Object.freeze({ f() { return 2; } });`, /a variable deep already/],
  [`const deep = { tags: new Map([[1, 2]]) };`, /deep\.tags is an instance of Set/],
] as const) {
  test(`another kind of value is refused: ${patch}`, async (t) => {
    const { p, refuse } = await serve(t, SHOP);
    await refuse(patch, { code: "ERR_PATCH", message });
    deepEqual(await p.req.look(), BEFORE);
  });
}

test("a name of the module that is called Set means what the module says", async (t) => {
  const text = `class Set { items: string[]; constructor(items: string[]) { this.items = items; } } const names = new Set(["a"]); export const response = { look() { return names.items; } };`;
  const { p, refuse } = await serve(t, text);
  await refuse(`const names = new Set(["b"]);`, {
    code: "ERR_PATCH",
    message: /a variable names already/,
  });
  deepEqual(await p.req.look(), ["a"]);
});

test("several declarations in one statement are as many statements", async (t) => {
  const text = `const A = 1, B = A * 2; let f = () => A, g = () => 2; const T = { n: 1 }, S = new Set([1]); export const response = { look() { return [A, B, f(), g(), T.n, [...S]]; } };`;
  const { world, p, fix, refuse } = await serve(t, text);
  await fix(
    `const A = 3, B = A * 2; const f = () => A + 1, g = () => 4, T = { n: 5 }, S = new Set([6]);`,
  );
  deepEqual(await p.req.look(), [3, 6, 4, 4, 5, [6]]);
  equal(await log(world), "sets A, B, f, g, T.n, S");
  await fix(
    `let x = 1, y = x + 1, [z] = [y + 1]; const A = 7, h = () => x + y + z; export const response = { look() { return [A, h(), x, y, z]; } };`,
  );
  deepEqual(await p.req.look(), [7, 6, 1, 2, 3]);
  await refuse(`const A = 9, x = 8;`, { code: "ERR_PATCH", message: /a variable x already/ });
  deepEqual(await p.req.look(), [7, 6, 1, 2, 3]);
});

test("services that are born later have the same", async (t) => {
  const world = await World.open(t, { "shop.ts": SHOP });
  const first = await world.start("shop");
  await world.hotfixall(
    "shop",
    `const names = new Set(["c"]), prices = new Map([["plum", 9]]); const since = new Date("2026-03-04"), deep = { tags: new Set([3]) };`,
  );
  await world.hotfixall(
    "shop",
    `const LIMITS = Object.freeze({ max: 7, rest: Object.freeze({ list: Object.freeze([8]) }) }), FIXED = Object.freeze([1, 2, 3]);`,
  );
  const second = await world.start("shop");
  deepEqual(await second.req.look(), await first.req.look());
  const limits = async (p: typeof first): Promise<unknown[]> =>
    ((await p.req.limits()) as unknown[]).slice(0, -1);
  deepEqual(await limits(second), await limits(first));
});
