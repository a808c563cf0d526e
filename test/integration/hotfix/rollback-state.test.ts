/** A rollback gives variables back what they had before hotfix() assigned them, where no code has written them since. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { failureOf, ONE_THREAD, world } from "../../world.ts";

/** Of how many patches a module keeps what they have assigned. */
const ROLLBACK_PATCHES_MAX = 16;

const FILES = {
  shop: `
    import { rate } from "./rate.ts";
    import { stock } from "./stock.ts";
    let sold = 5;
    let last = "none";
    let big: unknown = undefined;
    const seen: unknown[] = [];
    export const response = {
      sell() { sold += 1; return sold; },
      get() { return [sold, last]; },
      rate() { return rate(); },
      stock() { return stock; },
      seen() { return seen; },
      big() { return typeof big; },
    };`,
  "stock.ts": `export let stock = 1;\nexport function fill() { stock = 2; }\n`,
  "rate.ts": `"use shared";\nlet factor = 1;\nexport function rate() { return factor; }\n`,
};

/** Assigns variables of the service. */
const assign = (body: string): string =>
  `declare let sold: number; declare let last: string; declare let big: unknown; declare const seen: unknown[];
   export function hotfix(...args: any[]) { ${body} }`;

for (const thread of [0, 2]) {
  test(`variables go back unless they have been written since, thread: ${thread}`, async (t) => {
    const { make, snax } = await world(t, FILES, { thread });
    const [one, other] = [await make("shop"), await make("shop")];
    const { id } = await snax.hotfixall<any>("shop", assign(`sold = 50; last = "x";`));
    equal(await other.req.sell(), 51);
    deepEqual(
      [await one.req.get(), await other.req.get()],
      [
        [50, "x"],
        [51, "x"],
      ],
    );
    const back = await snax.rollback(id);
    deepEqual(
      [await one.req.get(), await other.req.get()],
      [
        [5, "none"],
        [51, "none"],
      ],
    );
    deepEqual(back.kept, [{ handle: other.handle, names: ["sold"] }]);
    equal(back.applied.length, 2);
    ok((back.id ?? 0) > id);
    // There is nothing left to give back.
    const again = await snax.rollback(id);
    equal(again.id, undefined);
    // The rollback is a patch like any other; what it gave back is not assigned again.
    deepEqual(await one.req.get(), [5, "none"]);
  });

  test(`all or none: what a rollback has given back is undone with it, thread: ${thread}`, async (t) => {
    const { make, snax } = await world(t, FILES, { thread });
    const shops = [await make("shop"), await make("shop"), await make("shop")];
    const { id } = await snax.hotfixall<any>("shop", assign("sold = 50;"));
    const back = await snax.repair({ atomic: true }).rollback(id);
    deepEqual(back.kept, []);
    for (const shop of shops) deepEqual(await shop.req.get(), [5, "none"]);
  });
}

test("a patch that changes code and state goes back with both, in one service as in all", async (t) => {
  const { make, snax } = await world(t, FILES);
  const [one, other] = [await make("shop"), await make("shop")];
  const text = `${assign("sold = 70;")} export const response = { sell() { return -1; } };`;
  await snax.hotfix(one, text);
  equal(await one.req.sell(), -1);
  const { kept, applied } = await snax.rollback(1);
  deepEqual([kept, applied], [[], [one.handle]]);
  deepEqual([await one.req.sell(), await other.req.sell()], [6, 6]);
});

test("later patches of the same variable: in order, out of order, and both at once", async (t) => {
  for (const [order, ends] of [
    [
      [2, 1],
      [60, 5],
    ],
    [
      [1, 2],
      [70, 5],
    ],
    [[[1, 2]], [5]],
  ] as const) {
    const { make, snax } = await world(t, FILES, ONE_THREAD);
    const shop = await make("shop");
    await snax.hotfixall<any>("shop", assign("sold = 60;"));
    await snax.hotfixall<any>("shop", assign("sold = 70;"));
    const found: unknown[] = [];
    for (const ids of order) {
      await snax.rollback(ids as number | number[]);
      found.push((await shop.req.get())[0]);
    }
    deepEqual(found, ends);
  }
});

