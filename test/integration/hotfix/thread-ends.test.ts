/**
 * Threads that end while a patch for all threads is on its way: the caller is answered, and all threads agree, those
 * included that take the place of others.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { codeOfFailure, world } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  cell: `
    import { skynet } from "snax";
    import { price } from "./price.ts";
    let isBomb = false;
    function word() { return "old"; }
    function exitHere() { if (isBomb) process.exit(1); }
    export const response = {
      get() { return word(); },
      price() { return price(); },
      mode() { return skynet.cache.mode(); },
      arm() { isBomb = true; },
      exit() { process.exit(1); },
      async late() { await skynet.sleep(1); process.exit(1); },
    };`,
  "price.ts": `"use shared"; export function price() { return 1; }`,
  patcher: `
    import { snax } from "snax";
    export const response = {
      async all(type: string, text: string) {
        const { applied, failed } = await snax.hotfixall<string>(type, text);
        return [applied.length, failed.length];
      },
      async shared(path: string, text: string) { return (await snax.hotfixshared(path, text)).threads; },
      async one(handle: number, text: string) { return await snax.hotfix(handle, text); },
    };
    export const accept = { all(type: string, text: string) { void snax.hotfixall<string>(type, text); } };`,
};

interface Cells extends World {
  readonly cell: (place: number) => Promise<any>;
  /** Starts a cell on a thread as soon as there is one of that number. */
  readonly cellAgain: (place: number) => Promise<any>;
  readonly patcher: (place: number) => Promise<any>;
}

async function cells(t: TestContext): Promise<Cells> {
  const node = await world(t, FILES, { thread: 3 });
  const cell = (place: number): Promise<any> => node.snax.at(place).newservice<any>("cell");
  return {
    ...node,
    cell,
    cellAgain: async (place) => {
      for (;;) {
        const born = await cell(place).catch(() => undefined);
        if (born !== undefined) return born;
        await node.skynet.sleep(5);
      }
    },
    patcher: (place) => node.snax.at(place).newservice<any>("patcher"),
  };
}

/** A patch in which services on their way end their thread. */
const exiting = (word: string): string => `
  declare function exitHere(): void;
  function word() { return "${word}"; }
  export function hotfix() { exitHere(); }`;

test("a thread that ends in hotfix() is no failure, and the one in its place has the patch", async (t) => {
  const { snax, cell, cellAgain } = await cells(t);
  const [one, two] = [await cell(1), await cell(2)];
  await two.req.arm();
  const { applied, failed } = await snax.hotfixall<string>("cell", exiting("new"));
  deepEqual([applied, failed], [[one.handle], []]);
  equal(await one.req.get(), "new");
  for (const place of [1, 2, 3]) equal(await (await cellAgain(place)).req.get(), "new");
});

test("a thread that ends in an async hotfix() leaves no caller waiting, on whichever thread it is", async (t) => {
  const { snax, cell, cellAgain, patcher } = await cells(t);
  const text = (word: string): string => `
    import { skynet } from "snax";
    declare function exitHere(): void;
    function word() { return "${word}"; }
    export async function hotfix() { await skynet.sleep(5); exitHere(); await skynet.sleep(20); }`;
  const one = await cell(1);
  await (await cell(2)).req.arm();
  equal((await snax.hotfixall<string>("cell", text("from main"))).applied.length, 1);
  const two = await cellAgain(2);
  deepEqual([await one.req.get(), await two.req.get()], ["from main", "from main"]);
  await two.req.arm();
  const asker = await patcher(1);
  deepEqual(await asker.req.all("cell", text("from a worker")), [1, 0]);
  for (const place of [1, 2, 3]) equal(await (await cellAgain(place)).req.get(), "from a worker");
});

test("a thread that ends before it applies the patch is replaced by one that has it", async (t) => {
  for (const way of ["exit", "late"]) {
    const { snax, cell, cellAgain } = await cells(t);
    const [one, two] = [await cell(1), await cell(2)];
    const ending = codeOfFailure(two.req[way]());
    const { failed } = await snax.hotfixall<string>("cell", exiting("new"));
    deepEqual([failed, await ending], [[], "ERR_SERVICE_DEAD"]);
    equal(await one.req.get(), "new");
    for (const place of [1, 2, 3]) equal(await (await cellAgain(place)).req.get(), "new");
  }
});

