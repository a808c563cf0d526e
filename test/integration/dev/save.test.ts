/** `snax dev`: what is saved runs, and the state stays. */

import { equal, match, ok } from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { project } from "./project.ts";

/** The compiler of this package, for a project that is to have one. */
const TYPESCRIPT: string = dirname(fileURLToPath(import.meta.resolve("typescript/package.json")));

/** Starts two shops, and logs whenever their answers, or those of a new one, are others. */
const MAIN = `
import { sharetable, skynet, snax } from "snax";
skynet.start(async () => {
  try { await sharetable.loadfile("rules"); } catch { /* not every project has one */ }
  const shops = [await snax.newservice<any>("shop"), await snax.newservice<any>("shop")];
  let last = "";
  const look = async () => {
    const all = await Promise.all(shops.map((shop) => shop.req.look()));
    let born = "none";
    try {
      const fresh = await snax.newservice<any>("shop");
      born = await fresh.req.look();
      await snax.kill(fresh);
    } catch { /* its files are not valid */ }
    const line = "shops say " + all.join(" ") + " and a new one " + born;
    if (line !== last) skynet.error(line);
    last = line;
    setTimeout(look, 50);
  };
  void look();
});
`;

const SHOP = `
import { tax } from "./lib/tax.ts";
class Cart { size() { return "cart"; } }
const cart = new Cart();
let sold = 0;
export function init() { sold = 5; }
function price() { return 1; }
export const response = { look() { return [price(), tax(), cart.size(), sold].join("/"); } };
`;

const TAX = `const RATE = 2;\nexport function tax() { return RATE; }\n`;

const FILES = { "services/main": MAIN, "services/shop": SHOP, "services/lib/tax": TAX };

test("what is saved runs in all services and in new ones, and the state stays", async (t) => {
  const { save, next, folder } = await project(t, FILES, { inside: "my game/v 1" });
  await next("shops say 1/2/cart/5 1/2/cart/5 and a new one 1/2/cart/5");
  // A function.
  let text = SHOP.replace("return 1", "return 2");
  save("services/shop.ts", text);
  match(await next("shop.ts"), /^services\/shop\.ts: price; patched \d+ shop, \d+ ms$/);
  await next("shops say 2/2/cart/5 2/2/cart/5 and a new one 2/2/cart/5");
  // A constant of a module, by an editor that renames.
  const lib = join(folder, "services/lib/tax.ts");
  writeFileSync(`${lib}~`, TAX.replace("RATE = 2", "RATE = 3"));
  renameSync(`${lib}~`, lib);
  match(await next("tax.ts"), /^services\/lib\/tax\.ts: RATE; patched \d+ shop, \d+ ms$/);
  await next("shops say 2/3/cart/5 2/3/cart/5 and a new one 2/3/cart/5");
  // Not valid, and mended.
  save("services/shop.ts", text.replace("sold = 5", "sold = "));
  const said = await next("shop.ts");
  equal(said, "services/shop.ts:6:33: Expression expected  (nothing changed; the server runs on)");
  text = text.replace("return 2", "return 3");
  save("services/shop.ts", text);
  match(await next("shop.ts"), /^services\/shop\.ts: price; patched \d+ shop, \d+ ms$/);
  await next("shops say 3/3/cart/5 3/3/cart/5 and a new one 3/3/cart/5");
  // A field: instances that are there don't get it, and it says so.
  text = text.replace("class Cart {", "class Cart { full = true;");
  save("services/shop.ts", text);
  match(await next("shop.ts"), /^services\/shop\.ts: Cart\.full, cart; patched \d+ shop, \d+ ms$/);
  await next("note services/shop.ts:3 Cart.full: new field");
  await next("note services/shop.ts:4 cart: was made with Cart");
  // What no patch can do.
  text = text.replace(
    "class Cart {",
    'class Base { name() { return "base"; } } class Cart extends Base {',
  );
  text = text.replace('return "cart"', "return this.name()");
  save("services/shop.ts", text);
  match(
    await next("shop.ts"),
    /^services\/shop\.ts: .*class Cart.*; reloaded \d+ shop with state, \d+ ms$/,
  );
  await next("shops say 3/3/base/5 3/3/base/5 and a new one 3/3/base/5");
  // A new module, with what uses it, and once more.
  mkdirSync(join(folder, "services/new lib"));
  save("services/new lib/vat.ts", `export function vat() { return "v1"; }`);
  save(
    "services/shop.ts",
    `import { vat } from "./new lib/vat.ts";${text.replace("price(),", "price() + vat(),")}`,
  );
  await next("shops say 3v1/3/base/5 3v1/3/base/5 and a new one 3v1/3/base/5");
  save("services/new lib/vat.ts", `export function vat() { return "v2"; }`);
  await next("shops say 3v2/3/base/5 3v2/3/base/5 and a new one 3v2/3/base/5");
});

