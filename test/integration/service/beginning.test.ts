/** While a service begins: what it handles, what waits, and how long it may take. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { desk } from "../console/console-client.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";

test("a plain service handles messages while its start function waits", async (t) => {
  const { skynet } = await world(t, {
    boss: `
      import { skynet } from "snax";
      skynet.start(async () => {
        skynet.dispatch("lua", (_session, _source, word) => "boss got " + word);
        const said = await skynet.call(await skynet.newservice("slave", skynet.self()), "lua");
        skynet.dispatch("lua", () => said);
      });
    `,
    slave: `
      import { skynet } from "snax";
      skynet.start((boss) => { skynet.dispatch("lua", () => skynet.call(boss, "lua", "back")); });
    `,
  });
  assert.equal(await skynet.call(await skynet.newservice("boss"), "lua"), "boss got back");
});

test("a service that waits in skynet.init, or whose file awaited something before, handles messages meanwhile", async (t) => {
  const { skynet } = await world(t, {
    init: `
      import { skynet } from "snax";
      skynet.dispatch("lua", (_session, _source, word) => { skynet.wakeup("go"); return word; });
      skynet.init(() => { skynet.register(".init"); return skynet.wait("go"); });
      skynet.start(() => {});
    `,
    file: `
      import { skynet } from "snax";
      await skynet.sleep(1);
      skynet.dispatch("lua", (_session, _source, word) => { skynet.wakeup("go"); return word; });
      skynet.start(() => { skynet.register(".file"); return skynet.wait("go"); });
    `,
  });
  for (const name of ["init", "file"]) {
    const starting = skynet.newservice(name);
    while (skynet.localname(`.${name}`) === undefined) await skynet.sleep(0);
    assert.equal(await skynet.call(`.${name}`, "lua", "early"), "early");
    assert.equal(await starting, skynet.localname(`.${name}`));
  }
});

test("what comes before its handler is set waits for it, in order; what never gets one is refused in the end", async (t) => {
  const { skynet } = await world(t, {
    late: `
      import { skynet } from "snax";
      const seen = [];
      skynet.register(".late");
      skynet.start(async () => {
        skynet.dispatch("text", () => { skynet.wakeup("go"); });
        await skynet.wait("go");
        skynet.dispatch("lua", (_session, _source, word) => { seen.push(word); return seen; });
        await skynet.wait("go");
      });
    `,
  });
  const starting = skynet.newservice("late");
  while (skynet.localname(".late") === undefined) await skynet.sleep(0);
  const refused = codeOfFailure(skynet.call(".late", "client"));
  skynet.send(".late", "lua", 1);
  const answer = skynet.call(".late", "lua", 2);
  skynet.send(".late", "text");
  assert.deepEqual(await answer, [1, 2]);
  skynet.send(".late", "text");
  await starting;
  assert.equal(await refused, "ERR_NO_PROTOCOL");
});

test("a start function that loops for ever is no fault: the service lives, and the log tells of it once", async (t) => {
  const { skynet, log } = await world(
    t,
    {
      loop: `
        import { skynet } from "snax";
        let ticks = 0;
        skynet.start(async () => {
          skynet.register(".loop");
          skynet.dispatch("text", () => ticks);
          for (;;) { await skynet.sleep(1); ticks += 1; }
        });
      `,
    },
    { inittimeout: 10 },
  );
  let isAnswered = false;
  const note = (): void => void (isAnswered = true);
  void skynet.newservice("loop").then(note, note);
  const told = /^the start function of snlua loop has not ended after 10 ms/;
  while (!(await log()).some((line) => told.test(line))) await skynet.sleep(1);
  const ticks = await skynet.call<number>(".loop", "text");
  while ((await skynet.call<number>(".loop", "text")) < ticks + 20) await skynet.sleep(1);
  assert.equal(isAnswered, false);
  assert.equal((await log()).filter((line) => told.test(line)).length, 1);
  // From then on nothing waits for a handler any more.
  assert.equal(await codeOfFailure(skynet.call(".loop", "lua")), "ERR_NO_PROTOCOL");
});

test("a main service that loops in its start function is a node that runs", async (t) => {
  const { skynet, stop } = await world(
    t,
    {
      main: `
        import { skynet } from "snax";
        let ticks = 0;
        skynet.start(async () => {
          skynet.register(".main");
          skynet.dispatch("lua", () => ticks);
          for (;;) { await skynet.sleep(1); ticks += 1; }
        });
      `,
    },
    { start: "main", inittimeout: 10 },
  );
  while ((await skynet.call<number>(".main", "lua")) < 20) await skynet.sleep(1);
  await stop();
});

test("a file that awaits without end is ERR_INIT_TIMEOUT: the service has not begun to listen", async (t) => {
  const files = { file: "await new Promise(() => {});" };
  const { skynet } = await world(t, files, { inittimeout: 10 });
  assert.equal(await codeOfFailure(skynet.newservice("file")), "ERR_INIT_TIMEOUT");
});

test("what a beginning waits for that takes too long is told", async (t) => {
  const files = {
    mute: `export const response = { never() { return new Promise(() => {}); } };`,
    calls: `
      import { snax } from "snax";
      export async function init() { await (await snax.newservice<any>("mute")).req.never(); }
    `,
    sleeps: `
      import { skynet } from "snax";
      export async function init() { await skynet.sleep(1_000_000); }
    `,
    waits: `
      import { skynet } from "snax";
      skynet.start(async () => { await skynet.wait("token"); });
    `,
    file: `await new Promise(() => {});`,
    stranger: `export async function init() { await new Promise(() => {}); }`,
  };
  const { skynet, snax, log } = await world(t, files, { inittimeout: 300, thread: 0 });
  const messageOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(String, (error: unknown) => (error as Error).message);
  const [calls, sleeps, file, stranger] = await Promise.all([
    messageOf(snax.newservice<any>("calls")),
    messageOf(snax.newservice<any>("sleeps")),
    messageOf(skynet.newservice("file")),
    messageOf(snax.newservice<any>("stranger")),
  ]);
  const head = "was not ready after inittimeout, 300 ms";
  assert.match(
    calls,
    new RegExp(`${head}: it waits for an answer of :\\w+ \\(snax mute\\), for \\d+ ms$`),
  );
  assert.match(sleeps, new RegExp(`${head}: it waits in a sleep, for \\d+ ms$`));
  assert.match(file, /: its file, outside any function, waits for a promise that is not snax's$/);
  assert.match(stranger, /: it waits for a promise that is not snax's$/);
  void skynet.newservice("waits").catch(() => undefined);
  const told = /has not ended after 300 ms: it waits to be woken, for \d+ ms; the service handles/;
  while (!(await log()).some((line) => told.test(line))) await skynet.sleep(1);
});

test("a start function that throws late ends the service and tells the caller that waits", async (t) => {
  const { skynet } = await world(t, {
    late: `
      import { skynet } from "snax";
      skynet.dispatch("lua", () => skynet.wait("never"));
      skynet.start(async () => { skynet.register(".late"); await skynet.wait("go"); throw new Error("no database"); });
      skynet.dispatch("text", () => { skynet.wakeup("go"); });
    `,
  });
  const starting = failureOf(skynet.newservice("late"));
  while (skynet.localname(".late") === undefined) await skynet.sleep(0);
  const call = codeOfFailure(skynet.call(".late", "lua"));
  skynet.send(".late", "text");
  assert.equal((await starting).message, "no database");
  assert.equal(await call, "ERR_SERVICE_DEAD");
});

test("debug messages and the console's reach every service that begins, snax services too", async (t) => {
  const { skynet, ask } = await desk(t, {
    plain: `
      import { skynet } from "snax";
      skynet.register(".plain");
      skynet.info_func(() => "waits in start");
      skynet.start(() => skynet.wait("never"));
    `,
    typed: `
      import { skynet } from "snax";
      export function init() {
        skynet.register(".typed");
        skynet.info_func(() => "waits in init");
        return skynet.wait("never");
      }
      export const response = {};
    `,
    file: `
      import { skynet } from "snax";
      skynet.register(".file");
      skynet.info_func(() => "waits in its file");
      await skynet.wait("never");
    `,
  });
  for (const [kind, name, words] of [
    ["snlua", "plain", "waits in start"],
    ["snax", "typed", "waits in init"],
    ["snlua", "file", "waits in its file"],
  ] as const) {
    void skynet.call(".launcher", "lua", "LAUNCH", kind, name).catch(() => {});
    while (skynet.localname(`.${name}`) === undefined) await skynet.sleep(0);
    const handle = skynet.localname(`.${name}`) ?? 0;
    assert.equal(await skynet.call(handle, "debug", "INFO"), words);
    assert.deepEqual(await ask(`info ${skynet.address(handle)}`), [words, "<CMD OK>"]);
    assert.ok((await ask("stat")).some((line) => line.startsWith(skynet.address(handle))));
    assert.match((await ask(`task ${skynet.address(handle)}`)).join("\n"), /waits for a wakeup/);
    // Milliseconds.
    assert.match((await ask(`ping ${skynet.address(handle)}`)).join(), /^\d+,<CMD OK>$/);
    skynet.send(handle, "debug", "EXIT");
    while (skynet.localname(`.${name}`) !== undefined) await skynet.sleep(0);
  }
});
