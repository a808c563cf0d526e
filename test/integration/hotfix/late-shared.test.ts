/** Patches of a shared module on threads that load it after the patch. */

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

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

/** A world with a service of each thread from before the cache was cleared, and perhaps one from after it. */
async function clearedShops(
  t: TestContext,
  thread: number,
  what: { readonly isWhole: boolean; readonly isLoadedAgain: boolean },
): Promise<Shops & { readonly before: any[]; readonly after: any[] }> {
  const node = await shops(t, thread);
  const places = thread === 0 ? [0] : [1, 2];
  const start = (): Promise<any[]> =>
    Promise.all(
      thread === 0 ? [node.snax.newservice<any>("shop")] : places.map((place) => node.shop(place)),
    );
  const before = await start();
  node.skynet.cache.clear(what.isWhole ? undefined : join(node.folder, "price.ts"));
  return { ...node, before, after: what.isLoadedAgain ? await start() : [] };
}

for (const thread of [0, 2]) {
  for (const isWhole of [true, false]) {
    const what = `${isWhole ? "whole" : "one file's"} cache was cleared, thread: ${thread}`;

    test(`every instance of a shared module that a service runs is patched; ${what}`, async (t) => {
      const state = { isWhole, isLoadedAgain: true };
      const { before, after, patch, snax } = await clearedShops(t, thread, state);
      equal(await patch(PATCH), Math.max(thread, 1));
      for (const each of [...before, ...after]) deepEqual(await each.req.get(), [1, 10, 10, 102]);
      // A second patch finds what the first one has added, in each of them.
      await patch(`declare let times: number; export function price() { return times + 1; }`);
      const late = await snax.newservice<any>("shop");
      for (const each of [...before, ...after]) deepEqual(await each.req.get(), [1, 11, 11, 102]);
      deepEqual(await late.req.get(), [11, 11, 11, 102]);
    });

    test(`services from before are patched, and new ones as well; ${what}`, async (t) => {
      const state = { isWhole, isLoadedAgain: false };
      const { before, patch, snax } = await clearedShops(t, thread, state);
      await patch(PATCH);
      for (const each of before) deepEqual(await each.req.get(), [1, 10, 10, 102]);
      const late = await snax.newservice<any>("shop");
      deepEqual(await late.req.get(), [10, 10, 10, 3]);
    });
  }

  test(`a text from before that can't take the patch refuses it for all, thread: ${thread}`, async (t) => {
    const { shop, folder, snax, skynet, patch } = await shops(t, thread);
    const start = (): Promise<any> => (thread === 0 ? snax.newservice<any>("shop") : shop(1));
    const before = await start();
    writeFileSync(join(folder, "price.ts"), `${PRICE} let fresh = 1;`);
    skynet.cache.clear();
    const after = await start();
    const error = await failureOf(
      patch(`declare let fresh: number; export function price() { return fresh + 1; }`),
    );
    deepEqual(
      [error.code, /from before the cache was cleared/.test(error.message)],
      ["ERR_PATCH_NAME", true],
    );
    // Where it fails late in the second of them, the first one is as it was.
    equal(
      await codeOfFailure(
        patch(
          `declare let count: number;
           export function price() { return 7; }
           export function hotfix() { if (Reflect.has(globalThis, "hasSeen")) throw new Error("no"); Reflect.set(globalThis, "hasSeen", 1); count = 5; }
           export function rollback() { Reflect.deleteProperty(globalThis, "hasSeen"); }`,
        ),
      ),
      "ERR_PATCH_FAILED",
    );
    for (const each of [before, after]) deepEqual(await each.req.get(), [1, 1, 1, 0]);
  });
}

test("a patch that imports a shared module means the one that its service uses", async (t) => {
  const { shop, folder, snax, skynet } = await shops(t);
  const before = await shop(1);
  await snax.hotfixshared(
    join(folder, "price.ts"),
    `declare let count: number; export function hotfix() { count = 7; }`,
  );
  skynet.cache.clear(join(folder, "price.ts"));
  const after = await shop(1);
  const text = `
    import { count as seen } from "./price.ts";
    export const response = { seen() { return seen; } };`;
  await snax.hotfixall<string>("shop", text);
  deepEqual([await before.req.seen(), await after.req.seen()], [7, 0]);
});
