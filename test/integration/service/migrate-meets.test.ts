/** What is done to all services of a type, or to one, meets services that are on their way: it reaches each of them, or says which not. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { codeOf } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

const THREE = { thread: 3 };
const ROUNDS = 8;

const text = (version: number): string => `let count = 0;
export const response = { version() { return ${version}; }, up() { return (count += 1); } };`;

/** Moves services all the time until it is told to stop; tells how often. */
function keepMoving(
  node: World,
  handles: readonly number[],
): { readonly count: () => number; readonly stop: () => Promise<unknown> } {
  let isOver = false;
  let moves = 0;
  const lanes = handles.map(async (handle, lane) => {
    for (let step = lane; !isOver; step += 1) {
      const { from, to } = await node.skynet.migrate(handle, { thread: 1 + (step % 3) });
      if (from !== to) moves += 1;
    }
  });
  const stop = async (): Promise<unknown> => {
    isOver = true;
    return await Promise.all(lanes);
  };
  return { count: () => moves, stop };
}

const edit = (node: World, name: string, source: string): void =>
  writeFileSync(join(node.folder, `${name}.ts`), source);

test("a reload of all of a type reaches each service, wherever it is on its way", async (t) => {
  const node = await world(t, { text: text(0) }, THREE);
  const services = await Promise.all(Array.from({ length: 5 }, () => node.make("text")));
  const moving = keepMoving(
    node,
    services.map(({ handle }) => handle),
  );
  for (let round = 1; round <= ROUNDS || moving.count() <= ROUNDS; round += 1) {
    edit(node, "text", text(round));
    const { reloaded, failed, skipped } = await node.snax.reload("text");
    deepEqual([failed, skipped], [[], []]);
    deepEqual(new Set(reloaded), new Set(services.map(({ handle }) => handle)));
    for (const each of services)
      deepEqual([await each.req.version(), await each.req.up()], [round, round]);
  }
  await moving.stop();
});

test("a reload of one reaches it, wherever it is on its way", async (t) => {
  const node = await world(t, { text: text(0) }, THREE);
  const one = await node.make("text");
  const moving = keepMoving(node, [one.handle]);
  for (let round = 1; round <= ROUNDS || moving.count() <= ROUNDS; round += 1) {
    edit(node, "text", text(round));
    const { reloaded, failed, skipped } = await node.snax.reload(one);
    deepEqual([reloaded, failed, skipped], [[one.handle], [], []], `round ${round}`);
    deepEqual([await one.req.version(), await one.req.up()], [round, round]);
  }
  await moving.stop();
});

test("a service that came by a swap moves once the old one has ended", async (t) => {
  const plain = (version: number): string =>
    `export const response = { version() { return ${version}; } };`;
  const node = await world(t, { plain: plain(0) }, THREE);
  const old = await node.make("plain");
  edit(node, "plain", plain(1));
  const { swapped } = await node.snax.swap("plain", { retire: 0 });
  deepEqual(
    swapped.map((each) => each.old),
    [old.handle],
  );
  const fresh = node.snax.bind<any>(swapped[0]?.new as number, "plain");
  const move = (thread: number): Promise<unknown> => node.skynet.migrate(fresh.handle, { thread });
  // As long as the old handle leads to it.
  const whyNot = (): Promise<string | undefined> =>
    move(1).then(
      () => undefined,
      (error: Error) => error.message,
    );
  for (let why = await whyNot(); why !== undefined; why = await whyNot()) {
    match(why, /an old handle still leads to it|waits for its end/);
  }
  await move(2);
  equal(await fresh.req.version(), 1);
});

test("a service moves to a thread whose births carry a patch that the ledger keeps: it has it once, and so have those born there", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "snax-ledger-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const node = await world(
    t,
    { text: text(0) },
    { ...THREE, ledger: join(folder, "ledger.jsonl") },
  );
  const before = await node.make("text");
  equal(await before.req.up(), 1);
  const { id } = await node.snax.hotfixall(
    "text",
    `declare let count: number; export function hotfix() { count += 10; } export const response = { version() { return 70; } };`,
  );
  const born = await node.make("text");
  const both = [before, born];
  for (let step = 0; step < 6; step += 1) {
    for (const each of both) await node.skynet.migrate(each.handle, { thread: 1 + (step % 3) });
    deepEqual(await Promise.all(both.map((each) => each.req.version())), [70, 70]);
  }
  // hotfix() ran in the one that was there, once.
  deepEqual(await Promise.all(both.map((each) => each.req.up())), [12, 1]);
  node.skynet.cache.clear();
  for (const each of both) await node.skynet.migrate(each.handle, { thread: 2 });
  const fresh = await node.snax.at(2).newservice<any>("text");
  equal(await fresh.req.version(), 70);
  await node.snax.rollback(id);
  for (const each of [...both, fresh]) {
    equal(await each.req.version(), 0);
    await node.skynet.migrate(each.handle, { thread: 3 });
    equal(await each.req.version(), 0);
  }
});

