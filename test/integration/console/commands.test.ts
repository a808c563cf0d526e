/** The commands of the debug console, over TCP; the lines of skynet's own commands are those that skynet 1.8 printed. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SYSTEM_LIST, desk } from "./console-client.ts";
import { ONE_THREAD, writeFiles } from "../../world.ts";

const DB = `
  import { skynet } from "snax";
  const db = new Map<string, unknown>();
  skynet.start(() => {
    skynet.dispatch("lua", (_session, _source, name: string, key: string, value: unknown) => {
      if (name === "GET") return db.get(key);
      if (name === "SET") { const last = db.get(key); db.set(key, value); return last; }
      if (name === "MANY") return skynet.values(1, "b", 1.5, true, undefined, { x: 1, y: "z" });
      if (name === "HANG") return new Promise(() => {});
      throw new Error("no " + name);
    });
    skynet.info_func((...args: unknown[]) => ({ keys: 2, name: "db", args: args.join(",") }));
  });`;
const SLOW = `
  import { skynet } from "snax";
  skynet.start(async () => {
    const db = await skynet.newservice("db");
    for (let n = 0; n < 2; n += 1) {
      skynet.fork(() => skynet.call(db, "lua", "HANG").catch((e: Error) => skynet.error(e.message)));
    }
    skynet.info_func(() => "I am slow");
  });`;
const FOO = `
  import { skynet } from "snax";
  let i = 0;
  export const response = { get() { return i; } };
  export function init(...args: unknown[]) { if (args[0] === "leave") skynet.exit(); }`;
const FILES = { db: DB, unique: DB, slow: SLOW, foo: FOO };

const OK = "<CMD OK>";
const ERROR = "<CMD Error>";

/** Lines, with numbers that differ from run to run taken out. */
function shape(lines: readonly string[]): string[] {
  return lines.map((line) => line.replaceAll(/\d+\.\d+|(?<=since )\d+/g, "#"));
}

test("lists of services have skynet's form", async (t) => {
  const { ask, skynet } = await desk(t, FILES, ONE_THREAD);
  await skynet.newservice("db");
  await skynet.uniqueservice("unique", "a", 1);
  deepEqual(await ask("list"), [
    ...SYSTEM_LIST,
    ":00000008\tsnlua debug_console 0",
    ":00000009\tsnlua db",
    ":0000000a\tsnlua unique a 1",
    OK,
  ]);
  deepEqual(await ask("service"), ["unique\t:0000000a", OK]);
  const [stat = ""] = (await ask("stat")).slice(4);
  match(stat, /^:00000009\tcpu:\d+\.\d+(e-\d+)?\tmessage:\d\tmqlen:0\ttask:0\thandlers:0$/);
  const [memory] = shape((await ask("mem")).slice(4));
  equal(memory, ":00000009\t# Kb (snlua db)");
  match((await ask("gc")).at(-2) ?? "", /^thread 0\t\d+\.\d\d Kb \(heap of 6 services\)$/);
});

test("a service is asked for its information, a debug message, and how long it takes", async (t) => {
  const { open, skynet } = await desk(t, FILES);
  await skynet.newservice("slow");
  const { run } = bound(await open());
  deepEqual(await run("info a x y"), ["args\tx,y", "keys\t2", "name\tdb", OK]);
  deepEqual(await run("info :00000009"), ["I am slow", OK]);
  deepEqual(await run("info 7"), [OK]);
  deepEqual(await run("dbgcmd a PING"), [OK]);
  deepEqual(await run("dbgcmd a"), ["ERR_ARGUMENT: need a debug command", ERROR]);
  deepEqual(await run("dbgcmd a NO"), [`ERR_NO_METHOD: no debug command "NO"`, ERROR]);
  match((await run("ping a")).join(), /^\d+,<CMD OK>$/);
});

