/** The log's levels, and what a line says of itself in JSON. */

import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { hostname } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { desk } from "../console/console-client.ts";
import { snax, startSnax } from "../process.ts";
import { codeOfFailure, world, writeFiles } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  talker: `import { skynet } from "snax";
    let looked = 0;
    const spy = { get seen() { looked += 1; return looked; } };
    export const response = {
      say() {
        console.debug("debug %o", spy);
        skynet.error("error", spy);
        console.log("log");
        console.info("info");
        console.warn("warn");
        console.error("problem");
        console.assert(false, "assert");
        console.group("group");
        console.debug("grouped debug");
        console.error("grouped problem");
        console.groupEnd();
        console.debug("end of debug");
        return looked;
      },
      traced() { skynet.trace("here"); skynet.error("on the way"); console.warn("still"); },
      plain() { skynet.error("on no way"); },
      odd() { skynet.error('a "quote"\\n\\ud800 \\u2028 \\x1b[2J end'); },
    };
    export const accept = {
      fail() { throw new Error("it fails"); },
      lose() { void Promise.reject(new Error("lost")); },
    };`,
  late: `export function init(): void { throw new Error("no beginning"); }
    export const response = {};`,
};

type Line = Record<string, string | number | undefined>;

/** The lines of a log in JSON; each is one. */
function linesOf(text: string): Line[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

async function jsonLog(node: World): Promise<Line[]> {
  await node.skynet.call(".logger", "lua", "FLUSH");
  return linesOf(node.readLog());
}

for (const thread of [0, 2]) {
  test(`each line in JSON says its level, node, thread, service and type, thread: ${thread}`, async (t) => {
    const node = await world(t, FILES, { thread, logformat: "json", node: "east-1" });
    const talker = await node.make("talker");
    await talker.req.say();
    await talker.req.odd();
    await codeOfFailure(node.make("late"));
    node.skynet.error("the program");
    const log = await jsonLog(node);
    const service = node.skynet.address(talker.handle);
    const own = log.filter((line) => line["service"] === service);
    const [first] = own;
    equal(first?.["type"], "talker");
    equal(first?.["message"], "LAUNCH snax talker");
    const where = Number(first?.["thread"]);
    ok(thread === 0 ? where === 0 : where === 1 || where === 2, String(where));
    for (const line of log) {
      equal(line["node"], "east-1");
      ok(Math.abs(Date.parse(String(line["time"])) - Date.now()) < 60_000);
      equal("trace" in line, false);
      equal("text" in line || "address" in line, false);
    }
    for (const line of own) deepEqual([line["type"], line["thread"]], ["talker", where]);
    const said = own.slice(1).map(({ level, message }) => `${level} ${message}`);
    deepEqual(
      [...said.slice(1, 9)],
      [
        ...["info error { seen: [Getter] }", "info log", "info info", "warn warn", "error problem"],
        ...["warn Assertion failed: assert", "info group", "debug   grouped debug"],
      ],
    );
    match(said[0] ?? "", /^debug debug \{/);
    deepEqual(said.slice(9), [
      ...["error   grouped problem", "debug end of debug"],
      'info a "quote"\n\ud800 \u2028 \x1b[2J end',
    ]);
    const failed = log.find((line) => String(line["message"]).startsWith("init service failed"));
    deepEqual([failed?.["level"], failed?.["type"]], ["error", "late"]);
    const program = log.find(({ message }) => message === "the program");
    deepEqual([program?.["level"], program?.["thread"]], ["info", 0]);
  });

  test(`a line that was written under a trace has its tag, thread: ${thread}`, async (t) => {
    const node = await world(t, FILES, { thread, logformat: "json" });
    const talker = await node.make("talker");
    await talker.req.traced();
    await talker.req.plain();
    const log = await jsonLog(node);
    const tagOf = (text: string): unknown => log.find(({ message }) => message === text)?.["trace"];
    const tag = `${node.skynet.address(talker.handle)}-1`;
    deepEqual([tagOf("on the way"), tagOf("still"), tagOf("on no way")], [tag, tag, undefined]);
    const steps = log.filter(({ message }) => String(message).startsWith("<TRACE"));
    deepEqual(new Set(steps.map(({ trace }) => trace)), new Set([tag]));
    ok(steps.length >= 2);
    equal(log[0]?.["node"], hostname());
  });

  test(`what goes wrong in a service is an error, thread: ${thread}`, async (t) => {
    const node = await world(t, FILES, { thread, logformat: "json" });
    const talker = await node.make("talker");
    talker.post.fail();
    // On its own thread the test's runner would take it for a failure of the test.
    if (thread > 0) talker.post.lose();
    await talker.req.plain();
    const log = await jsonLog(node);
    for (const text of ["it fails", ...(thread > 0 ? ["unhandled rejection"] : [])]) {
      const line = log.find(({ message }) => String(message).includes(text));
      deepEqual([line?.["level"], line?.["type"]], ["error", "talker"], text);
    }
  });

  test(`below the level nothing is written, nor looked at, on any thread: ${thread}`, async (t) => {
    const node = await desk(t, FILES, { thread });
    const talker = await node.make("talker");
    deepEqual((await node.ask("loglevel"))[0], "debug");
    deepEqual((await node.ask("loglevel error"))[0], "error");
    const before = (await node.log()).length;
    await talker.req.say();
    talker.post.fail();
    const inner = await node.make("talker");
    await inner.req.plain();
    const log = (await node.log()).slice(before);
    deepEqual(
      log.filter((line) => !line.startsWith("    ")).map((line) => line.split(" : ")[0]),
      [
        "problem",
        "  grouped problem",
        log.find((line) => line.startsWith("post talker.fail"))?.split(" : ")[0],
      ],
    );
    deepEqual((await node.ask("loglevel warn"))[0], "warn");
    await talker.req.say();
    const warned = (await node.log()).slice(before + log.length);
    deepEqual(
      warned.filter((line) => !line.includes(" ran ")),
      ["warn", "problem", "Assertion failed: assert", "  grouped problem"],
    );
  });

  test(`what an operator does or asks to see is written whatever the level, thread: ${thread}`, async (t) => {
    const node = await desk(t, FILES, { thread });
    const talker = await node.make("talker");
    await node.ask("loglevel error");
    await talker.req.traced();
    const log = (await node.log()).join("\n");
    match(log, /ran "loglevel error" : error$/m);
    match(log, /^<TRACE \S+> \d+ trace here$/m);
    doesNotMatch(log, /on the way/);
  });
}

test("a level that there is not is refused, and changes nothing", async (t) => {
  const { ask } = await desk(t, {}, { thread: 0 });
  for (const word of ["loud", "INFO", "0", "toString", "info warn"]) {
    match((await ask(`loglevel ${word}`))[0] ?? "", /^ERR_ARGUMENT: /, word);
  }
  deepEqual((await ask("loglevel"))[0], "debug");
});

test("snax loglevel shows and changes the level from a shell, the configuration what it begins with", async (t) => {
  const folder = writeFiles(t, {
    main: `import { skynet } from "snax";
      skynet.start(() => { skynet.error("low"); console.error("up"); skynet.timeout(1e5, () => {}); });`,
    "snax.config.ts": `export default {
      thread: 0, services: "./?.ts", loglevel: "warn", console: 0,
    };`,
  });
  const { child, says, ended } = startSnax(["start"], folder);
  await says("up");
  child.kill("SIGTERM");
  const { stdout } = await ended;
  equal(stdout, "up\n");
  const node = await desk(t, {}, { thread: 0 });
  const at = ["--console", `${node.port}`];
  deepEqual((await snax(["loglevel", "warn", ...at], folder)).stdout, "warn\n");
  const shown = await snax(["loglevel", ...at], folder);
  deepEqual([shown.code, shown.stdout, shown.stderr], [0, "warn\n", ""]);
  equal((await snax(["loglevel", "loud", ...at], folder)).code, 1);
});

for (const logformat of ["text", "json"] as const) {
  test(`a logger of one's own gets what it got, and the level behind it: ${logformat}`, async (t) => {
    const folder = writeFiles(t, {
      userlog: `import { appendFileSync } from "node:fs";
        import { skynet } from "snax";
        skynet.start(() => skynet.dispatch("text", (_session, _source, ...values: unknown[]) =>
          appendFileSync("./own.log", JSON.stringify(values) + "\\n")));`,
      main: `import { skynet } from "snax";
        skynet.start(() => {
          skynet.error("logged"); console.log("printed"); console.error("problem"); console.debug("no");
          skynet.timeout(1, () => skynet.abort());
        });`,
      "snax.config.ts": `export default { thread: 1, services: "./?.ts", logservice: "snlua",
        logger: "userlog", loglevel: "info", logformat: "${logformat}" };`,
    });
    equal((await snax(["start"], folder)).code, 0);
    const own = readFileSync(join(folder, "own.log"), "utf8").trimEnd().split("\n");
    const at = own.indexOf('["logged",null,"info"]');
    ok(at >= 0, own.join("\n"));
    deepEqual(own.slice(at + 1, at + 3), ['["printed",true,"info"]', '["problem",true,"error"]']);
    ok(!own.some((line) => line.includes('"no"')));
  });
}

for (const thread of [0, 1]) {
  test(`what the watchdog says is JSON, too, thread: ${thread}`, async (t) => {
    const folder = writeFiles(t, {
      main: `import { skynet } from "snax";
        skynet.start(() => { skynet.timeout(1, () => { console.log("begins"); for (;;); }); });`,
      "snax.config.ts": `export default { thread: ${thread}, services: "./?.ts", node: "n1",
        logformat: "json", stall: { warn: 100, interrupt: 300 } };`,
    });
    const { child, says, ended } = startSnax(["start"], folder);
    await says("interrupted after");
    child.kill("SIGKILL");
    const log = linesOf((await ended).stdout.replace(/\n[^\n]*$/, "\n"));
    const levelOf = (text: string): unknown =>
      log.find(({ message }) => String(message).includes(text))?.["level"];
    deepEqual(
      [levelOf("begins"), levelOf("maybe in an endless loop"), levelOf("interrupted after")],
      ["info", "warn", "error"],
    );
    for (const { node } of log) equal(node, "n1");
  });
}