test("the caller's thread may end: the others are patched all the same", async (t) => {
  const { cell, cellAgain, patcher } = await cells(t);
  const [one, two] = [await cell(1), await cell(2)];
  await two.req.arm();
  const asker = await patcher(2);
  equal(await codeOfFailure(asker.req.all("cell", exiting("new"))), "ERR_SERVICE_DEAD");
  while ((await one.req.get()) !== "new");
  for (const place of [1, 2, 3]) equal(await (await cellAgain(place)).req.get(), "new");
});

test("a patch that fails everywhere else stays out of a thread that took another one's place", async (t) => {
  const { snax, cell, cellAgain } = await cells(t);
  const [one, two] = [await cell(1), await cell(2)];
  await two.req.arm();
  const { applied, failed } = await snax.hotfixall<string>(
    "cell",
    `${exiting("new").replace("exitHere();", 'exitHere(); throw new Error("no");')}`,
  );
  deepEqual([applied, failed.map(({ handle }) => handle)], [[], [one.handle]]);
  for (const place of [1, 2, 3]) equal(await (await cellAgain(place)).req.get(), "old");
});

test("patches for all that are asked for at the same time end alike on all threads", async (t) => {
  const { snax, cell } = await cells(t);
  const all = [await cell(1), await cell(2), await cell(3)];
  const words = Array.from({ length: 10 }, (_, index) => `word ${index}`);
  await Promise.all(words.map((word) => snax.hotfixall<string>("cell", exiting(word))));
  const late = [await cell(1), await cell(2), await cell(3)];
  const said = await Promise.all([...all, ...late].map((each) => each.req.get()));
  match(said[0] as string, /^word /);
  equal(new Set(said).size, 1);
});

const sharedText = (price: number): string => `
  export function price() { return ${price}; }
  export function hotfix() { if (Reflect.get(globalThis, "isBomb") === true) process.exit(1); }`;

test("a thread that ends in hotfix() of a shared module's patch is replaced by one that has it", async (t) => {
  const { snax, folder, cell, cellAgain, patcher } = await cells(t);
  const arm = `Reflect.set(globalThis, "isBomb", true);`;
  const one = await cell(1);
  for (const [isFromWorker, price] of [
    [false, 2],
    [true, 3],
  ] as const) {
    const two = await cellAgain(2);
    await snax.hotfix(two, `export function hotfix() { ${arm} }`);
    const path = join(folder, "price.ts");
    const threads = isFromWorker
      ? await (await patcher(1)).req.shared(path, sharedText(price))
      : (await snax.hotfixshared(path, sharedText(price))).threads;
    equal(threads, isFromWorker ? 2 : 1);
    equal(await one.req.price(), price);
    for (const place of [1, 2, 3]) equal(await (await cellAgain(place)).req.price(), price);
  }
});

test("hotfix of a service whose thread ends is answered, on whichever thread the asker lives", async (t) => {
  const { snax, cellAgain, patcher } = await cells(t);
  const text = `export async function hotfix() { await 1; process.exit(1); }`;
  const asker = await patcher(1);
  for (let round = 0; round < 3; round += 1) {
    const { handle } = await cellAgain(2);
    equal(await codeOfFailure(asker.req.one(handle, text)), "ERR_SERVICE_DEAD");
    equal(await codeOfFailure(snax.hotfix((await cellAgain(2)).handle, text)), "ERR_SERVICE_DEAD");
  }
});

test("a thread that takes another one's place uses the cache as the others do", async (t) => {
  const { skynet, cell, cellAgain } = await cells(t);
  skynet.cache.mode("OFF");
  await codeOfFailure((await cell(2)).req.exit());
  equal(await (await cellAgain(2)).req.mode(), "OFF");
});
