/** Shared tables on one thread, as a service and a program use them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, ONE_THREAD, run, world } from "../../world.ts";

const items = (factor: number): Record<string, object> => ({
  1: { name: "sword", price: 10 * factor, attr: { atk: 5 }, tags: ["sharp", "long"] },
  2: { name: "shield", price: 20 * factor, attr: { atk: 0 }, tags: [] },
});

test("a table that was loaded is read by its name, as plain objects", async (t) => {
  const { sharetable, tables } = await world(t, {});
  await sharetable.loadtable("items", items(1));
  assert.deepEqual(tables["items"][1], {
    name: "sword",
    price: 10,
    attr: { atk: 5 },
    tags: ["sharp", "long"],
  });
  assert.deepEqual(Object.keys(tables["items"]), ["1", "2"]);
});

test("a held row, and what was read from it, shows the new values after an update", async (t) => {
  const { sharetable, tables } = await world(t, {});
  await sharetable.loadtable("items", items(1));
  const row = tables["items"][1];
  const { attr, tags } = row;
  const next = items(3);
  next[1] = { ...next[1], attr: { atk: 6 }, tags: ["blunt"] };
  await sharetable.loadtable("items", next);
  assert.equal(row.price, 30);
  assert.equal(attr.atk, 6);
  assert.equal(tables["items"][1], row);
  assert.equal(row.attr, attr);
  assert.deepEqual(tags, ["sharp", "long"], "a list stays that of the version it was read in");
  assert.deepEqual(row.tags, ["blunt"]);
});

test("services see a table that another service loaded, with the same API", async (t) => {
  const answer = await run(t, {
    loader: `
      import { sharetable } from "snax";
      export const response = { load: (factor: number) =>
        sharetable.loadtable("items", { 7: { price: 7 * factor } }) };
    `,
    reader: `
      import { sharetable, tables } from "snax";
      let row;
      export const response = {
        async hold() { row = (await sharetable.query("items"))[7]; return row.price; },
        held() { return [row.price, tables.items[7] === row]; },
      };
    `,
    main: `
      import { snax } from "snax";
      export const response = { async run() {
        const loader = await snax.newservice("loader");
        const reader = await snax.newservice("reader");
        await loader.req.load(1);
        const first = await reader.req.hold();
        await loader.req.load(2);
        return [first, ...(await reader.req.held())];
      } };
    `,
  });
  assert.deepEqual(answer, [7, 14, true]);
});

test("between two awaits code sees one version, whatever is published meanwhile", async (t) => {
  const answer = await run(t, {
    main: `
      import { sharetable, tables, skynet } from "snax";
      export const response = { async run() {
        await sharetable.publish({ a: { n: 1 }, b: { n: 1 } });
        const seen: unknown[] = [];
        const publishing = sharetable.publish({ a: { n: 2 }, b: { n: 2 } });
        seen.push(tables.a.n, tables.b.n);
        for (let turn = 0; turn < 20; turn++) {
          await skynet.sleep(0);
          if (tables.a.n !== tables.b.n) seen.push("mixed");
        }
        await publishing;
        return [...seen, tables.a.n, tables.b.n];
      } };
    `,
  });
  assert.deepEqual(answer, [1, 1, 2, 2]);
});

test("a row that an update took away says so, and comes back with its data", async (t) => {
  const { sharetable, tables } = await world(t, {});
  await sharetable.loadtable("items", items(1));
  const row = tables["items"][2];
  await sharetable.loadtable("items", { 1: items(1)[1] });
  const error = await failureOf(Promise.resolve().then(() => row.price as number));
  assert.equal(error.code, "ERR_ROW_GONE");
  assert.match(error.message, /^items\[2\] is gone: there is none in version 2$/);
  await sharetable.loadtable("items", items(5));
  assert.equal(row.price, 100);
});

test("a pinned table stays as it was, and its version is kept until the pin ends", async (t) => {
  const { sharetable, tables } = await world(t, {}, ONE_THREAD); // else the others move a moment later
  await sharetable.loadtable("items", items(1));
  const pinned = sharetable.pin("items");
  const row = pinned[1];
  await sharetable.loadtable("items", items(2));
  assert.deepEqual([pinned[1].price, row.price, tables["items"][1].price], [10, 10, 20]);
  const versions = (): unknown[] =>
    sharetable.info("items").map(({ version, pins }) => [version, pins]);
  assert.deepEqual(versions(), [
    [1, 1],
    [2, 0],
  ]);
  assert.equal(sharetable.unpin(pinned), true);
  assert.deepEqual(versions(), [[2, 0]]);
  assert.throws(() => row.price as number, { code: "ERR_NO_TABLE" });
});

test("a query for a table that was not loaded gives undefined, and reading it by name says which there are", async (t) => {
  const { sharetable, tables } = await world(t, {});
  await sharetable.loadtable("items", items(1));
  assert.equal(await sharetable.query("drops"), undefined);
  assert.throws(() => tables["itemz"] as unknown, {
    code: "ERR_NO_TABLE",
    message: /there is no table "itemz".*items/,
  });
});
