import { deepEqual, equal, notEqual } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startTest } from "snax/testing";
import { readMessage } from "../services/lib/wire.ts";
import type { Picture } from "../services/lib/wire.ts";
import type * as Matchmaker from "../services/matchmaker.ts";
import type * as Store from "../services/store.ts";
import type * as Watchdog from "../services/watchdog.ts";

/** Starts the game without its port; time stands still until the test moves it. */
async function startGame(t: TestContext, scores = temporaryFile()) {
  const node = await startTest({ time: "virtual" }, t);
  await node.sharetable.loadfile("rules");
  const store = await node.snax.uniqueservice<typeof Store>("store", scores);
  const matchmaker = await node.snax.uniqueservice<typeof Matchmaker>("matchmaker");
  return { node, store, matchmaker };
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "game-"));
  // At the end of the process: the store writes when its node stops.
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "scores");
}

test("four play in one room, and the fifth in another one", async (t) => {
  const { matchmaker } = await startGame(t);
  const rooms = await Promise.all([1, 2, 3, 4, 5].map((fd) => matchmaker.req.join(fd, `p${fd}`)));
  const [first, , , fourth, fifth] = rooms.map(({ handle }) => handle);
  equal(first, fourth);
  notEqual(first, fifth);
});

test("a player who leaves frees a seat, and their score is kept", async (t) => {
  const { matchmaker, store } = await startGame(t);
  const room = await matchmaker.req.join(1, "Ann");
  for (const fd of [2, 3, 4]) await matchmaker.req.join(fd, `p${fd}`);
  matchmaker.post.leave(1);
  equal((await matchmaker.req.join(5, "Eve")).handle, room.handle);
  deepEqual(await store.req.best(), [{ name: "Ann", score: 0 }]);
});

test("a player who walks over a coin has what it is worth, and another coin comes", async (t) => {
  const { matchmaker } = await startGame(t);
  const room = await matchmaker.req.join(1, "Ann");
  const { coins, players } = await room.req.look();
  const [ann] = players;
  const [coin] = coins;
  if (ann === undefined || coin === undefined) throw new Error("the board is empty");
  // Other coins may lie on the way: count them.
  let expected = 0;
  const path = [
    ...Array.from(
      { length: Math.abs(coin.x - ann.x) },
      () => [Math.sign(coin.x - ann.x), 0] as const,
    ),
    ...Array.from(
      { length: Math.abs(coin.y - ann.y) },
      () => [0, Math.sign(coin.y - ann.y)] as const,
    ),
  ];
  let { x, y } = ann;
  for (const [dx, dy] of path) {
    const before = await room.req.look();
    x += dx;
    y += dy;
    expected += before.coins.find((one) => one.x === x && one.y === y)?.value ?? 0;
    room.post.move(1, dx, dy);
  }
  const after = await room.req.look();
  equal(after.players[0]?.score, expected);
  equal(after.coins.length, coins.length);
});

test("after a minute the round is over, and its scores are kept", async (t) => {
  const { node, matchmaker, store } = await startGame(t);
  const room = await matchmaker.req.join(1, "Ann");
  await node.advance(59_900);
  equal((await room.req.look()).leftMs, 100);
  await node.advance(200);
  deepEqual(await store.req.best(), [{ name: "Ann", score: 0 }]);
  notEqual((await matchmaker.req.join(2, "Bob")).handle, room.handle);
});

test("the best scores outlive the server", async (t) => {
  const scores = temporaryFile();
  const one = await startGame(t, scores);
  one.store.post.record("Ann", 7);
  one.store.post.record("Bob", 9);
  one.store.post.record("Ann", 3);
  await one.node.stop();
  const { store } = await startGame(t, scores);
  deepEqual(await store.req.best(), [
    { name: "Bob", score: 9 },
    { name: "Ann", score: 7 },
  ]);
});

test("what no page sends is not understood", () => {
  const read = (text: string) => readMessage(Buffer.from(text));
  deepEqual(read('{"move": [1, 0]}'), { move: [1, 0] });
  for (const text of ["", "[]", "null", "{", '{"move": [2, 0]}', '{"join": 1}', '{"join": " "}']) {
    equal(read(text), undefined);
  }
});

const noWebSocket = typeof WebSocket === "undefined" && "this release of Node has no WebSocket";

test("a browser joins, and is shown its player", { skip: noWebSocket }, async (t) => {
  const { node } = await startGame(t);
  const watchdog = await node.snax.newservice<typeof Watchdog>("watchdog");
  const port = await watchdog.req.open(0);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  equal(page.status, 200);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  let picture: Picture | undefined;
  socket.addEventListener("message", ({ data }) => {
    picture ??= JSON.parse(String(data)) as Picture;
  });
  socket.send(JSON.stringify({ join: "Ann" }));
  // The room draws at each tick. When the browser's message has come, only the network knows.
  while (picture === undefined) await node.advance(100);
  deepEqual(
    picture.players.map(({ name }) => name),
    ["Ann"],
  );
  socket.close();
});
