/** A node from outside: start, stop, several of them, and what the program gets when it is over. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snax as outsideSnax, skynet as outsideSkynet, start } from "snax";
import { snax as snaxCommand } from "../process.ts";
import { codeOfFailure, failureOf, world, writeFiles } from "../../world.ts";

const LEAVER = (name: string): string => `
  import { skynet } from "snax";
  export const response = { stuck: () => new Promise(() => {}) };
  export async function exit() { await skynet.sleep(1); skynet.error("left ${name}"); }
`;

test("several nodes live in one process and know nothing of each other", async (t) => {
  const files = { one: `let n = 0; export const response = { add: () => (n += 1) };` };
  const first = await world(t, files);
  const second = await world(t, files);
  const p = await first.snax.uniqueservice<any>("one");
  const q = await second.snax.uniqueservice<any>("one");
  await p.req.add();
  assert.deepEqual([await p.req.add(), await q.req.add()], [2, 1]);
  first.skynet.register(".name");
  assert.equal(second.skynet.localname(".name"), undefined);
  await first.stop();
  assert.equal(await q.req.add(), 2);
});

test("stop runs every exit, the youngest type first, and keeps the last lines", async (t) => {
  const node = await world(t, { a: LEAVER("a"), b: LEAVER("b"), c: LEAVER("c") });
  for (const name of ["a", "b", "c", "a"]) await node.make(name);
  await node.stop();
  await node.stopped;
  const left = [...node.readLog().matchAll(/left (\w)/g)].map(([, name]) => name);
  assert.deepEqual(left, ["c", "b", "a", "a"]);
});

test("stop may be called again, and resolves each time", async (t) => {
  const node = await world(t, {});
  await Promise.all([node.stop(), node.stop()]);
  await node.stop();
});

test("an exit that does not end is cut off after stoptimeout, and named", async (t) => {
  const files = {
    slow: `export const exit = () => new Promise(() => {});`,
    quick: LEAVER("quick"),
  };
  const node = await world(t, files, { stoptimeout: 400 });
  await node.make("quick");
  await node.make("slow");
  const began = performance.now();
  await node.stop();
  assert.ok(performance.now() - began < 1000);
  assert.match(node.readLog(), /cut off 1 services whose exit took more than 400 ms: snax slow/);
  assert.deepEqual(node.cutOff, ["snax slow"]);
});

test("a service that still begins is not waited for", async (t) => {
  const files = {
    slow: `export const init = () => new Promise(() => {}); export const exit = () => {};`,
  };
  const node = await world(t, files, { stoptimeout: 60_000 });
  const starting = codeOfFailure(node.make("slow"));
  await node.skynet.sleep(1);
  await node.stop();
  assert.equal(await starting, "ERR_STOPPED");
});

test("whatever the program waits for when the node stops is rejected with ERR_STOPPED", async (t) => {
  const node = await world(t, { leaver: LEAVER("x") }, { stoptimeout: 10 });
  const p = await node.make("leaver");
  // Its exit is held up by nothing; the call would be failed by its death, were it not the program's end first.
  const waits = [
    node.skynet.call("NOBODY", "lua"),
    node.skynet.queryservice("logger"),
    node.skynet.sleep(60_000),
    node.skynet.wait("token"),
  ].map(codeOfFailure);
  const call = codeOfFailure(p.req.stuck());
  await node.stop();
  assert.deepEqual(
    await Promise.all(waits),
    Array.from({ length: 4 }, () => "ERR_STOPPED"),
  );
  assert.match(await call, /^ERR_(SERVICE_DEAD|STOPPED)$/);
});

test("the API of a node that has stopped says ERR_STOPPED", async (t) => {
  const node = await world(t, { leaver: LEAVER("x") });
  const p = await node.make("leaver");
  await node.stop();
  assert.equal(await codeOfFailure(node.skynet.call(".launcher", "lua", "LIST")), "ERR_STOPPED");
  assert.equal(await codeOfFailure(node.make("leaver")), "ERR_STOPPED");
  assert.equal(await codeOfFailure(p.req.stuck()), "ERR_STOPPED");
  assert.throws(() => node.skynet.send(".launcher", "lua"), { code: "ERR_STOPPED" });
});

test("nothing is launched while the node stops", async (t) => {
  const node = await world(t, {
    late: `
      import { skynet, snax } from "snax";
      export async function exit() {
        try { await snax.newservice("late"); } catch (error) { skynet.error("refused", error.code); }
      }
    `,
  });
  await node.make("late");
  await node.stop();
  assert.match(node.readLog(), /refused ERR_STOPPED/);
});

test("abort in the start service is no failure: the node has started and stopped", async (t) => {
  const folder = writeFiles(t, {
    sync: `import { skynet } from "snax"; skynet.start(() => { skynet.abort(); });`,
    async: `import { skynet } from "snax"; skynet.start(async () => { skynet.abort(); await skynet.sleep(60000); });`,
  });
  for (const name of ["sync", "async"]) {
    const logger = join(folder, "log");
    const node = await start({ services: `${folder}/?.ts`, start: name, logger });
    await node.stopped;
  }
});

test("a start service that fails rejects start, and no node remains", async (t) => {
  const folder = writeFiles(t, { main: `throw new Error("no main");` });
  const config = { services: `${folder}/?.ts`, start: "main", logger: join(folder, "log") };
  assert.equal((await failureOf(start(config))).message, "no main");
  assert.equal(await codeOfFailure(start({ ...config, start: "nobody" })), "ERR_NO_SERVICE");
});

test("a signal stops a node that still starts", async (t) => {
  const folder = writeFiles(t, {
    main: `import { skynet } from "snax"; skynet.start(() => new Promise(() => {}));`,
  });
  const controller = new AbortController();
  const config = { services: `${folder}/?.ts`, start: "main", logger: join(folder, "log") };
  const starting = start(config, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await (
    await starting
  ).stopped;
});

test("relative paths of the configuration are relative to root", async (t) => {
  const root = writeFiles(t, {
    "services/main.ts": "",
    "before.ts": "globalThis.snaxTestRoot = 1;",
  });
  const globals = globalThis as unknown as Record<string, unknown>;
  t.after(() => delete globals.snaxTestRoot);
  const config = { start: "main", logger: "./node.log", preload: "./before.ts" };
  const node = await start(config, { root });
  await node.stop();
  assert.ok(existsSync(join(root, "node.log")));
  assert.equal(globals.snaxTestRoot, 1);
});

test("REOPEN writes on into a new file after the old one was moved away", async (t) => {
  const node = await world(t, {});
  const path = join(node.folder, "node.log");
  node.skynet.error("first");
  await node.log();
  renameSync(path, `${path}.1`);
  node.skynet.error("second");
  await node.skynet.call(".logger", "lua", "REOPEN");
  node.skynet.error("third");
  await node.log();
  assert.match(readFileSync(`${path}.1`, "utf8"), /first\n.*second\n$/);
  assert.match(readFileSync(path, "utf8"), /^\S+ \S+ \[:[0-9a-f]{8}\] third\n$/);
});

test("a log file that can't be written any more is told on stdout, and the log goes on there", async (t) => {
  const folder = writeFiles(t, {
    main: `
      import { closeSync, fstatSync, statSync } from "node:fs";
      import { skynet } from "snax";
      skynet.start(async () => {
        const { ino } = statSync(skynet.getenv("logger"));
        // What a failing disk looks like from here: the descriptor of the file is gone.
        for (let fd = 3; fd < 100; fd += 1) {
          try { if (fstatSync(fd).ino === ino) closeSync(fd); } catch {}
        }
        skynet.error("after the loss");
        skynet.timeout(5, () => skynet.abort());
      });
    `,
    "snax.config.ts": `export default { thread: 0, services: "./?.ts", logger: "./node.log" };`,
  });
  const { code, stdout } = await snaxCommand(["start"], folder);
  assert.equal(code, 0);
  assert.match(stdout, /^the log file .*node\.log can't be written: Error: EBADF/m);
  assert.match(stdout, /after the loss/);
});

test("a log on a full disk gives its room back, and REOPEN goes on in the file behind a whole line", async (t) => {
  if (!existsSync("/dev/full")) return t.skip("no /dev/full here");
  const folder = writeFiles(t, {
    main: `
      import { readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
      import { skynet } from "snax";
      const isOpen = () => readdirSync("/proc/self/fd").some((fd) => {
        try { return readlinkSync("/proc/self/fd/" + fd) === "/dev/full"; } catch { return false; }
      });
      skynet.start(async () => {
        skynet.error("into the full disk");
        await skynet.call(".logger", "lua", "FLUSH");
        console.log("open:", isOpen());
        for (let round = 0; round < 3; round += 1) {
          await skynet.call(".logger", "lua", "REOPEN");
          skynet.error("still full");
          await skynet.call(".logger", "lua", "FLUSH");
        }
        console.log("open after three attempts:", isOpen());
        rmSync(skynet.getenv("logger"));
        writeFileSync(skynet.getenv("logger"), "a torn li");
        await skynet.call(".logger", "lua", "REOPEN");
        skynet.error("there is room");
        skynet.timeout(5, () => skynet.abort());
      });
    `,
    "snax.config.ts": `export default { thread: 0, services: "./?.ts", logger: "./node.log" };`,
  });
  symlinkSync("/dev/full", join(folder, "node.log"));
  const { code, stdout } = await snaxCommand(["start"], folder);
  assert.equal(code, 0);
  assert.match(stdout, /can't be written: Error: ENOSPC.*\n(?:.*\n)*.*into the full disk/);
  assert.match(stdout, /open: false/);
  assert.match(stdout, /open after three attempts: false/);
  assert.match(
    readFileSync(join(folder, "node.log"), "utf8"),
    /^a torn li\n\S+ \S+ \[:[0-9a-f]{8}\] there is room\n/,
  );
});

test("logformat json writes one object a line", async (t) => {
  const node = await world(t, {}, { logformat: "json" });
  node.skynet.error('say "hi"\nagain');
  await node.skynet.call(".logger", "lua", "FLUSH");
  const line = node.readLog().trimEnd().split("\n").at(-1) ?? "";
  const { time, service, message } = JSON.parse(line) as Record<string, string>;
  assert.deepEqual(
    [service, message],
    [node.skynet.address(node.skynet.self()), 'say "hi"\nagain'],
  );
  assert.ok(Math.abs(Date.parse(time ?? "") - Date.now()) < 60_000);
});

test("a logger whose file can't be opened fails the start", async (t) => {
  const folder = writeFiles(t, {});
  const failure = await failureOf(start({ logger: join(folder, "no", "such", "file") }));
  assert.match(failure.message, /ENOENT/);
});

test("outside a service the imported API says what to use instead", () => {
  assert.throws(() => outsideSkynet.self(), { code: "ERR_CONTEXT", message: /node\.skynet/ });
  assert.throws(() => outsideSnax.self(), { code: "ERR_CONTEXT", message: /node\.snax/ });
});

test("known keys with values that make no sense are refused with ERR_CONFIG", async () => {
  const wrong: Record<string, unknown[]> = {
    thread: [-1, 1.5, "2", 5000],
    start: ["", 5],
    services: ["", "./no-mark.ts", [], [5], ";"],
    harbor: [-1, 256, "0"],
    logger: ["", 5, true],
    logformat: ["xml", 1],
    loglevel: ["loud", "INFO", 1, "toString"],
    preload: ["", {}],
    profile: ["yes", 1],
    calltimeout: [-1, "5", Number.NaN, 1e12],
    mailbox: [-1, 0.5, "9"],
    inittimeout: [-1, null],
    stoptimeout: [-1, Number.POSITIVE_INFINITY],
    whatever: [() => 1],
  };
  for (const [key, values] of Object.entries(wrong)) {
    for (const value of values) {
      const failure = await failureOf(start({ [key]: value }));
      assert.equal(failure.code, "ERR_CONFIG", key);
      assert.ok(failure.message.startsWith(`${key} `), failure.message);
    }
  }
  for (const config of [5, null, []]) {
    assert.equal(await codeOfFailure(start(config as never)), "ERR_CONFIG");
  }
});
