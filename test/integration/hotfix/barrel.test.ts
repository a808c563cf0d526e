/** A module that exports what another one declares: a patch of it is refused and says where the name is. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, fails, serve } from "./harness.ts";
import type { Files } from "./harness.ts";

const SHOP: Files = {
  "main.ts": `
    import { price, tax, cost, deep, back, own, Cart, prices, readFileSync } from "./lib/index.ts";
    export const response = { look() { return [price(1), tax(1), cost(1), deep(1), back(1), own(1), new Cart().n(), prices.price(1)]; } };
    export const kept = readFileSync;`,
  "lib/index.ts": `
    export { price } from "./price.ts";
    export { price as cost } from "./price.ts";
    export * from "./tax.ts";
    export * from "./inner/index.ts";
    export * as prices from "./price.ts";
    export { readFileSync } from "node:fs";
    import { back as there } from "./price.ts";
    export { there as back };
    function mine(n: number) { return n; }
    export { mine as own };`,
  "lib/price.ts": `export function price(n: number) { return n; } export function back(n: number) { return n; }
    export class Cart { n() { return 1; } }`,
  "lib/tax.ts": `const tax = (n: number) => n; export { tax };`,
  "lib/inner/index.ts": `export * from "./more.ts"; export { Cart } from "../price.ts";`,
  "lib/inner/more.ts": `function low(n: number) { return n; } export { low as deep };`,
};

for (const [patch, message] of [
  [
    `export function price(n: number) { return n * 100; }`,
    /named price already.*; lib\/price\.ts has price: .*"lib\/price\.ts": text/,
  ],
  [`export const price = (n: number) => n * 100;`, /lib\/price\.ts has price:/],
  [`export let price = 1;`, /lib\/price\.ts has price:/],
  [`export const price = 1;`, /lib\/price\.ts has price:/],
  [
    `export function price(n: number): number { return n > 0 ? price(0) : 0; }`,
    /lib\/price\.ts has price:/,
  ],
  [`function price(n: number) { return n * 100; }`, /nothing uses it; lib\/price\.ts has price:/],
  [`export function tax(n: number) { return n * 100; }`, /; lib\/tax\.ts has tax:/],
  [
    `export function cost(n: number) { return n * 100; }`,
    /; lib\/price\.ts has it under the name price: /,
  ],
  [
    `function cost(n: number) { return n * 100; }`,
    /; lib\/price\.ts has it under the name price: /,
  ],
  [
    `export function deep(n: number) { return n * 100; }`,
    /; lib\/inner\/more\.ts has it under the name low:/,
  ],
  [`export class Cart { n() { return 2; } }`, /; lib\/price\.ts has Cart:/],
  [`export function back(n: number) { return n * 100; }`, /; lib\/price\.ts has back:/],
  [
    `function there(n: number) { return n * 100; }`,
    /imported from \.\/price\.ts.*; lib\/price\.ts has it under the name back:/,
  ],
  [
    `export function hotfix() { there = (n) => n; }`,
    /; lib\/price\.ts has it under the name back:/,
  ],
  [`export function own(n: number) { return n * 100; }`, /; it is what the module calls mine$/],
  [`export const prices = 1;`, /; it holds all exports of lib\/price\.ts:/],
  [`export function readFileSync() { return ""; }`, /; it comes from a package/],
] as const) {
  test(`a patch of a barrel is refused with the home of the name: ${patch}`, async (t) => {
    const { p, refuse } = await serve(t, SHOP);
    await refuse({ "./lib/index.ts": patch }, { code: ["ERR_PATCH_NAME", "ERR_PATCH"], message });
    deepEqual(await p.req.look(), [1, 1, 1, 1, 1, 1, 1, 1]);
  });
}

test("the way that the refusal names does it", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "lib/price.ts": `export function price(n: number) { return n * 100; }`,
    "lib/tax.ts": `export function tax(n: number) { return n * 10; }`,
    "lib/inner/more.ts": `function low(n: number) { return n * 7; }`,
    "lib/index.ts": `function mine(n: number) { return n * 3; }`,
  });
  deepEqual(await p.req.look(), [100, 10, 100, 7, 1, 3, 1, 100]);
});

test("a barrel takes names that no module exports through it", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "./lib/index.ts": `export function fresh() { return "fresh"; }`,
    "./main.ts": `import { fresh } from "./lib/index.ts"; export const response = { fresh() { return fresh(); } };`,
  });
  equal(await p.req.fresh(), "fresh");
});

test("a function of the patch's own may have the name of something that passes through", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "./lib/index.ts": `function price(n: number) { return n * 5; } function mine(n: number) { return price(n); }`,
  });
  deepEqual(await p.req.look(), [1, 1, 1, 1, 1, 5, 1, 1]);
});

test("two texts do not make a new export of one that is there", async (t) => {
  const { p, refuse } = await serve(t, SHOP);
  await refuse(
    {
      "./lib/index.ts": `export function price(n: number) { return n * 5; }`,
      "./main.ts": `import { price } from "./lib/index.ts"; export const response = { look() { return price(1); } };`,
    },
    { code: "ERR_PATCH_NAME", message: /lib\/price\.ts has price/ },
  );
  deepEqual(await p.req.look(), [1, 1, 1, 1, 1, 1, 1, 1]);
});

test("a default export that passes through is found, too", async (t) => {
  const { refuse } = await serve(t, {
    "main.ts": `import f from "./barrel.ts"; import { f as g } from "./barrel.ts"; export const response = { f() { return [f(), g()]; } };`,
    "barrel.ts": `export { default, default as f } from "./f.ts";`,
    "f.ts": `export default function f() { return "old"; }`,
  });
  const patch = { "./barrel.ts": `export function f() { return "new"; }` };
  await refuse(patch, { code: "ERR_PATCH_NAME", message: /; f\.ts has f:/ });
});

test("hotfixall and a shared barrel refuse alike", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { price } from "./index.ts"; export const response = { look() { return price(1); } };`,
    "index.ts": `"use shared"; export { cost as price } from "./price.ts";`,
    "price.ts": `"use shared"; export function cost(n: number) { return n; }`,
  });
  await world.start("main");
  const text = `export function price(n: number) { return n * 100; }`;
  const message = /price\.ts has it under the name cost, and is shared by all services/;
  await fails(world.hotfixshared("index.ts", text), { code: "ERR_PATCH_NAME", message });
  await fails(world.hotfixall("main", { "./main.ts": `function price() { return 2; }` }), {
    code: "ERR_PATCH",
    message,
  });
});

test("a function behind 3,000 barrels is patched in its own module, and refused in a barrel", async (t) => {
  const files: Record<string, string> = {
    "main.ts": `import { f } from "./b0.ts"; const held = f; export const response = { f() { return [f(), held()]; } };`,
  };
  for (let index = 0; index < 3000; index += 1)
    files[`b${index}.ts`] = `export * from "./b${index + 1}.ts";`;
  const { p, fix, refuse } = await serve(t, {
    ...files,
    "b3000.ts": `export function f() { return 1; }`,
  });
  const message = /f already.*; b3000\.ts has f: /;
  await refuse(
    { "./b1500.ts": `export function f() { return 2; }` },
    { code: "ERR_PATCH_NAME", message },
  );
  await fix({ "./b3000.ts": `export function f() { return 2; }` });
  deepEqual(await p.req.f(), [2, 2]);
});
