/** The beginning of a service: what it gets, when it is ready, and what becomes of one that fails. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";

const ECHO = `
  import { skynet } from "snax";
  skynet.start((...args) => { skynet.dispatch("lua", () => args); });
`;

test("newservice passes any sendable values", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const args = [1, "two words", { three: [3] }, undefined, new Map([["k", 4n]])];
  assert.deepEqual(await skynet.call(await skynet.newservice("echo", ...args), "lua"), args);
});

test("newservice passes service objects, bound to the new service", async (t) => {
  const { make } = await world(t, {
    worker: `
      let boss;
      export function init(given) { boss = given; }
      export const response = { ask: () => boss.req.name() };
    `,
    main: `
      import { snax } from "snax";
      export const response = {
        name: () => "the boss",
        run: async () => (await snax.newservice("worker", snax.self())).req.ask(),
      };
    `,
  });
  assert.equal(await (await make("main")).req.run(), "the boss");
});

test("newservice resolves when the start function has ended, init functions first", async (t) => {
  const { skynet } = await world(t, {
    slow: `
      import { skynet } from "snax";
      const order = [];
      skynet.init(async () => { await skynet.sleep(1); order.push("init 1"); });
      skynet.init(() => { order.push("init 2"); });
      skynet.start(async () => { await skynet.sleep(1); order.push("start"); });
      skynet.dispatch("lua", () => order);
    `,
  });
  const handle = await skynet.newservice("slow");
  assert.deepEqual(await skynet.call(handle, "lua"), ["init 1", "init 2", "start"]);
});

test("requests that come before a snax service is ready wait for it", async (t) => {
  const { skynet, snax } = await world(t, {
    slow: `
      import { skynet } from "snax";
      let isReady = false;
      export const response = { isReady: () => isReady };
      export async function init() { skynet.register(".slow"); await skynet.sleep(5); isReady = true; }
    `,
  });
  const starting = snax.newservice<any>("slow");
  while (skynet.localname(".slow") === undefined) await skynet.sleep(0);
  assert.equal(await snax.bind<any>(skynet.localname(".slow") ?? 0, "slow").req.isReady(), true);
  await starting;
});

test("an unknown service is ERR_NO_SERVICE with the places looked at", async (t) => {
  const { skynet, folder } = await world(t, {});
  const error = await failureOf(skynet.newservice("nobody"));
  assert.equal(error.code, "ERR_NO_SERVICE");
  assert.ok(error.message.includes(`${folder}/nobody.ts`));
  for (const name of ["../x", "/etc/passwd", "", "a/../b"]) {
    assert.match(await codeOfFailure(skynet.newservice(name)), /^ERR_(NO_SERVICE|ARGUMENT)$/, name);
  }
});

test("what a service throws at its beginning arrives as it is, and no service remains", async (t) => {
  const { skynet, snax, log } = await world(t, {
    loading: `throw Object.assign(new Error("while loading"), { code: "E_LOAD" });`,
    starting: `import { skynet } from "snax"; skynet.start(() => { throw new TypeError("in start"); });`,
    init: `export function init() { throw new Error("in init"); }`,
    later: `export async function init() { await null; throw new Error("in async init"); }`,
    broken: "export const = 1;",
  });
  const before = await skynet.call(".launcher", "lua", "LIST");
  const loading = await failureOf(skynet.newservice("loading"));
  assert.deepEqual([loading.message, loading.code], ["while loading", "E_LOAD"]);
  assert.ok((await failureOf(skynet.newservice("starting"))) instanceof TypeError);
  assert.equal((await failureOf(snax.newservice<any>("init"))).message, "in init");
  assert.equal((await failureOf(snax.newservice<any>("later"))).message, "in async init");
  const broken = await failureOf(skynet.newservice("broken"));
  assert.equal(broken.code, "ERR_SYNTAX");
  assert.match(broken.message, /broken\.ts:1:\d+/);
  assert.deepEqual(await skynet.call(".launcher", "lua", "LIST"), before);
  assert.ok((await log()).some((line) => line.startsWith("init service failed: Error: in init")));
});

test("a beginning that throws undefined or null has failed", async (t) => {
  const { skynet, snax } = await world(t, {
    now: `export function init(what) { throw what; }`,
    later: `export async function init(what) { await null; throw what; }`,
    plain: `
      import { skynet } from "snax";
      skynet.start((what) => { throw what; });
    `,
    "plain-later": `
      import { skynet } from "snax";
      skynet.start((what) => Promise.reject(what));
    `,
  });
  const before = await skynet.call(".launcher", "lua", "LIST");
  for (const what of [undefined, null]) {
    for (const name of ["now", "later"]) {
      assert.match((await failureOf(snax.newservice(name, what))).message, /undefined|null/);
    }
    for (const name of ["plain", "plain-later"]) {
      assert.match((await failureOf(skynet.newservice(name, what))).message, /undefined|null/);
    }
  }
  assert.deepEqual(await skynet.call(".launcher", "lua", "LIST"), before);
});

test("an init that throws what can't be sent still answers", async (t) => {
  const { snax } = await world(t, {
    odd: `export function init() { throw Object.assign(new Error("odd"), { socket: () => {} }); }`,
  });
  assert.equal((await failureOf(snax.newservice<any>("odd"))).message, "odd");
});

test("a beginning that never ends is ERR_INIT_TIMEOUT, and no service remains", async (t) => {
  const files = {
    plain: "await new Promise(() => {});",
    typed: `export const init = () => new Promise(() => {});`,
  };
  const { skynet, snax } = await world(t, files, { inittimeout: 10 });
  assert.equal(await codeOfFailure(skynet.newservice("plain")), "ERR_INIT_TIMEOUT");
  assert.equal(await codeOfFailure(snax.newservice<any>("typed")), "ERR_INIT_TIMEOUT");
  const list = await skynet.call<object>(".launcher", "lua", "LIST");
  assert.deepEqual(Object.values(list), ["snlua cdummy", "snlua datacenterd", "snlua service_mgr"]);
});

test("a service that is killed while it begins fails its newservice", async (t) => {
  const { skynet } = await world(t, {
    slow: `
      import { skynet } from "snax";
      skynet.register(".slow");
      skynet.start(() => new Promise(() => {}));
    `,
  });
  const starting = codeOfFailure(skynet.newservice("slow"));
  while (skynet.localname(".slow") === undefined) await skynet.sleep(0);
  skynet.kill(".slow");
  assert.equal(await starting, "ERR_SERVICE_DEAD");
});

test("a service may end itself at the end of its beginning", async (t) => {
  const { skynet } = await world(t, {
    sync: `import { skynet } from "snax"; skynet.start(() => { skynet.exit(); });`,
    async: `import { skynet } from "snax"; skynet.start(async () => { await skynet.sleep(1); skynet.exit(); });`,
  });
  for (const name of ["sync", "async"]) {
    const handle = await skynet.newservice(name);
    assert.equal(await codeOfFailure(skynet.call(handle, "lua")), "ERR_SERVICE_DEAD", name);
  }
});
