/**
 * The watchdog over the main thread (`thread: 0`): handlers that do not return are found, named, stopped, and nothing else is
 * harmed. Services loop for ever here: without the watchdog no test of this file would end.
 *
 * Each program runs in a process of its own: it is the main thread that loops.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { PACKAGE, startNode } from "../process.ts";
import type { Files } from "../../world.ts";
import { writeFiles } from "../../world.ts";

/** Well above what a busy machine takes to load a file. */
const STALL = { warn: 250, interrupt: 800, rest: 0 };

/** Line 3 is the loop. */
const SPIN = `import { skynet } from "snax";
export function spin(limit: number): never {
  for (let count: number = 0; ; count += limit);
}`;

const FILES: Files = {
  "spin.ts": SPIN,
  good: `export const response = { hello() { return "hello"; } };`,
  bad: `
    import { skynet, upvalues } from "snax";
    import { spin } from "./spin.ts";
    const lock = skynet.queue();
    const pause = () => skynet.sleep(1);
    let tries = 0;
    export const response = {
      hello() { return "hello"; },
      sync() { spin(1); },
      async later() { await pause(); spin(1); },
      async locked() { await lock(async () => { await pause(); spin(1); }); },
      lockedSync() { return lock(() => spin(1)); },
      useLock() { return lock(() => "free"); },
      tries() { for (;;) { try { spin(1); } catch { tries += 1; } finally { spin(2); } } },
      regex() { return /(a+)+b/.test("a".repeat(40)); },
      sends() { for (;;) skynet.send(0x7ffff0, "lua"); },
      calls() { for (;;) void skynet.call(0x7ffff0, "lua").catch(() => {}); },
      microtasks() { const again = (): Promise<void> => Promise.resolve().then(again); return again(); },
      ticks() { const again = () => process.nextTick(again); again(); },
      asks() { let n = 0; upvalues(() => n); for (;;) n += 1; },
      endless() { return skynet.stat("endless"); },
    };
    export const accept = {
      post() { spin(1); },
      timer() { setTimeout(() => spin(1), 1); },
      fork() { skynet.fork(() => spin(1)); },
    };
  `,
  queued: `
    import { skynet } from "snax";
    import { spin } from "./spin.ts";
    export const response = {
      hello() { return "hello"; },
      async later() { await skynet.sleep(1); spin(1); },
    };
    export const accept = { async post() { await skynet.sleep(1); spin(1); } };
    export function init() { return "queue"; }
    export function exit() { spin(1); }
  `,
  unborn: `import { spin } from "./spin.ts"; export function init() { spin(1); }`,
  unbornLater: `
    import { skynet } from "snax";
    import { spin } from "./spin.ts";
    export async function init() { await skynet.sleep(1); spin(1); }`,
  unloaded: `import { spin } from "./spin.ts"; spin(1);`,
  patched: `
    let count = 1;
    export function rate() { return 1; }
    export const response = { get() { return [count, rate()]; } };`,
};

/** What a program returned, and what its node logged. */
interface Played {
  readonly value: unknown;
  readonly log: string;
}

/** Runs a program over these services in a process of its own; `node`, `make` and `fail` are in its scope. */
async function play(
  t: TestContext,
  files: Files,
  text: string,
  stall: { readonly warn?: number; readonly interrupt?: number } = STALL,
): Promise<Played> {
  const folder = writeFiles(t, files);
  const program = `
    import { codeOf, start } from ${JSON.stringify(PACKAGE)};
    import { readFileSync } from "node:fs";
    const logger = ${JSON.stringify(folder)} + "/node.log";
    const services = ${JSON.stringify(folder)} + "/?.ts";
    const node = await start({ thread: 0, services, logger, stall: ${JSON.stringify(stall)} });
    const make = (name) => node.snax.newservice(name);
    const fail = (promise) => promise.then((value) => value ?? null, (error) => codeOf(error) ?? String(error));
    const readLog = () => readFileSync(logger, "utf8");
    const value = await (async () => { ${text} })();
    await node.stop();
    console.log(JSON.stringify({ value, log: readLog() }));
  `;
  const args = ["--input-type=module", "--eval", program];
  const { code, stdout, stderr } = await startNode(args, folder).ended;
  deepEqual([code, stderr], [0, ""], stdout);
  return JSON.parse(stdout) as Played;
}

