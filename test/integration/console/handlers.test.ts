/** Handlers that wait for something that is no call, sleep or lock: `task` lists them, and `killtask` gives one up. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { codeOf } from "snax";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { failureOf } from "../../world.ts";

const FILES = {
  room: `
    import { skynet } from "snax";
    const open: (() => void)[] = [];
    const never = () => new Promise<void>((resolve) => open.push(resolve));
    export function init(mode?: string) { return mode; }
    export const response = {
      async move(at: number) { await never(); return at; },
      async both() { await Promise.all([never(), skynet.sleep(600_000, "both")]); },
      echo: (word: string) => word,
      async fails() { await never(); throw new Error("at last"); },
      async quick() { await null; return 1; },
      go() { for (const resolve of open.splice(0)) resolve(); return skynet.wakeup("both"); },
    };
    export const accept = {
      async touch() { await never(); },
      async spoil() { await never(); throw new Error("spoiled"); },
      go() { for (const resolve of open.splice(0)) resolve(); },
      fork() { skynet.fork(async function patrol() { await never(); }); },
      forkOnce() { skynet.fork(() => 1); },
    };`,
  caller: `
    export const accept = { async go(room: any, method: string) { await room.req[method](3).catch(() => {}); } };`,
  plain: `
    import { skynet } from "snax";
    let answer: any;
    let go: any;
    skynet.start(() => skynet.dispatch("lua", (_session, _source, word: string) => {
      if (word === "take") answer = skynet.response();
      if (word === "give") answer(true, "given");
      if (word === "early") { skynet.ret("early"); return new Promise<void>((resolve) => (go = resolve)); }
      if (word === "go") go();
      if (word === "wait") return new Promise<void>((resolve) => (go = resolve));
      if (word === "give" || word === "go") return "ok";
    }));`,
  slow: `
    import { skynet } from "snax";
    let go = () => {};
    skynet.dispatch("lua", () => { go(); });
    skynet.start(() => new Promise<void>((resolve) => (go = resolve)));`,
};

const OK = "<CMD OK>";

/** What `task` says of a service, without what differs from run to run. */
async function task(node: Desk, address: string): Promise<string[]> {
  return (await node.ask(`task ${address}`)).map((line) =>
    line
      .replace(/since \d+ ms/, "since #")
      .replace(/^handler: \d+/, "handler: #")
      .replace(/:00000002( \(program\))?/, "the program"),
  );
}

const PROMISE = "handler: #\twaits for a promise: no call, sleep, wait or lock of skynet";

test("task lists a handler that waits for a plain promise: what came in, from whom, for how long", async (t) => {
  const node = await desk(t, FILES);
  const room = await node.make("room");
  const caller = await node.make("caller");
  caller.post.go(room, "move");
  const own = room.req.move(1);
  room.post.touch();
  // The posts are handled before whatever the console asks, and the caller's request may come last.
  while ((await task(node, "9")).length < 7);
  const asked = await task(node, "9");
  deepEqual(
    asked.filter((line) => line.startsWith("handler")),
    [PROMISE, PROMISE, PROMISE],
  );
  deepEqual(asked.filter((line) => line.startsWith("\t")).toSorted(), [
    "\tin post room.touch from the program since #",
    "\tin request room.move from :0000000a (snax caller) since #",
    "\tin request room.move from the program since #",
  ]);
  const stat = (await node.ask("stat")).find((line) => line.startsWith(":00000009"));
  match(stat ?? "", /\ttask:0\thandlers:3$/);
  const groups = (await node.ask("uniqtask 9")).map((line) => line.replace(/handler \d+/g, "#"));
  const waits = PROMISE.replace(/^.*\t/, "\t");
  deepEqual(groups, [
    ...["1\tsessions:[#]", waits, "\tin post room.touch"],
    ...["2\tsessions:[#,#]", waits, "\tin request room.move", OK],
  ]);
  room.post.go();
  equal(await own, 1);
  deepEqual(await task(node, "9"), [OK]);
});

