/**
 * docs/databases.md: its services do what the page says, over packages that answer as the real ones
 * do, and over SQLite where Node has it.
 */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startTest } from "snax/testing";
import { writeFiles } from "../../world.ts";
import { readFiles, readPage } from "./page.ts";

const FILES = readFiles(readPage("databases.md"));

/** What the fakes of packages have seen; packages are shared by the services of a thread. */
const seen = (): string[] => ((globalThis as { seen?: string[] }).seen ??= []);

/** A package as npm would install it. */
function packageOf(name: string, text: string): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: `{ "name": "${name}", "type": "module", "exports": "./index.js" }`,
    [`node_modules/${name}/index.js`]: `const seen = (globalThis.seen ??= []);\n${text}`,
  };
}

const PG = packageOf(
  "pg",
  `
  const coins = new Map();
  async function query(text, [a, b] = []) {
    seen.push(text.split(" ")[0]);
    if (text.startsWith("SELECT")) return { rows: coins.has(a) ? [{ coins: coins.get(a) }] : [] };
    if (text.startsWith("INSERT")) return void coins.set(a, b);
    if (!text.startsWith("UPDATE")) return {};
    if (b === "broken") throw Object.assign(new Error("terminating connection"), { code: "57P01" });
    const sign = text.includes("coins - ") ? -1 : 1;
    const has = coins.get(b);
    if (has === undefined || (sign < 0 && has < a)) return { rowCount: 0 };
    coins.set(b, has + sign * a);
    return { rowCount: 1 };
  }
  export class Pool {
    on(event) { seen.push("on " + event); }
    query = query;
    async connect() { return { query, release: (error) => seen.push(error ? "destroyed" : "released") }; }
    async end() { seen.push("end"); }
  }`,
);

test("PostgreSQL: what belongs together happens together, and the pool is closed", async (t) => {
  const folder = writeFiles(t, { ...FILES, ...PG });
  const node = await startTest({ services: `${folder}/services/?.ts` }, t);
  seen().length = 0;
  const db = await node.snax.uniqueservice<any>("db");
  await db.req.save("ann", 10);
  await db.req.save("bob", 0);
  deepEqual([await db.req.load("ann"), await db.req.load("eve")], [{ coins: 10 }, undefined]);
  equal(await db.req.give("ann", "bob", 7), true);
  deepEqual(seen().slice(-5), ["BEGIN", "UPDATE", "UPDATE", "COMMIT", "released"]);
  equal(await db.req.give("ann", "bob", 7), false);
  deepEqual(seen().slice(-2), ["ROLLBACK", "released"]);
  await rejects(db.req.give("ann", "broken", 1), { code: "57P01" });
  equal(seen().at(-1), "destroyed");
  await node.snax.exit(db);
  deepEqual([seen()[0], seen().at(-1)], ["on error", "end"]);
});

const OTHERS = {
  ...packageOf(
    "ioredis",
    `
    const scores = new Map();
    export class Redis {
      on(event) { seen.push("on " + event); }
      async zadd(key, word, score, name) { if (!(scores.get(name) > score)) scores.set(name, score); }
      async zrevrange(key, from, to) {
        return [...scores].sort((a, b) => b[1] - a[1]).slice(from, to + 1).map(([name]) => name);
      }
      disconnect() { seen.push("disconnect"); }
    }`,
  ),
  ...packageOf(
    "mongodb",
    `
    const rows = new Map();
    const collection = {
      async findOne({ name }, { projection }) {
        const row = rows.get(name);
        return row === undefined ? null : { ...(projection._id === 0 ? {} : { _id: Symbol() }), ...row };
      },
      async updateOne({ name }, { $set }) { rows.set(name, { name, ...$set }); },
    };
    export class MongoClient {
      db() { return { collection: () => collection }; }
      async close() { seen.push("close"); }
    }`,
  ),
};

test("Redis and MongoDB: what was stored is found, and connections are closed", async (t) => {
  const folder = writeFiles(t, { ...FILES, ...OTHERS });
  const node = await startTest({ services: `${folder}/services/?.ts` }, t);
  const ranking = await node.snax.uniqueservice<any>("ranking");
  ranking.post.record("ann", 3);
  ranking.post.record("bob", 5);
  ranking.post.record("bob", 1);
  deepEqual(await ranking.req.best(1), ["bob"]);
  const profiles = await node.snax.uniqueservice<any>("profiles");
  await profiles.req.save("ann", 3);
  deepEqual(await profiles.req.load("ann"), { name: "ann", coins: 3 });
  equal(await profiles.req.load("eve"), null);
  await node.snax.exit(ranking);
  await node.snax.exit(profiles);
  deepEqual(seen().slice(-2), ["disconnect", "close"]);
});

const noSqlite =
  process.getBuiltinModule("node:sqlite" as never) === undefined &&
  "this release has no node:sqlite";

test("the scores of the page outlive their service", { skip: noSqlite }, async (t) => {
  const folder = writeFiles(t, FILES);
  const { snax: api } = await startTest({ services: `${folder}/services/?.ts` }, t);
  const path = join(folder, "scores.sqlite");
  const one = await api.newservice<any>("scores", path);
  one.post.record("Ann", 3);
  one.post.record("Bob", 5);
  await api.exit(one);
  const other = await api.newservice<any>("scores", path);
  deepEqual(await other.req.all(), [
    { name: "Bob", score: 5 },
    { name: "Ann", score: 3 },
  ]);
});
