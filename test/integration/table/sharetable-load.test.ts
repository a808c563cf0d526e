/** Where tables come from: files, texts and values; what is checked, and what a failure leaves. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import type { StandardSchema } from "snax";
import { codeOfFailure, failureOf, ONE_THREAD, run, world } from "../../world.ts";

test("a table comes from a module, with its imports, as data or from a function of the arguments", async (t) => {
  const { sharetable, tables, folder } = await world(t, {
    "levels.ts": `
      import { curve } from "./curve.ts";
      export default async (count: number, name: string) =>
        Array.from({ length: count }, (_, level) => ({ name: name + level, exp: curve(level) }));
    `,
    "curve.ts": `export const curve = (level: number): number => level ** 2;`,
    "drops.ts": `enum Kind { Gold = 7 } export default { 1: { kind: Kind.Gold } };`,
  });
  await sharetable.loadfile({ name: "levels", file: `${folder}/levels.ts` }, 3, "level ");
  assert.deepEqual(tables["levels"][2], { name: "level 2", exp: 4 });
  await sharetable.loadfile(`${folder}/drops.ts`);
  assert.deepEqual(await sharetable.query(`${folder}/drops.ts`), { 1: { kind: 7 } });
});

test("a file is read anew at each load, also the modules that it imports", async (t) => {
  const { sharetable, tables, folder } = await world(t, {
    "items.ts": `import { price } from "./price.ts"; export default { sword: { price } };`,
    "price.ts": `export const price = 1;`,
  });
  const file = { name: "items", file: `${folder}/items.ts` };
  await sharetable.loadfile(file);
  writeFileSync(`${folder}/price.ts`, "export const price = 2;");
  await sharetable.loadfile(file);
  assert.equal(tables["items"].sword.price, 2);
});

test("a name is looked for where the configuration's tables says", async (t) => {
  const { sharetable, tables, folder, stop } = await world(t, {
    "data/items.json": `{"a":{"n":1}}`,
  });
  await stop();
  const node = await world(t, {}, { tables: `${folder}/data/?.ts;${folder}/data/?.json` });
  await node.sharetable.loadfile("items");
  assert.equal(node.tables["items"].a.n, 1);
  const error = await failureOf(node.sharetable.loadfile("nosuch"));
  assert.equal(error.code, "ERR_MODULE");
  assert.match(error.message, /^no file for table nosuch; looked for .*data\/nosuch\.json/);
  assert.equal(await codeOfFailure(sharetable.loadtable("a", {})), "ERR_STOPPED");
  assert.equal(typeof tables, "object");
});

test("a table comes from a text: a module with arguments, or JSON", async (t) => {
  const { sharetable, tables } = await world(t, {});
  const source = `export default (rate: number) => ({ 1: { price: 10 * rate } });`;
  await sharetable.loadstring("items", source, 3);
  assert.deepEqual(tables["items"][1], { price: 30 });
  await sharetable.loadstring("items", `{ "2": { "price": 5 } }`);
  assert.deepEqual(Object.keys(tables["items"]), ["2"]);
  assert.equal(await codeOfFailure(sharetable.loadstring("items", "{ no json")), "ERR_SYNTAX");
  assert.equal(
    await codeOfFailure(sharetable.loadstring("items", "export const a = 1")),
    "ERR_TABLE",
  );
  assert.equal(tables["items"][2].price, 5);
});

test("a load that is refused leaves the version before, of all tables of the step", async (t) => {
  const { sharetable, tables } = await world(t, {});
  await sharetable.publish({ items: { 1: { price: 1 } }, drops: { 1: { item: 1 } } });
  const error = await failureOf(
    sharetable.publish({ items: { 1: { price: 2 } }, drops: { 1: { item: () => {} } } }),
  );
  assert.equal(error.code, "ERR_TABLE");
  assert.equal(error.message, "drops[1].item is a function");
  assert.deepEqual([tables["items"][1].price, tables["drops"][1].item], [1, 1]);
  assert.deepEqual(
    sharetable.info().map(({ name, version }) => `${name} ${version}`),
    ["drops 1", "items 1"],
  );
});

const schema: StandardSchema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const issues = Object.entries(value as Record<string, { price: number }>)
        .filter(([, { price }]) => price < 0)
        .map(([key]) => ({ message: "the price is below 0", path: [key, { key: "price" }] }));
      return issues.length > 0 ? { issues } : {};
    },
  },
};

test("a schema that follows Standard Schema refuses data with the path", async (t) => {
  const { sharetable, tables } = await world(t, {});
  sharetable.check("items", schema);
  await sharetable.loadtable("items", { 1: { price: 1 } });
  const error = await failureOf(
    sharetable.loadtable("items", { 1: { price: 2 }, 2: { price: -1 } }),
  );
  assert.equal(error.code, "ERR_TABLE");
  assert.equal(error.message, "the check refuses items[2].price: the price is below 0");
  assert.deepEqual((error as { data?: unknown }).data, {
    table: "items",
    issues: [{ message: "the price is below 0", path: ["2", "price"] }],
  });
  assert.equal(tables["items"][1].price, 1);
  sharetable.check("items", undefined);
  await sharetable.loadtable("items", { 1: { price: -1 } });
});

test("a function checks data by what it throws or returns, also one that the file itself exports", async (t) => {
  const { sharetable, folder } = await world(t, {
    "items.ts": `
      export default (price: number) => ({ 1: { price } });
      export const check = (items) => items[1].price > 0 || "prices are above 0";
    `,
  });
  const file = { name: "items", file: `${folder}/items.ts` };
  await sharetable.loadfile(file, 1);
  const refused = await failureOf(sharetable.loadfile(file, 0));
  assert.equal(refused.message, "the check refuses items: prices are above 0");
  sharetable.check("items", async () => Promise.reject(new Error("not today")));
  const thrown = await failureOf(sharetable.loadfile(file, 1));
  assert.equal(thrown.message, "the check refuses items: not today");
  assert.throws(() => sharetable.check("items", 5 as never), { code: "ERR_ARGUMENT" });
});

test("a listener hears the keys that an update added, changed and removed, and can be ended", async (t) => {
  const { sharetable } = await world(t, {});
  const heard: unknown[] = [];
  const end = sharetable.onupdate("items", (changes, version) => heard.push([version, changes]));
  await sharetable.loadtable("items", { a: { n: 1 }, b: { n: [1, { x: 2 }] }, c: {} });
  await sharetable.loadtable("items", { a: { n: 1 }, b: { n: [1, { x: 3 }] }, d: {} });
  await sharetable.loadtable("other", {});
  end();
  await sharetable.loadtable("items", {});
  assert.deepEqual(heard, [
    [1, { added: ["a", "b", "c"], changed: [], removed: [] }],
    [2, { added: ["d"], changed: ["b"], removed: ["c"] }],
  ]);
});

test("listeners, checks and pins of a service end with it", async (t) => {
  // What another thread still shows would be there a moment longer.
  const files = {
    guest: `
      import { sharetable } from "snax";
      export function init() {
        sharetable.onupdate("items", () => { throw new Error("a dead service hears"); });
        sharetable.check("items", () => "a dead service checks");
        sharetable.pin("items");
      }
    `,
    main: `
      import { sharetable, snax } from "snax";
      export const response = { async run() {
        await sharetable.loadtable("items", { 1: {} });
        const guest = await snax.newservice("guest");
        const pins = sharetable.info("items")[0].pins;
        await snax.exit(guest);
        await sharetable.loadtable("items", { 2: {} });
        return [pins, sharetable.info("items").map(({ version, pins }) => [version, pins])];
      } };
    `,
  };
  const answer = await run(t, files, ONE_THREAD);
  assert.deepEqual(answer, [1, [[2, 0]]]);
});

test("queryall gives all tables, or those that are named and there", async (t) => {
  const { sharetable } = await world(t, {});
  await sharetable.publish({ a: { n: 1 }, b: { n: 2 } });
  assert.deepEqual(Object.keys(await sharetable.queryall()), ["a", "b"]);
  const some = await sharetable.queryall(["b", "c"]);
  assert.deepEqual({ ...some }, { b: { n: 2 } });
});

test("update waits for what others have published, and refuses a name that is no table", async (t) => {
  const { sharetable, tables } = await world(t, {});
  const loading = sharetable.loadtable("items", { n: 1 });
  await sharetable.update();
  assert.equal(tables["items"].n, 1);
  await loading;
  assert.equal(await codeOfFailure(sharetable.update("items", "nosuch")), "ERR_NO_TABLE");
});

test("a file that can't be read is told with its path", async (t) => {
  const { sharetable, folder } = await world(t, { "items.json/deeper.txt": "" });
  const error = await failureOf(sharetable.loadfile(`${folder}/items.json`));
  assert.equal(error.code, "ERR_MODULE");
  assert.match(error.message, /^can't read .*items\.json: EISDIR/);
});

test("tables is printed and listed like an object of all tables, and belongs to its service", async (t) => {
  const answer = await run(t, {
    vandal: `
      import { tables } from "snax";
      export const response = { try() {
        Object.defineProperty(tables, "evil", { value: 1 });
        Object.setPrototypeOf(tables, { items: "evil" });
        return Object.keys(tables);
      } };
    `,
    main: `
      import { sharetable, snax, tables } from "snax";
      import { inspect } from "node:util";
      export const response = { async run() {
        await sharetable.publish({ items: { 1: { n: 1 } }, drops: [] });
        const vandal = await snax.newservice("vandal");
        await vandal.req.try();
        const writes = [
          () => (tables.items = 1), () => (tables.fresh = 1), () => delete tables.items,
        ].map((write) => { try { write(); return "written"; } catch (error) { return error.code ?? error.name; } });
        return [inspect(tables), Object.keys(tables), "evil" in tables, tables.items[1].n, writes];
      } };
    `,
  });
  assert.deepEqual(answer, [
    "{ items: { '1': { n: 1 } }, drops: [] }",
    ["items", "drops"],
    false,
    1,
    ["ERR_READ_ONLY", "ERR_READ_ONLY", "TypeError"],
  ]);
});

test("names and sources that make no sense are refused", async (t) => {
  const { sharetable } = await world(t, {});
  const codes = await Promise.all([
    codeOfFailure(sharetable.loadtable("", {})),
    codeOfFailure(sharetable.loadtable("__proto__", {})),
    codeOfFailure(sharetable.loadfile(5 as never)),
    codeOfFailure(sharetable.loadfile({ name: "a" } as never)),
    codeOfFailure(sharetable.loadstring("a", 5 as never)),
    codeOfFailure(sharetable.publish(5 as never)),
  ]);
  assert.deepEqual(codes, Array(6).fill("ERR_ARGUMENT"));
  assert.throws(() => sharetable.pin("nosuch"), { code: "ERR_NO_TABLE" });
  assert.throws(() => sharetable.onupdate("a", 5 as never), { code: "ERR_ARGUMENT" });
});

test("a table that was loaded under a path is also found by its file's name, unless another one is called so", async (t) => {
  const { sharetable, tables, folder } = await world(t, {
    "data/items.json": `{ "a": { "n": 1 } }`,
  });
  const path = `${folder}/data/items.json`;
  const early = tables;
  await sharetable.loadfile(path);
  assert.equal(early["items"].a.n, 1);
  assert.equal(await sharetable.query("items"), await sharetable.query(path));
  assert.equal(sharetable.pin("items").a.n, 1);
  assert.deepEqual(
    sharetable.info("items").map(({ name }) => name),
    [path],
  );
  await sharetable.loadtable("items", { b: { n: 2 } });
  assert.deepEqual([early["items"].b.n, tables[path].a.n], [2, 1]);
});

test("a load may bring its own check, and that of a step sees all its tables", async (t) => {
  const { sharetable, tables } = await world(t, {});
  const check = (all: any): unknown =>
    Object.entries<any>(all.drops).flatMap(([key, { item }]) =>
      all.items[item] === undefined
        ? [{ path: ["drops", key, "item"], message: "no such item" }]
        : [],
    );
  const options = { check: check as never };
  await sharetable.publish({ items: { 1: {} }, drops: { 5: { item: 1 } } }, options);
  const refused = sharetable.publish({ items: { 2: {} }, drops: { 5: { item: 1 } } }, options);
  assert.equal((await failureOf(refused)).message, "the check refuses drops[5].item: no such item");
  assert.deepEqual(Object.keys(tables["items"]), ["1"]);
  const one = sharetable.loadtable("items", {}, { check: () => false });
  assert.equal((await failureOf(one)).message, "the check refuses items: it returned false");
  const all = sharetable.publish({ items: {} }, { check: () => "not on Fridays" });
  assert.equal((await failureOf(all)).message, "the check refuses the tables: not on Fridays");
});
