/**
 * A service whose timer loops whenever it fires is repaired as the console's page says: cut off, then patched. At every
 * interval, by hand and with `stall.interrupt`, on worker threads and on the main thread. Guarantee 6.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { desk } from "../console/console-client.ts";
import type { Desk } from "../console/console-client.ts";
import { codeOfFailure } from "../../world.ts";
import type { Files } from "../../world.ts";

const FILES: Files = {
  loop: `
    let isBad = true;
    let begun: Int32Array | undefined;
    function tick() {
      if (begun) Atomics.add(begun, 0, 1);
      while (isBad);
    }
    function follow() { queueMicrotask(() => tick()); }
    export const response = {
      begin(ms: number, memory: SharedArrayBuffer) {
        begun = new Int32Array(memory);
        setInterval(tick, ms);
      },
      hello() { return "hello"; },
    };
    export const accept = { run(memory: SharedArrayBuffer) { begun = new Int32Array(memory); tick(); } };
  `,
  good: `export const response = { hello() { return "hello"; } };`,
  "patch.ts": `function tick() {}`,
  "script.ts": `isBad = false; print("repaired");`,
};

interface Scene {
  readonly node: Desk;
  readonly loop: any;
  readonly good: any;
  readonly address: string;
  /** Resolves when it has looped that number of times. */
  readonly loops: (times: number) => Promise<void>;
  readonly memory: SharedArrayBuffer;
}

async function scene(t: Parameters<typeof desk>[0], config: object): Promise<Scene> {
  const node = await desk(t, FILES, { thread: 2, ...config });
  const make = (name: string): Promise<any> =>
    "thread" in config ? node.make(name) : node.snax.at(2).newservice<any>(name);
  const [loop, good] = [await make("loop"), await make("good")];
  const memory = new SharedArrayBuffer(4);
  const loops = async (times: number): Promise<void> => {
    while (Atomics.load(new Int32Array(memory), 0) < times) await node.skynet.sleep(1);
  };
  return { node, loop, good, address: node.skynet.address(loop.handle), loops, memory };
}

const BY_HAND = { stall: { warn: 0, interrupt: 0 } };

for (const ms of [1, 100, 1000]) {
  test(`signal and then hotfix repair a timer that loops every ${ms} ms, at the first try`, async (t) => {
    const { node, loop, good, address, loops, memory } = await scene(t, BY_HAND);
    await loop.req.begin(ms, memory);
    await loops(1);
    const waiting = good.req.hello();
    const client = await node.open();
    match((await client.run(`signal ${address}`)).join("\n"), /^interrupted : snax loop/);
    const patched = (await client.run(`hotfix ${address} ${join(node.folder, "patch.ts")}`)).join();
    match(patched, /<CMD OK>/);
    deepEqual([await waiting, await loop.req.hello()], ["hello", "hello"]);
    const before = Atomics.load(new Int32Array(memory), 0);
    await node.skynet.sleep(2 * ms);
    deepEqual([before, await good.req.hello()], [1, "hello"]);
  });
}

test("a script that is injected repairs it as well", async (t) => {
  const { node, loop, address, loops, memory } = await scene(t, BY_HAND);
  await loop.req.begin(1, memory);
  await loops(1);
  const client = await node.open();
  await client.run(`signal ${address}`);
  match(
    (await client.run(`inject ${address} ${join(node.folder, "script.ts")}`)).join(),
    /repaired/,
  );
  equal(await loop.req.hello(), "hello");
});

test("a mailbox full of messages that loop is no obstacle either", async (t) => {
  const { node, loop, good, address, loops, memory } = await scene(t, BY_HAND);
  for (let count = 0; count < 50; count += 1) loop.post.run(memory);
  await loops(1);
  const client = await node.open();
  await client.run(`signal ${address}`);
  const patched = await client.run(`hotfix ${address} ${join(node.folder, "patch.ts")}`);
  match(patched.join(), /<CMD OK>/);
  deepEqual([await loop.req.hello(), await good.req.hello()], ["hello", "hello"]);
  equal(Atomics.load(new Int32Array(memory), 0), 1);
});

for (const thread of [2, 0]) {
  test(`with stall.interrupt the patch goes in while it loops again and again, thread: ${thread}`, async (t) => {
    const stall = { warn: 0, interrupt: 1500 };
    const { node, loop, good, address, loops, memory } = await scene(
      t,
      thread === 0 ? { thread, stall } : { stall },
    );
    await loop.req.begin(100, memory);
    await loops(2);
    equal(await good.req.hello(), "hello");
    const patched = await node.ask(`hotfix ${address} ${join(node.folder, "patch.ts")}`);
    const log = node.readLog();
    match(patched.join(), /<CMD OK>/, log);
    equal(await loop.req.hello(), "hello");
    match(log, /was cut off and rests for 1000 ms: its requests, posts and timers wait/);
    match(log, /was cut off and rests for 2000 ms/);
  });
}

test("a patch waits for the watchdog to cut off what keeps the thread, however late that is", async (t) => {
  const stall = { warn: 0, interrupt: 3000 };
  const { node, loop, address, loops, memory } = await scene(t, { stall });
  await loop.req.begin(1, memory);
  await loops(1);
  const patched = await node.ask(`hotfix ${address} ${join(node.folder, "patch.ts")}`);
  match(patched.join(), /<CMD OK>/, node.readLog());
  equal(await loop.req.hello(), "hello");
});

test("while a service rests it does not answer, and its neighbours do", async (t) => {
  const { node, loop, good, address, loops, memory } = await scene(t, {
    stall: { warn: 0, interrupt: 0, rest: 60_000 },
  });
  loop.post.run(memory);
  await loops(1);
  await node.ask(`signal ${address}`);
  const waiting = codeOfFailure(node.snax.within(200).bind<any>(loop.handle, "loop").req.hello());
  deepEqual([await good.req.hello(), await waiting], ["hello", "ERR_TIMEOUT"]);
  match((await node.ask(`ping ${address}`)).join(), /<CMD OK>/);
  ok(!node.readLog().includes("has died"));
});
