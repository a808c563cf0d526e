/**
 * The watchdog over worker threads: handlers that do not return are found, named and stopped from the main thread, and the other
 * threads notice nothing. Test 4 of the reliability list at its small scale.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";

import { desk } from "../console/console-client.ts";
import { codeOfFailure, world } from "../../world.ts";
import type { Files } from "../../world.ts";

const STALL = { thread: 2, stall: { warn: 250, interrupt: 800, rest: 0 } };

const FILES: Files = {
  "spin.ts": `
export function spin(limit: number): never {
  for (let count: number = 0; ; count += limit);
}`,
  good: `export const response = { hello() { return "hello"; } };`,
  bad: `
    import { AsyncLocalStorage } from "node:async_hooks";
    import { readFile } from "node:fs/promises";
    import { skynet, upvalues } from "snax";
    import { spin } from "./spin.ts";
    const lock = skynet.queue();
    const storage = new AsyncLocalStorage<number>();
    const hidden = ((n: number) => () => n)(7);
    export const response = {
      hello() { return "hello"; },
      sync() { spin(1); },
      async locked() { await lock(async () => { await skynet.sleep(1); spin(1); }); },
      useLock() { return lock(() => "free"); },
      tries() { for (;;) { try { spin(1); } finally { spin(2); } } },
      regex() { return /(a+)+b/.test("a".repeat(40)); },
      sends() { for (;;) skynet.send(0x7ffff0, "lua"); },
      async local() { return storage.run(1, async () => { await skynet.sleep(1); spin(1); }); },
      async outside() { await readFile("/dev/null"); spin(1); },
      raw(begun: SharedArrayBuffer) {
        globalThis.setTimeout(() => { Atomics.store(new Int32Array(begun), 0, 1); spin(1); }, 1);
      },
      endless() { return skynet.stat("endless"); },
      asks() { let n = 0; upvalues(() => n); for (;;) n += 1; },
      captured(ms: number) {
        const end = Date.now() + ms;
        let sum = 0;
        while (Date.now() < end) sum += (upvalues(hidden) as { n: number }).n;
        return sum > 0;
      },
    };
  `,
  queued: `
    import { skynet } from "snax";
    import { spin } from "./spin.ts";
    export const response = { hello() { return "hello"; } };
    export const accept = { async post() { await skynet.sleep(1); spin(1); } };
    export function init() { return "queue"; }
  `,
};

test("a handler that loops is cut off; its thread, its service and the others go on", async (t) => {
  const node = await world(t, FILES, STALL);
  const [bad, good] = [
    await node.snax.at(1).newservice<any>("bad"),
    await node.snax.at(1).newservice<any>("good"),
  ];
  const other = await node.snax.at(2).newservice<any>("good");
  for (const method of ["sync", "locked", "tries", "regex", "sends", "asks", "local"]) {
    const looping = codeOfFailure(bad.req[method]());
    const neighbour = good.req.hello();
    equal(await other.req.hello(), "hello", "at once: the loop still runs");
    deepEqual(
      [await looping, await neighbour, await bad.req.hello()],
      ["ERR_INTERRUPTED", "hello", "hello"],
    );
    equal(await bad.req.useLock(), "free");
    deepEqual([await bad.req.endless(), await bad.req.endless()], [1, 0]);
  }
  const log = node.readLog();
  match(
    log,
    /maybe in an endless loop \(version = \d+\) : for \d+ ms, snax bad, request bad\.sync from/,
  );
  match(log, /\n {4}at spin \(file:\S*spin\.ts:3:3\)\n {4}at sync \(file:\S*bad\.ts:11:\d+\)/);
  match(log, /interrupted after \d+ ms : snax bad, request bad\.locked after an await/);
  ok(!log.includes("has died"));
});

test("many conversations with a thread leave nothing behind", async (t) => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", note);
  t.after(() => process.off("warning", note));
  const node = await world(t, FILES, { thread: 1, stall: { warn: 0, interrupt: 100, rest: 0 } });
  let bad: any;
  // On a busy machine its beginning may be cut off as well.
  while (bad === undefined) bad = await node.make("bad").catch(() => undefined);
  for (let round = 0; round < 12; round += 1) {
    equal(await codeOfFailure(bad.req.sync()), "ERR_INTERRUPTED");
  }
  deepEqual(warnings, []);
});

test("queue mode goes on after a post that was cut off", async (t) => {
  const node = await world(t, FILES, STALL);
  const queued = await node.make("queued");
  queued.post.post();
  equal(await queued.req.hello(), "hello");
});

test("what was cut off is in the log of a node that stops at once", async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const stall = { ...STALL.stall, warn: 0 };
    const node = await world(t, FILES, { thread: 2, stall, stoptimeout: 0 });
    const bad = await node.snax.at(1).newservice<any>("bad");
    equal(await codeOfFailure(bad.req.sync()), "ERR_INTERRUPTED");
    await node.stop();
    match(node.readLog(), /interrupted after \d+ ms : snax bad, request bad\.sync/);
  }
});

const LOST = {
  outside: /code outside any message does not return/,
  raw: /code outside any message does not return/,
};

for (const [method, words] of Object.entries(LOST)) {
  test(`where nothing can be cut off safely the thread is replaced, and every call ends: ${method}`, async (t) => {
    const node = await world(t, FILES, STALL);
    const [bad, good] = [
      await node.snax.at(1).newservice<any>("bad"),
      await node.snax.at(1).newservice<any>("good"),
    ];
    const other = await node.snax.at(2).newservice<any>("good");
    const begun = new SharedArrayBuffer(4);
    const looping = codeOfFailure(bad.req[method](begun));
    if (method === "raw") {
      while (Atomics.load(new Int32Array(begun), 0) === 0) await node.skynet.sleep(1);
    } else equal(await looping, "ERR_SERVICE_DEAD");
    equal(await codeOfFailure(good.req.hello()), "ERR_SERVICE_DEAD");
    equal(await other.req.hello(), "hello");
    match(node.readLog(), words);
    // Its successor hosts services; until it is there a new one is refused.
    let again;
    while (again === undefined) {
      again = await node.snax
        .at(1)
        .newservice<any>("good")
        .catch(() => undefined);
      if (again === undefined) await node.skynet.sleep(20);
    }
    equal(await again.req.hello(), "hello");
  });
}

test("upvalues work while the watchdog looks into the thread", async (t) => {
  const node = await world(t, FILES, { thread: 1, stall: { warn: 100, interrupt: 0 } });
  const bad = await node.make("bad");
  let isOver = false;
  const asking = (async () => {
    while (!isOver) equal(await bad.req.captured(1500), true);
  })();
  while (!node.readLog().includes("maybe in an endless loop")) await node.skynet.sleep(5);
  isOver = true;
  await asking;
});

test("an operator's signal stops a handler on any thread while stall.interrupt is 0", async (t) => {
  const node = await desk(t, FILES, { thread: 2, stall: { warn: 0, interrupt: 0, rest: 0 } });
  const bad = await node.snax.at(1).newservice<any>("bad");
  const address = node.skynet.address(bad.handle);
  deepEqual(await node.ask(`signal ${address}`), ["it does nothing at the moment", "<CMD OK>"]);
  const looping = codeOfFailure(bad.req.sync());
  let said = "";
  while (!said.includes("interrupted")) said = (await node.ask(`signal ${address}`)).join("\n");
  match(
    said,
    /^interrupted : snax bad, request bad\.sync from .*\n {4}at spin \(file:\S*spin\.ts:3:3\)/,
  );
  equal(await looping, "ERR_INTERRUPTED");
  equal(await bad.req.hello(), "hello");
});

test("a signal waits for the watchdog's own look, which would otherwise pass for a user's debugger", async (t) => {
  // It looks after 5, 10, 20 milliseconds and so on, which each time takes longer than that.
  const node = await desk(t, FILES, { thread: 2, stall: { warn: 5, interrupt: 0, rest: 0 } });
  const bad = await node.snax.at(1).newservice<any>("bad");
  const address = node.skynet.address(bad.handle);
  const countLooks = (): number => node.readLog().split("bad.sync from").length;
  for (let round = 1; round <= 5; round += 1) {
    const before = countLooks();
    const looping = codeOfFailure(bad.req.sync());
    while (countLooks() === before) await node.skynet.sleep(1);
    match((await node.ask(`signal ${address}`)).join("\n"), /^interrupted : snax bad/);
    equal(await looping, "ERR_INTERRUPTED");
  }
});
