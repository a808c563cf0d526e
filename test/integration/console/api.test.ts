/** The commands over HTTP for programs: pages, roles, reasons, and requests that no program sends. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  API_PAGE_LENGTH,
  API_PAGE_MAX,
  API_REASON_MAX,
  API_TOP_LENGTH,
  API_TOP_MAX,
  CONSOLE_BODY_MAX,
} from "../../../src/base/limits.ts";
import { writeFiles } from "../../world.ts";
import type { Ask } from "./console-client.ts";
import { desk, exchange, fetchJson } from "./console-client.ts";

const READ = "a-token-that-only-reads";
const OPERATE = "a-token-that-operates";

const FILES = {
  idle: `export const response = { one: () => 1 };`,
  maker: `
    import { snax } from "snax";
    export const response = {
      async make(count: number) {
        for (let made = 0; made < count; made += 1) await snax.newservice<any>("idle");
      },
    };`,
  busy: `
    export const response = {
      spin(ms: number) {
        const end = performance.now() + ms;
        while (performance.now() < end);
      },
    };`,
};

interface Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly result: Record<string, unknown>;
  readonly next?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

async function get(port: number, path: string, ask: Ask = {}): Promise<Answer> {
  const { status, body } = await fetchJson(port, path, ask);
  return { status, ...(JSON.parse(body) as Omit<Answer, "status">) };
}

function post(port: number, path: string, body: unknown, headers = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return get(port, path, {
    method: "POST",
    body: text,
    headers: {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(text)),
      ...headers,
    },
  });
}

test("a command that changes nothing is asked for by its path", async (t) => {
  const { port, make } = await desk(t, FILES);
  const { handle } = await make("idle");
  const list = await get(port, "/api/list");
  equal(list.status, 200);
  equal(list.ok, true);
  equal(list.next, undefined);
  equal(list.result[`:0000000${handle}`], "snax idle");
  const info = await get(port, `/api/info?arg=${handle}`);
  equal(info.ok, true);
  const ping = await get(port, `/api/ping?arg=${handle}`);
  equal(typeof ping.result, "number");
  const { result } = await post(port, "/api/stat", {});
  deepEqual(Object.keys(result), Object.keys(list.result));
});

test("the list of commands says which token each needs", async (t) => {
  const { port } = await desk(t, FILES);
  const { result } = await get(port, "/api");
  deepEqual(result["kill"], { help: "kill address : kill service", token: "operate" });
  deepEqual(result["list"], { help: "List all the services", token: "read" });
  equal((result["loglevel"] as { changes: string }).changes, "by its words");
  equal((await get(port, "/api/")).ok, true);
});

test("a change is posted, with a reason, which the log and the audit have", async (t) => {
  const audit = join(writeFiles(t, {}), "audit.jsonl");
  const { port, make, log } = await desk(t, FILES, { audit });
  const { handle } = await make("idle");
  const args = [String(handle)];
  equal((await get(port, `/api/kill?arg=${handle}`)).status, 405);
  const none = await post(port, "/api/kill", { args });
  deepEqual([none.status, none.error?.code], [400, "ERR_ARGUMENT"]);
  match(none.error?.message ?? "", /^kill changes something: it needs a reason$/);
  const killed = await post(port, "/api/kill", { args, reason: "leaks; see ticket 12" });
  equal(killed.ok, true);
  match((await log()).join("\n"), /ran "kill 9" because "leaks; see ticket 12" : ok/);
  const { reason, command, outcome } = JSON.parse(readFileSync(audit, "utf8")) as Record<
    string,
    string
  >;
  deepEqual([reason, command, outcome], ["leaks; see ticket 12", "kill 9", "ok"]);
});

test("args are words, or one text as in a line", async (t) => {
  const { port, make } = await desk(t, FILES);
  const { handle } = await make("idle");
  const reason = "test";
  const text = await post(port, "/api/eval", { args: `${handle} 1 + 1`, reason });
  equal(text.result, "2");
  equal((await post(port, "/api/call", { args: [`${handle}`, "one"], reason })).ok, true);
  const level = await post(port, "/api/loglevel", { args: "  " });
  equal(level.result, "debug");
});

test("the token to read asks, and is refused what changes something", async (t) => {
  const { port } = await desk(t, FILES, { consoletoken: { read: READ, operate: OPERATE } });
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  equal((await get(port, "/api/list")).status, 403);
  equal((await get(port, "/api/list", { headers: as(READ) })).status, 200);
  const body = { args: [], reason: "test" };
  const refused = await post(port, "/api/clearcache", body, as(READ));
  deepEqual([refused.status, refused.error?.code], [403, "ERR_FORBIDDEN"]);
  equal((await get(port, "/api/getenv?arg=node", { headers: as(READ) })).status, 403);
  equal((await post(port, "/api/clearcache", body, as(OPERATE))).status, 200);
});

for (const thread of [0, 2]) {
  test(`thread: ${thread}: pages of list, stat and mem hold every row once, in order`, async (t) => {
    const { port, make } = await desk(t, FILES, { thread });
    await (await make("maker")).req.make(40);
    const all = Object.keys((await get(port, "/api/list")).result);
    equal(all.length, 45);
    for (const command of ["list", "stat", "mem"]) {
      const keys: string[] = [];
      let after = "";
      let pages = 0;
      for (;;) {
        const { result, next } = await get(port, `/api/${command}?limit=7${after}`);
        const found = Object.keys(result);
        ok(found.length <= 7, command);
        keys.push(...found);
        pages += 1;
        if (next === undefined) break;
        equal(next, found.at(-1));
        after = `&after=${next}`;
      }
      deepEqual(keys, all, command);
      equal(pages, 7);
    }
  });

  test(`thread: ${thread}: the rows with the most of something come first`, async (t) => {
    const { port, make } = await desk(t, FILES, { thread });
    await (await make("maker")).req.make(30);
    const busy = await make("busy");
    for (let count = 0; count < 200; count += 1) await busy.req.spin(0);
    const { result, next } = await get(port, "/api/stat?sort=message&n=3");
    const rows = Object.entries(result) as [string, { message: number }][];
    equal(rows.length, 3);
    equal(next, undefined);
    equal(Number.parseInt(rows[0]?.[0].slice(1) ?? "", 16), busy.handle);
    const counts = rows.map(([, { message }]) => message);
    deepEqual(
      counts,
      counts.toSorted((one, other) => other - one),
    );
    equal(Object.keys((await get(port, "/api/stat?sort=cpu")).result).length, API_TOP_LENGTH);
  });
}

test("a page begins behind a key whose service has died, and tables of other commands have pages, too", async (t) => {
  const { port, make, skynet } = await desk(t, FILES);
  const { handle } = await make("idle");
  await make("idle");
  skynet.kill(handle);
  const rest = await get(port, `/api/list?after=:0000000${handle}`);
  deepEqual(Object.values(rest.result), ["snax idle"]);
  const help = await get(port, "/api/help?limit=2");
  deepEqual(Object.keys(help.result), ["call", "check"]);
  deepEqual(Object.keys((await get(port, "/api/help?limit=1&after=check")).result), ["clearcache"]);
});

test("a page that does not reach its end makes no more rows than it needs", async (t) => {
  const { port, make } = await desk(t, FILES);
  const maker = await make("maker");
  await maker.req.make(4000);
  // The estimate of a service's memory is the dear part of `mem`; a whole walk rests many times, a page does not.
  const { result, next } = await get(port, "/api/mem?limit=5");
  equal(Object.keys(result).length, 5);
  ok(next !== undefined);
});

const WRONG: readonly (readonly [path: string, status: number, what: RegExp])[] = [
  ["/api/nothing", 404, /no such command/],
  ["/api/constructor", 404, /no such command/],
  ["/api/__proto__", 404, /no such command/],
  ["/api/list/x", 404, /no such command/],
  ["/api/%6cist", 404, /no such command/],
  ["/api//list", 404, /no such command/],
  ["/api/list?limit=0", 400, /limit is "0"/],
  ["/api/list?limit=-1", 400, /limit is "-1"/],
  ["/api/list?limit=1e3", 400, /limit is "1e3"/],
  [`/api/list?limit=${API_PAGE_MAX + 1}`, 400, /expected a number, 1\.\.10000/],
  ["/api/list?limit=1&limit=2", 400, /is there twice/],
  ["/api/list?limti=1", 400, /"limti" is no word of a query/],
  ["/api/list?n=1", 400, /n goes with sort/],
  ["/api/stat?sort=cpu&after=:00000001", 400, /sort goes with n/],
  [`/api/stat?sort=cpu&n=${API_TOP_MAX + 1}`, 400, /n is "1001"/],
  ["/api/stat?sort=constructor", 400, /no number "constructor" in this table; use cpu, message/],
  ["/api/list?sort=cpu", 400, /its rows have no numbers/],
  ["/api/list?after=nobody", 400, /after/],
  ["/api/info?arg=9%0akill", 400, /blank|one line of text/],
  ["/api/info?arg=9%00", 400, /one line of text/],
];

for (const [path, status, what] of WRONG) {
  test(`${path} is refused before anything runs`, async (t) => {
    const { port, make } = await desk(t, FILES);
    // A table without rows does not know which numbers they would have.
    await make("idle");
    const found = await get(port, path);
    equal(found.status, status, JSON.stringify(found));
    match(found.error?.message ?? "", what);
  });
}

test("a word that no row knows is refused with worker threads too, where a part of them has no rows", async (t) => {
  const { port, make, ask } = await desk(t, FILES, { thread: 3 });
  await make("idle");
  const found = await get(port, "/api/stat?sort=constructor");
  deepEqual([found.status, found.result], [400, undefined]);
  match(found.error?.message ?? "", /no number "constructor" in this table; use cpu, message/);
  match((await get(port, "/api/list?sort=cpu")).error?.message ?? "", /its rows have no numbers/);
  ok((await ask("stat")).length > 0);
});

test("limits hold what they say, and one more is refused", async (t) => {
  const { port } = await desk(t, FILES);
  equal((await get(port, `/api/list?limit=${API_PAGE_MAX}`)).status, 200);
  equal((await get(port, `/api/stat?sort=cpu&n=${API_TOP_MAX}`)).status, 200);
  const reasons = [API_REASON_MAX, API_REASON_MAX + 1].map((length) => "r".repeat(length));
  const [fits, longer] = await Promise.all(
    reasons.map((reason) => post(port, "/api/clearcache", { reason })),
  );
  deepEqual([fits?.status, longer?.status], [200, 400]);
  const body = (length: number): string => `{"reason":"x"${" ".repeat(length - 15)} }`;
  equal(body(CONSOLE_BODY_MAX).length, CONSOLE_BODY_MAX);
  equal((await post(port, "/api/clearcache", body(CONSOLE_BODY_MAX))).status, 200);
  equal((await post(port, "/api/clearcache", body(CONSOLE_BODY_MAX + 1))).status, 413);
  equal((await get(port, "/api/list")).status, 200);
});

test("a table is cut at the usual length of a page", async (t) => {
  const { port, make } = await desk(t, FILES);
  await (await make("maker")).req.make(API_PAGE_LENGTH);
  const { result, next } = await get(port, "/api/list");
  equal(Object.keys(result).length, API_PAGE_LENGTH);
  equal(next, Object.keys(result).at(-1));
});

test("an invalid body is refused, and nothing runs", async (t) => {
  const { port, log } = await desk(t, FILES);
  const bodies: unknown[] = [
    ...["", "{", "null", "[]", '"kill a"', "1", '{"args":1}', '{"args":[1]}', '{"args":[["a"]]}'],
    ...[
      { args: ["a b"], reason: "x" },
      { args: [""], reason: "x" },
      { arg: "a", reason: "x" },
    ],
    ...[{ reason: 1 }, { reason: "" }, { reason: " " }, { reason: "a\nb" }, { reason: null }],
    ...[
      { args: "a\nclearcache", reason: "x" },
      { args: "\u0000", reason: "x" },
    ],
    ...['{"__proto__":{"args":"a"},"reason":"x"}', `${"[".repeat(4000)}`],
  ];
  for (const body of bodies) {
    const { status, ok: isOk } = await post(port, "/api/clearcache", body);
    deepEqual([status, isOk], [400, false], JSON.stringify(body));
  }
  const plain = await post(
    port,
    "/api/clearcache",
    { reason: "x" },
    { "content-type": "text/plain" },
  );
  equal(plain.status, 415);
  const form = "application/x-www-form-urlencoded";
  equal((await post(port, "/api/clearcache", "reason=x", { "content-type": form })).status, 415);
  ok(!(await log()).join("\n").includes(" ran "));
});

test("a foreign page, another method and a half request reach no command", async (t) => {
  const { port, log } = await desk(t, FILES);
  const page = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
  equal((await post(port, "/api/clearcache", { reason: "x" }, page)).status, 403);
  equal((await get(port, "/api/list", { headers: page })).status, 403);
  const head = `host: 127.0.0.1:${port}\r\n\r\n`;
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
    match(await exchange(port, `${method} /api/list HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 405 /);
  }
  const half = `POST /api/clearcache HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 20\r\n${head}{"re`;
  const { LineClient } = await import("./console-client.ts");
  const { connect } = await import("node:net");
  const client = new LineClient(connect(port, "127.0.0.1"));
  client.write(half);
  client.close();
  equal((await get(port, "/api/list")).status, 200);
  ok(!(await log()).join("\n").includes(" ran "));
});
