/** `skynet.migrate`: a running service goes to another thread, under its handle. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { codeOf } from "snax";
import type { ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

const THREE = { thread: 3 };

/** The thread that a service lives on, as Node numbers it: another one after a move. */
const ROOM = `import { skynet, snax } from "snax"; import { threadId } from "node:worker_threads";
class Player { hp = 10; name = ""; constructor(n: string) { this.name = n; } hit(n: number) { this.hp -= n; return this.hp; } }
const players = new Map<string, Player>(); let last: Player | undefined; let count = 0; const fired: number[] = []; let peer: any; let beats = 0;
setInterval(() => { beats += 1; }, 5);
function fire(id: number) { fired.push(id); }
export function init(p: any) { peer = p; skynet.register(".room"); }
export const response = {
  join(n: string) { last = new Player(n); players.set(n, last); return players.size; },
  hit(n: string, d: number) { return players.get(n)!.hit(d); },
  same() { return last === players.get(last!.name) && last instanceof Player; },
  at() { return threadId; }, up() { return (count += 1); }, fired() { return fired; }, beats() { return beats; },
  async slow(ms: number) { await skynet.sleep(ms); return threadId; },
  ask(n: number) { return peer.req.echo(n); },
};
export const accept = { arm(ms: number, id: number) { setTimeout(fire, ms, id); } };
`;
const ECHO = "export const response = { echo(n: number) { return n; } };";

/** Another thread than the one that a service lives on. */
async function move(
  { skynet }: World,
  { handle }: ServiceObject,
): Promise<{ from: number; to: number }> {
  const { from } = await skynet.migrate(handle, { thread: 1 });
  if (from !== 1) return { from, to: 1 };
  return await skynet.migrate(handle, { thread: 2 });
}

test("state, classes, aliases, timers, names, service objects and what waits go along; the handle stays", async (t) => {
  const node = await world(t, { room: ROOM, echo: ECHO }, THREE);
  const room = await node.make("room", await node.make("echo"));
  await room.req.join("ann");
  await room.req.hit("ann", 3);
  room.post.arm(60, 7);
  const before = await room.req.at();
  const slow = room.req.slow(30);
  const going = move(node, room);
  const queued = [room.req.up(), room.req.up(), room.req.up()];
  const { from, to } = await going;
  ok(from !== to);
  equal(await slow, before);
  deepEqual(await Promise.all(queued), [1, 2, 3]);
  const after = await room.req.at();
  ok(after !== before, `${after}`);
  deepEqual(
    [await room.req.hit("ann", 3), await room.req.same(), await room.req.join("bob")],
    [4, true, 2],
  );
  equal(await room.req.ask(5), 5);
  equal(node.skynet.localname(".room"), room.handle);
  equal(
    await node.skynet.call(".room", "debug", "PING").catch(() => "there"),
    await node.skynet.call(room.handle, "debug", "PING").catch(() => "there"),
  );
  const beats = await room.req.beats();
  while ((await room.req.beats()) === beats) await node.skynet.sleep(5);
  while ((await room.req.fired()).length === 0) await node.skynet.sleep(5);
  deepEqual(await room.req.fired(), [7]);
  await node.snax.hotfix(room, "export const response = { up() { return 100; } };");
  equal(await room.req.up(), 100);
});

test("what watches it hears of its end on the other thread, and so do those who call it", async (t) => {
  const node = await world(t, { room: ROOM }, THREE);
  const room = await node.make("room", undefined);
  const death = node.skynet.call(room.handle, "debug", "LINK").catch((error: unknown) => error);
  await node.skynet.sleep(1);
  await move(node, room);
  await move(node, room);
  const waiting = failureOf(room.req.slow(60_000));
  await room.req.up();
  node.skynet.kill(room.handle);
  equal(codeOf(await waiting), "ERR_SERVICE_DEAD");
  equal(codeOf(await death), "ERR_SERVICE_DEAD");
  equal(
    codeOf(await failureOf(node.skynet.migrate(room.handle, { thread: 1 }))),
    "ERR_SERVICE_DEAD",
  );
});

