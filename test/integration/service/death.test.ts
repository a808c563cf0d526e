/** The end of a service: exit, kill, what its late code gets, and who is told. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, ONE_THREAD, world } from "../../world.ts";

const ECHO = `
  import { skynet } from "snax";
  skynet.start((...args) => { skynet.dispatch("lua", () => args); });
`;

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
  const { skynet, make } = await world(
    t,
    {
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
            setImmediate: () => setImmediate(() => {}),
            trace: () => skynet.trace(), setenv: () => skynet.setenv("x", 1), exit: () => skynet.exit(),
            info_func: () => skynet.info_func(() => {}), start: () => skynet.start(), init: () => skynet.init(() => {}),
            abort: () => skynet.abort(),
            req: () => me.req.run(), post: () => me.post.touch(), snaxNew: () => snax.newservice("x"),
            snaxRaw: () => snax.rawnewservice("x"), bind: () => snax.bind(1, "x"), snaxExit: () => snax.exit(),
            snaxKill: () => snax.kill(me), snaxUnique: () => snax.uniqueservice("x"),
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
    },
    ONE_THREAD,
  );
  const main = await make("main");
  const key = "snaxTestLateCode";
  assert.equal(await codeOfFailure(main.req.run(0, key)), "ERR_SERVICE_DEAD");
  const globals = globalThis as unknown as Record<string, object | undefined>;
  t.after(() => delete globals[key]);
  for (let count = 0; count < 100 && globals[key] === undefined; count += 1) await skynet.sleep(1);
  assert.deepEqual(globals[key], {});
});

test("a dead service's loop that tries for ever ends after DEAD_CALLS_MAX refusals", async (t) => {
  const { skynet, make } = await world(
    t,
    {
      main: `
      import { skynet } from "snax";
      export const response = { run(key) {
        skynet.signal.addEventListener("abort", async () => {
          for (;;) { try { await skynet.sleep(1); } catch { globalThis[key] = (globalThis[key] ?? 0) + 1; } }
        });
        skynet.exit();
      } };
    `,
    },
    ONE_THREAD,
  );
  const key = "snaxTestDeadLoop";
  const globals = globalThis as unknown as Record<string, number | undefined>;
  t.after(() => delete globals[key]);
  await codeOfFailure((await make("main")).req.run(key));
  await skynet.sleep(5);
  assert.equal(globals[key], 1000);
});

test("signal fires when the service ends", async (t) => {
  const { skynet, snax } = await world(
    t,
    {
      main: `
      import { skynet } from "snax";
      const first = skynet.signal;
      export function init(watcher) {
        skynet.signal.addEventListener("abort", () => { globalThis.snaxTestSignal = first === skynet.signal; });
        if (first.aborted) throw new Error("too early");
      }
    `,
    },
    ONE_THREAD,
  );
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
        skynet.dispatch("lua", async () => {
          while (dead.length < 2) await skynet.sleep(1);
          return dead.sort((a, b) => a - b);
        });
      });
    `,
  });
  const watcher = await skynet.monitor("watcher");
  const first = await skynet.newservice("echo");
  const second = await skynet.newservice("echo");
  skynet.kill(second);
  skynet.kill(first);
  assert.deepEqual(await skynet.call(watcher, "lua"), [first, second]);
});

test("code around the end of its service may log, a hundred lines of it", async (t) => {
  // On another thread it logs on after its caller has been told.
  const files = {
    main: `
      import { skynet, snax } from "snax";
      export const response = { async end() {
        try { skynet.exit(); }
        finally {
          console.log("printed in finally");
          skynet.error("logged in finally", 1);
          snax.printf("formatted in finally %d", 2);
          let count = 0;
          try { for (;;) { skynet.error("again"); count += 1; } }
          catch (error) { console.log(error.code, count < 100); }
        }
      } };`,
  };
  const { make, log } = await world(t, files, ONE_THREAD);
  const main = await make("main");
  assert.equal(await codeOfFailure(main.req.end()), "ERR_SERVICE_DEAD");
  const lines = await log();
  assert.deepEqual(
    lines.filter((line) => /finally|ERR_SERVICE_DEAD/.test(line)),
    [
      "printed in finally",
      "logged in finally 1",
      "formatted in finally 2",
      "ERR_SERVICE_DEAD true",
    ],
  );
});
