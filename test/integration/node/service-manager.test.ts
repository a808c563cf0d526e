/** The launcher and the service manager: services of which there is one, lists, and the log's LAUNCH and KILL lines. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, ONE_THREAD, world } from "../../world.ts";

const ECHO = `
  import { skynet } from "snax";
  skynet.start((...args) => { skynet.dispatch("lua", () => args); });
`;

test("uniqueservice gives concurrent callers one service", async (t) => {
  const { skynet } = await world(t, {
    one: `import { skynet } from "snax"; skynet.start(async () => { await skynet.sleep(2); });`,
  });
  const starts = [1, 2, 3].map(() => skynet.uniqueservice("one"));
  const [first, second, third] = await Promise.all([...starts]);
  assert.ok(first === second && second === third);
  assert.equal(await skynet.queryservice("one"), first);
  assert.equal(await skynet.uniqueservice(true, "one"), first);
});

test("queryservice waits until the service was started", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const asked = skynet.queryservice("echo");
  await skynet.sleep(1);
  assert.equal(await skynet.uniqueservice("echo"), await asked);
});

test("the failure of a unique service is not remembered", async (t) => {
  const { skynet } = await world(t, {
    moody: `
      import { skynet } from "snax";
      skynet.start((isGood) => { if (!isGood) throw new Error("not today"); });
    `,
  });
  const [first, second] = [
    skynet.uniqueservice("moody", false),
    skynet.uniqueservice("moody", true),
  ];
  const failures = await Promise.all([failureOf(first), failureOf(second)]);
  assert.deepEqual(
    failures.map((error) => error.message),
    ["not today", "not today"],
  );
  assert.equal(typeof (await skynet.uniqueservice("moody", true)), "number");
});

test("a unique service that died is started anew", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const first = await skynet.uniqueservice("echo");
  skynet.kill(first);
  await skynet.sleep(0);
  const second = await skynet.uniqueservice("echo");
  assert.notEqual(second, first);
  assert.deepEqual(await skynet.call(second, "lua"), []);
});

test("launcher and service_mgr refuse bad commands and go on", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  for (const name of [".launcher", ".service"]) {
    for (const command of ["NOPE", "constructor", "__proto__", undefined, 5, {}]) {
      assert.equal(await codeOfFailure(skynet.call(name, "lua", command)), "ERR_NO_METHOD", name);
    }
    assert.equal(await codeOfFailure(skynet.call(name, "lua", "LAUNCH")), "ERR_ARGUMENT", name);
  }
  assert.equal(
    await codeOfFailure(skynet.call(".launcher", "lua", "LAUNCH", "x", "y")),
    "ERR_ARGUMENT",
  );
  const handle = await skynet.newservice("echo");
  skynet.send(".launcher", "lua", "LAUNCHOK");
  skynet.send(".launcher", "lua", "REMOVE", 12345, false);
  assert.deepEqual(await skynet.call(".launcher", "lua", "KILL", handle), {
    [skynet.address(handle)]: "snlua echo",
  });
  assert.equal(await codeOfFailure(skynet.call(handle, "lua")), "ERR_SERVICE_DEAD");
});

test("the launcher lists what it started", async (t) => {
  const { skynet, snax } = await world(t, { echo: ECHO, typed: "export const response = {};" });
  const echo = await skynet.newservice("echo", 1, "two", {});
  const typed = await snax.newservice<any>("typed");
  const list = await skynet.call<Record<string, string>>(".launcher", "lua", "LIST");
  assert.equal(list[skynet.address(echo)], "snlua echo 1 two");
  assert.equal(list[skynet.address(typed.handle)], "snax typed");
});

test("launches and ends are logged, at most 100 a second, and the rest is counted", async (t) => {
  const { skynet, log } = await world(t, { echo: ECHO }, ONE_THREAD);
  for (let index = 0; index < 150; index += 1) await skynet.newservice("echo");
  const before = (await log()).filter((line) => line.startsWith("LAUNCH snlua echo"));
  assert.ok(before.length > 90 && before.length <= 100, String(before.length));
  await skynet.sleep(1050);
  const summary = (await log()).find((line) => line.includes("were left out"));
  assert.match(String(summary), /^5\d lines of LAUNCH and KILL were left out in a second$/);
});

test("a unique service outlives calltimeout, and may take longer than it to begin", async (t) => {
  const { skynet } = await world(
    t,
    {
      slow: `import { skynet } from "snax"; skynet.start(async () => { await skynet.sleep(30); });`,
    },
    { calltimeout: 10 },
  );
  const first = await skynet.uniqueservice("slow");
  await skynet.sleep(20);
  assert.equal(await skynet.uniqueservice("slow"), first);
});

test("the log names the services that the node starts by itself with verbose only", async (t) => {
  const files = { main: `import { skynet } from "snax"; skynet.start(() => {});` };
  const usual = await world(t, files, { start: "main" });
  assert.deepEqual(await usual.log(), ["LAUNCH snlua main"]);
  const verbose = await world(t, files, { start: "main", verbose: true });
  assert.deepEqual(await verbose.log(), [
    "LAUNCH snlua launcher",
    "LAUNCH snlua cdummy",
    "LAUNCH snlua harbor 0 4",
    "LAUNCH snlua datacenterd",
    "LAUNCH snlua service_mgr",
    "LAUNCH snlua main",
  ]);
});
