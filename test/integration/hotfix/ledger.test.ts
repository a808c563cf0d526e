/** The ledger of patches: what was applied where, and how it ended. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { World, fails, serve } from "./harness.ts";

const SERVICE = `let n = 0; export const response = { get() { return n; } };`;

test("a node that was never patched has an empty ledger", async (t) => {
  const { world } = await serve(t, SERVICE);
  deepEqual([...(await world.patches())], []);
});

test("every patch has an entry with hash, time, target and results", async (t) => {
  const { world, p, fix } = await serve(t, SERVICE);
  const before = Date.now();
  await fix(`function f() {}`);
  const [entry, ...rest] = await world.patches();
  deepEqual(rest, []);
  match(entry?.hash ?? "", /^[0-9a-f]{8,}$/);
  ok((entry?.time ?? 0) >= before && (entry?.time ?? 0) <= Date.now());
  notEqual(entry?.target, undefined);
  deepEqual(
    entry?.results.map(({ handle, ok: isOk }) => [handle, isOk]),
    [[p.handle, true]],
  );
});

test("ids rise, the newest entry is the last, and equal texts have equal hashes", async (t) => {
  const { world, fix } = await serve(t, SERVICE);
  const text = `export const response = { a() {} };`;
  await fix(text);
  await fix(text);
  await fix(`${text} `);
  const entries = await world.patches();
  equal(entries.length, 3);
  const [a, b, c] = entries;
  ok((a?.id ?? 0) < (b?.id ?? 0) && (b?.id ?? 0) < (c?.id ?? 0));
  deepEqual([a?.hash === b?.hash, a?.hash === c?.hash], [true, false]);
});

test("a patch that was undone is in the ledger with its code", async (t) => {
  const { world, p, fix } = await serve(t, SERVICE);
  await fails(fix(`export function hotfix() { throw 1; }`), { code: "ERR_PATCH_FAILED" });
  const entry = (await world.patches()).at(-1);
  deepEqual(
    entry?.results.map(({ handle, ok: isOk, code }) => [handle, isOk, code]),
    [[p.handle, false, "ERR_PATCH_FAILED"]],
  );
});

test("a patch for all has one entry with a result for each service", async (t) => {
  const world = await World.open(t, {
    "main.ts": `let id = 0; export function init(i: number) { id = i; } export const response = { get() { return id; } };`,
  });
  const all = [await world.start("main", 1), await world.start("main", 2)];
  const { id } = await world.hotfixall(
    "main",
    `declare let id: number; export function hotfix() { if (id === 2) throw 1; }`,
  );
  const entry = (await world.patches()).at(-1);
  equal(entry?.id, id);
  const seen = new Map(entry?.results.map(({ handle, ok: isOk }) => [handle, isOk]));
  deepEqual([seen.get(all[0]?.handle ?? 0), seen.get(all[1]?.handle ?? 0)], [true, false]);
});

test("a patch of a shared module has an entry", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { f } from "./s.ts"; export const response = { f() { return f(); } };`,
    "s.ts": `"use shared"; export const f = () => 1;`,
  });
  await world.start("main");
  const { id } = await world.hotfixshared("./s.ts", `export const f = () => 2;`);
  equal((await world.patches()).at(-1)?.id, id);
});

test("the ledger is bounded and keeps the newest", async (t) => {
  const { world, fix } = await serve(t, SERVICE);
  await fix(`function f() {}`);
  const first = (await world.patches())[0]?.id;
  for (let i = 0; i < 1200; i += 1) await fix(`function f() {}`);
  const entries = await world.patches();
  ok(entries.length <= 1024, `${entries.length} entries`);
  notEqual(entries[0]?.id, first);
  equal(entries.at(-1)?.id, (first ?? 0) + 1200);
});

test("an entry that a caller changes is the caller's copy", async (t) => {
  const { world, fix } = await serve(t, SERVICE);
  await fix(`function f() {}`);
  const entry = (await world.patches())[0] as { hash: string };
  const { hash } = entry;
  try {
    entry.hash = "changed";
  } catch {
    // Frozen is as good as copied.
  }
  equal((await world.patches())[0]?.hash, hash);
});