test("shared modules, tables, files that no service runs, files that are gone, and the configuration", async (t) => {
  const shop = `
    import { tables } from "snax"; import { count } from "./all.ts";
    let mine = 0;
    export function init() { mine = count(); }
    export const response = { look() { return [tables.rules.coins, count() > 0].join("/"); } };`;
  const all = `"use shared"; let n = 0; export function count() { n += 1; return n; }`;
  const { save, next, folder, said } = await project(t, {
    "services/main": MAIN,
    "services/shop": shop,
    "services/all": all,
    "tables/rules.json": `{ "coins": 3 }`,
    "snax.config.ts": `export default { thread: 0, services: "./services/?.ts" };`,
  });
  await next("shops say 3/true 3/true and a new one 3/true");
  save("tables/rules.json", `{ "coins": 30 }`);
  match(await next("rules.json"), /^tables\/rules\.json: loaded table rules, \d+ ms$/);
  await next("shops say 30/true 30/true and a new one 30/true");
  save("tables/rules.json", `{ "coins": `);
  match(
    await next("stays as it was"),
    /^ {2}not done table rules stays as it was: tables\/rules\.json:1:1\d: /,
  );
  // With a name that the services import in the same save.
  save("services/all.ts", `${all} export function fresh() { return "new " + (n > 0); }`);
  save(
    "services/shop.ts",
    shop.replace("{ count }", "{ count, fresh }").replace("count() > 0", "fresh()"),
  );
  await next("patched shared services/all.ts");
  await next("shops say 30/new true 30/new true and a new one 30/new true");
  save("services/all.ts", `${all} export function fresh() { return "newer " + (n > 0); }`);
  await next("shops say 30/newer true 30/newer true and a new one 30/newer true");
  save("services/other.ts", `export const response = {};`);
  match(
    await next("other.ts"),
    /^services\/other\.ts: no service runs it; new services begin with it, \d+ ms$/,
  );
  save(
    "snax.config.ts",
    `export default { thread: 0, services: "./services/?.ts", profile: true };`,
  );
  equal(
    await next("snax.config.ts"),
    "snax.config.ts: the configuration has changed; restart snax dev to have it",
  );
  rmSync(join(folder, "services/shop.ts"));
  match(await next("is gone"), /^services\/shop\.ts is gone; what runs of it runs on/);
  ok(!said().includes("ledger"));
});

test("of many saves in a row the last one runs, and many files at once are one save", async (t) => {
  const names = Array.from({ length: 300 }, (_, index) => `m${index}`);
  const module = (value: number, name: string): string => `export const ${name} = ${value};`;
  const modules = Object.fromEntries(
    names.map((name) => [`services/lib/${name}`, module(0, name)]),
  );
  const imports = names.map((name) => `import { ${name} } from "./lib/${name}.ts";`).join("\n");
  const shop = (value: number): string =>
    `${imports}\nfunction own() { return ${value}; }\nexport const response = { look() { return own() + "/" + (${names.join(" + ")}); } };`;
  const { save, next, said } = await project(t, {
    ...modules,
    "services/main": MAIN,
    "services/shop": shop(0),
  });
  await next("shops say 0/0 0/0 and a new one 0/0");
  for (let value = 1; value <= 50; value += 1) save("services/shop.ts", shop(value));
  await next("shops say 50/0 50/0 and a new one 50/0");
  const before = said().split("patched").length;
  ok(before <= 50);
  for (const name of names) save(`services/lib/${name}.ts`, module(1, name));
  match(await next("more files"), /^services\/lib\/m\d+\.ts, .*; patched \d+ shop, \d+ ms$/);
  await next("shops say 50/300 50/300 and a new one 50/300");
  // How many depends on how fast the files were written.
  ok(said().split("patched").length - before < 100);
});

test("type errors come behind the save, stop nothing, and are told to be gone", async (t) => {
  const { save, next, says, folder } = await project(t, {
    ...FILES,
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        strict: true,
        module: "nodenext",
        noEmit: true,
        types: [],
        allowImportingTsExtensions: true,
      },
      include: ["services"],
    }),
  });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(TYPESCRIPT, join(folder, "node_modules/typescript"));
  await next("shops say 1/2/cart/5 1/2/cart/5 and a new one 1/2/cart/5");
  const text = SHOP.replace("price() { return 1", "price(): number { return 'x'");
  save("services/shop.ts", text);
  await next("services/shop.ts: price; patched");
  await next(
    "type error services/shop.ts:7:28: Type 'string' is not assignable to type 'number'. (TS2322)",
  );
  save("services/shop.ts", text.replace("'x'", "7"));
  await next("services/shop.ts: price; patched");
  await says("no type errors any more");
  await says("shops say 7/2/cart/5 7/2/cart/5 and a new one 7/2/cart/5");
});

test("a file that is empty changes nothing, and a file system without events is looked at", async (t) => {
  const { save, next } = await project(t, FILES, { args: ["--poll"] });
  await next("shops say 1/2/cart/5 1/2/cart/5 and a new one 1/2/cart/5");
  save("services/shop.ts", "");
  equal(
    await next("shop.ts"),
    "services/shop.ts: it is empty  (nothing changed; the server runs on)",
  );
  save("services/shop.ts", SHOP.replace("return 1", "return 4"));
  await next("shops say 4/2/cart/5 4/2/cart/5 and a new one 4/2/cart/5");
});