test("a handler that waits for a sleep and a promise is listed once, with its sleep", async (t) => {
  const node = await desk(t, FILES);
  const room = await node.make("room");
  const both = room.req.both();
  const shown = await task(node, "9");
  deepEqual(
    shown
      .filter((line) => !line.startsWith("\tat "))
      .map((line) => line.replace(/\d+ ms to go/, "#")),
    ["sleep: 1\tsleeps since #, #", "\tin request room.both from the program since #", OK],
  );
  equal(await room.req.go(), true);
  await both;
  deepEqual(await task(node, "9"), [OK]);
});

test("handlers that end, whichever way, are listed no longer; those that end at once never were", async (t) => {
  const node = await desk(t, FILES);
  const room = await node.make("room");
  equal(await room.req.echo("x"), "x");
  equal(await room.req.quick(), 1);
  room.post.forkOnce();
  const fails = failureOf(room.req.fails());
  room.post.spoil();
  room.post.fork();
  deepEqual(
    (await task(node, "9")).filter((line) => line.startsWith("\t")),
    [
      "\tin request room.fails from the program since #",
      "\tin post room.spoil from the program since #",
      "\tin fork patrol since #",
    ],
  );
  room.post.go();
  equal((await fails).message, "at last");
  deepEqual(await task(node, "9"), [OK]);
});

test("task lists an answer that was taken out of its handler, and a handler that goes on behind its answer", async (t) => {
  const node = await desk(t, FILES);
  const plain = await node.skynet.newservice("plain");
  const taken = node.skynet.call(plain, "lua", "take");
  equal(await node.skynet.call(plain, "lua", "early"), "early");
  deepEqual(await task(node, "9"), [
    "handler: #\twaits for a call of its skynet.response()",
    "\tin lua request from the program since #",
    ...[PROMISE, "\tin lua request from the program since #", OK],
  ]);
  await node.skynet.call(plain, "lua", "give");
  equal(await taken, "given");
  await node.skynet.call(plain, "lua", "go");
  deepEqual(await task(node, "9"), [OK]);
});

test("a wait for a service's death is no handler of it", async (t) => {
  const node = await desk(t, FILES);
  const plain = await node.skynet.newservice("plain");
  const gone = failureOf(node.skynet.call(plain, "debug", "LINK"));
  deepEqual(await task(node, "9"), [OK]);
  const stat = (await node.ask("stat")).find((line) => line.startsWith(":00000009"));
  match(stat ?? "", /\thandlers:0$/);
  node.skynet.kill(plain);
  equal((await gone).code, "ERR_SERVICE_DEAD");
});

test("a start function that waits is listed until it has ended", async (t) => {
  const node = await desk(t, FILES);
  const begun = node.skynet.newservice("slow");
  deepEqual(await task(node, "9"), [
    PROMISE,
    "\tin its beginning, a patch or a script since #",
    OK,
  ]);
  await node.skynet.call(9, "lua");
  equal(await begun, 9);
  deepEqual(await task(node, "9"), [OK]);
});

test("killtask gives a handler up: its caller is told, and what it held goes on", async (t) => {
  const node = await desk(t, FILES);
  const room = await node.make("room", "queue");
  const first = failureOf(room.req.move(1));
  const second = room.req.echo("second");
  const [row = ""] = await node.ask("task 9");
  const name = row.split("\t")[0] ?? "";
  match(name, /^handler: \d+$/);
  deepEqual(await node.ask(`killtask 9 ${name}`), [OK]);
  const error = await first;
  equal(codeOf(error), "ERR_TIMEOUT");
  match(error.message, /an operator gave up request room.move/);
  equal(await second, "second");
  deepEqual(await node.ask(`killtask 9 ${name}`), ["Not found", OK]);
  room.post.go();
  equal(await room.req.echo("third"), "third");
  deepEqual(
    (await node.log()).filter((line) => line.includes("error")),
    [],
  );
});
