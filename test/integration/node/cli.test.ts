/** The command `snax`: exit codes, one clear line for what is wrong, signals. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snax, startSnax } from "../process.ts";
import { writeFiles } from "../../world.ts";

const CONFIG = `export default { thread: 0, services: "./services/?.ts" };`;
const QUITTER = `import { skynet } from "snax"; skynet.start(() => { skynet.error("hello"); skynet.abort(); });`;
const STAYER = `
  import { skynet } from "snax";
  export function init() { skynet.error("ready"); }
  export async function exit() { await skynet.sleep(5); skynet.error("left in order"); }
`;
const STARTER = `
  import { skynet, snax } from "snax";
  skynet.start(async () => { await snax.newservice("stayer"); console.log("up"); });
`;

test("start runs a node until it aborts, with exit code 0", async (t) => {
  const folder = writeFiles(t, { "snax.config.ts": CONFIG, "services/main.ts": QUITTER });
  const { code, stdout, stderr } = await snax(["start"], folder);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^\[:00000008\] hello$/m);
});

test("the configuration may be TypeScript, JavaScript or JSON, in another folder too", async (t) => {
  const folder = writeFiles(t, {
    "a/snax.config.mjs": CONFIG,
    "a/services/main.ts": QUITTER,
    "b/snax.config.json": `{ "thread": 0, "services": "../a/services/?.ts" }`,
    "c/own.ts": `
      import { defineConfig } from "snax";
      export default defineConfig({ thread: 0, services: "../a/services/?.ts" });
    `,
  });
  for (const [args, cwd] of [
    [["start"], "a"],
    [["start"], "b"],
    [["start", "c/own.ts"], "."],
    [["start", "a/snax.config.mjs"], "."],
  ] as const) {
    const { code, stderr } = await snax([...args], join(folder, cwd));
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
  }
});

test("--set overrides a key of the configuration", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": CONFIG,
    "services/other.ts": `
      import { skynet } from "snax";
      skynet.start(() => {
        skynet.error(typeof skynet.getenv("n"), skynet.getenv("n"), skynet.getenv("word"), skynet.getenv("eq"));
        skynet.abort();
      });
    `,
  });
  const args = [
    "start",
    "--set",
    "start=other",
    "--set=n=5",
    "--set",
    "word=five",
    "--set",
    "eq=a=b",
  ];
  const { code, stdout } = await snax(args, folder);
  assert.equal(code, 0);
  assert.match(stdout, /number 5 five a=b/);
});

for (const [what, files, expected] of [
  ["no configuration", {}, /^snax: no configuration: none of snax\.config\.ts, .* in .*$/],
  [
    "a configuration with a syntax error",
    { "snax.config.ts": "export default {\n  thread 0,\n};" },
    /^snax: .*snax\.config\.ts:2:\d+.*$/,
  ],
  [
    "a configuration that throws",
    { "snax.config.ts": `throw new Error("no way");` },
    /^snax: .*snax\.config\.ts: no way$/,
  ],
  [
    "a configuration without a default export",
    { "snax.config.ts": "export const x = 1;" },
    /^snax: .*snax\.config\.ts: .*default.*$/,
  ],
  [
    "a value that makes no sense",
    { "snax.config.ts": `export default { thread: "many" };` },
    /^snax: .*snax\.config\.ts: thread is 'many'; expected an integer, 0\.\.126$/,
  ],
  [
    "invalid JSON",
    { "snax.config.json": `{\n  "thread": 1,\n  "start": main\n}` },
    /^snax: .*snax\.config\.json:3:12: no JSON: a value is expected, not "main"$/,
  ],
  [
    "a configuration that is a list",
    { "snax.config.json": "[]" },
    /^snax: .*snax\.config\.json: the default export is a list, not a configuration$/,
  ],
  [
    "a configuration that is a promise",
    { "snax.config.ts": "export default (async () => ({ thread: 0 }))();" },
    /^snax: .*snax\.config\.ts: the default export is an instance of Promise, not a configuration$/,
  ],
  [
    "a start service that does not exist",
    { "snax.config.ts": CONFIG },
    /^snax: the node could not start: no service main on the search path; looked for .*main\.ts.*$/,
  ],
  [
    "a start service that throws",
    { "snax.config.ts": CONFIG, "services/main.ts": `\n\nthrow new Error("broken\\nlines");` },
    /^snax: the node could not start: broken \(at .*services\/main\.ts:3:\d+\)$/,
  ],
  [
    "a log file that can't be opened",
    {
      "snax.config.ts": `export default { logger: "./no/such/file" };`,
      "services/main.ts": QUITTER,
    },
    /^snax: the node could not start: logger: ENOENT.*no\/such\/file.*$/,
  ],
] as const) {
  test(`${what} is one clear line on stderr and exit code 1`, async (t) => {
    const { code, stderr } = await snax(["start"], writeFiles(t, files));
    assert.equal(code, 1);
    assert.match(stderr.trimEnd(), expected);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  });
}

test("wrong usage is told in a line, with the way to more, and exit code 2", async (t) => {
  const folder = writeFiles(t, {});
  for (const [args, why] of [
    [["begin"], /unknown command begin; commands of the debug console are typed there/],
    [["list"], /unknown command list; commands of the debug console are typed there/],
    [["strat"], /unknown command strat; did you mean "start"\?/],
    [["hotfx", "shop"], /unknown command hotfx; did you mean "hotfix"\?/],
    [["start", "--fast"], /unknown option --fast/],
    [["start", "a", "b"], /one argument too many: b/],
    [["start", "--set"], /--set/],
    [["start", "--set", "x"], /x/],
  ] as const) {
    const { code, stderr } = await snax([...args], folder);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, why);
    assert.match(stderr, /^snax: .+\nsnax --help lists the commands and their options\n$/);
  }
  const { code, stderr } = await snax([], folder);
  assert.equal(code, 2);
  assert.match(stderr, /^snax: no command\n\nusage: snax <command>/);
});

test("--help and --version answer on stdout with exit code 0", async (t) => {
  const folder = writeFiles(t, {});
  const help = await snax(["--help"], folder);
  const version = await snax(["--version"], folder);
  assert.deepEqual([help.code, help.stderr, version.code, version.stderr], [0, "", 0, ""]);
  assert.match(help.stdout, /^usage: snax/);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} lets the services leave, then the process ends with code 0`, async (t) => {
    const folder = writeFiles(t, {
      "snax.config.ts": CONFIG,
      "services/main.ts": STARTER,
      "services/stayer.ts": STAYER,
    });
    const { child, ended, says } = startSnax(["start"], folder);
    await says("up\n");
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /left in order/);
  });
}

test("a signal while the node starts ends it with code 0", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": CONFIG,
    "services/main.ts": `
      import { skynet } from "snax";
      skynet.start(() => { console.log("waiting"); return new Promise(() => {}); });
    `,
  });
  const { child, ended, says } = startSnax(["start"], folder);
  await says("waiting\n");
  child.kill("SIGTERM");
  assert.equal((await ended).code, 0);
});

test("an exit that hangs is cut off, and a second signal ends the process at once", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": CONFIG,
    "services/main.ts": STARTER,
    "services/stayer.ts": `
      export function exit() { console.log("leaving"); return new Promise(() => {}); }
    `,
  });
  const bounded = startSnax(["start", "--set", "stoptimeout=20"], folder);
  await bounded.says("up\n");
  bounded.child.kill("SIGTERM");
  assert.equal((await bounded.ended).code, 3);
  const twice = startSnax(["start", "--set", "stoptimeout=60000"], folder);
  await twice.says("up\n");
  twice.child.kill("SIGTERM");
  await twice.says("leaving\n");
  // One that comes too soon is taken for the first one.
  const again = setInterval(() => twice.child.kill("SIGINT"), 50);
  t.after(() => clearInterval(again));
  assert.equal((await twice.ended).code, 130);
});

test("one Ctrl-C that comes twice, from the terminal and from npm, lets the services leave", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": CONFIG,
    "services/main.ts": STARTER,
    "services/stayer.ts": `
      import { skynet } from "snax";
      export async function exit() {
        console.log("leaving");
        await skynet.sleep(100);
        console.log("left in order");
      }
    `,
  });
  const { child, ended, says } = startSnax(["start"], folder);
  await says("up\n");
  child.kill("SIGINT");
  await says("leaving\n");
  child.kill("SIGINT");
  const { code, stdout } = await ended;
  assert.equal(code, 0);
  assert.match(stdout, /left in order/);
});

test("SIGHUP reopens the log file", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": `export default { thread: 0, services: "./services/?.ts", logger: "./node.log" };`,
    "services/main.ts": `
      import { existsSync } from "node:fs";
      import { skynet } from "snax";
      skynet.start(() => {
        let ticks = 0;
        setInterval(() => {
          skynet.error("tick");
          if ((ticks += 1) === 3) process.stdout.write("up\\n");
          if (existsSync(${JSON.stringify("node.log")}) && existsSync("node.log.1")) skynet.abort();
        }, 2);
      });
    `,
  });
  const { child, ended, says } = startSnax(["start"], folder);
  await says("up\n");
  renameSync(join(folder, "node.log"), join(folder, "node.log.1"));
  child.kill("SIGHUP");
  assert.equal((await ended).code, 0);
  assert.match(readFileSync(join(folder, "node.log"), "utf8"), /\] tick$/m);
});

test("types writes the types of all services", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": CONFIG,
    "services/foobar.ts": "export const response = { echo: (x: string) => x };",
  });
  const { code, stdout, stderr } = await snax(["types"], folder);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /snax\.d\.ts: 1 services, written/);
  assert.ok(existsSync(join(folder, "snax.d.ts")));
});
