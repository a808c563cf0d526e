/**
 * Whatever a handler is in when it loops - a tick, a microtask, the callback of a stream or of a pool, a store of
 * AsyncLocalStorage - it is cut off, on the main thread and on workers, with async hooks and without, and the process lives.
 *
 * Each program runs in a process of its own: a fault here ends it, and the test runner has hooks of its own.
 */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { PACKAGE, startNode } from "../process.ts";
import type { Files } from "../../world.ts";
import { writeFiles } from "../../world.ts";

/** What turns hooks on, in the thread of the service. */
const HOOKS = {
  "no hooks": "",
  createHook: `createHook({ init() {}, before() {}, after() {}, destroy() {}, promiseResolve() {} }).enable();`,
  AsyncLocalStorage: `storage.run("first", () => {});`,
  domains: `import "node:domain";`,
};

const files = (hooks: string): Files => ({
  good: `export const response = { hello() { return "hello"; } };`,
  bad: `
    // @ts-nocheck
    import { AsyncLocalStorage, AsyncResource, createHook } from "node:async_hooks";
    import { EventEmitterAsyncResource } from "node:events";
    import { Readable } from "node:stream";
    import { setTimeout as ownTimeout } from "node:timers";
    import { setImmediate as soon, setInterval as every, setTimeout as sleep } from "node:timers/promises";
    import { skynet } from "snax";
    const storage = new AsyncLocalStorage();
    ${hooks}
    const loop = () => { for (;;); };
    const never = () => new Promise(() => {});
    const inPool = (run) => new AsyncResource("POOL").runInAsyncScope(run);
    export const response = {
      async names() { return Object.keys(response).slice(2); },
      store() { return storage.getStore() ?? "none"; },
      direct() { loop(); },
      async later() { await null; loop(); },
      async slept() { await skynet.sleep(1); loop(); },
      async sleptAsNode() { await sleep(1); loop(); },
      async soonAsNode() { await soon(); loop(); },
      async everyAsNode() { for await (const _ of every(1)) loop(); },
      timerAsNode() { return new Promise((resolve) => ownTimeout(resolve, 1)).then(loop); },
      stream() { Readable.from(["a row"]).on("data", loop); return never(); },
      tick() { process.nextTick(loop); return never(); },
      microtask() { queueMicrotask(loop); return never(); },
      resource() { inPool(loop); },
      nested() { inPool(() => inPool(() => storage.run("inner", loop))); },
      poolTick() { inPool(() => process.nextTick(loop)); return never(); },
      async poolLater() { await null; inPool(loop); },
      emitter() { new EventEmitterAsyncResource({ name: "POOL" }).on("row", loop).emit("row"); },
      run() { storage.run("inner", loop); },
      manyPools() { const pool = new AsyncResource("POOL"); for (;;) pool.runInAsyncScope(() => 1); },
      manyRuns() { for (;;) storage.run("inner", () => 1); },
      runLater() { return storage.run("inner", async () => { await null; loop(); }); },
      runTick() { storage.run("inner", () => process.nextTick(loop)); return never(); },
      thenable() { return { then: loop }; },
      finally() { return Promise.resolve().finally(loop); },
    };`,
});

/** Where a store hangs on a callback (Node 20 and 22), one that was not taken off in time may be seen by others. */
const KEPT = Number(process.versions.node.split(".")[0]) < 24 ? /^hello / : /^hello none$/;

/** Cuts off every shape and asks the neighbours and itself in between. @returns what was not as it should be. */
async function play(t: TestContext, thread: number, hooks: string): Promise<unknown> {
  const folder = writeFiles(t, files(hooks));
  const program = `
    import { codeOf, start } from ${JSON.stringify(PACKAGE)};
    const stall = { warn: 0, interrupt: 200, rest: 0 };
    const services = ${JSON.stringify(folder)} + "/?.ts";
    const logger = ${JSON.stringify(folder)} + "/node.log";
    const node = await start({ thread: ${thread}, services, logger, stall });
    const make = (name) => (${thread} ? node.snax.at(1) : node.snax).newservice(name);
    const [bad, good] = [await make("bad"), await make("good")];
    const said = {};
    const names = await bad.req.names();
    for (const name of names) {
      const cut = await bad.req[name]().catch((error) => codeOf(error) ?? String(error));
      const after = [await good.req.hello(), await bad.req.store()].join(" ");
      if (cut !== "ERR_INTERRUPTED" || !${KEPT}.test(after)) said[name] = [cut, after];
    }
    await node.stop();
    console.log(JSON.stringify([names.length, said]));
  `;
  const args = ["--input-type=module", "--eval", program];
  const { code, stdout, stderr } = await startNode(args, folder).ended;
  deepEqual([code, stderr], [0, ""], stdout);
  return JSON.parse(stdout);
}

for (const thread of [0, 1]) {
  const where = thread === 0 ? "the main thread" : "a worker";
  for (const [name, hooks] of Object.entries(HOOKS)) {
    test(`whatever a handler is in when it loops, it is cut off and the process lives: ${where}, ${name}`, async (t) => {
      deepEqual(await play(t, thread, hooks), [22, {}]);
    });
  }
}
