/** Modules that a service imports by a name: each service has its own, and a patch reaches them by path and by that name. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { fails, serve } from "./harness.ts";
import type { Files } from "./harness.ts";

const SHOP: Files = {
  "package.json": `{ "name": "shop", "exports": { "./*": "./lib/*.ts" }, "imports": { "#lib/*": "./lib/*.ts" } }`,
  "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }`,
  "main.ts": `
    import { price } from "#lib/price";
    import { state } from "shop/state";
    import { tax } from "@/tax";
    import { round } from "./lib/round";
    export const response = { buy() { state.n += 1; return [state.n, round(price() + tax())]; } };`,
  "lib/state.ts": `export const state = { n: 0 };`,
  "lib/price.ts": `export function price() { return 10; }`,
  "lib/tax.ts": `export function tax() { return 1; }`,
  "lib/round/index.ts": `export function round(n: number) { return Math.round(n); }`,
};

const PATCHES: [path: string, text: string, total: number][] = [
  ["#lib/price", `export function price() { return 20; }`, 21],
  ["./lib/price.ts", `export function price() { return 20; }`, 21],
  ["./lib/price", `export function price() { return 20; }`, 21],
  ["price", `export function price() { return 20; }`, 21],
  ["@/tax", `export function tax() { return 2; }`, 12],
  ["./lib/round", `export function round(n: number) { return -n; }`, -11],
  [
    "shop/state",
    `export function hotfix() { state.n = 100; } declare const state: { n: number };`,
    11,
  ],
  [
    "main.ts",
    `import { tax as levy } from "#lib/tax"; export const response = { buy() { return [0, levy()]; } };`,
    1,
  ],
];

for (const [path, text, total] of PATCHES) {
  test(`a patch of ${path} is in, and the other service stays as it was`, async (t) => {
    const { world, p, fix } = await serve(t, SHOP);
    const other = await world.start("main");
    deepEqual(await p.req.buy(), [1, 11]);
    await fix({ [path]: text });
    deepEqual(((await p.req.buy()) as number[])[1], total);
    deepEqual(await other.req.buy(), [1, 11]);
  });
}

test("a name that is no module of the service is refused", async (t) => {
  const { fix } = await serve(t, SHOP);
  for (const path of ["#lib/gone", "shop/gone", "@/gone", "#other", "fs"]) {
    await fails(fix({ [path]: "" }), {
      code: "ERR_PATCH_NAME",
      message: /the service has no module/,
    });
  }
});

const TYPES: Files = {
  "main.ts": `
    import { Price } from "./lib/price.ts";
    let last: Price | undefined;
    export const response = { price() { return last; } };`,
  "lib/price.ts": `export interface Price { n: number } export const ran = (globalThis as any).priceRuns = ((globalThis as any).priceRuns ?? 0) + 1; export function make(): Price { return { n: ran }; }`,
};

test("an import that a patch uses for types alone runs no module; one that it needs is a new one", async (t) => {
  t.after(() => delete (globalThis as { priceRuns?: number }).priceRuns);
  const { p, fix } = await serve(t, TYPES);
  await fix(
    `import { Price } from "./lib/price.ts"; import { Gone } from "./gone.ts"; declare let last: Price | Gone; export const response = { price() { return [last]; } };`,
  );
  deepEqual(await p.req.price(), [undefined]);
  deepEqual((globalThis as { priceRuns?: number }).priceRuns, undefined);
  await fix(
    `import { make, Price } from "./lib/price.ts"; declare let last: Price; export const response = { price() { last = make(); return last; } };`,
  );
  deepEqual(await p.req.price(), { n: 1 });
});
