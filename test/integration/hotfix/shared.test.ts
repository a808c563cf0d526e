/** Patching a module that all services of a thread share; each thread has variables of its own. */

import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ONE_THREAD, THREADS } from "../../world.ts";
import { World, fails } from "./harness.ts";
import type { Patch } from "snax";
import type { Files } from "./harness.ts";

const FILES: Files = {
  "main.ts": `
    import { price, Item, count } from "./shared/price.ts";
    const item = new Item();
    const held = price;
    export const response = { get() { return [price(1), held(1), item.name(), new Item().name(), count]; } };`,
  "other.ts": `import * as all from "./shared/price.ts"; export const response = { get() { return [all.price(1), all.count]; } };`,
  "shared/price.ts": `"use shared"; let factor = 1; export let count = 0; export function price(n: number) { return n * factor; } export class Item { name() { return "old"; } }`,
};

const TEXT = `
  declare let factor: number;
  export function price(n: number) { return n * factor * 100; }
  export class Item { name() { return "new"; } }
`;

test("a shared module is patched for all services by its absolute path", async (t) => {
  const world = await World.open(t, FILES);
  const [a, b, other] = [
    await world.start("main"),
    await world.start("main"),
    await world.start("other"),
  ];
  const result = await world.hotfixshared(join(world.folder, "shared/price.ts"), TEXT);
  deepEqual([result.threads, typeof result.id], [Math.max(1, THREADS), "number"]);
  for (const p of [a, b]) deepEqual(await p.req.get(), [100, 100, "new", "new", 0]);
  deepEqual(await other.req.get(), [100, 0]);
});

test("a relative path counts from the node's root", async (t) => {
  const world = await World.open(t, FILES);
  const p = await world.start("other");
  await world.hotfixshared("./shared/price.ts", TEXT);
  deepEqual(await p.req.get(), [100, 0]);
});

test("services born later use the patched module", async (t) => {
  const world = await World.open(t, FILES);
  await world.start("main");
  await world.hotfixshared("./shared/price.ts", TEXT);
  deepEqual(await (await world.start("main")).req.get(), [100, 100, "new", "new", 0]);
});

test("a variable that the patch assigns reaches all services", async (t) => {
  const world = await World.open(t, FILES);
  const [a, b] = [await world.start("main"), await world.start("other")];
  await world.hotfixshared(
    "./shared/price.ts",
    `declare let count: number; export function hotfix() { count = 9; }`,
  );
  deepEqual([((await a.req.get()) as unknown[])[4], ((await b.req.get()) as unknown[])[1]], [9, 9]);
});

test("variables that a patched function assigns later reach all services, the later born too", async (t) => {
  const world = await World.open(t, FILES, ONE_THREAD);
  const [a, b] = [await world.start("main"), await world.start("other")];
  const path = "./shared/price.ts";
  await world.hotfixshared(
    path,
    `declare let count: number; export function price(n: number) { count += 1; return n; }`,
  );
  const c = await world.start("main");
  await a.req.get();
  const before = ((await b.req.get()) as number[])[1] ?? 0;
  await a.req.get();
  deepEqual(((await b.req.get()) as number[])[1], before + 3);
  deepEqual(((await c.req.get()) as unknown[])[4], before + 5);
});

test("an exported literal of a shared module is replaced for those who import it", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { RATE } from "./s.ts"; import * as s from "./s.ts"; export const response = { get() { return [RATE, s.RATE]; } };`,
    "s.ts": `"use shared"; export const RATE = 1;`,
  });
  const p = await world.start("main");
  await world.hotfixshared("./s.ts", `export const RATE = 2;`);
  deepEqual(await p.req.get(), [2, 2]);
  deepEqual(await (await world.start("main")).req.get(), [2, 2]);
});

test("a patch that imports a shared module's variable hears of its changes, and keeps no dead service", async (t) => {
  const world = await World.open(t, FILES, ONE_THREAD);
  const [a, b] = [await world.start("main"), await world.start("main")];
  const path = "./shared/price.ts";
  await world.hotfixshared(
    path,
    `declare let count: number; export function up() { return ++count; }`,
  );
  const patch = `import { up, count as total } from "./shared/price.ts"; export const response = { up() { return [up(), total]; }, total() { return total; } };`;
  for (const p of [a, b]) await world.hotfix(p, patch);
  deepEqual([await a.req.up(), await b.req.up(), await a.req.total()], [[1, 1], [2, 2], 2]);
});

test("a shared module's patch that fails is undone everywhere", async (t) => {
  const world = await World.open(t, FILES);
  const [a, b] = [await world.start("main"), await world.start("other")];
  const before = [await a.req.get(), await b.req.get()];
  const bad = `${TEXT} declare let count: number; export function hotfix() { count = 5; factor = 2; throw new Error("no"); }`;
  await fails(world.hotfixshared("./shared/price.ts", bad), { code: "ERR_PATCH_FAILED" });
  await fails(world.hotfixshared("./shared/price.ts", `let factor = 2;`), { code: "ERR_PATCH" });
  await fails(world.hotfixshared("./shared/price.ts", `let = 2;`), { code: "ERR_SYNTAX" });
  await fails(world.hotfixshared("./shared/price.ts", `declare let factr: 1;`), {
    code: "ERR_PATCH_NAME",
  });
  deepEqual([await a.req.get(), await b.req.get()], before);
});

test("a service's patch of a shared module is refused", async (t) => {
  const world = await World.open(t, FILES);
  const p = await world.start("main");
  const patch: Patch = { "./shared/price.ts": TEXT };
  await world.refuse(p, patch, { code: ["ERR_PATCH", "ERR_PATCH_NAME"], message: /shared/ });
  await fails(world.hotfixall("main", patch), { code: ["ERR_PATCH", "ERR_PATCH_NAME"] });
  equal(((await p.req.get()) as unknown[])[0], 1);
});

test("a module that is not shared, or not loaded, is refused", async (t) => {
  const world = await World.open(t, FILES);
  await world.start("main");
  for (const path of ["./main.ts", "./shared/nothing.ts", "../price.ts", ""]) {
    await fails(world.hotfixshared(path, ``), {
      code: ["ERR_PATCH_NAME", "ERR_PATCH", "ERR_ARGUMENT", "ERR_MODULE"],
    });
  }
});

test("a new function of a shared module is used by a service's patch", async (t) => {
  const world = await World.open(t, FILES);
  const p = await world.start("main");
  await world.hotfixshared(
    "./shared/price.ts",
    `declare let factor: number; export function raise() { return ++factor; }`,
  );
  await world.hotfix(
    p,
    `import { raise } from "./shared/price.ts"; export const response = { raise() { return raise(); } };`,
  );
  equal(await p.req.raise(), 2);
  equal(((await p.req.get()) as unknown[])[0], 2);
});
