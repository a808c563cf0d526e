/** What each token of a console allows, what the audit keeps, and a console behind a proxy. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Config } from "snax";
import { AUDIT_TEXT_MAX } from "../../../src/base/limits.ts";
import { COMMANDS } from "../../../src/console/commands/command-list.ts";
import { codeOfFailure, writeFiles } from "../../world.ts";
import type { Desk, LineClient } from "./console-client.ts";
import { desk, fetchJson } from "./console-client.ts";

const READ = "a-token-that-only-reads";
const OPERATE = "a-token-that-operates";
const TOKENS = { read: READ, operate: OPERATE };

interface Entry {
  readonly time: string;
  readonly node: string;
  readonly who: string;
  readonly role?: string;
  readonly command?: string;
  readonly reason?: string;
  readonly outcome: string;
  readonly message?: string;
}

/** A node with an audit. */
async function audited(
  t: TestContext,
  config: Config = {},
): Promise<Desk & { path: string; entries: () => Entry[] }> {
  const path = join(writeFiles(t, {}), "audit.jsonl");
  const found = await desk(
    t,
    { idle: `export const response = { fail() { throw new Error("no\\nway"); } };` },
    { audit: path, node: "test-1", ...config },
  );
  return { ...found, path, entries: () => readEntries(path) };
}