test("a call takes literals and prints each result", async (t) => {
  const { open, skynet } = await desk(t, FILES);
  await skynet.newservice("db");
  const { run } = bound(await open());
  deepEqual(await run(`call 9 "SET","k",{a: [1, -2.5], b: nil}`), ["n\t1", OK]);
  deepEqual(await run(`call 9 "SET", 'k', "v"`), ["1\ta:[ 1, -2.5 ]", "n\t1", OK]);
  deepEqual(await run(`call 9 "GET", "k"`), ["1\tv", "n\t1", OK]);
  deepEqual(await run(`call 9 "MANY"`), [
    "1\t1",
    "2\tb",
    "3\t1.5",
    "4\ttrue",
    "6\tx:1\ty:z",
    "n\t6",
    OK,
  ]);
  deepEqual(await run("call 9"), ["ERR_ARGUMENT: need arguments", ERROR]);
  deepEqual(await run(`call 9 "NO"`), ["ERR_REMOTE: no NO", ERROR]);
  for (const text of ["oops(", "process.exit(1)", "[][0]", "x", "1 + 1", "...[1]", "/x/"]) {
    match((await run(`call 9 ${text}`)).join(), /^ERR_ARGUMENT: Invalid arguments.*,<CMD Error>$/);
  }
});

test("services are started and ended", async (t) => {
  const { open, skynet } = await desk(t, FILES);
  const { run } = bound(await open());
  deepEqual(await run("start db"), [":00000009\tdb", OK]);
  deepEqual(await run("snax foo 1 2"), [":0000000a\tfoo", OK]);
  deepEqual(await run("snax foo leave"), ["Exit", OK]);
  match(
    (await run("start nosuch")).join(),
    /^Failed,ERR_NO_SERVICE: no service nosuch.*,<CMD OK>$/,
  );
  deepEqual(await run("kill 9"), [":00000009\tsnlua db", OK]);
  // Neither where no service has ever lived nor where one did.
  for (const handle of ["00000099", "00000009"]) {
    const why = `ERR_SERVICE_DEAD: no service lives under :${handle}`;
    deepEqual(await run(`kill ${handle.replace(/^0+/, "")}`), [why, ERROR]);
  }
  deepEqual(await run("exit a"), [OK]);
  deepEqual(await run("exit 99"), [NOBODY, ERROR]);
  // On another thread its death and the ping may pass each other.
  match((await run("ping a")).join(), /^ERR_SERVICE_DEAD: .*:0000000a.*,<CMD Error>$/);
  equal(skynet.localname(".nobody"), undefined);
});

const NOBODY = "ERR_SERVICE_DEAD: no service lives under :00000099";

test("words that are no address are refused in skynet's words", async (t) => {
  const { ask } = await desk(t, FILES);
  deepEqual(await ask("kill zz"), ["ERR_ARGUMENT: Need an address", ERROR]);
  deepEqual(await ask("info"), ["ERR_ARGUMENT: Need an address", ERROR]);
  deepEqual(await ask("exit .nobody"), ["ERR_ARGUMENT: Not a valid name", ERROR]);
  deepEqual(await ask("info .service"), [OK]);
});

test("a command that does not exist is told of as skynet does, whatever its name", async (t) => {
  const { open } = await desk(t, FILES);
  const { run } = bound(await open());
  for (const name of ["nosuch", "constructor", "__proto__", "toString x"]) {
    deepEqual(await run(name), ["Invalid command, type help for command list", "", ERROR]);
  }
});

test("help lists every command of skynet", async (t) => {
  const { ask } = await desk(t, FILES);
  const names = (await ask("help")).map((line) => line.split("\t")[0]);
  const missing =
    "help list stat info exit kill mem gc start snax clearcache service task uniqtask inject logon logoff log debug signal cmem jmem ping call trace netstat profactive dumpheap killtask dbgcmd getenv setenv"
      .split(" ")
      .filter((name) => !names.includes(name));
  deepEqual(missing, []);
});

test("the configuration is read and added to, but no client can read the token", async (t) => {
  const { open } = await desk(t, FILES);
  const { run } = bound(await open());
  deepEqual(await run("getenv harbor"), ["harbor\t0", OK]);
  deepEqual(await run("getenv nothing"), ["nothing\tnil", OK]);
  deepEqual(await run("setenv fresh 5"), [OK]);
  deepEqual(await run("getenv fresh"), ["fresh\t5", OK]);
  equal((await run("setenv fresh 6")).at(-1), ERROR);
  deepEqual(await run("getenv consoletoken"), ["consoletoken\t(secret)", OK]);
});

