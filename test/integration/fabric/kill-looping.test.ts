/**
 * `kill` of a service whose handler does not return: the handler is cut off, and its thread serves its other services again. No
 * watchdog cuts anything off here. Guarantee 6.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { desk } from "../console/console-client.ts";
import type { Desk } from "../console/console-client.ts";
import { codeOfFailure } from "../../world.ts";
import type { Files } from "../../world.ts";

const QUIET = { thread: 2, stall: { warn: 0, interrupt: 0 } };

const FILES: Files = {
  good: `
    import { skynet } from "snax";
    export const response = {
      hello() { return "hello"; },
      kill(address: number) { skynet.kill(address); },
    };
  `,
  bad: `
    import { AsyncLocalStorage } from "node:async_hooks";
    import { readFile } from "node:fs/promises";
    import { skynet } from "snax";
    let begun: SharedArrayBuffer | undefined;
    function begin(memory = begun) { if (memory) Atomics.store(new Int32Array(memory), 0, 1); }
    export const response = {
      sync(memory: SharedArrayBuffer) { begin(memory); for (;;); },
      async waits(memory: SharedArrayBuffer) { await skynet.sleep(1); begin(memory); for (;;); },
      async storage(memory: SharedArrayBuffer) {
        return new AsyncLocalStorage<number>().run(1, async () => {
          await skynet.sleep(1);
          begin(memory);
          for (;;);
        });
      },
      timer(memory: SharedArrayBuffer) {
        begun = memory;
        setInterval(() => { begin(); for (;;); }, 1);
        return new Promise(() => {});
      },
      leaves(memory: SharedArrayBuffer) {
        try { skynet.exit(); } catch {}
        begin(memory);
        for (;;);
      },
    };
  `,
};

interface Scene {
  readonly node: Desk;
  readonly bad: any;
  /** On the same thread, and on the other one. */
  readonly neighbour: any;
  readonly stranger: any;
  /** The end of the call that loops. */
  readonly looping: Promise<string>;
}

/** A service that loops on thread 1. */
async function loops(t: TestContext, method: string): Promise<Scene> {
  const node = await desk(t, FILES, QUIET);
  const make = (thread: number, name: string) => node.snax.at(thread).newservice<any>(name);
  const [bad, neighbour] = [await make(1, "bad"), await make(1, "good")];
  const stranger = await make(2, "good");
  const begun = new SharedArrayBuffer(4);
  const looping = codeOfFailure(bad.req[method](begun));
  while (Atomics.load(new Int32Array(begun), 0) === 0) await node.skynet.sleep(1);
  return { node, bad, neighbour, stranger, looping };
}

/** Waits until the log says so: who is answered may be so before the line is written. */
async function tells(node: Desk, words: RegExp): Promise<void> {
  while (!words.test(node.readLog())) await node.skynet.sleep(1);
}

for (const method of ["sync", "waits", "timer"]) {
  test(`the console's kill ends a handler that loops, and its thread serves again: ${method}`, async (t) => {
    const { node, bad, neighbour, looping } = await loops(t, method);
    const address = node.skynet.address(bad.handle);
    const waiting = neighbour.req.hello();
    deepEqual(await node.ask(`kill ${address}`), [`${address}\tsnax bad`, "<CMD OK>"]);
    // What is cut off behind an await may be answered before its thread hears of the kill.
    match(await looping, /^ERR_(SERVICE_DEAD|INTERRUPTED)$/);
    deepEqual([await waiting, await neighbour.req.hello()], ["hello", "hello"]);
    await tells(node, /interrupted : snax bad/);
    ok(!node.readLog().includes("has died"));
    match((await node.ask(`ping ${node.skynet.address(neighbour.handle)}`)).join(), /<CMD OK>/);
    match((await node.ask("list")).join(), /^(?!.*snax bad)/);
  });
}

test("skynet.kill from another thread does the same", async (t) => {
  const { bad, neighbour, stranger, looping } = await loops(t, "sync");
  await stranger.req.kill(bad.handle);
  // What is cut off may be answered before its thread hears of the kill.
  match(await looping, /^ERR_(SERVICE_DEAD|INTERRUPTED)$/);
  equal(await neighbour.req.hello(), "hello");
});

test("a service that loops behind its own exit is cut off", async (t) => {
  const { node, neighbour, looping } = await loops(t, "leaves");
  deepEqual([await looping, await neighbour.req.hello()], ["ERR_SERVICE_DEAD", "hello"]);
  await tells(node, /interrupted : snax bad/);
});

test("kill ends a loop behind an await while async hooks are on, and every call ends", async (t) => {
  const { node, bad, neighbour, looping } = await loops(t, "storage");
  const waiting = codeOfFailure(neighbour.req.hello());
  node.skynet.kill(bad.handle);
  match(await looping, /^ERR_(SERVICE_DEAD|INTERRUPTED)$/);
  match(await waiting, /^(ERR_SERVICE_DEAD|resolved to "hello")$/);
  await tells(node, /can't be interrupted|interrupted :/);
});

test("signal reaches what runs on behind a kill", async (t) => {
  const { node, bad, neighbour, looping } = await loops(t, "sync");
  const address = node.skynet.address(bad.handle);
  const client = await node.open();
  await client.run(`kill ${address}`);
  const said = (await client.run(`signal ${address}`)).join("\n");
  match(said, /^interrupted : snax bad|does nothing|ERR_SERVICE_DEAD/);
  match(await looping, /^ERR_(SERVICE_DEAD|INTERRUPTED)$/);
  equal(await neighbour.req.hello(), "hello");
});
