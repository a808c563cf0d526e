/** Patches while a thread hangs: no caller waits for ever, and what is refused changes nothing, also when the thread goes on. */

import { writeFileSync } from "node:fs";
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { Flag, IS_OVER } from "../flag.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  shop: `
    import { price } from "./price.ts";
    ${IS_OVER}
    let sold = 0;
    function rate() { return 1; }
    export const response = {
      get() { return [rate(), price()]; },
      hang(flag: SharedArrayBuffer) { while (!isOver(flag)); sold += 1; },
    };`,
  "price.ts": `"use shared"; export function price() { return 1; }`,
};

const PATCH = `function rate() { return 2; }`;
const SHARED_PATCH = `export function price() { return 2; }`;

/** More than a busy machine takes to compile a patch. */
const LIMIT_MS = 1000;

interface Hanging extends World {
  /** A service on the thread that hangs, the one that hangs there, and one on the other thread. */
  readonly shops: readonly any[];
  readonly culprit: string;
  /** Ends the hang, and waits for it. */
  readonly goOn: () => Promise<void>;
}

async function hang(t: TestContext): Promise<Hanging> {
  const node = await world(t, FILES, { thread: 2, hotfixtimeout: LIMIT_MS, stall: { warn: 0 } });
  const shops: any[] = [];
  for (const place of [1, 1, 2]) shops.push(await node.snax.at(place).newservice<any>("shop"));
  const flag = new Flag();
  t.after(() => flag.raise());
  const [, hung] = shops;
  const looping = hung.req.hang(flag.memory);
  const goOn = async (): Promise<void> => {
    flag.raise();
    await looping;
  };
  return { ...node, shops, culprit: node.skynet.address(hung.handle), goOn };
}

const all = (shops: readonly any[]): Promise<unknown[]> =>
  Promise.all(shops.map((shop) => shop.req.get()));

const told = (thread: number, culprit: string): RegExp =>
  new RegExp(
    `^thread ${thread} does not take the patch: a handler of ${culprit} has not returned for ${LIMIT_MS} ms ` +
      `\\(hotfixtimeout\\); nothing has changed there; stop the handler \\(signal ${culprit} in the console\\)`,
  );

test("hotfixall gives up a thread that hangs, names what it runs, and changes nothing anywhere", async (t) => {
  const { snax, shops, culprit, goOn } = await hang(t);
  const error = await failureOf(snax.hotfixall<any>("shop", PATCH));
  equal(error.code, "ERR_PATCH_TIMEOUT");
  match(error.message, told(1, culprit));
  deepEqual(error.data, { thread: 1, handle: shops[1].handle });
  await goOn();
  deepEqual(await all(shops), Array(3).fill([1, 1]));
  for (const place of [1, 2]) {
    deepEqual(await (await snax.at(place).newservice<any>("shop")).req.get(), [1, 1]);
  }
  equal((await snax.hotfixall<any>("shop", PATCH)).applied.length, 5);
  deepEqual(await all(shops), Array(3).fill([2, 1]));
});

test("hotfix of one service gives up a thread that hangs, and the patch does not come later", async (t) => {
  const { snax, shops, culprit, goOn } = await hang(t);
  for (const shop of shops.slice(0, 2)) {
    const error = await failureOf(snax.hotfix(shop, PATCH));
    equal(error.code, "ERR_PATCH_TIMEOUT");
    match(error.message, told(1, culprit));
  }
  await snax.hotfix(shops[2], PATCH);
  await goOn();
  deepEqual(await all(shops), [
    [1, 1],
    [1, 1],
    [2, 1],
  ]);
  await snax.hotfix(shops[1], PATCH);
  deepEqual(await shops[1].req.get(), [2, 1]);
});

test("hotfixshared gives up a thread that hangs, and changes nothing on any thread", async (t) => {
  const { snax, folder, shops, culprit, goOn } = await hang(t);
  const error = await failureOf(snax.hotfixshared(join(folder, "price.ts"), SHARED_PATCH));
  equal(error.code, "ERR_PATCH_TIMEOUT");
  match(error.message, told(1, culprit));
  deepEqual(await shops[2].req.get(), [1, 1]);
  await goOn();
  deepEqual(await all(shops), Array(3).fill([1, 1]));
  equal((await snax.hotfixshared(join(folder, "price.ts"), SHARED_PATCH)).threads, 2);
  deepEqual(await all(shops), Array(3).fill([1, 2]));
});

test("a thread that begins to hang in its own hotfix() is told of as a failure, and the others are patched", async (t) => {
  const { snax, shops, goOn } = await hang(t);
  await goOn();
  const flag = new Flag();
  t.after(() => flag.raise());
  const patch = `${PATCH}
    import { skynet } from "snax";
    declare const isOver: (flag: SharedArrayBuffer) => boolean;
    export function hotfix(flag: SharedArrayBuffer, culprit: number) {
      while (skynet.self() === culprit && !isOver(flag));
    }`;
  const result = await snax.hotfixall<any>("shop", patch, flag.memory, shops[0].handle);
  deepEqual(result.applied, [shops[2].handle]);
  deepEqual(
    result.failed.map(({ handle, code }) => [handle, code]),
    [[shops[0].handle, "ERR_PATCH_TIMEOUT"]],
  );
  match(result.failed[0]?.message ?? "", /the patch has begun there and goes on when that returns/);
  deepEqual(await shops[2].req.get(), [2, 1]);
  flag.raise();
  deepEqual(await all(shops), Array(3).fill([2, 1]));
});

test("clearcache waits for no thread: one that hangs starts services from the new text when it goes on", async (t) => {
  const { snax, skynet, folder, shops, goOn } = await hang(t);
  writeFileSync(join(folder, "shop.ts"), FILES.shop.replace("return 1;", "return 3;"));
  skynet.cache.clear();
  deepEqual(await (await snax.at(2).newservice<any>("shop")).req.get(), [3, 1]);
  const born = snax.at(1).newservice<any>("shop");
  await goOn();
  deepEqual(await (await born).req.get(), [3, 1]);
  deepEqual(await all(shops), Array(3).fill([1, 1]));
});

test("a thread that hangs while another one compiles is given up as well", async (t) => {
  const { snax, shops, goOn } = await hang(t);
  const patching = codeOfFailure(snax.hotfixall<any>("shop", PATCH));
  const flag = new Flag();
  t.after(() => flag.raise());
  const looping = shops[2].req.hang(flag.memory);
  await goOn();
  equal(await patching, "ERR_PATCH_TIMEOUT");
  flag.raise();
  await looping;
  deepEqual(await all(shops), Array(3).fill([1, 1]));
});

test("a thread that compiles the patch for longer than the limit does not hang", async (t) => {
  // Long to compile, and short to put in: V8 only skims a function that is not called.
  const ballast = (name: string): string =>
    `${PATCH} function ${name}(a: number) { ${"a=a*2+1;".repeat(120_000)} }`;
  const patched = async (hotfixtimeout: number): Promise<number> => {
    const node = await world(t, FILES, { thread: 2, hotfixtimeout, stall: { warn: 0 } });
    const shop = await node.snax.at(1).newservice<any>("shop");
    // Without it the thread may need as long until it hears of the patch.
    equal((await shop.req.get())[0], 1);
    const since = performance.now();
    await node.snax.hotfix(shop, ballast("first"));
    const took = performance.now() - since;
    equal((await shop.req.get())[0], 2);
    equal((await node.snax.hotfixall<any>("shop", ballast("second"))).applied.length, 1);
    return took;
  };
  const usual = await patched(60_000);
  // The limit is a part of what the patch needs on this machine, as busy as it is.
  await patched(usual / 3);
});