test("a patch that no text says whole stays refused after more patches, and does not stop the service", async (t) => {
  const node = await world(t, { text: text(0) }, THREE);
  const one = await node.make("text");
  await node.skynet.migrate(one.handle, { thread: 2 });
  await node.snax.hotfixall(
    "text",
    `declare let count: number; function next() { return count + 1; } let seen = next(); export const response = { seen() { return seen; } };`,
  );
  const refused = async (): Promise<void> => {
    for (const thread of [1, 3]) {
      const error = await failureOf(node.skynet.migrate(one.handle, { thread }));
      equal(codeOf(error), "ERR_MIGRATE");
      match(error.message, /does not say all that they did: .*seen/);
    }
  };
  await refused();
  await node.snax.hotfixall("text", `export const response = { more() { return 5; } };`);
  await refused();
  deepEqual([await one.req.seen(), await one.req.more(), await one.req.up()], [1, 5, 1]);
});

test("a service moves to a thread that has taken the place of another since, whatever came there first", async (t) => {
  const other = `let name = "other"; export const response = { version() { return name; } };`;
  const bomb = `export const accept = { end() { process.exit(3); } };`;
  const node = await world(t, { text: text(7), other, bomb }, THREE);
  const [one, two] = await Promise.all([
    node.snax.at(1).newservice<any>("text"),
    node.snax.at(1).newservice<any>("other"),
  ]);
  // Thread 2 knows their programs now, by numbers that it has given them.
  for (const thread of [2, 1]) {
    for (const each of [one, two]) await node.skynet.migrate(each.handle, { thread });
  }
  const last = await node.snax.at(2).newservice<any>("bomb");
  last.post.end();
  const again = (): Promise<unknown> =>
    node.snax
      .at(2)
      .newservice<any>("bomb")
      .catch(() => undefined);
  let isThere = await again();
  while (isThere === undefined || isThere === last) isThere = await again();
  // In the other order.
  for (const each of [two, one]) await node.skynet.migrate(each.handle, { thread: 2 });
  deepEqual([await one.req.version(), await one.req.up()], [7, 1]);
  equal(await two.req.version(), "other");
});

test("a service moves after the cache was cleared and its file was edited, and stays what it was", async (t) => {
  const node = await world(t, { text: text(1) }, THREE);
  const one = await node.snax.at(1).newservice<any>("text");
  for (const thread of [2, 1]) await node.skynet.migrate(one.handle, { thread });
  edit(node, "text", text(2));
  node.skynet.cache.clear();
  const fresh = await node.snax.at(2).newservice<any>("text");
  for (const thread of [2, 3, 2, 1]) {
    await node.skynet.migrate(one.handle, { thread });
    deepEqual([await one.req.version(), await fresh.req.version()], [1, 2]);
  }
});

test("a service that waits for the death of another waits on while that one moves, and hears of it once", async (t) => {
  const watcher = `import { skynet } from "snax"; const heard: string[] = [];
export const accept = { watch(handle: number) { skynet.call(handle, "debug", "LINK").then(() => heard.push("answered"), (error: any) => heard.push(error.code)); } };
export const response = { heard() { return heard; } };`;
  const node = await world(t, { text: text(0), watcher }, THREE);
  const one = await node.snax.at(1).newservice<any>("text");
  const watchers: any[] = [];
  const heard = (): Promise<string[][]> => Promise.all(watchers.map((each) => each.req.heard()));
  // Some on each thread before each move: on the thread that it leaves, on that to which it comes, and on a third one.
  for (let step = 0; step < 4; step += 1) {
    for (const thread of [1, 2, 3]) {
      const each = await node.snax.at(thread).newservice<any>("watcher");
      each.post.watch(one.handle);
      watchers.push(each);
    }
    await heard();
    const { from, to } = await node.skynet.migrate(one.handle, { thread: 1 + ((step + 1) % 3) });
    deepEqual([from, to], [1 + (step % 3), 1 + ((step + 1) % 3)]);
    equal(await one.req.up(), step + 1);
  }
  deepEqual(new Set((await heard()).flat()), new Set());
  await node.snax.exit(one);
  while ((await heard()).some((each) => each.length === 0)) await node.skynet.sleep(1);
  deepEqual(
    await heard(),
    watchers.map(() => ["ERR_SERVICE_DEAD"]),
  );
});

test("a service that ends on its way is dead to the caller of the move, and to all who call it", async (t) => {
  const node = await world(t, { text: text(0) }, THREE);
  let dead = 0;
  for (let round = 0; round < 30; round += 1) {
    const one = await node.snax.at(1).newservice<any>("text");
    const moved = node.skynet.migrate(one.handle, { thread: 2 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const call = failureOf(
      (async () => {
        for (;;) await one.req.up();
      })(),
    );
    if (round % 2 === 0) await node.skynet.sleep(round / 10);
    node.skynet.kill(one.handle);
    const error = await moved;
    if (error !== undefined) dead += 1;
    if (error !== undefined) equal(codeOf(error), "ERR_SERVICE_DEAD");
    equal((await call).code, "ERR_SERVICE_DEAD");
    equal((await failureOf(one.req.up())).code, "ERR_SERVICE_DEAD");
  }
  ok(dead > 0);
});