function readEntries(path: string): Entry[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

async function login(open: () => Promise<LineClient>, token: string): Promise<LineClient> {
  const client = await open();
  deepEqual(await client.run(`auth ${token}`), ["<CMD OK>"]);
  return client;
}

test("the token to read asks everything that changes nothing, and the other does everything", async (t) => {
  const { open, make, log } = await desk(t, { idle: "export {};" }, { consoletoken: TOKENS });
  const { handle } = await make("idle");
  const client = await login(open, READ);
  for (const line of [
    "list",
    "stat",
    "help",
    `task ${handle}`,
    "loglevel",
    "logpoint",
    "patches",
  ]) {
    equal((await client.run(line)).at(-1), "<CMD OK>", line);
  }
  for (const line of [`kill ${handle}`, "loglevel warn", "eval 7 1", "getenv node", "clearcache"]) {
    const [word] = line.split(" ");
    const why = `ERR_FORBIDDEN: ${word} needs the token to operate: this one may only read`;
    deepEqual(await client.run(line), [why, "<CMD Error>"], line);
  }
  match((await log()).join("\n"), /ran "clearcache" : refused : clearcache needs the token/);
  const operator = await login(open, OPERATE);
  equal((await operator.run(`kill ${handle}`)).at(-1), "<CMD OK>");
});

test("a client may show the other token later, in either direction", async (t) => {
  const { open } = await desk(t, {}, { consoletoken: TOKENS });
  const client = await login(open, READ);
  deepEqual(await client.run(`auth ${OPERATE}`), ["<CMD OK>"]);
  equal((await client.run("clearcache")).at(-1), "<CMD OK>");
  deepEqual(await client.run(`auth ${READ}`), ["<CMD OK>"]);
  equal((await client.run("clearcache")).at(-1), "<CMD Error>");
});

test("over HTTP the token decides as well", async (t) => {
  const { port } = await desk(t, {}, { consoletoken: TOKENS });
  const as = (token: string, path: string): Promise<{ status: number }> =>
    fetchJson(port, path, { headers: { authorization: `Bearer ${token}` } });
  equal((await as(READ, "/list")).status, 200);
  equal((await as(READ, "/healthz")).status, 200);
  equal((await as(READ, "/clearcache")).status, 400);
  equal((await as(OPERATE, "/clearcache")).status, 200);
  equal((await as(`${READ}x`, "/list")).status, 403);
});

test("every command that changes something with some words is one to operate", () => {
  const asking = [...COMMANDS].filter(([, { isChange = false, isConfidential = false }]) => {
    return !isConfidential && isChange === false;
  });
  deepEqual(asking.map(([name]) => name).toSorted(), [
    ...["check", "cluster", "cmem", "diff", "drift", "help", "info", "jmem", "list", "mem"],
    ...["netstat", "patches", "ping", "service", "source", "stat", "task", "threads", "top"],
    "uniqtask",
  ]);
});

test("two tokens of the configuration have to differ, and a third word is none", async () => {
  const wrong = [{ read: READ }, { operate: OPERATE }, { read: READ, operate: READ }, {}, null];
  for (const consoletoken of [...wrong, { ...TOKENS, admin: OPERATE }, [READ, OPERATE]]) {
    const config = { thread: 0, consoletoken } as Config;
    equal(await codeOfFailure(start(config)), "ERR_CONFIG", JSON.stringify(consoletoken));
  }
});

test("the audit has each change with who, what and what came of it, and only its owner reads it", async (t) => {
  const { entries, ask, path, make } = await audited(t);
  const { handle } = await make("idle");
  await ask("list");
  await ask("clearcache");
  await ask(`call ${handle} fail`);
  await ask("setenv password geheim");
  deepEqual(
    entries().map(({ command, outcome, message, role }) => [command, outcome, message, role]),
    [
      ["clearcache", "ok", "ok", "operate"],
      [`call ${handle} fail`, "failed", "ERR_REMOTE: no\nway", "operate"],
      ["setenv password ...", "ok", "ok", "operate"],
    ],
  );
  for (const { time, node, who } of entries()) {
    match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    match(who, /^127\.0\.0\.1:\d+$/);
    equal(node, "test-1");
  }
  if (process.platform !== "win32") equal(statSync(path).mode & 0o777, 0o600);
});

test("the audit has what was refused, and never a token", async (t) => {
  const { entries, open, port, path } = await audited(t, { consoletoken: TOKENS });
  const client = await login(open, READ);
  await client.run(`eval 7 "${OPERATE}"`);
  await client.run("auth a-wrong-token-of-somebody");
  await fetchJson(port, "/list", { headers: { origin: "http://evil.example" } });
  deepEqual(
    entries().map(({ command, outcome, message, role }) => [command, outcome, message, role]),
    [
      [
        `eval 7 "(token)"`,
        "refused",
        "eval needs the token to operate: this one may only read",
        "read",
      ],
      [undefined, "refused", "the token is wrong", undefined],
      [
        undefined,
        "refused",
        `a request from the origin "http://evil.example" is refused`,
        undefined,
      ],
    ],
  );
  const text = readFileSync(path, "utf8");
  for (const token of [READ, OPERATE, "a-wrong-token"]) ok(!text.includes(token));
});

test("a file of the audit that others may read is closed to them, and one that is moved away is made anew", async (t) => {
  const path = join(writeFiles(t, {}), "audit.jsonl");
  writeFileSync(path, `{"old":true}\n`);
  chmodSync(path, 0o644);
  const { ask } = await desk(t, {}, { audit: path });
  if (process.platform !== "win32") equal(statSync(path).mode & 0o777, 0o600);
  await ask("clearcache");
  equal(readEntries(path).length, 2);
  renameSync(path, `${path}.1`);
  await ask("clearcache");
  equal(readEntries(path).length, 1);
  if (process.platform !== "win32") equal(statSync(path).mode & 0o777, 0o600);
});

test("a console does not open if its audit can't be written", async (t) => {
  const audit = join(writeFiles(t, {}), "no/such/folder/audit.jsonl");
  equal(await codeOfFailure(start({ thread: 0, console: 0, audit })), "ERR_CONFIG");
  equal(existsSync(audit), false);
});

test("a change is done, and the log says so, if the audit can't be written any more", async (t) => {
  const { ask, log, path } = await audited(t);
  renameSync(path, `${path}.1`);
  // A folder of that name can't be opened as a file.
  writeFiles(t, {});
  const { mkdirSync } = await import("node:fs");
  mkdirSync(path);
  deepEqual(await ask("clearcache"), ["<CMD OK>"]);
  match((await log()).join("\n"), /^audit can't be written : EISDIR/m);
});

test("an entry keeps as much of a command and its result as the limit says", async (t) => {
  const { entries, ask } = await audited(t);
  const keep = `eval 7 "${"x".repeat(AUDIT_TEXT_MAX - 20)}"`;
  await ask(keep);
  equal(entries()[0]?.command, keep);
  await ask(`eval 7 "x".repeat(${AUDIT_TEXT_MAX})`);
  await ask(`eval 7 "x".repeat(${AUDIT_TEXT_MAX + 1})`);
  deepEqual(
    entries().map(({ message }) => message?.length),
    [AUDIT_TEXT_MAX - 20, AUDIT_TEXT_MAX, AUDIT_TEXT_MAX + 3],
  );
});

test("an origin of the configuration passes the guard, with its host, and no other does", async (t) => {
  const origin = "https://ops.example.com";
  const { port } = await desk(t, {}, { origins: [origin, "http://ops.example.com:8080"] });
  const as = async (headers: Record<string, string>): Promise<number> =>
    (await fetchJson(port, "/list", { headers })).status;
  const site = { "sec-fetch-site": "same-origin", "user-agent": "Mozilla/5.0" };
  equal(await as({ host: "ops.example.com", origin, ...site }), 200);
  equal(await as({ host: "ops.example.com:8080", origin: "http://ops.example.com:8080" }), 200);
  equal(await as({ host: `127.0.0.1:${port}`, origin, ...site }), 200);
  equal(await as({ host: `127.0.0.1:${port}`, origin, "sec-fetch-site": "cross-site" }), 403);
  equal(await as({ host: "ops.example.com", origin: "https://evil.example", ...site }), 403);
  equal(await as({ host: "ops.example.com.evil.example", origin }), 403);
  equal(await as({ host: "ops.example.com:81" }), 403);
  equal(await as({ host: "ops.example.com", origin: "http://ops.example.com:81", ...site }), 403);
});

test("an origin that no browser would send is refused in the configuration", async () => {
  const wrong = [
    "ops.example.com",
    "https://ops.example.com/",
    "https://a.example/b",
    "*",
    "ftp://a",
  ];
  for (const origin of [...wrong, "HTTPS://a.example", "https://a.example:443", 1]) {
    const config = { thread: 0, origins: [origin] } as Config;
    equal(await codeOfFailure(start(config)), "ERR_CONFIG", String(origin));
  }
  equal(
    await codeOfFailure(start({ thread: 0, origins: "https://a.example" } as never)),
    "ERR_CONFIG",
  );
});
