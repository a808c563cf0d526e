/** Patches of modules that a service imports, and of several modules in one step. */

import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fails, serve } from "./harness.ts";
import type { Files } from "./harness.ts";

const SHOP: Files = {
  "main.ts": `
    import { round, rate } from "./lib/money.ts";
    import * as stock from "./lib/stock.ts";
    let sold = 0;
    export const response = {
      price(n: number) { return round(n * rate); },
      take(n: number) { sold += n; return [sold, stock.take(n), stock.left]; },
      rate() { return rate; },
    };`,
  "lib/money.ts": `
    let calls = 0;
    export let rate = 2;
    export function round(n: number) { calls += 1; return Math.round(n); }`,
  "lib/stock.ts": `
    import { round } from "./money.ts";
    export let left = 10;
    export function take(n: number) { left -= round(n); return left; }`,
};

test("a module that the service imports is patched by its path, with its private variables", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await p.req.price(1);
  const calls = await fix({
    "./lib/money.ts": `
      declare let calls: number;
      export function round(n: number) { calls += 1; return Math.round(n) * 100; }
      export function hotfix() { return calls; }`,
  });
  equal(calls, 1);
  deepEqual([await p.req.price(2), await p.req.take(1)], [400, [1, -90, -90]]);
});

test("several modules are patched in one step", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "./lib/money.ts": `export function round(n: number) { return n + 1; }`,
    "./lib/stock.ts": `declare let left: number; export function take(n: number) { left = -n; return "taken"; }`,
    "./main.ts": `declare let sold: number; export const response = { sold() { return sold; } };`,
  });
  deepEqual(
    [await p.req.price(1), await p.req.take(3), await p.req.sold()],
    [3, [3, "taken", -3], 3],
  );
});

test("a variable that a patch of a module assigns reaches its importers", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "./lib/money.ts": `declare let rate: number; export function hotfix() { rate = 7; }`,
  });
  deepEqual([await p.req.rate(), await p.req.price(1)], [7, 7]);
});

test("a module's patch is private to the service", async (t) => {
  const { world, p, fix } = await serve(t, SHOP);
  const other = await world.start("main");
  await fix({ "./lib/money.ts": `export function round() { return "patched"; }` });
  deepEqual([await p.req.price(1), await other.req.price(1)], ["patched", 2]);
});

test("if one text is refused, none is applied", async (t) => {
  const { p, refuse } = await serve(t, SHOP);
  const good = `export function round(n: number) { return -1; }`;
  for (const [bad, code] of [
    [`let left = 5;`, "ERR_PATCH"],
    [`export function take( {}`, "ERR_SYNTAX"],
    [`declare let lefd: number;`, "ERR_PATCH_NAME"],
  ] as const) {
    await refuse({ "./lib/money.ts": good, "./lib/stock.ts": bad }, { code, message: /stock\.ts/ });
    await refuse({ "./lib/stock.ts": bad, "./lib/money.ts": good }, { code });
  }
  deepEqual([await p.req.price(1), await p.req.take(1)], [2, [1, 9, 9]]);
});

test("if one hotfix() of several throws, all texts are undone", async (t) => {
  const { p, refuse } = await serve(t, SHOP);
  await refuse(
    {
      "./lib/money.ts": `declare let rate: number; export function round() { return -1; } export function hotfix() { rate = 50; }`,
      "./lib/stock.ts": `declare let left: number; export function hotfix() { left = 50; throw new Error("stock"); }`,
    },
    { code: "ERR_PATCH_FAILED", message: /stock/ },
  );
  deepEqual([await p.req.price(1), await p.req.take(1)], [2, [1, 9, 9]]);
});

test("each text of a record may have a hotfix(), all get the arguments, in the order of the record", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix(
    {
      "./lib/money.ts": `declare let rate: number; export function hotfix(n: number) { rate = n; }`,
      "./main.ts": `declare let sold: number; export function hotfix(n: number) { sold = rate * n; }`,
    },
    3,
  );
  deepEqual([await p.req.rate(), ((await p.req.take(0)) as unknown[])[0]], [3, 9]);
});

