/** Errors that no code caught: logged under the service's address, and ending nothing; the host's own are Node's business. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { embed, snax } from "../process.ts";
import { writeFiles } from "../../world.ts";

/** A service with every way of losing an error; `lose` answers when the error is about to be thrown. */
const LOSER = `
  import { readFile } from "node:fs";
  import { skynet } from "snax";
  let answer;
  const fail = (text) => { answer(); throw new Error(text); };
  const ways = {
    floating: () => { answer(); Promise.reject(new Error("floating")); },
    async: () => { (async () => { await skynet.sleep(1); fail("after sleep"); })(); },
    timer: () => { setTimeout(() => fail("timer"), 1); },
    asyncTimer: () => { setTimeout(async () => fail("async timer"), 1); },
    microtask: () => { queueMicrotask(() => fail("microtask")); },
    tick: () => { process.nextTick(() => fail("tick")); },
    foreign: () => { readFile("/", () => fail("foreign callback")); },
    fork: () => { skynet.fork(async () => fail("fork")); },
    text: () => { answer(); Promise.reject("just text"); },
    hostile: () => { answer(); Promise.reject(Object.create(null)); },
  };
  export const response = {
    lose: (way) => new Promise((resolve) => { answer = resolve; ways[way](); }),
    ping: () => "pong",
    at: () => skynet.address(skynet.self()),
  };
`;

const WAYS = {
  floating: "unhandled rejection : Error: floating",
  async: "unhandled rejection : Error: after sleep",
  timer: "timer error : Error: timer",
  asyncTimer: "unhandled rejection : Error: async timer",
  microtask: "uncaught error : Error: microtask",
  tick: "error : Error: tick",
  fork: "fork error : Error: fork",
  text: "unhandled rejection : just text",
  hostile: "unhandled rejection : ",
};

/** A program that loses an error in each way and asks after each whether the service lives. */
const LOSE_ALL = `
  const p = await node.snax.newservice("loser");
  for (const way of ${JSON.stringify([...Object.keys(WAYS), "foreign"])}) {
    await p.req.lose(way);
    if (await p.req.ping() !== "pong") throw new Error(way);
  }
  console.log("address " + await p.req.at());
  await node.stop();
`;

test("what a service loses is logged with its address and ends nothing", async (t) => {
  const folder = writeFiles(t, { loser: LOSER });
  const { code, stdout, stderr } = await embed(LOSE_ALL, folder);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  const [, address = ""] = /address (:[0-9a-f]{8})/.exec(stdout) ?? [];
  const lines = stdout.split("\n");
  for (const [way, text] of Object.entries(WAYS)) {
    const isThere = lines.some((line) => line.startsWith(`[${address}] `) && line.includes(text));
    assert.ok(isThere, `${way}: ${text}\n${stdout}`);
  }
  assert.match(stdout, /^\[:00000000\] uncaught error : Error: foreign callback/m);
});

test("the host's own handlers are called for the host's errors, and not for a service's", async (t) => {
  const folder = writeFiles(t, { loser: LOSER });
  const { code, stdout } = await embed(
    `
    process.on("uncaughtException", (error, origin) => console.log("host got", origin, error.message));
    const p = await node.snax.newservice("loser");
    await p.req.lose("timer");
    Promise.reject(new Error("of the host"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    setTimeout(() => { throw new Error("thrown by the host"); }, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await node.stop();
    `,
    folder,
  );
  assert.equal(code, 0, stdout);
  assert.match(stdout, /host got unhandledRejection of the host/);
  assert.match(stdout, /host got uncaughtException thrown by the host/);
  assert.doesNotMatch(stdout, /host got \w+ timer/);
});

test("a host's unhandledRejection listener gets the host's rejections", async (t) => {
  const { code, stdout } = await embed(
    `
    process.on("unhandledRejection", (reason) => console.log("host got", reason.message));
    Promise.reject(new Error("of the host"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await node.stop();
    `,
    writeFiles(t, {}),
  );
  assert.deepEqual([code, stdout.includes("host got of the host")], [0, true]);
});

for (const [what, text] of Object.entries({
  "a floating rejection": `Promise.reject(new Error("of the host"));`,
  "a floating rejection after an answer": `
    (async () => { await node.skynet.call(".launcher", "lua", "LIST"); throw new Error("of the host"); })();`,
  "a remote error that no code handles": `
    const p = await node.snax.newservice("thrower"); p.req.fail();`,
  "an error thrown by a callback": `setTimeout(() => { throw new Error("of the host"); }, 1);`,
})) {
  test(`${what} of the host ends the process, as Node does by default`, async (t) => {
    const folder = writeFiles(t, {
      thrower: `export const response = { fail() { throw new Error("of the host"); } };`,
    });
    const wait =
      "await new Promise((resolve) => setTimeout(resolve, 500)); console.log('still here');";
    const { code, stdout, stderr } = await embed(`${text}\n${wait}`, folder);
    assert.equal(code, 1);
    assert.match(stderr, /Error: of the host/);
    assert.doesNotMatch(stdout, /still here/);
  });
}

test("in a process that is nothing but a node even what cannot be attributed ends nothing", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": `export default { thread: 0, services: "./?.ts" };`,
    loser: LOSER,
    main: `
      import { skynet, snax } from "snax";
      const later = (ms: number) => new Promise((resolve) => globalThis.setTimeout(resolve, ms));
      skynet.start(async () => {
        const p = await snax.newservice("loser");
        for (const way of ["foreign", "text", "tick"]) { await p.req.lose(way); }
        (async () => { await later(1); throw "text from nowhere"; })();
        await skynet.sleep(20);
        skynet.error("still here");
        skynet.abort();
      });
    `,
  });
  const { code, stdout, stderr } = await snax(["start"], folder);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /\[:00000000\] unhandled rejection : text from nowhere/);
  assert.match(stdout, /still here/);
});
