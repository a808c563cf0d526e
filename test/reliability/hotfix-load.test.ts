/** Patches under load lose, double and mix nothing: every answer is of exactly one version, and versions only rise. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { World } from "../integration/hotfix/harness.ts";

const CALLERS = 20;
const PATCHES = 200;

const SERVICE = `
  let calls = 0;
  let posts = 0;
  function version() { return 0; }
  const twin = () => 0;
  class Clerk { version() { return 0; } }
  const clerk = new Clerk();
  export const response = {
    work(id: number) { calls += 1; return [id, version(), twin(), clerk.version(), 0]; },
    async later(id: number) { calls += 1; const first = version(); await 0; return [id, first, version()]; },
    totals() { return [calls, posts]; },
  };
  export const accept = { add() { posts += 1; } };
`;

const patchOf = (v: number): string => `
  declare let calls: number;
  function version() { return ${v}; }
  const twin = () => ${v};
  class Clerk { version() { return ${v}; } }
  export const response = { work(id: number) { calls += 1; return [id, version(), twin(), clerk.version(), ${v}]; } };`;

/** Calls until told to stop; returns how often it called. */
async function call(p: ServiceObject, id: number, isOver: () => boolean): Promise<number> {
  let count = 0;
  let highest = 0;
  while (!isOver()) {
    const [mine, ...versions] = (await p.req.work(id)) as [number, ...number[]];
    equal(mine, id);
    equal(new Set(versions).size, 1, `an answer of versions ${versions.join()}`);
    ok((versions[0] as number) >= highest, `version ${versions[0]} after ${highest}`);
    highest = versions[0] as number;
    const [, first, second] = (await p.req.later(id)) as [number, number, number];
    ok(first <= second);
    p.post.add();
    count += 1;
  }
  return count;
}

test("200 patches of a busy service lose, double and mix nothing", async (t) => {
  const world = await World.open(t, { "main.ts": SERVICE });
  const p = await world.start("main");
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, (_, id) => call(p, id, () => isOver));
  for (let v = 1; v <= PATCHES; v += 1) await world.hotfix(p, patchOf(v));
  isOver = true;
  const total = (await Promise.all(callers)).reduce((sum, count) => sum + count, 0);
  deepEqual(await p.req.totals(), [2 * total, total]);
  equal(((await p.req.work(0)) as number[])[1], PATCHES);
});

test("patches that are undone under load are never seen half", async (t) => {
  const world = await World.open(t, { "main.ts": SERVICE });
  const p = await world.start("main");
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, (_, id) => call(p, id, () => isOver));
  let highest = 0;
  for (let v = 1; v <= PATCHES; v += 1) {
    const isGood = v % 3 === 0;
    if (isGood) highest = v;
    const ending = isGood ? "" : `throw new Error("undo");`;
    const text = `${patchOf(v)} export ${v % 2 ? "async " : ""}function hotfix() { ${ending} }`;
    await world.hotfix(p, text).catch(() => undefined);
  }
  isOver = true;
  const total = (await Promise.all(callers)).reduce((sum, count) => sum + count, 0);
  deepEqual(await p.req.totals(), [2 * total, total]);
  equal(((await p.req.work(0)) as number[])[1], highest);
});

test("services come and go while all of their type are patched", async (t) => {
  const world = await World.open(t, { "main.ts": SERVICE });
  const alive: ServiceObject[] = [];
  for (let i = 0; i < 50; i += 1) alive.push(await world.start("main"));
  let isOver = false;
  const churn = (async () => {
    for (let round = 0; !isOver; round += 1) {
      const index = round % alive.length;
      world.node.skynet.kill((alive[index] as ServiceObject).handle);
      alive[index] = await world.start("main");
    }
  })();
  for (let v = 1; v <= 50; v += 1) {
    const { failed } = await world.hotfixall("main", patchOf(v));
    deepEqual(failed, []);
  }
  isOver = true;
  await churn;
  for (const p of alive) deepEqual(((await p.req.work(1)) as number[]).slice(1), [50, 50, 50, 50]);
});