test("each text of a record may have a rollback()", async (t) => {
  const { p, refuse } = await serve(t, {
    "main.ts": `import { list } from "./list.ts"; const own: string[] = []; export const response = { look() { return [own, list]; } };`,
    "list.ts": `export const list: string[] = [];`,
  });
  await refuse(
    {
      "./list.ts": `declare const list: string[]; export function rollback() { list.push("back"); }`,
      "./main.ts": `declare const own: string[]; export function rollback() { own.push("back"); } export function hotfix() { throw 1; }`,
    },
    { code: "ERR_PATCH_FAILED" },
  );
  deepEqual(await p.req.look(), [["back"], ["back"]]);
});

test("a path may leave out ./, be absolute, or name the service's own file", async (t) => {
  const { world, p, fix } = await serve(t, SHOP);
  const text = (n: number): string => `export function round() { return ${n}; }`;
  await fix({ "lib/money.ts": text(1) });
  equal(await p.req.price(1), 1);
  await fix({ [join(world.folder, "lib/money.ts")]: text(2) });
  equal(await p.req.price(1), 2);
  await fix({ "main.ts": `export const response = { price() { return 3; } };` });
  equal(await p.req.price(1), 3);
});

test("a function that is new in one text is imported by another", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({ "./lib/money.ts": `export function fresh() { return "fresh"; }` });
  await fix(
    `import { fresh } from "./lib/money.ts"; export const response = { price() { return fresh(); } };`,
  );
  equal(await p.req.price(1), "fresh");
});

test("methods and init belong to the service's own file only", async (t) => {
  const { p, fix, refuse } = await serve(t, SHOP);
  await refuse({ "./lib/money.ts": `export function init() {}` }, { code: "ERR_PATCH" });
  await fix({ "./lib/money.ts": `export const response = { extra() { return 1; } };` }).catch(
    () => {},
  );
  await fails(p.req.extra(), { code: "ERR_NO_METHOD" });
});

test("modules that import each other are patched together", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { even } from "./even.ts"; export const response = { even(n: number) { return even(n); } };`,
    "even.ts": `import { odd } from "./odd.ts"; export function even(n: number): unknown { return n === 0 ? "even" : odd(n - 1); }`,
    "odd.ts": `import { even } from "./even.ts"; export const odd = (n: number): unknown => (n === 0 ? "odd" : even(n - 1));`,
  });
  await fix({
    "./even.ts": `export function even(n: number): unknown { return n === 0 ? "EVEN" : odd(n - 1); }`,
    "./odd.ts": `export const odd = (n: number): unknown => (n === 0 ? "ODD" : even(n - 1));`,
  });
  deepEqual([await p.req.even(4), await p.req.even(5)], ["EVEN", "ODD"]);
});

test("an in-flight call in a module goes on with the new functions of another", async (t) => {
  const { world, p, fix } = await serve(t, {
    "main.ts": `import { run } from "./run.ts"; export const response = { run(gate: any) { return run(gate); } };`,
    "run.ts": `import { word } from "./word.ts"; export async function run(gate: any) { const a = word(); await gate.req.pass("run"); return [a, word()]; }`,
    "word.ts": `export function word() { return "old"; }`,
  });
  const gate = await world.start("gate");
  const running = p.req.run(gate) as Promise<unknown>;
  await gate.req.reached("run");
  await fix({ "./word.ts": `export function word() { return "new"; }` });
  gate.post.open("run");
  deepEqual(await running, ["old", "new"]);
});

test("a list of exports may be in a patch as the module has it, and no other", async (t) => {
  const { p, fix, refuse } = await serve(t, {
    "main.ts": `import { price, cost } from "./p.ts"; export const response = { look() { return [price(1), cost(1)]; } };`,
    "p.ts": `const tax = 2; function price(n: number) { return n * tax; } function base(n: number) { return n; } export { price, base as cost };`,
  });
  await fix({
    "./p.ts": `const tax = 3; function price(n: number) { return n * tax; } function base(n: number) { return n + 1; } export { price, base as cost };`,
  });
  deepEqual(await p.req.look(), [3, 2]);
  const other = {
    "./p.ts": `function base(n: number) { return n + 2; } export { base as price };`,
  };
  await refuse(other, { code: "ERR_PATCH", message: /each with its declaration/ });
  deepEqual(await p.req.look(), [3, 2]);
});
