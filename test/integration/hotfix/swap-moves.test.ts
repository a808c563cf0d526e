/** Swaps while services move between threads all the time, those of the type and others: no call is lost, and the order of each pair holds. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeOf } from "snax";
import { world } from "../../world.ts";

const SWAPS = 4;

const calc = (version: number): string => `import { skynet } from "snax";
export const response = {
  add(n: number) { return [${version}, n + 1]; },
  async slow(n: number) { await skynet.sleep(n % 4); return [${version}, n]; },
};`;

/** Notes what comes out of order. */
const ROOM = `const last: Record<string, number> = {}; const wrong: string[] = [];
function note(from: string, k: number) { if (k !== (last[from] ?? 0) + 1) wrong.push(from + ": " + k + " after " + last[from]); last[from] = k; }
export const response = { put(from: string, k: number) { note(from, k); return k; }, end() { return { last, wrong }; } };
export const accept = { post(from: string, k: number) { note(from, k); } };`;

const CLIENT = `import { snax, skynet } from "snax"; let isOver = false;
export const accept = { stop() { isOver = true; } };
export const response = { async run(calcs: number[], rooms: number[], name: string) {
  const pool = calcs.map((handle) => snax.bind(handle, "calc") as any); const all = rooms.map((handle) => snax.bind(handle, "room") as any);
  const problems: string[] = []; const versions = new Set<number>(); let k = 0;
  for (let left = 3; left > 0; ) {
    k += 1; if (isOver) left -= 1; const pending: Promise<unknown>[] = [];
    const expect = (promise: Promise<any>, wanted: number) => pending.push(promise.then(([version, value]) => { versions.add(version); if (value !== wanted) problems.push(value + ", not " + wanted); }));
    for (const each of pool) { expect(each.req.add(k), k + 1); expect(each.req.slow(k), k); }
    for (const each of all) { if (k % 3 === 0) each.post.post(name, k); else pending.push(each.req.put(name, k).then((n: number) => { if (n !== k) problems.push("put " + n); })); }
    for (const each of await Promise.allSettled(pending)) if (each.status === "rejected") problems.push(String(each.reason.message));
    await skynet.sleep(k % 2);
  }
  return { problems, versions: [...versions], k };
} };`;

/** Why a service of a type that is swapped stays where it is. */
const MAY_STAY =
  /an old handle still leads to it|has taken its place, in a swap|waits for its end|a patch is under way|patch \d+ is under way/;

for (const movesToo of [false, true]) {
  const who = movesToo ? "the services of the type and others" : "services of another type";
  test(`a swap loses nothing and keeps the order while ${who} move all the time`, async (t) => {
    const files = { calc: calc(0), room: ROOM, client: CLIENT };
    const node = await world(t, files, { thread: 3 });
    const make = (name: string, threads: readonly number[]): Promise<any[]> =>
      Promise.all(threads.map((thread) => node.snax.at(thread).newservice<any>(name)));
    const calcs = await make("calc", [1, 2, 3]);
    const rooms = await make("room", [1, 2, 3]);
    const clients = await make("client", [1, 2, 3]);
    const [pool, all] = [calcs, rooms].map((list) => list.map(({ handle }) => handle as number));
    const running = Promise.all(clients.map((each, at) => each.req.run(pool, all, `c${at}`)));
    running.catch(() => {});
    let isOver = false;
    let moves = 0;
    const refusals: string[] = [];
    const keepMoving = async (handle: number): Promise<void> => {
      for (let step = 0; !isOver; step += 1) {
        try {
          const { from, to } = await node.skynet.migrate(handle, { thread: 1 + (step % 3) });
          if (from !== to) moves += 1;
        } catch (error) {
          equal(codeOf(error), "ERR_MIGRATE");
          refusals.push((error as Error).message);
          await node.skynet.sleep(2);
        }
      }
    };
    const lanes = [...rooms, ...(movesToo ? calcs : [])].map(({ handle }) => keepMoving(handle));
    for (let version = 1; version <= SWAPS; version += 1) {
      const wanted = moves + 10;
      while (moves < wanted) await node.skynet.sleep(1);
      writeFileSync(join(node.folder, "calc.ts"), calc(version));
      const { swapped, failed } = await node.snax.swap("calc");
      deepEqual(failed, []);
      equal(swapped.length, calcs.length);
      if (movesToo) lanes.push(...swapped.map((each) => keepMoving(each.new)));
    }
    for (const each of clients) each.post.stop();
    const results = await running;
    isOver = true;
    await Promise.all(lanes);
    for (const { problems, versions } of results) {
      deepEqual(problems, []);
      ok(versions.includes(SWAPS), `versions ${versions}`);
    }
    for (const each of rooms) {
      const { last, wrong } = await each.req.end();
      deepEqual(wrong, []);
      deepEqual(last, Object.fromEntries(results.map(({ k }, at) => [`c${at}`, k])));
    }
    for (const why of refusals) match(why, MAY_STAY);
    equal(refusals.length > 0, movesToo);
  });
}