test("the open calls of a service are listed, grouped and ended", async (t) => {
  const { open, skynet, log } = await desk(t, FILES);
  await skynet.newservice("slow");
  const { run } = bound(await open());
  deepEqual(shape(await run("task 9")), [
    ...["session: 2\twaits for :0000000a (snlua db) since # ms", "\tin a fork since # ms"],
    ...["session: 3\twaits for :0000000a (snlua db) since # ms", "\tin a fork since # ms", OK],
  ]);
  deepEqual(await run("uniqtask 9"), [
    ...["2\tsessions:[2,3]", "\twaits for :0000000a (snlua db)", "\tin a fork", OK],
  ]);
  deepEqual(await run("killtask 9 nothing"), ["Not found", OK]);
  deepEqual(await run("killtask 9 session: 9"), ["Not found", OK]);
  deepEqual(await run("killtask 9 session: 2"), [OK]);
  deepEqual(shape(await run("task 9")).length, 3);
  deepEqual(await run("killtask 9 2"), ["Not found", OK]);
  deepEqual(await run("killtask 9 3"), [OK]);
  const lines = await log();
  equal(lines.includes("an operator ended the wait of session 2"), true);
  equal(lines.includes("Kill session 2"), true);
});

test("a message log has skynet's format", async (t) => {
  const logpath = writeFiles(t, {});
  const { open, skynet, log } = await desk(t, FILES, { logpath });
  await skynet.newservice("db");
  const { run } = bound(await open());
  deepEqual(await run("logon 9"), [OK]);
  await run(`call 9 "GET","a"`);
  deepEqual(await run("logoff 9"), [OK]);
  await run(`call 9 "GET","a"`);
  const lines = readFileSync(join(logpath, "00000009.log"), "utf8").split("\n");
  match(lines[0] ?? "", /^open time: \d+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/);
  match(lines[1] ?? "", /^:00000008 10 \d+ \d+ 1c4745540c61$/);
  match(lines[2] ?? "", /^close time: \d+$/);
  equal(lines.length, 4);
  equal((await log()).includes("Close log file :00000009"), true);
});

test("signals are told to the log", async (t) => {
  const { open, log } = await desk(t, FILES);
  const { run } = bound(await open());
  deepEqual(await run("signal 4 1"), [OK]);
  const lines = shape(await log());
  equal(lines.includes("recv a signal 1") && lines.includes("Current Memory #K"), true);
  equal((await run("signal 4 x")).at(-1), ERROR);
});

test("a patch from a file reaches one service or all of a type, and is in the list of patches", async (t) => {
  const patch = `declare let i: number; export function hotfix(to: string) { i = Number(to); return i; }`;
  const { open, make, folder } = await desk(t, { ...FILES, "fix.ts": patch });
  const foo = await make("foo");
  const { run } = bound(await open());
  deepEqual(await run(`hotfix 9 ${folder}/fix.ts 5`), ["5", OK]);
  equal(await foo.req.get(), 5);
  deepEqual(await run(`hotfix foo ${folder}/fix.ts 6`), [
    ...["id\t2", "applied\t1", "failed\t0", "skipped\t0"],
    OK,
  ]);
  equal(await foo.req.get(), 6);
  const [first = "", second = ""] = await run("patches");
  match(first, /^1\tapplied:1\tfailed:0\thash:[0-9a-f]{12}\ttarget::00000009 foo\ttime:\S+Z$/);
  match(second, /^2\tapplied:1\tfailed:0\thash:\w+\ttarget:all foo\t/);
  deepEqual(await run("hotfix 9 nosuch.ts"), ["ERR_ARGUMENT: Can't open nosuch.ts", ERROR]);
});

test("the load of a service is seen, and a profile of the thread is written", async (t) => {
  const { open, make } = await desk(t, { ...FILES, busy: BUSY }, { logpath: writeFiles(t, {}) });
  await make("busy");
  const { run } = bound(await open());
  const [first = ""] = await run("top 0.2");
  match(first, /^:00000009\tcpu:\d+\.\d%\tmessage:\d+\/s\tmqlen:\d+\tsnax busy$/);
  const [path = ""] = await run("profile 0.1");
  const profile = JSON.parse(readFileSync(path, "utf8")) as { nodes: unknown[] };
  equal(profile.nodes.length > 0, true);
  equal((await run("profile 100")).at(-1), ERROR);
  match((await run("threads"))[0] ?? "", /^0\tbusy:\d+\.\d%\theap:\d+\.\d\dM\tservices:\d+$/);
});