test("exported variables, and those of a shared module, go back for all who import them", async (t) => {
  const { make, snax, folder } = await world(t, FILES);
  const shops = [await make("shop"), await make("shop")];
  const { id } = await snax.hotfixall<any>("shop", {
    "stock.ts": "export let stock: number; export function hotfix() { stock = 9; }".replace(
      "export let",
      "declare let",
    ),
  });
  for (const shop of shops) equal(await shop.req.stock(), 9);
  await snax.rollback(id);
  for (const shop of shops) equal(await shop.req.stock(), 1);
  const file = join(folder, "rate.ts");
  const shared = await snax.hotfixshared(
    file,
    "declare let factor: number; export function hotfix() { factor = 3; }",
  );
  for (const shop of shops) equal(await shop.req.rate(), 3);
  deepEqual((await snax.rollback(shared.id)).kept, []);
  for (const shop of shops) equal(await shop.req.rate(), 1);
});

test("what is not assigned stays: the contents of objects", async (t) => {
  const { make, snax } = await world(t, FILES);
  const shop = await make("shop");
  const { id } = await snax.hotfixall<any>("shop", assign("seen.push(1); sold = 50;"));
  const { notes } = await snax.rollback(id);
  deepEqual([await shop.req.seen(), (await shop.req.get())[0]], [[1], 5]);
  equal(notes.length, 1);
});

test("ROLLBACK_STATE_MAX: the oldest values go first, and their variables are named", async (t) => {
  const { make, snax } = await world(t, FILES, ONE_THREAD);
  const shop = await make("shop");
  const fits = `big = "x".repeat(${(1 << 23) - 1000});`;
  const one = await snax.hotfixall<any>("shop", assign(fits));
  equal((await snax.rollback(one.id)).kept.length, 0);
  equal(await shop.req.big(), "undefined");
  const beyond = await snax.hotfixall<any>("shop", assign(`big = "x".repeat(${1 << 23});`));
  deepEqual((await snax.rollback(beyond.id)).kept, [{ handle: shop.handle, names: ["big"] }]);
  equal(await shop.req.big(), "string");
  // Of two that fit one by one, the older has gone.
  const half = (name: string): string =>
    assign(`${name} = "x".repeat(${1 << 22}) + "${name}" as any;`);
  const first = await snax.hotfixall<any>("shop", half("last"));
  const second = await snax.hotfixall<any>("shop", half("sold"));
  deepEqual((await snax.rollback(second.id)).kept, []);
  deepEqual((await snax.rollback(first.id)).kept, [{ handle: shop.handle, names: ["last"] }]);
});

test("ROLLBACK_PATCHES_MAX: a module keeps the values of its last patches, and names older ones", async (t) => {
  const { make, snax } = await world(t, FILES, ONE_THREAD);
  const shop = await make("shop");
  for (const [others, names] of [
    [ROLLBACK_PATCHES_MAX - 1, []],
    [ROLLBACK_PATCHES_MAX, ["last"]],
  ] as const) {
    const first = await snax.hotfixall<any>("shop", assign(`last = "first of ${others}" as any;`));
    for (let more = 0; more < others; more += 1) {
      await snax.hotfixall<any>("shop", assign(`sold = ${more};`));
    }
    const { kept } = await snax.rollback(first.id);
    deepEqual(kept, names.length === 0 ? [] : [{ handle: shop.handle, names }]);
  }
});

test("values that can't be measured are not kept, and run no code", async (t) => {
  const { make, snax } = await world(t, FILES, ONE_THREAD);
  const shop = await make("shop");
  const text = assign(
    `big = new Proxy({}, { ownKeys() { throw new Error("looked at"); }, getOwnPropertyDescriptor() { throw new Error("looked at"); } });`,
  );
  const { id, failed } = await snax.hotfixall<any>("shop", text);
  deepEqual(failed, []);
  deepEqual((await snax.rollback(id)).kept, [{ handle: shop.handle, names: ["big"] }]);
  const getter = assign(`last = { get x() { throw new Error("looked at"); } } as any;`);
  const other = await snax.hotfixall<any>("shop", getter);
  deepEqual([other.failed, (await snax.rollback(other.id)).kept], [[], []]);
});

test("a rollback that fails gives nothing back", async (t) => {
  const { make, snax } = await world(t, FILES);
  const shop = await make("shop");
  const { id } = await snax.hotfixall<any>(
    "shop",
    `${assign("sold = 50;")} function added() { return 1; } export const response = { more() { return added(); } };`,
  );
  await snax.hotfixall<any>("shop", `export const response = { sell() { return added(); } };`);
  equal((await failureOf(snax.rollback(id))).code, "ERR_PATCH_NAME");
  equal((await shop.req.get())[0], 50);
});
