/**
 * The end of a node in which something hangs: no service keeps the others from their `exit`, the log names the culprit, and the
 * node tells that not everything left in order. Guarantee 6.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { formatAddress } from "../../../src/kernel/service.ts";
import { startSnax } from "../process.ts";
import { world, writeFiles } from "../../world.ts";
import type { Files, World } from "../../world.ts";

/** No watchdog: what is seen here is the stop's own care. */
const QUIET = { thread: 2, stall: { warn: 0, interrupt: 0 }, stoptimeout: 4000 };

const FILES: Files = {
  "spin.ts": `
export function spin(begun: SharedArrayBuffer): never {
  for (Atomics.store(new Int32Array(begun), 0, 1); ; );
}`,
  saver: `
    import { skynet } from "snax";
    export function exit() { skynet.error("saved"); }
  `,
  loop: `
    import { spawnSync } from "node:child_process";
    import { skynet } from "snax";
    import { spin } from "./spin.ts";
    let leaves = true;
    export const accept = {
      run(begun: SharedArrayBuffer) { spin(begun); },
      wait(begun: SharedArrayBuffer) {
        Atomics.store(new Int32Array(begun), 0, 1);
        spawnSync(process.execPath, ["-e", "setTimeout(() => {}, 5000)"]);
      },
      stay() { leaves = false; },
    };
    export function exit() {
      if (!leaves) spin(new SharedArrayBuffer(4));
      skynet.error("loop leaves");
    }
  `,
  outside: `
    import { readFile } from "node:fs/promises";
    import { spin } from "./spin.ts";
    export const accept = {
      async run(begun: SharedArrayBuffer) { await readFile("/dev/null"); spin(begun); },
    };
    export function exit() {}
  `,
  waiter: `export function exit() { return new Promise(() => {}); }`,
};

const count = (log: string, word: string): number => log.split(word).length - 1;

interface Scene {
  readonly node: World;
  /** The service that is to hang, on thread 2, younger than both savers. */
  readonly culprit: any;
  readonly begun: SharedArrayBuffer;
}

/** A saver on each thread, and a service that hangs when it is told to. */
async function scene(t: TestContext, name: string, config = QUIET): Promise<Scene> {
  const node = await world(t, FILES, config);
  for (const thread of [1, 2]) await node.snax.at(thread).newservice("saver");
  const culprit = await node.snax.at(2).newservice<any>(name);
  return { node, culprit, begun: new SharedArrayBuffer(8) };
}

async function begins({ node, begun }: Scene): Promise<void> {
  while (Atomics.load(new Int32Array(begun), 0) === 0) await node.skynet.sleep(1);
}

test("a handler that hangs keeps no service from its exit, on its thread or on another one", async (t) => {
  const all = await scene(t, "loop");
  const { node, culprit, begun } = all;
  culprit.post.run(begun);
  await begins(all);
  await node.stop();
  const log = node.readLog();
  match(log, /does not return and holds up the stop/);
  match(log, /interrupted : snax loop, post loop\.run from .*\n {4}at spin \(file:\S*spin\.ts:3:/);
  deepEqual([count(log, "saved"), count(log, "loop leaves")], [2, 1]);
  deepEqual(node.cutOff, [`${formatAddress(culprit.handle)} on thread 2`]);
});

test("an exit that hangs keeps no other from its own", async (t) => {
  const { node, culprit } = await scene(t, "loop");
  culprit.post.stay();
  await node.stop();
  const log = node.readLog();
  match(log, /interrupted : snax loop/);
  equal(count(log, "saved"), 2);
  ok(node.cutOff.includes("snax loop"));
});

test("an exit that waits without end keeps no other from its own", async (t) => {
  const { node } = await scene(t, "waiter");
  await node.stop();
  const log = node.readLog();
  equal(count(log, "saved"), 2);
  match(log, /cut off 1 services whose exit took more than 4000 ms: snax waiter/);
  deepEqual(node.cutOff, ["snax waiter"]);
});

for (const [name, method, what] of [
  ["loop", "wait", "native code"],
  ["outside", "run", "code outside any message"],
] as const) {
  test(`a thread that can't be helped is left out, and named: ${what}`, async (t) => {
    const all = await scene(t, name, { ...QUIET, stoptimeout: 2000 });
    const { node, culprit, begun } = all;
    culprit.post[method](begun);
    await begins(all);
    await node.stop();
    const log = node.readLog();
    equal(count(log, "saved"), 1);
    match(log, /thread 2 does not answer.*: its services end without their exit/);
    ok(node.cutOff.includes("thread 2"));
  });
}

test("the exit code of a process tells that something was cut off, and is 0 otherwise", async (t) => {
  for (const loops of [true, false]) {
    const folder = writeFiles(t, {
      "snax.config.ts": `export default ${JSON.stringify({ ...QUIET, start: "main" })};`,
      "services/main.ts": `
        import { skynet, snax } from "snax";
        skynet.start(async () => {
          await snax.at(1).newservice("saver");
          const loop = await snax.at(2).newservice<any>("loop");
          if (${loops}) {
            const begun = new SharedArrayBuffer(4);
            loop.post.run(begun);
            while (Atomics.load(new Int32Array(begun), 0) === 0) await skynet.sleep(1);
          }
          console.log("it goes");
        });
      `,
      "services/saver.ts": FILES["saver"] as string,
      "services/loop.ts": FILES["loop"] as string,
      "services/spin.ts": FILES["spin.ts"] as string,
    });
    const { child, ended, says } = startSnax(["start"], folder);
    await says("it goes");
    child.kill("SIGTERM");
    const { code, stdout } = await ended;
    equal(code, loops ? 3 : 0, stdout);
    equal(count(stdout, "saved"), 1);
  }
});

test("a process ends although a thread is in native code, once all other services have saved", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": `export default ${JSON.stringify({ ...QUIET, start: "main", stoptimeout: 1000 })};`,
    "services/main.ts": `
      import { skynet, snax } from "snax";
      skynet.start(async () => {
        await snax.at(1).newservice("saver");
        const hash = await snax.at(2).newservice<any>("hash");
        const begun = new SharedArrayBuffer(4);
        hash.post.run(begun);
        while (Atomics.load(new Int32Array(begun), 0) === 0) await skynet.sleep(1);
        console.log("it goes");
      });
    `,
    "services/saver.ts": FILES["saver"] as string,
    // Half an hour of work for one call.
    "services/hash.ts": `
      import { pbkdf2Sync } from "node:crypto";
      export const accept = {
        run(begun: SharedArrayBuffer) {
          Atomics.store(new Int32Array(begun), 0, 1);
          pbkdf2Sync("password", "salt", 2 ** 31 - 1, 64, "sha512");
        },
      };
    `,
  });
  const { child, ended, says } = startSnax(["start"], folder);
  await says("it goes");
  child.kill("SIGTERM");
  const { stdout } = await ended;
  equal(child.signalCode, "SIGKILL", stdout);
  equal(count(stdout, "saved"), 1);
  match(stdout, /thread 2 can't be ended: it is in native code, which nothing stops\n$/);
});
