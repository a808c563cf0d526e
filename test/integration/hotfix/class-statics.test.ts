/** A static field of a patch: a literal is replaced as a constant is, a function as a function, state is refused. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";

const SHOP = `
  const KEY = "key";
  class Base { static kind = "base"; static who() { return "who " + this.name; } }
  class Shop extends Base {
    static TAX = 0.2; static readonly SIGN = -1; static title = \`shop\`; static big = 10n; static none = null;
    static price = (n: number) => n * 2;
    static table = new Map([[1, 2]]);
    static count = 0;
    static later: number;
    static [KEY] = "computed";
    static tax(n: number) { return n * Shop.TAX; }
  }
  export const response = {
    look() { return [Shop.TAX, Shop.SIGN, Shop.title, Shop.price(1), Shop.tax(10), Shop.count, Shop.table.size]; },
    sell() { Shop.count += 1; Shop.table.set(Shop.count + 1, 0); return Shop.count; },
    more() { const S: any = Shop; return [S.big, S.none, S.key, S.later, S.fresh, S.self === Shop, S.kind, S.cell?.n]; },
  };`;
const BEFORE = [0.2, -1, "shop", 2, 2, 0, 1];
const CLASS = "ERR_PATCH_CLASS";

test("literals and functions are replaced, alone and beside methods", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  deepEqual(await p.req.look(), BEFORE);
  await fix(`class Shop extends Base { static TAX = 0.1; }`);
  deepEqual(await p.req.look(), [0.1, -1, "shop", 2, 1, 0, 1]);
  await fix(
    `class Shop extends Base { static readonly SIGN = -2; static TAX = 0.5; static title = "SHOP"; static price = (n: number) => n * Shop.TAX; static tax(n: number) { return n; } }`,
  );
  deepEqual(await p.req.look(), [0.5, -2, "SHOP", 0.5, 10, 0, 1]);
  await fix(`class Shop extends Base { static big = 20n; static none = true; }`);
  deepEqual(await p.req.more(), [
    20n,
    true,
    "computed",
    undefined,
    undefined,
    false,
    "base",
    undefined,
  ]);
  await fix(`class Shop extends Base { static TAX = 0.2; }`);
  equal(((await p.req.look()) as unknown[])[0], 0.2);
});

test("the class copied with all its statics changes what differs", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await p.req.sell();
  await fix(`class Shop extends Base {
    static TAX = 0.1; static readonly SIGN = -1; static title = \`shop\`; static price = (n: number) => n * 2;
    static table = new Map([[1, 2]]);
    static count = 0;
    static later: number;
  }`);
  deepEqual(await p.req.look(), [0.1, -1, "shop", 2, 1, 1, 2]);
});

test("new ones are added to the class, when all else is in place", async (t) => {
  const { p, fix, refuse } = await serve(t, SHOP);
  const patch = `let start = 5;
    class Shop extends Base { static fresh = this.tax(10) + start; static self = this; static cell = { n: (super.who as any).call({ name: "me" }) }; static tax(n: number) { return n * 7; } }`;
  await refuse(`${patch} export function hotfix() { throw new Error("no"); }`, {
    code: "ERR_PATCH_FAILED",
  });
  deepEqual((await p.req.more()) as unknown[], [
    10n,
    null,
    "computed",
    undefined,
    undefined,
    false,
    "base",
    undefined,
  ]);
  await fix(patch);
  deepEqual(((await p.req.more()) as unknown[]).slice(4), [75, true, "base", "who me"]);
  await refuse(`class Shop extends Base { static cell = { n: 2 }; }`, {
    code: CLASS,
    message: /its static cell is state.*Shop\.cell = \.\.\./,
  });
});

test("a subclass's own is another one than that of its parent", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix(
    `class Shop extends Base { static kind = "shop"; } export function hotfix() { return 1; }`,
  );
  equal(((await p.req.more()) as unknown[])[6], "shop");
  await fix(`class Base { static kind = "BASE"; }`);
  equal(((await p.req.more()) as unknown[])[6], "shop");
  equal(await fix(`export function hotfix() { return Base.kind; }`), "BASE");
});

for (const [title, patch] of [
  ["an expression over a literal", `class Shop extends Base { static TAX = 0.1 + 0; }`],
  ["a literal over a function", `class Shop extends Base { static price = 5; }`],
  ["a function over a literal", `class Shop extends Base { static TAX = () => 1; }`],
  ["a literal over a map", `class Shop extends Base { static table = 5; }`],
  ["another map", `class Shop extends Base { static table = new Map(); }`],
  ["a static without an initialiser in the text", `class Shop extends Base { static later = 5; }`],
] as const) {
  test(`what is state is refused with the way to do it: ${title}`, async (t) => {
    const { p, refuse } = await serve(t, SHOP);
    const message =
      /:1:1: class Shop: its static \w+ is state, .* write `Shop\.\w+ = \.\.\.` in hotfix\(\)/;
    await refuse(`${patch} class Base { static kind = "x"; }`, { code: CLASS, message });
    deepEqual(await p.req.look(), BEFORE);
    equal(((await p.req.more()) as unknown[])[6], "base");
  });
}

test("a literal that the service has assigned since is state", async (t) => {
  const { p, fix, refuse } = await serve(t, SHOP);
  await fix(`class Shop extends Base { static count = 100; }`);
  equal(await p.req.sell(), 101);
  await refuse(`class Shop extends Base { static TAX = 0; static count = 5; }`, {
    code: CLASS,
    message: /its static count is state/,
  });
  await refuse(`class Shop extends Base { static [KEY] = "new"; }`, {
    code: CLASS,
    message: /its static key is state/,
  });
  await fix(`class Shop extends Base { static count = 100; }`);
  deepEqual(await p.req.look(), [0.2, -1, "shop", 2, 2, 101, 2]);
});

test("a patch that fails gives statics back, and a later one counts from there", async (t) => {
  const { p, fix, refuse } = await serve(t, SHOP);
  await refuse(
    `class Shop extends Base { static TAX = 0.9; } export function hotfix() { throw new Error(String(Shop.TAX)); }`,
    { code: "ERR_PATCH_FAILED" },
  );
  deepEqual(await p.req.look(), BEFORE);
  await fix(`class Shop extends Base { static TAX = 0.8; }`);
  equal(((await p.req.look()) as unknown[])[0], 0.8);
});

test("services that are started later have the statics of all patches", async (t) => {
  const world = await World.open(t, { "main.ts": SHOP });
  const first = await world.start("main");
  for (const tax of [1, 2, 3])
    await world.hotfixall(
      "main",
      `class Shop extends Base { static TAX = ${tax}; static fresh = "f"; }`,
    );
  for (const p of [first, await world.start("main")]) {
    equal(((await p.req.look()) as unknown[])[0], 3);
    equal(((await p.req.more()) as unknown[])[4], "f");
  }
});