test("a closure, a socket, a handler that does not end refuse with their place, and nothing has changed", async (t) => {
  const odd = `import { skynet, socket } from "snax"; let f: any; let n = 1; const hooks: any[] = [];
    export const response = { hook() { const x = n; hooks.push({ run: () => x }); }, unhook() { hooks.length = 0; }, async open() { await socket.listen("127.0.0.1", 0); }, up() { return (n += 1); }, async slow() { await skynet.sleep(100000); } };`;
  const node = await world(t, { odd, room: ROOM }, { ...THREE, draintimeout: 50 });
  const one = await node.make("odd");
  const triedAt = ({ handle }: ServiceObject, thread: number): Promise<unknown> =>
    node.skynet.migrate(handle, { thread }).then(
      () => undefined,
      (error: unknown) => error,
    );
  const refused = async (words: RegExp): Promise<void> => {
    for (const thread of [1, 2]) {
      const error = await triedAt(one, thread);
      // It is there already.
      if (error === undefined) continue;
      equal(codeOf(error), "ERR_MIGRATE");
      match((error as Error).message, words);
    }
  };
  await one.req.hook();
  await refused(/hooks\[0\]\.run \(odd\.ts:1\) is a closure/);
  equal(await one.req.up(), 2);
  await one.req.unhook();
  await node.snax.hotfix(one, "export const response = { more() { return 1; } };");
  await move(node, one);
  equal(await one.req.more(), 1);
  const two = await node.make("odd");
  void failureOf(two.req.slow());
  const stuck = await Promise.all([1, 2].map((thread) => triedAt(two, thread)));
  match(
    stuck.map((error) => String((error as Error | undefined)?.message)).join(),
    /has not come to rest within 50 ms/,
  );
  equal(await two.req.up(), 2);
  equal(codeOf(await failureOf(node.skynet.migrate(one.handle, { thread: 9 }))), "ERR_ARGUMENT");
  equal(codeOf(await failureOf(node.skynet.migrate(".launcher", { thread: 1 }))), "ERR_MIGRATE");
});

test("under traffic from all threads nothing is lost, and the order of each sender is kept, however often it moves", async (t) => {
  const sink = `let last: Record<number, number> = {}; let wrong = 0; let n = 0;
    export const accept = { put(from: number, k: number) { n += 1; if (k !== (last[from] ?? 0) + 1) wrong += 1; last[from] = k; } };
    export const response = { get(from: number, k: number) { accept.put(from, k); return [from, k]; }, end() { return { n, wrong }; } };`;
  const client = `import { snax, skynet } from "snax";
    export const response = { async run(handle: number, from: number, count: number) {
      const p = snax.bind(handle, "sink") as any; let bad = 0; let k = 0;
      while (k < count) {
        for (let i = 0; i < 5; i += 1) p.post.put(from, (k += 1));
        k += 1; const [f, got] = await p.req.get(from, k); if (f !== from || got !== k) bad += 1;
      }
      return { bad, k };
    } };`;
  const node = await world(t, { sink, client }, THREE);
  const one = await node.make("sink");
  const clients = await Promise.all(Array.from({ length: 9 }, () => node.make("client")));
  const runs = clients.map((each, index) => each.req.run(one.handle, index + 1, 3000));
  let isOver = false;
  let moves = 0;
  const moving = (async () => {
    while (!isOver) {
      const { from, to } = await node.skynet.migrate(one.handle, { thread: 1 + (moves % 3) });
      if (from !== to) moves += 1;
      else moves += 1;
      await node.skynet.sleep(3);
    }
  })();
  const results = await Promise.all(runs);
  isOver = true;
  await moving;
  let sent = 0;
  for (const { bad, k } of results) {
    equal(bad, 0);
    sent += k;
  }
  deepEqual(await one.req.end(), { n: sent, wrong: 0 });
  ok(moves > 3, `${moves} moves`);
});
