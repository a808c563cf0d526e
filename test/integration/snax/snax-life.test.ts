/** Typed services: how they end, unique ones, and the API for a deadline or a thread. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, ONE_THREAD, world } from "../../world.ts";

const COUNTER = `
  let n = 0;
  export const response = { get: () => n, add: (x) => (n += x), async later(x) { await null; return x; } };
  export const accept = { touch(x = 1) { n += x; } };
  export function init(start = 0) { n = start; }
`;

test("exit runs with its arguments, then the service is gone", async (t) => {
  const files = {
    leaver: `
      import { skynet } from "snax";
      export const response = { get: () => 1 };
      export async function exit(...args) { await skynet.sleep(1); skynet.error("exit with", ...args); }
    `,
  };
  const { snax, log } = await world(t, files);
  const p = await snax.newservice<any>("leaver");
  await snax.exit(p, "bye", 7);
  const q = await snax.newservice<any>("leaver");
  await snax.kill(q, "kill");
  const lines = await log();
  assert.ok(lines.includes("exit with bye 7") && lines.includes("exit with kill"));
  assert.equal(await codeOfFailure(p.req.get()), "ERR_SERVICE_DEAD");
  assert.equal(await codeOfFailure(snax.exit(p)), "ERR_SERVICE_DEAD");
});

test("an exit that throws is logged, and the service ends all the same", async (t) => {
  const { snax, log } = await world(t, {
    sync: `export function exit() { throw new Error("exit broke"); }`,
    async: `export async function exit() { await null; throw new Error("exit broke later"); }`,
  });
  for (const name of ["sync", "async"]) {
    const p = await snax.newservice<any>(name);
    await snax.exit(p);
    assert.equal(await codeOfFailure(p.req.x()), "ERR_SERVICE_DEAD");
  }
  const lines = await log();
  assert.ok(lines.some((line) => line.startsWith("exit error : Error: exit broke later")));
});

test("exit without an object ends the caller, also in queue mode from the handler that runs", async (t) => {
  const { make, log } = await world(t, {
    leaver: `
      import { skynet, snax } from "snax";
      export const init = (mode) => mode;
      export const response = { async leave() { await snax.exit("own"); skynet.error("never"); } };
      export function exit(word) { skynet.error("exit", word); }
    `,
  });
  for (const mode of ["", "queue"]) {
    assert.equal(await codeOfFailure((await make("leaver", mode)).req.leave()), "ERR_SERVICE_DEAD");
  }
  const lines = await log();
  assert.deepEqual(lines.filter((line) => line === "exit own").length, 2);
  assert.ok(!lines.includes("never"));
});

test("exit without an object is refused where there is no typed service to end", async (t) => {
  const { snax } = await world(t, {});
  assert.equal(await codeOfFailure(snax.exit()), "ERR_ARGUMENT");
});

test("what is no service object is refused by kill and profile_info", async (t) => {
  const { snax } = await world(t, {});
  for (const wrong of [undefined, 5, {}]) {
    assert.equal(await codeOfFailure(snax.kill(wrong as never)), "ERR_ARGUMENT");
    assert.equal(await codeOfFailure(snax.profile_info(wrong as never)), "ERR_ARGUMENT");
  }
});

test("unique services by type: one for all, found by query, started anew after their death", async (t) => {
  const { snax } = await world(t, { counter: COUNTER });
  const asked = snax.queryservice<any>("counter");
  const [first, second] = await Promise.all([
    snax.uniqueservice<any>("counter", 3),
    snax.uniqueservice<any>("counter", 9),
  ]);
  assert.equal(first.handle, second.handle);
  assert.equal((await asked).handle, first.handle);
  assert.equal((await snax.globalservice<any>("counter")).handle, first.handle);
  assert.equal((await snax.queryglobal<any>("counter")).handle, first.handle);
  assert.equal(await second.req.get(), 3);
  await snax.kill(first);
  const third = await snax.uniqueservice<any>("counter", 1);
  assert.equal(await third.req.get(), 1);
});

test("within gives everything that waits a deadline, through objects too", async (t) => {
  const { snax } = await world(t, {
    slow: `
      import { skynet } from "snax";
      export const init = (ms) => skynet.sleep(ms);
      export const response = { wait: (ms) => skynet.sleep(ms) };
    `,
  });
  // Long enough for a service to be born on a machine that has much else to do.
  const hurried = snax.within(1000);
  assert.equal(await codeOfFailure(hurried.newservice<any>("slow", 10_000)), "ERR_TIMEOUT");
  const p = await hurried.newservice<any>("slow", 0);
  assert.equal(await codeOfFailure(p.req.wait(10_000)), "ERR_TIMEOUT");
  assert.equal(
    await codeOfFailure(snax.bind<any>(p.handle, "slow").req.wait(1)),
    "resolved to undefined",
  );
});

test("at accepts the one thread there is", async (t) => {
  const { snax, skynet } = await world(t, { counter: COUNTER, plain: "" }, ONE_THREAD);
  assert.equal(await (await snax.at("near").newservice<any>("counter", 2)).req.get(), 2);
  assert.equal(typeof (await skynet.at(0).newservice("plain")), "number");
  for (const place of [1, -1, "far"]) {
    assert.throws(() => snax.at(place as never), { code: "ERR_ARGUMENT" });
    assert.throws(() => skynet.at(place as never), { code: "ERR_ARGUMENT" });
  }
});

test("a file of the other kind of service is refused with the way to start it", async (t) => {
  const { snax, skynet } = await world(t, {
    typed: `export const response = { get() { return 1; } };`,
    plain: `import { skynet } from "snax"; skynet.start(() => {});`,
  });
  assert.match((await failureOf(skynet.newservice("typed"))).message, /snax\.newservice/);
  assert.match((await failureOf(snax.newservice("plain"))).message, /not with skynet\.start/);
});

test("a unique service that has no file is an error, not a wait for ever", async (t) => {
  const { snax, skynet } = await world(t, {});
  assert.equal(await codeOfFailure(skynet.queryservice("nobody")), "ERR_NO_SERVICE");
  assert.equal(await codeOfFailure(snax.queryservice("nobody")), "ERR_NO_SERVICE");
});

test("an argument of newservice that can't be sent is counted as the program counts it", async (t) => {
  const { snax, skynet } = await world(t, { plain: "" });
  const message = /^argument 2 is a function/;
  assert.match((await failureOf(skynet.newservice("plain", 1, () => 1))).message, message);
  assert.match((await failureOf(snax.newservice<any>("plain", 1, () => 1))).message, message);
});
