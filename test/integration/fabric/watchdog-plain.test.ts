/**
 * Plain JavaScript that is hard to look at: it polls without a pause, or loops where the inspector can't pause. It is cut off all
 * the same, or its thread is replaced, and why it can't be is said once.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { PACKAGE, startNode } from "../process.ts";
import { codeOfFailure, world, writeFiles } from "../../world.ts";
import type { Files } from "../../world.ts";

const FILES: Files = {
  good: `export const response = { hello() { return "hello"; } };`,
  bad: `
    // @ts-nocheck
    class Bad extends Error { get message() { for (;;); } }
    class BadError extends Bad { constructor(loops) { super(); if (loops) for (;;); } run() { for (;;); } }
    class Far extends Error {
      get message() { return this.build(200); }
      build(left) { if (left > 0) return this.build(left - 1); for (;;); }
    }
    const made = (get) => Object.defineProperty(new Error(), "message", { get });
    export const response = {
      async polls() { for (;;) await null; },
      async pollsMany() { for (;;) await Promise.all([null, Promise.resolve(1)]); },
      ticks() { const again = () => process.nextTick(again); again(); return new Promise(() => {}); },
      getter() { return new Bad().message; },
      async getterLater() { await null; return Object.defineProperty(new Error(), "stack", { get() { for (;;); } }).stack; },
      throws() { throw new Bad(); },
      throwsMade() { throw made(() => { for (;;); }); },
      method() { new BadError(false).run(); },
      constructs() { new BadError(true); },
      farGetter() { return new Far().message; },
      holds() { const held = new Bad(); for (;;) held.count = 1; },
      deep() { const f = () => { try { return f(); } catch { return f(); } }; return f(); },
      hello() { return "hello"; },
    };`,
};

const NAMES = [
  "polls",
  "pollsMany",
  "ticks",
  "getter",
  "getterLater",
  "throws",
  "throwsMade",
  "method",
  "constructs",
  "farGetter",
  "holds",
];
const STALL = { warn: 100, interrupt: 400, rest: 0 };

// Ticks that ask for ticks go on where Node drains them by itself, and may cost the thread.
for (const name of NAMES.filter((one) => one !== "ticks")) {
  test(`plain JavaScript that the inspector hardly reaches is cut off on a worker: ${name}`, async (t) => {
    const node = await world(t, FILES, { thread: 1, stall: STALL });
    const [bad, good] = [await node.make("bad"), await node.make("good")];
    const looping = codeOfFailure(bad.req[name]());
    deepEqual(
      [await looping, await good.req.hello(), await bad.req.hello()],
      ["ERR_INTERRUPTED", "hello", "hello"],
    );
  });
}

test("plain JavaScript that the inspector hardly reaches is cut off on the main thread", async (t) => {
  const folder = writeFiles(t, FILES);
  const program = `
    import { codeOf, start } from ${JSON.stringify(PACKAGE)};
    const services = ${JSON.stringify(folder)} + "/?.ts";
    const logger = ${JSON.stringify(folder)} + "/node.log";
    const node = await start({ thread: 0, services, logger, stall: ${JSON.stringify(STALL)} });
    const bad = await node.snax.newservice("bad");
    const said = [];
    for (const name of ${JSON.stringify(NAMES)}) {
      said.push(name, await bad.req[name]().catch((error) => codeOf(error) ?? String(error)), await bad.req.hello());
    }
    await node.stop();
    console.log(JSON.stringify(said));
  `;
  const args = ["--input-type=module", "--eval", program];
  const { code, stdout, stderr } = await startNode(args, folder).ended;
  deepEqual([code, stderr], [0, ""], stdout);
  deepEqual(
    JSON.parse(stdout),
    NAMES.flatMap((name) => [name, "ERR_INTERRUPTED", "hello"]),
  );
});

const WHY = "it recurses at the end of its stack, where nothing can be looked at";

test("a recursion that goes on at the end of its stack costs a worker, and the log says why", async (t) => {
  const node = await world(t, FILES, { thread: 1, stall: STALL });
  const bad = await node.make("bad");
  equal(await codeOfFailure(bad.req.deep()), "ERR_SERVICE_DEAD");
  while (!node.readLog().includes("has died")) await node.skynet.sleep(5);
  const log = node.readLog();
  equal(log.split(`can't be interrupted : ${WHY}`).length, 2, log);
  equal(log.split(`has died with 1 services: ${WHY}`).length, 2, log);
});

test("on the main thread it goes on, and why it can't be cut off is said once", async (t) => {
  const folder = writeFiles(t, FILES);
  const program = `
    import { start } from ${JSON.stringify(PACKAGE)};
    const services = ${JSON.stringify(folder)} + "/?.ts";
    const node = await start({ thread: 0, services, stall: { warn: 4000, interrupt: 500 } });
    const bad = await node.snax.newservice("bad");
    await bad.req.deep();
  `;
  const running = startNode(["--input-type=module", "--eval", program], folder);
  // It is told of after the limit, when several attempts have come to nothing.
  await running.says("maybe in an endless loop");
  running.child.kill("SIGKILL");
  const { stdout } = await running.ended;
  equal(stdout.split(`can't be interrupted : ${WHY}`).length, 2, stdout);
});
