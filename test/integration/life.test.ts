/** Birth and death of services. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, run, world } from "./world.ts";

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

test("requests that come before a service is ready wait for it", async (t) => {
  const { skynet } = await world(t, {
    slow: `
      import { skynet } from "snax";
      let isReady = false;
      skynet.dispatch("lua", () => isReady);
      skynet.register(".slow");
      skynet.start(async () => { await skynet.sleep(5); isReady = true; });
    `,
  });
  const starting = skynet.newservice("slow");
  while (skynet.localname(".slow") === undefined) await skynet.sleep(0);
  assert.equal(await skynet.call(".slow", "lua"), true);
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

test("an init that throws what can't be sent still answers", async (t) => {
  const { snax } = await world(t, {
    odd: `export function init() { throw Object.assign(new Error("odd"), { socket: () => {} }); }`,
  });
  assert.equal((await failureOf(snax.newservice<any>("odd"))).message, "odd");
});

test("a beginning that never ends is ERR_INIT_TIMEOUT, and no service remains", async (t) => {
  const files = {
    plain: `import { skynet } from "snax"; skynet.start(() => new Promise(() => {}));`,
    typed: `export const init = () => new Promise(() => {});`,
  };
  const { skynet, snax } = await world(t, files, { inittimeout: 10 });
  assert.equal(await codeOfFailure(skynet.newservice("plain")), "ERR_INIT_TIMEOUT");
  assert.equal(await codeOfFailure(snax.newservice<any>("typed")), "ERR_INIT_TIMEOUT");
  const list = await skynet.call<object>(".launcher", "lua", "LIST");
  assert.deepEqual(Object.values(list), ["snlua service_mgr"]);
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

test("exit never returns: the code after it does not run, in sync and async handlers", async (t) => {
  const { skynet, log } = await world(t, {
    leaver: `
      import { skynet } from "snax";
      skynet.start(() => skynet.dispatch("lua", (_s, _a, how) => {
        const leave = () => { skynet.exit(); skynet.error("after exit"); };
        return how === "async" ? skynet.sleep(1).then(leave) : leave();
      }));
    `,
  });
  for (const how of ["sync", "async"]) {
    const handle = await skynet.newservice("leaver");
    const running = codeOfFailure(skynet.call(handle, "lua", how));
    const queued = codeOfFailure(skynet.call(handle, "lua", how));
    assert.deepEqual([await running, await queued], ["ERR_SERVICE_DEAD", "ERR_SERVICE_DEAD"], how);
  }
  const lines = await log();
  assert.deepEqual(lines.filter((line) => line === "KILL self").length, 2);
  assert.ok(!lines.some((line) => line.includes("after exit") || line.includes("unhandled")));
});

test("kill answers the requests that run and that wait, and takes the name", async (t) => {
  const { skynet, log } = await world(t, {
    stuck: `
      import { skynet } from "snax";
      skynet.start(() => {
        skynet.dispatch("lua", () => new Promise(() => {}));
        skynet.register(".stuck");
      });
    `,
  });
  const handle = await skynet.newservice("stuck");
  const running = codeOfFailure(skynet.call(handle, "lua"));
  await skynet.sleep(0);
  const waiting = codeOfFailure(skynet.call(handle, "lua"));
  skynet.kill(handle);
  assert.deepEqual([await running, await waiting], ["ERR_SERVICE_DEAD", "ERR_SERVICE_DEAD"]);
  assert.equal(skynet.localname(".stuck"), undefined);
  assert.ok((await log()).includes(`KILL ${skynet.address(handle)}`));
});

test("late code of a dead service gets ERR_SERVICE_DEAD from every function", async (t) => {
  const { skynet, make } = await world(t, {
    main: `
      import { EventEmitter, once } from "node:events";
      import { skynet, snax } from "snax";
      const attempt = async (run) => { try { await run(); return "ok"; } catch (e) { return e.code; } };
      const lock = skynet.queue();
      export const response = { run(door, result) {
        const me = snax.self();
        skynet.signal.addEventListener("abort", async () => {
          const results = {};
          const functions = {
            call: () => skynet.call(1, "lua"), send: () => skynet.send(1, "lua"),
            rawcall: () => skynet.rawcall(1, "lua", new Uint8Array(1)),
            rawsend: () => skynet.rawsend(1, "lua", new Uint8Array(1)),
            redirect: () => skynet.redirect(1, 1, "lua", 0), within: () => skynet.within(1).call(1, "lua"),
            ret: () => skynet.ret(), response: () => skynet.response(), context: () => skynet.context(),
            ignoreret: () => skynet.ignoreret(), dispatch: () => skynet.dispatch("lua", () => {}),
            register_protocol: () => skynet.register_protocol({ name: "x", id: 99 }),
            newservice: () => skynet.newservice("x"), uniqueservice: () => skynet.uniqueservice("x"),
            queryservice: () => skynet.queryservice("x"), launch: () => skynet.launch("snlua", "x"),
            kill: () => skynet.kill(1), register: () => skynet.register(".x"), name: () => skynet.name(".x", 1),
            monitor: () => skynet.monitor("x"), timeout: () => skynet.timeout(1, () => {}),
            sleep: () => skynet.sleep(1), wait: () => skynet.wait("x"), wakeup: () => skynet.wakeup("x"),
            yield: () => skynet.yield(), fork: () => skynet.fork(() => {}), lock: () => lock(() => {}),
            setTimeout: () => setTimeout(() => {}, 1), setInterval: () => setInterval(() => {}, 1),
            setImmediate: () => setImmediate(() => {}), error: () => skynet.error("x"),
            trace: () => skynet.trace(), setenv: () => skynet.setenv("x", 1), exit: () => skynet.exit(),
            info_func: () => skynet.info_func(() => {}), start: () => skynet.start(), init: () => skynet.init(() => {}),
            abort: () => skynet.abort(),
            req: () => me.req.run(), post: () => me.post.touch(), snaxNew: () => snax.newservice("x"),
            snaxRaw: () => snax.rawnewservice("x"), bind: () => snax.bind(1, "x"), snaxExit: () => snax.exit(),
            snaxKill: () => snax.kill(me), snaxUnique: () => snax.uniqueservice("x"), printf: () => snax.printf("x"),
            snaxQuery: () => snax.queryservice("x"), profile: () => snax.profile_info(me),
          };
          for (const [name, run] of Object.entries(functions)) {
            const code = await attempt(run);
            if (code !== "ERR_SERVICE_DEAD") results[name] = code;
          }
          globalThis[result] = results;
        });
        skynet.exit();
      } };
      export const accept = { touch() {} };
    `,
  });
  const main = await make("main");
  const key = "snaxTestLateCode";
  assert.equal(await codeOfFailure(main.req.run(0, key)), "ERR_SERVICE_DEAD");
  const globals = globalThis as unknown as Record<string, object | undefined>;
  t.after(() => delete globals[key]);
  for (let count = 0; count < 100 && globals[key] === undefined; count += 1) await skynet.sleep(1);
  assert.deepEqual(globals[key], {});
});

test("a dead service's loop that tries for ever ends after DEAD_CALLS_MAX refusals", async (t) => {
  const { skynet, make } = await world(t, {
    main: `
      import { skynet } from "snax";
      export const response = { run(key) {
        skynet.signal.addEventListener("abort", async () => {
          for (;;) { try { await skynet.sleep(1); } catch { globalThis[key] = (globalThis[key] ?? 0) + 1; } }
        });
        skynet.exit();
      } };
    `,
  });
  const key = "snaxTestDeadLoop";
  const globals = globalThis as unknown as Record<string, number | undefined>;
  t.after(() => delete globals[key]);
  await codeOfFailure((await make("main")).req.run(key));
  await skynet.sleep(5);
  assert.equal(globals[key], 1000);
});

test("signal fires when the service ends", async (t) => {
  const { skynet, snax } = await world(t, {
    main: `
      import { skynet } from "snax";
      const first = skynet.signal;
      export function init(watcher) {
        skynet.signal.addEventListener("abort", () => { globalThis.snaxTestSignal = first === skynet.signal; });
        if (first.aborted) throw new Error("too early");
      }
    `,
  });
  const globals = globalThis as unknown as Record<string, unknown>;
  t.after(() => delete globals.snaxTestSignal);
  await snax.kill(await snax.newservice<any>("main"));
  await skynet.sleep(0);
  assert.equal(globals.snaxTestSignal, true);
});

test("monitor gets a client message from each service that ends", async (t) => {
  const { skynet } = await world(t, {
    echo: ECHO,
    watcher: `
      import { skynet } from "snax";
      const dead = [];
      skynet.start(() => {
        skynet.dispatch("client", (_s, source) => { dead.push(source); });
        skynet.dispatch("lua", () => dead);
      });
    `,
  });
  const watcher = await skynet.monitor("watcher");
  const first = await skynet.newservice("echo");
  const second = await skynet.newservice("echo");
  skynet.kill(second);
  skynet.kill(first);
  assert.deepEqual(await skynet.call(watcher, "lua"), [second, first]);
});

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

test("queryservice waits until somebody has started the service", async (t) => {
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
  const { skynet, log } = await world(t, { echo: ECHO });
  for (let index = 0; index < 150; index += 1) await skynet.newservice("echo");
  const before = (await log()).filter((line) => line.startsWith("LAUNCH snlua echo"));
  assert.ok(before.length > 90 && before.length <= 100, String(before.length));
  await skynet.sleep(1050);
  const summary = (await log()).find((line) => line.includes("were left out"));
  assert.match(String(summary), /^5\d lines of LAUNCH and KILL were left out in a second$/);
});

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
  assert.deepEqual(Object.keys(stat).sort(), ["cpu", "message", "mqlen", "task"]);
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
  const { writeFiles } = await import("./world.ts");
  const folder = writeFiles(t, files);
  const { skynet } = await world(
    t,
    {},
    { preload: `${folder}/before.ts`, services: `${folder}/?.ts` },
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
