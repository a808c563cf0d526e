/** What a service learns and tells: debug messages, figures, configuration, log and console. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, run, ONE_THREAD, world, writeFiles } from "../../world.ts";

test("debug messages are answered whatever the program does", async (t) => {
  const { skynet } = await world(t, {
    busy: `
      import { skynet } from "snax";
      skynet.info_func((what) => "info of " + what);
      skynet.start(() => skynet.dispatch("lua", () => new Promise(() => {})));
    `,
  });
  const handle = await skynet.newservice("busy");
  assert.equal(await skynet.call(handle, "debug", "PING"), undefined);
  assert.equal(await skynet.call(handle, "debug", "INFO", "me"), "info of me");
  assert.equal(await skynet.call(handle, "debug", "TASK"), 0);
  const stat = await skynet.call<Record<string, number>>(handle, "debug", "STAT");
  assert.deepEqual(Object.keys(stat).sort(), ["cpu", "handlers", "message", "mqlen", "task"]);
  assert.equal(await codeOfFailure(skynet.call(handle, "debug", "toString")), "ERR_NO_METHOD");
  const link = codeOfFailure(skynet.call(handle, "debug", "LINK"));
  await codeOfFailure(skynet.call(handle, "debug", "EXIT"));
  assert.equal(await link, "ERR_SERVICE_DEAD");
});

test("a service knows its figures", async (t) => {
  const answer = await run(t, {
    main: `
      import { skynet, snax } from "snax";
      export const response = {
        async run() {
          const p = snax.self();
          const waiting = [p.req.nothing(), p.req.nothing()];
          const figures = [skynet.mqlen(), skynet.stat("mqlen"), skynet.task(), skynet.stat("task")];
          await Promise.all(waiting);
          figures.push(skynet.stat("message") > 3, skynet.stat("cpu") >= 0, skynet.stat("endless"));
          try { skynet.stat("nope"); } catch (e) { figures.push(e.code); }
          return figures;
        },
        nothing() {},
      };
    `,
  });
  assert.deepEqual(answer, [2, 2, 2, 2, true, true, 0, "ERR_ARGUMENT"]);
});

test("getenv reads the configuration; setenv adds keys, once, and shares no objects", async (t) => {
  const { skynet } = await world(t, {}, { custom: { a: [1] }, other: "text" });
  assert.equal(skynet.getenv("other"), "text");
  assert.equal(skynet.getenv("nothing"), undefined);
  skynet.getenv<{ a: number[] }>("custom")?.a.push(2);
  assert.deepEqual(skynet.getenv("custom"), { a: [1] });
  const mine = { n: 1 };
  skynet.setenv("mine", mine);
  mine.n = 2;
  assert.deepEqual(skynet.getenv("mine"), { n: 1 });
  assert.throws(() => skynet.setenv("mine", 3), { code: "ERR_ARGUMENT" });
  assert.throws(() => skynet.setenv("thread", 3), { code: "ERR_ARGUMENT" });
});

test("a preload module is evaluated once in every service, before its own", async (t) => {
  const files = {
    "before.ts": `globalThis.snaxTestOrder ??= []; globalThis.snaxTestOrder.push("before");`,
    own: `globalThis.snaxTestOrder.push("own");`,
  };
  const globals = globalThis as unknown as { snaxTestOrder?: string[] };
  t.after(() => delete globals.snaxTestOrder);
  const folder = writeFiles(t, files);
  const { skynet } = await world(
    t,
    {},
    { ...ONE_THREAD, preload: `${folder}/before.ts`, services: `${folder}/?.ts` },
  );
  const order = globals.snaxTestOrder ?? [];
  const count = order.length;
  await skynet.newservice("own");
  assert.deepEqual(order.slice(count), ["before", "own"]);
});

test("console.log prints the plain line in order with the log, and skynet.error under the address", async (t) => {
  const { skynet, readLog } = await world(t, {
    talker: `
      import { skynet } from "snax";
      skynet.start(() => {
        skynet.error("one", 1, { deep: [true] });
        console.log("two %d", 2);
        skynet.error("three");
        console.log("four\\nlines");
      });
    `,
  });
  const handle = await skynet.newservice("talker");
  await skynet.call(".logger", "lua", "FLUSH");
  const text = readLog();
  const tail = text.slice(text.indexOf("] one")).replaceAll(/\n\S+ \S+ (?=\[)/g, "\n");
  const address = skynet.address(handle);
  assert.equal(tail, `] one 1 { deep: [ true ] }\ntwo 2\n[${address}] three\nfour\nlines\n`);
});

test("debug INFO and the console's info tell of a snax service's methods, unless it tells something else", async (t) => {
  const node = await world(t, {
    counted: `export const response = { hello: (n: number) => n }; export const accept = { touch() {} };`,
    own: `import { skynet } from "snax"; skynet.info_func(() => "own"); export const response = {};`,
  });
  const counted = await node.make("counted");
  for (let n = 0; n < 3; n += 1) await counted.req.hello(n);
  counted.post.touch();
  const info = await node.skynet.call<Record<string, { count: number; time: number }>>(
    counted.handle,
    "debug",
    "INFO",
  );
  assert.deepEqual(
    Object.entries(info).map(([name, { count }]) => [name, count]),
    [
      ["hello", 3],
      ["touch", 1],
    ],
  );
  const own = await node.make("own");
  assert.equal(await node.skynet.call(own.handle, "debug", "INFO"), "own");
});

test("the launcher tells programs the figures of all services", async (t) => {
  const node = await world(t, { quiet: `export const response = {};` });
  const quiet = await node.make("quiet");
  const key = node.skynet.address(quiet.handle);
  type Rows = Record<string, Record<string, unknown>>;
  const stat = await node.skynet.call<Rows>(".launcher", "lua", "STAT");
  assert.deepEqual(Object.keys(stat[key] ?? {}), ["cpu", "message", "mqlen", "task", "handlers"]);
  for (const name of ["MEM", "GC"]) {
    const rows = await node.skynet.call<Rows>(".launcher", "lua", name);
    assert.equal(rows[key]?.["title"], "snax quiet");
    assert.equal(Number(rows["thread 0"]?.["kb"]) > 100, true);
  }
});

test("a service knows its name", async (t) => {
  const node = await world(t, {
    "games/chess": `import { SERVICE_NAME } from "snax"; export const response = { name: () => SERVICE_NAME };`,
    plain: `import { skynet, SERVICE_NAME } from "snax";
      skynet.start(() => skynet.dispatch("lua", () => SERVICE_NAME));`,
  });
  const chess = await node.make("games/chess");
  assert.equal(await chess.req.name(), "games/chess");
  assert.equal(await node.skynet.call(await node.skynet.newservice("plain"), "lua"), "plain");
});
