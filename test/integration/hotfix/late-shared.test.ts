/** Patches of a shared module on threads that load it after the patch. */

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { codeOfFailure, world } from "../world.ts";
import type { World } from "../world.ts";

const PRICE = `"use shared";
  export let count = 0;
  export function price() { return 1; }
  export function taken() { return price(); }`;

const FILES = {
  shop: `
    import { count, price, taken } from "./price.ts";
    const first = price();
    export const response = {
      get() { return [first, price(), taken(), count]; },
      exit() { process.exit(1); },
    };`,
  idle: `export const response = { hello() { return "hello"; } };`,
  "price.ts": PRICE,
};

const PATCH = `
  declare let count: number;
  let times = 10;
  export function price() { count += 1; return times; }
  export function hotfix() { count = 100; }`;

interface Shops extends World {
  readonly shop: (place: number) => Promise<any>;
  readonly patch: (text: string) => Promise<number>;
}

async function shops(t: TestContext, thread = 2): Promise<Shops> {
  const node = await world(t, FILES, { thread });
  return {
    ...node,
    shop: (place) => node.snax.at(place).newservice<any>("shop"),
    patch: async (text) => {
      return (await node.snax.hotfixshared(join(node.folder, "price.ts"), text)).threads;
    },
  };
}

test("a thread that loads a shared module after its patch gets the patched one, before the service is evaluated", async (t) => {
  const { shop, patch } = await shops(t);
  const one = await shop(1);
  equal(await patch(PATCH), 1);
  deepEqual(await one.req.get(), [1, 10, 10, 102]);
  const two = await shop(2);
  // Its hotfix() has nothing to repair there.
  deepEqual(await two.req.get(), [10, 10, 10, 3]);
  deepEqual(await (await shop(2)).req.get(), [10, 10, 10, 6]);
});

test("patches come in their order, and each once", async (t) => {
  const { shop, patch } = await shops(t);
  await shop(1);
  await patch(PATCH);
  await patch(`declare let times: number; export function price() { return times * 2; }`);
  const two = await shop(2);
  deepEqual(await two.req.get(), [20, 20, 20, 0]);
  equal(await patch(`export function price() { return 3; }`), 2);
  deepEqual(await two.req.get(), [20, 3, 3, 0]);
  deepEqual(await (await shop(2)).req.get(), [3, 3, 3, 0]);
});

test("services that are born at the same time all wait for the patch", async (t) => {
  const { shop, patch } = await shops(t);
  await shop(1);
  await patch(`export function price() { return 3; }`);
  const born = await Promise.all([shop(2), shop(2), shop(2)]);
  for (const each of born) deepEqual(await each.req.get(), [3, 3, 3, 0]);
});

test("a thread that takes another one's place gets the patches with the module", async (t) => {
  const { snax, skynet, shop, patch } = await shops(t);
  const one = await shop(1);
  await patch(PATCH);
  await codeOfFailure(one.req.exit());
  let again;
  while (again === undefined) {
    again = await shop(1).catch(() => skynet.sleep(5).then(() => undefined));
  }
  deepEqual(await again.req.get(), [10, 10, 10, 3]);
  equal(await (await snax.at(2).newservice<any>("idle")).req.hello(), "hello");
});

test("a patch goes with the text that it is for when the cache is cleared", async (t) => {
  for (const isWhole of [true, false]) {
    const { folder, skynet, shop, patch } = await shops(t);
    await shop(1);
    await patch(PATCH);
    writeFileSync(join(folder, "price.ts"), PRICE.replace("return 1;", "return 5;"));
    if (isWhole) skynet.cache.clear();
    else skynet.cache.clear(join(folder, "price.ts"));
    for (const place of [1, 2]) deepEqual(await (await shop(place)).req.get(), [5, 5, 5, 0]);
  }
});

test("a patch that a service applies reaches the other threads as well", async (t) => {
  const node = await world(
    t,
    {
      ...FILES,
      patcher: `
        import { snax } from "snax";
        export const response = {
          async run(path: string, text: string) { return (await snax.hotfixshared(path, text)).threads; } };`,
    },
    { thread: 3 },
  );
  const patcher = await node.snax.at(2).newservice<any>("patcher");
  const one = await node.snax.at(1).newservice<any>("shop");
  const text = `export function price() { return 3; }`;
  equal(await patcher.req.run(join(node.folder, "price.ts"), text), 1);
  deepEqual(await one.req.get(), [1, 3, 3, 0]);
  for (const place of [2, 3]) {
    deepEqual(await (await node.snax.at(place).newservice<any>("shop")).req.get(), [3, 3, 3, 0]);
  }
});