const BUSY = `
  setInterval(() => { for (const until = performance.now() + 2; performance.now() < until;); }, 4);`;

test("memory is told in V8's words, and the heap's samples are written", async (t) => {
  const { open } = await desk(t, FILES, { logpath: writeFiles(t, {}) });
  const { run } = bound(await open());
  match((await run("cmem")).join(), /^array_buffers\t\d+,external\t\d+,.*total\t\d+,<CMD OK>$/);
  deepEqual(await run("profactive on"), ["heap profiling is active", OK]);
  const [path = ""] = await run("dumpheap");
  equal("head" in (JSON.parse(readFileSync(path, "utf8")) as object), true);
  deepEqual(await run("profactive off"), ["heap profiling is not active", OK]);
  deepEqual(await run("jmem"), ["ERR_NO_METHOD: there is no jemalloc in Node; see cmem", ERROR]);
});

test("the sockets of the console are listed as skynet lists them", async (t) => {
  const { open, port } = await desk(t, FILES);
  const { run } = bound(await open());
  const [listening = "", client = ""] = await run("netstat");
  match(
    listening,
    new RegExp(
      `^1\\taccept:1\\taddress::00000008\\tid:\\d+\\trtime:\\S+s\\tsock:127.0.0.1:${port}\\ttype:LISTEN$`,
    ),
  );
  match(client, /^2\taddress::00000008\tid:\d+\tpeer:127.0.0.1:\d+\tread:9\treading:/);
});

test("the sockets of services are listed among those of the console", async (t) => {
  const main = `
    import { skynet, socket } from "snax";
    skynet.start(async () => {
      const { id, port } = await socket.listen("127.0.0.1", 0);
      const accepted = new Promise((resolve) => socket.start(id, (client) => {
        socket.start(client);
        resolve(socket.readline(client));
      }));
      await socket.udp(() => {}, "127.0.0.1", 0);
      socket.write(await socket.open("127.0.0.1", port), "hello\\n");
      await accepted;
    });
  `;
  const { open } = await desk(t, { main }, { start: "main" });
  const { run } = bound(await open());
  const rows = (await run("netstat")).filter((row) => row.includes("address::00000009"));
  deepEqual(rows.map((row) => String(/type:(\w+)/.exec(row)?.[1])).toSorted(), [
    "LISTEN",
    "TCP",
    "TCP",
    "UDP",
  ]);
  match(rows.join("\n"), /peer:127.0.0.1:\d+\tread:6\treading:true\trtime:\S+s\ttype:TCP/);
});

test("what changes something is logged with who, what and the result", async (t) => {
  const { open, log } = await desk(t, FILES);
  const { run } = bound(await open());
  await run("start nosuch");
  await run("kill zz");
  await run("clearcache");
  await run("list");
  const lines = (await log()).filter((line) => line.includes(" ran "));
  deepEqual(lines.length, 3);
  match(lines[0] ?? "", /^127\.0\.0\.1:\d+ ran "start nosuch" : Failed : ERR_NO_SERVICE/);
  match(lines[1] ?? "", / ran "kill zz" : failed : ERR_ARGUMENT: Need an address$/);
  match(lines[2] ?? "", / ran "clearcache" : ok$/);
});

test("a command that does not end, and one that ends its own console, are logged too", async (t) => {
  const { open, skynet, log } = await desk(t, FILES);
  await skynet.newservice("db");
  (await open()).write(`call 9 "HANG"\n`);
  const isTold = async (text: string): Promise<boolean> => (await log()).join().includes(text);
  while (!(await isTold(`ran "call 9 \\"HANG\\"" : runs`))) await skynet.sleep(50);
  const client = await open();
  client.write("kill 8\n");
  await client.ended();
  equal(await isTold(`ran "kill 8" : the console ended before the command`), true);
});

/** Lets `run` be taken out of a client. */
function bound<T extends { run(line: string): Promise<string[]> }>(
  client: T,
): { run: (line: string) => Promise<string[]> } {
  return { run: (line) => client.run(line) };
}