const METHODS = [
  ["sync", "later", "locked", "lockedSync", "tries"],
  ["regex", "sends", "calls", "microtasks", "asks"],
];

for (const names of METHODS) {
  test(`handlers that loop are interrupted, their service, locks and neighbours go on: ${names.join(" ")}`, async (t) => {
    const { value } = await play(
      t,
      FILES,
      `const [bad, good] = [await make("bad"), await make("good")];
      const all = [];
      for (const name of ${JSON.stringify(names)}) {
        const looping = fail(bad.req[name]());
        const hellos = [good.req.hello(), bad.req.hello()];
        const said = [name, await looping, await hellos[0], await hellos[1], await bad.req.useLock()];
        // Told once, as in skynet.
        all.push([...said, await bad.req.endless(), await bad.req.endless()]);
      }
      return all;`,
    );
    const expected = ["ERR_INTERRUPTED", "hello", "hello", "free", 1, 0];
    deepEqual(
      value,
      names.map((name) => [name, ...expected]),
    );
  });
}

test("a loop that leaves a long queue of rejected promises behind is cut off once, and a turn follows", async (t) => {
  const { value, log } = await play(
    t,
    FILES,
    `const bad = await make("bad");
    const looping = fail(bad.req.calls());
    return [await looping, await bad.req.hello()];`,
  );
  deepEqual(value, ["ERR_INTERRUPTED", "hello"]);
  // Where no turn followed, the watchdog found the same handler again and again.
  equal(log.match(/ interrupted after /g)?.length, 1, log);
  ok(!log.includes("can't be interrupted"), log);
});

test("the log names service, message, sender, file and line", async (t) => {
  const { value, log } = await play(
    t,
    FILES,
    `const bad = await make("bad"); return await fail(bad.req.later());`,
  );
  equal(value, "ERR_INTERRUPTED");
  const told = log.match(
    /\[:00000000\] A message from \[ :0000000\d \] to \[ :00000008 \] maybe in an endless loop \(version = \d+\) : for \d+ ms, snax bad, request bad\.later after an await from :00000002 \(program\)/g,
  );
  ok((told?.length ?? 0) >= 1, log);
  match(log, /\n {4}at spin \(file:\S*spin\.ts:3:3\)\n {4}at later \(file:\S*bad\.ts:10:\d+\)/);
  match(log, /\[:00000008\] interrupted after \d+ ms : snax bad, request bad\.later/);
  ok(!log.includes("event-loop"), "nothing of the runtime's own");
});

test("posts, timers and forks that loop are interrupted", async (t) => {
  const { value, log } = await play(
    t,
    FILES,
    `const bad = await make("bad");
    const hellos = [];
    for (const name of ["post", "timer", "fork"]) {
      bad.post[name]();
      // The timer comes a millisecond later, or more.
      while (readLog().split("interrupted after").length < hellos.length + 2) await node.skynet.sleep(5);
      hellos.push(await bad.req.hello());
    }
    return hellos;`,
  );
  deepEqual(value, ["hello", "hello", "hello"]);
  deepEqual(
    log.match(/interrupted after \d+ ms : snax bad, \S+ \S+/g)?.map((line) => line.split(", ")[1]),
    ["post bad.post", "a timer", "a fork"],
  );
});

test("in queue mode the next message comes after the one that was cut off", async (t) => {
  const { value } = await play(
    t,
    FILES,
    `const queued = await make("queued");
    const cut = fail(queued.req.later());
    queued.post.post();
    return [await queued.req.hello(), await cut];`,
  );
  deepEqual(value, ["hello", "ERR_INTERRUPTED"]);
});

test("a beginning that loops is cut off although the code came from another thread", async (t) => {
  const files = {
    ...FILES,
    // What has an enum is compiled on another thread.
    main: `import { spin } from "./spin.ts"; enum Kind { one } export function init() { spin(Kind.one); }`,
  };
  const { value, log } = await play(t, files, `return await fail(make("main"));`);
  equal(value, "ERR_INTERRUPTED");
  match(log, /interrupted after \d+ ms : snax main, /);
});

