/** The console's `sharetable`: an operator looks at tables, and loads them anew. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Desk } from "./console-client.ts";
import type { Config } from "snax";
import { desk } from "./console-client.ts";
import { ONE_THREAD } from "../../world.ts";

const OK = "<CMD OK>";
const ERROR = "<CMD Error>";

const ITEMS = `{ "1": { "price": 10, "attr": { "atk": 5 } }, "2": { "price": 20, "attr": { "atk": 0 } } }`;

async function open(t: TestContext, config: Config = {}): Promise<Desk> {
  const node = await desk(t, { "items.json": ITEMS }, config);
  await node.sharetable.loadfile({ name: "items", file: `${node.folder}/items.json` });
  return node;
}

test("the list shows every version in use with its size, pins and file", async (t) => {
  const { ask, sharetable, folder } = await open(t, ONE_THREAD); // else the others move a moment later
  const pinned = sharetable.pin("items") as object;
  await sharetable.loadtable("items", { 1: { price: 1 } });
  const [old = "", current = "", end] = await ask("sharetable");
  match(old, /^items version 1\tkb:\d+\.\d\d\tpins:1\tversion:1$/);
  match(current, /^items\tkb:\d+\.\d\d\tpins:0\tversion:2$/);
  equal(end, OK);
  sharetable.unpin(pinned);
  await sharetable.loadfile({ name: "items", file: `${folder}/items.json` });
  const [line = ""] = await ask("sharetable");
  equal(line.replace(/kb:\S+/, "kb"), `items\tfile:${folder}/items.json\tkb\tpins:0\tversion:3`);
});

test("a table is loaded anew from its file, and what that changed is told", async (t) => {
  const { ask, folder, tables } = await open(t);
  const row = tables["items"][1];
  writeFileSync(`${folder}/items.json`, `{ "1": { "price": 11, "attr": { "atk": 5 } }, "3": {} }`);
  deepEqual(await ask("sharetable diff items"), ["version 1 had none before it", OK]);
  const changes = ["3\tadded", "1\tchanged", "2\tremoved", OK];
  const told = [
    "3\tadded {}",
    "1\tchanged price: 10 -> 11",
    "2\tremoved { price: 20, attr: { atk: 0 } }",
    OK,
  ];
  deepEqual(await ask(`sharetable diff items ${folder}/items.json`), told);
  // As `load` finds it: by the table's own name, and as the configuration's folder has it.
  deepEqual(await ask("sharetable diff items items"), told);
  equal(row.price, 10);
  deepEqual(await ask("sharetable load items"), [
    "added\t1",
    "changed\t1",
    "removed\t1",
    "version\t2",
    OK,
  ]);
  equal(row.price, 11);
  deepEqual(await ask("sharetable diff items"), changes);
});

test("a value is shown by its keys", async (t) => {
  const { ask } = await open(t);
  deepEqual(await ask("sharetable get items 1 attr atk"), ["5", OK]);
  deepEqual(await ask("sharetable get items 1"), ["price\t10", "attr\t{ atk: 5 }", OK]);
  deepEqual(await ask("sharetable get items 1 weight"), [
    "ERR_ARGUMENT: there is no weight in items 1",
    ERROR,
  ]);
});

test("a load that fails says why and changes nothing, and a slip of the hand is told", async (t) => {
  const { ask, folder, tables } = await open(t);
  writeFileSync(`${folder}/items.json`, `{ "1": `);
  const [why = "", end] = await ask("sharetable load items");
  match(why, /^ERR_SYNTAX: \S+items\.json:1:8: /);
  equal(end, ERROR);
  equal(tables["items"][1].price, 10);
  deepEqual(await ask("sharetable get itemz"), [
    `ERR_NO_TABLE: there is no table "itemz"; did you mean "items"?`,
    ERROR,
  ]);
  equal((await ask("sharetable reload items")).at(-1), ERROR);
  equal((await ask("sharetable load")).at(-1), ERROR);
});

test("a table is loaded anew with the arguments of the last time, if they can be known", async (t) => {
  const { ask, sharetable, folder, tables } = await desk(t, {
    "items.ts": `export default (price, options) => ({ 1: { price, ...options } });`,
  });
  const file = { name: "items", file: `${folder}/items.ts` };
  await sharetable.loadfile(file, 7);
  writeFileSync(file.file, `export default (price) => ({ 1: { price: price * 2 } });`);
  deepEqual(await ask(`sharetable diff items ${file.file}`), ["1\tchanged price: 7 -> 14", OK]);
  equal((await ask("sharetable load items")).at(-1), OK);
  equal(tables["items"][1].price, 14);
  await sharetable.loadfile(file, 7, { some: "object" });
  deepEqual(await ask("sharetable load items"), [
    "ERR_ARGUMENT: items was loaded with arguments that only its loader knows",
    ERROR,
  ]);
});
