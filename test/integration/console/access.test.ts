/** Who gets at the debug console, and what clients can't do to it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE_BODY_MAX, CONSOLE_LINE_MAX } from "../../../src/base/limits.ts";
import { start } from "snax";
import { desk, exchange, fetchJson } from "./console-client.ts";
import { codeOfFailure, world } from "../../world.ts";

const TOKEN = "a-token-for-tests";
const REFUSED = "ERR_FORBIDDEN: a token is needed,<CMD Error>";

test("a console on an address that others can reach is refused without a token", async (t) => {
  const { skynet } = await world(t, {});
  const wide = skynet.newservice("debug_console", "0.0.0.0", 0);
  equal(await codeOfFailure(wide), "ERR_FORBIDDEN");
  equal(await codeOfFailure(skynet.newservice("debug_console", "[::]:0")), "ERR_FORBIDDEN");
  equal(await codeOfFailure(start({ thread: 0, console: "0.0.0.0:0" })), "ERR_FORBIDDEN");
});

test("a console on such an address listens with a token", async (t) => {
  const { skynet } = await world(t, {}, { consoletoken: TOKEN });
  const handle = await skynet.newservice("debug_console", "0.0.0.0", 0);
  const { address } = await skynet.call<{ address: string }>(handle, "debug", "INFO");
  match(address, /^0\.0\.0\.0:\d+$/);
});

test("an invalid place, and a port that is taken, are refused", async (t) => {
  const { skynet, port } = await desk(t, {});
  for (const place of [[], ["host"], [65_536], ["a b", 1], [{}], ["127.0.0.1", "x"]]) {
    equal(await codeOfFailure(skynet.newservice("debug_console", ...place)), "ERR_ARGUMENT");
  }
  equal(await codeOfFailure(skynet.newservice("debug_console", port)), "ERR_LISTEN");
  equal(await codeOfFailure(start({ thread: 0, console: port })), "ERR_LISTEN");
  equal(await codeOfFailure(start({ console: "nowhere" })), "ERR_CONFIG");
  equal(await codeOfFailure(start({ consoletoken: "short" })), "ERR_CONFIG");
});

test("a wrong token in the configuration is not shown", async () => {
  const error = await start({ consoletoken: "geheim" }).catch((reason: Error) => reason);
  ok(error instanceof Error && !error.message.includes("geheim"));
});

test("no other service gets at the console's powers", async (t) => {
  const { skynet } = await world(t, {
    thief: `
      import * as all from "snax";
      all.skynet.start(() => (all as any).operator.listen(0));`,
  });
  equal(await codeOfFailure(skynet.newservice("thief")), "ERR_FORBIDDEN");
});

test("with a token, nothing is answered before the right one was given", async (t) => {
  const { open } = await desk(t, {}, { consoletoken: TOKEN });
  const client = await open();
  equal((await client.run("list")).join(), REFUSED);
  equal((await client.run("auth")).join(), REFUSED);
  const wrong = ["ERR_FORBIDDEN: the token is wrong", "<CMD Error>"];
  deepEqual(await client.run(`auth ${TOKEN.slice(0, -1)}`), wrong);
  deepEqual(await client.run(`auth ${TOKEN}x`), wrong);
  equal((await client.run("list")).join(), REFUSED);
  deepEqual(await client.run(`auth ${TOKEN}`), ["<CMD OK>"]);
  equal((await client.run("list")).at(-1), "<CMD OK>");
});

test("after five wrong tokens an address has to wait, and the right one does not help it", async (t) => {
  const { open, port, log } = await desk(t, {}, { consoletoken: TOKEN });
  for (let count = 0; count < 5; count += 1) {
    const client = await open();
    equal((await client.run("auth wrong")).join(), "ERR_FORBIDDEN: the token is wrong,<CMD Error>");
  }
  const client = await open();
  match(
    (await client.run(`auth ${TOKEN}`)).join(),
    /^ERR_FORBIDDEN: too many wrong tokens: wait \d+ s/,
  );
  const { status } = await fetchJson(port, "/list", {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  equal(status, 403);
  const lines = (await log()).join("\n");
  match(lines, /^127\.0\.0\.1:\d+ was refused : the token is wrong$/m);
  ok(!lines.includes(TOKEN) && !lines.includes("auth wrong"));
});

test("over HTTP the token is in the head", async (t) => {
  const { port } = await desk(t, {}, { consoletoken: TOKEN });
  const as = (authorization: string): Promise<{ status: number }> =>
    fetchJson(port, "/list", { headers: { authorization } });
  equal((await fetchJson(port, "/list")).status, 403);
  equal((await as(TOKEN)).status, 403);
  equal((await as("Bearer wrong")).status, 403);
  equal((await as(`Bearer ${TOKEN}`)).status, 200);
});

test("a web page reaches nothing, neither by its own name nor from another site", async (t) => {
  const { port, log } = await desk(t, {});
  const local = `127.0.0.1:${port}`;
  const refused: Record<string, string>[] = [
    { host: `evil.example:${port}` },
    { host: `127.0.0.1.evil.example:${port}` },
    { host: local, origin: "http://evil.example" },
    { host: local, origin: "null" },
    { host: local, origin: `https://${local}` },
    { host: local, "sec-fetch-site": "cross-site" },
    { host: local, "sec-fetch-site": "same-site" },
    { host: local, "user-agent": "Mozilla/5.0 (X11)" },
  ];
  for (const headers of refused) {
    for (const ask of [{ headers }, { headers, method: "POST", body: "setenv evil 1" }]) {
      const { status, body } = await fetchJson(port, "/setenv/evil/1", ask);
      equal(status, 403, JSON.stringify(headers));
      match(body, /"ERR_FORBIDDEN"/);
    }
  }
  ok(!(await log()).join("\n").includes("setenv"));
});

test("a request that says it comes from nowhere else passes", async (t) => {
  const { port } = await desk(t, {});
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, "[::1]", "127.9.9.9"]) {
    const headers = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" };
    equal((await fetchJson(port, "/list", { headers })).status, 200, host);
  }
});

test("a request with another method is refused, and no line of it is a command", async (t) => {
  const { port, log } = await desk(t, {});
  const head = `host: 127.0.0.1:${port}\r\n\r\nclearcache\r\n`;
  for (const method of ["PUT", "DELETE", "OPTIONS", "HEAD"]) {
    match(await exchange(port, `${method} / HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 400 /);
  }
  match(await exchange(port, `CONNECT x:1 HTTP/1.1\r\n${head}`), /^$/);
  match(await exchange(port, `NONSENSE / HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 400 /);
  ok(!(await log()).join("\n").includes("clearcache"));
});

test("a line as long as the limit is read, and a longer one ends the connection", async (t) => {
  const { open } = await desk(t, {});
  const client = await open();
  const words = "setenv long ";
  deepEqual(await client.run(words + "x".repeat(CONSOLE_LINE_MAX - words.length)), ["<CMD OK>"]);
  client.write("x".repeat(CONSOLE_LINE_MAX + 1));
  match(await client.ended(), /^ERR_MALFORMED: a line is longer than 8192 bytes\n<CMD Error>\n$/);
  const other = await open();
  other.write("x".repeat(CONSOLE_LINE_MAX + 1) + "\nlist\n");
  ok(!(await other.ended()).includes("<CMD OK>"));
});

test("a body as long as the limit is read, and a longer one refused", async (t) => {
  const { port } = await desk(t, {});
  const words = "setenv body ";
  const post = (length: number): Promise<{ status: number; body: string }> =>
    fetchJson(port, "/", { method: "POST", body: words.padEnd(length, "x") });
  equal((await post(CONSOLE_BODY_MAX)).status, 200);
  const { status, body } = await post(CONSOLE_BODY_MAX + 1);
  deepEqual([status, body.includes("ERR_MALFORMED")], [400, true]);
});

test("a head that is too long is refused", async (t) => {
  const { port } = await desk(t, {});
  const text = await exchange(port, `GET /list HTTP/1.1\r\nx: ${"x".repeat(20_000)}\r\n\r\n`);
  match(text, /^HTTP\/1\.1 431 /);
});

test("a client that does not read its answers keeps no other waiting", async (t) => {
  const { open } = await desk(t, {});
  const slow = await open();
  slow.socket.pause();
  slow.write("help\n".repeat(20_000));
  const other = await open();
  for (let count = 0; count < 100; count += 1) {
    equal((await other.run("ping 7")).at(-1), "<CMD OK>");
  }
});

test("clients that leave in the middle of anything harm no other", async (t) => {
  const { open, ask } = await desk(t, {});
  for (const text of [
    "list\nstat\nhelp\n",
    "li",
    "GET /list",
    "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nx",
  ]) {
    const client = await open();
    client.write(text);
    client.socket.resetAndDestroy();
  }
  equal((await ask("list")).at(-1), "<CMD OK>");
});

test("when the console's service ends, so do its port and its clients", async (t) => {
  const { open, port, skynet } = await desk(t, {});
  const client = await open();
  skynet.kill(8);
  await client.ended();
  equal(
    await codeOfFailure(fetchJson(port, "/list")),
    "Error: connect ECONNREFUSED 127.0.0.1:" + port,
  );
});

test("a node with clients at its console stops", async (t) => {
  const { open, stop } = await desk(t, {});
  const client = await open();
  await stop();
  await client.ended();
});