test("a service that loops in its beginning does not begin, and one that loops in its exit ends", async (t) => {
  const { value } = await play(
    t,
    FILES,
    `const codes = [];
    for (const name of ["unborn", "unbornLater", "unloaded"]) codes.push(await fail(make(name)));
    const queued = await make("queued");
    await fail(node.snax.exit(queued));
    return [...codes, await fail(queued.req.hello())];`,
  );
  deepEqual(value, ["ERR_INTERRUPTED", "ERR_INTERRUPTED", "ERR_INTERRUPTED", "ERR_SERVICE_DEAD"]);
});

const PATCHES = {
  "in hotfix()": `declare let count: number;
    export function rate() { return 2; }
    export function hotfix() { count = 5; for (;;); }`,
  "in hotfix() after an await": `import { skynet } from "snax"; declare let count: number;
    export function rate() { return 2; }
    export async function hotfix() { count = 5; await skynet.sleep(1); for (;;); }`,
  "while it is put in": `export function rate() { return 2; }
    let fresh = (() => { for (;;); })();`,
};

test("a patch that loops is undone, in hotfix(), behind an await of it, and while it is put in", async (t) => {
  const { value } = await play(
    t,
    FILES,
    `const patched = await make("patched");
    const seen = [];
    for (const patch of ${JSON.stringify(Object.values(PATCHES))}) {
      seen.push(await fail(node.snax.hotfix(patched, patch)), await patched.req.get());
    }
    await node.snax.hotfix(patched, "export function rate() { return 3; }");
    return [...seen, await patched.req.get()];`,
  );
  const undone = ["ERR_PATCH_FAILED", [1, 1]];
  deepEqual(value, [...undone, ...undone, ...undone, [1, 3]]);
});

/** Works until the log says something, however long that takes on this machine. */
const UNTIL_SAID = `
  function workUntilSaid(path, words) {
    for (;;) {
      const end = Date.now() + 50;
      while (Date.now() < end);
      if (readFileSync(path, "utf8").includes(words)) return;
    }
  }`;

const BUSY = `
  // @ts-nocheck
  import { readFileSync } from "node:fs";
  ${UNTIL_SAID}
  export const response = {
    run(ms) { const end = Date.now() + ms; while (Date.now() < end); return 1; },
    runUntilSaid(path, words) { workUntilSaid(path, words); return 1; },
  };`;

test("without an interrupt a long handler is told of and returns", async (t) => {
  const { value, log } = await play(
    t,
    { busy: BUSY },
    `const busy = await make("busy");
    const value = await busy.req.runUntilSaid(logger, "maybe in an endless loop");
    // What the watching thread writes last comes with its next look.
    while (!readLog().includes("has returned after")) await node.skynet.sleep(5);
    return value;`,
    { warn: 100 },
  );
  equal(value, 1);
  match(log, /maybe in an endless loop/);
  ok(!log.includes("interrupted"));
});

test("code of the program that started the node is told of and never cut off", async (t) => {
  const { value, log } = await play(
    t,
    {},
    `${UNTIL_SAID}
    await node.skynet.sleep(1);
    workUntilSaid(logger, "can't be interrupted");
    return "went on";`,
  );
  equal(value, "went on");
  match(log, /can't be interrupted : it is code of the program that started the node/);
});

/** For another process to run, until the log says that its parent can't be interrupted. */
const WAIT_FOR_REFUSAL = `while (!require("fs").readFileSync(process.argv[1], "utf8").includes("can't be interrupted"));`;

test("native code is told of, and not stopped", async (t) => {
  const { value, log } = await play(
    t,
    {
      native: `
        import { spawnSync } from "node:child_process";
        const PROGRAM = ${JSON.stringify(WAIT_FOR_REFUSAL)};
        export const response = {
          run(path: string) { return spawnSync(process.execPath, ["-e", PROGRAM, path]).status; },
          hello() { return "hello"; } };`,
    },
    `const native = await make("native");
    return [await fail(native.req.run(logger)), await native.req.hello()];`,
  );
  deepEqual(value, [0, "hello"]);
  match(log, /maybe in an endless loop .* in native code: it has no stack/);
  match(log, /can't be interrupted : it is in native code/);
});

test("with stall 0 no thread is watched", async (t) => {
  const { log } = await play(t, { busy: BUSY }, `return (await make("busy")).req.run(100);`, {
    warn: 0,
  });
  ok(!log.includes("endless"));
});
