/** What a service has registered elsewhere, listeners and checks of shared tables, when its code begins anew. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

interface Shop extends World {
  readonly shop: any;
  /** Writes the file anew and reloads the service. */
  readonly reload: (text: string) => Promise<unknown>;
  /** Loads the table of prices, and says what the shop has heard of it. */
  readonly load: (price: unknown) => Promise<string[]>;
}

/** What the shop hears goes through a service that is not reloaded. */
const LOG = `
let heard: string[] = [];
export const accept = { hear(what: string) { heard.push(what); } };
export const response = { heard() { const all = heard; heard = []; return all; } };
`;

const HEAD = `
import { sharetable, snax } from "snax";
let log: any;
const hear = (what: string): void => log?.post.hear(what);
export const response = {
  async begin() { log = await snax.uniqueservice("log"); },
  // The log may be on another thread: what is asked from here comes behind what was sent from here.
  heard: () => log.req.heard(),
  // A check holds for the loads of its own thread.
  async load(apple: any) { await sharetable.loadtable("prices", { apple }); },
};
`;

async function openShop(t: TestContext, text: string): Promise<Shop> {
  const node = await world(t, { shop: HEAD + text, log: LOG });
  await node.snax.uniqueservice("log");
  const shop = await node.make("shop");
  await shop.req.begin();
  return {
    ...node,
    shop,
    reload: (next) => {
      writeFileSync(join(node.folder, "shop.ts"), HEAD + next);
      return node.snax.reload(shop);
    },
    load: async (price) => {
      await shop.req.load(price);
      // Behind what the update has begun.
      await shop.req.begin();
      return shop.req.heard();
    },
  };
}

const listens = (what: string, more = ""): string =>
  `sharetable.onupdate("prices", ({ changed }) => hear("${what}" + changed.length)); ${more}`;

test("a listener of a shared table is there once after reloads, with the new code", async (t) => {
  const { reload, load } = await openShop(t, listens("old "));
  await load(1);
  deepEqual(await load(2), ["old 1"]);
  for (const version of ["a ", "b ", "b "]) {
    await reload(listens(version));
    deepEqual(await load(Math.random()), [`${version}1`]);
  }
});

test("a reload that fails leaves the listeners and the checks to the old code", async (t) => {
  const text = `sharetable.check("prices", ({ apple }: any) => { hear("checked by old"); if (apple > 9) throw new Error("dear"); });`;
  const { reload, load } = await openShop(t, listens("old ", text));
  await load(1);
  for (const body of ["throw new Error('no')", "await null; throw new Error('no')"]) {
    const next = text.replace("by old", "by new").replace("> 9", "> 99");
    const failing = listens("new ", `${next} export async function reload() { ${body}; }`);
    equal(await codeOfFailure(reload(failing)), "ERR_RELOAD");
    deepEqual(await load(Math.random()), ["checked by old", "old 1"]);
    match(String((await failureOf(load(50))).message), /dear/);
    await load(1);
  }
  await reload(listens("new ", text.replace("by old", "by new").replace("> 9", "> 99")));
  deepEqual(await load(50), ["checked by new", "new 1"]);
  equal(await codeOfFailure(load(100)), "ERR_TABLE");
});

test("a check that old and new code have in common holds after a reload and after one that fails", async (t) => {
  const common = `"use shared"; export const cheap = ({ apple }: any) => { if (apple > 9) throw new Error("dear"); };`;
  const text = `import { cheap } from "./common.ts"; sharetable.check("prices", cheap);`;
  const node = await world(t, { shop: HEAD + text, log: LOG, common });
  const shop = await node.make("shop");
  const load = (apple: number): Promise<unknown> => codeOfFailure(shop.req.load(apple));
  for (const more of [
    "",
    " export function reload() { throw new Error('no'); }",
    " let more = 1;",
  ]) {
    writeFileSync(join(node.folder, "shop.ts"), HEAD + text + more);
    await node.snax.reload(shop).catch(() => {});
    equal(await load(10), "ERR_TABLE");
  }
});

test("what init has registered must be registered again, or the reload is refused", async (t) => {
  const init = `export function init() { ${listens("old ")} sharetable.check("prices", () => hear("checked")); }`;
  const { reload, load } = await openShop(t, init);
  await load(1);
  const next = init.replace("old ", "new ");
  const error = await failureOf(reload(next));
  deepEqual(
    [error.code, error.message],
    [
      "ERR_RELOAD",
      "nothing listens to updates of prices with new code: call sharetable.onupdate at top level or in reload()",
    ],
  );
  const lacking = await failureOf(reload(`${next} export function reload() { ${listens("r ")} }`));
  match(
    lacking.message,
    /^nothing checks prices with new code: call sharetable\.check at top level/,
  );
  deepEqual(await load(2), ["checked", "old 1"]);
  await reload(
    `${next} export function reload() { ${listens("r ")} sharetable.check("prices", () => hear("again")); }`,
  );
  deepEqual(await load(3), ["again", "r 1"]);
});

test("what answers the console's info is the new code's, or the reload is refused", async (t) => {
  const text = `import { skynet } from "snax"; export const response = { hello() {} };`;
  const info = (what: string): string => `skynet.info_func(() => ["${what}"]);`;
  const node = await world(t, { desk: `${text} export function init() { ${info("of init")} }` });
  const desk = await node.make("desk");
  const asked = (): Promise<unknown> => node.skynet.call(desk.handle, "debug", "INFO");
  const reload = (more: string): Promise<unknown> => {
    writeFileSync(join(node.folder, "desk.ts"), text + more);
    return node.snax.reload(desk);
  };
  const error = await failureOf(
    reload(` export function init() { ${info("of init")} } let more = 1;`),
  );
  deepEqual(
    [error.code, error.message],
    [
      "ERR_RELOAD",
      "nothing answers `info` with new code: call skynet.info_func at top level or in reload()",
    ],
  );
  deepEqual(await asked(), ["of init"]);
  await reload(` export function reload() { ${info("of reload")} }`);
  deepEqual(await asked(), ["of reload"]);
  await reload(info("of the top level"));
  deepEqual(await asked(), ["of the top level"]);
});

test("what ends a listener of the top level is the new one's after a reload; one that is kept elsewhere refuses", async (t) => {
  const listens = (what: string): string =>
    `const off = sharetable.onupdate("prices", ({ changed }) => hear("${what}" + changed.length)); export const accept = { off() { off(); } };`;
  const { shop, reload, load } = await openShop(t, listens("old "));
  await load(1);
  await reload(listens("new "));
  deepEqual(await load(2), ["new 1"]);
  shop.post.off();
  deepEqual(await load(4), []);
  // One that init or a handler has put into a variable would end nothing any more.
  for (const later of [
    `let off: any; export const accept = { on() { off = sharetable.onupdate("prices", () => hear("x")); } };`,
    `const offs: any[] = [sharetable.onupdate("prices", () => hear("x"))]; export const accept = { on() {} };`,
  ]) {
    const other = await openShop(t, later);
    other.shop.post.on();
    await other.load(1);
    const error = await failureOf(other.reload(`${later} let more = 1;`));
    match(error.message, /off(s\[0\])? .*is a closure|call sharetable\.onupdate at top level/);
  }
});
