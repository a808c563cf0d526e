/** HTTP on the debug console's port: skynet's raw answers, and JSON. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { desk, exchange, fetchJson } from "./console-client.ts";

const FILES = {
  odd: `
    import { skynet } from "snax";
    skynet.start(() => {
      skynet.info_func(() => ({ big: 10n, map: new Map([["a", 1]]), set: new Set([1]), at: new Date(0) }));
    });`,
};

test("GET and POST are answered with the raw text of a session, and the connection ends", async (t) => {
  const { port } = await desk(t, {});
  const text = "Welcome to skynet console\nharbor\t0\n<CMD OK>\n";
  equal(await exchange(port, "GET /getenv/harbor HTTP/1.0\r\n\r\n"), text);
  const host = `host: 127.0.0.1:${port}\r\n`;
  equal(await exchange(port, `GET /getenv/harbor HTTP/1.1\r\n${host}\r\n`), text);
  const length = "content-length: 13\r\n";
  equal(await exchange(port, `POST / HTTP/1.1\r\n${host}${length}\r\ngetenv harbor`), text);
});

test("a request in the middle of a session is answered and ends it", async (t) => {
  const { open, port } = await desk(t, {});
  const client = await open();
  client.write(`GET /getenv/harbor HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  equal(await client.ended(), "harbor\t0\n<CMD OK>\n");
});

test("a client that asks for JSON gets a real response", async (t) => {
  const { port } = await desk(t, FILES);
  const { status, body } = await fetchJson(port, "/list");
  equal(status, 200);
  deepEqual(JSON.parse(body), {
    ok: true,
    result: {
      ":00000004": "snlua cdummy",
      ":00000006": "snlua datacenterd",
      ":00000007": "snlua service_mgr",
      ":00000008": "snlua debug_console 0",
    },
  });
});

test("JSON holds data, not what is printed", async (t) => {
  const { port } = await desk(t, FILES);
  const stat = JSON.parse((await fetchJson(port, "/stat")).body) as {
    result: Record<string, Record<string, number>>;
  };
  equal(typeof stat.result[":00000007"]?.cpu, "number");
  const ping = await fetchJson(port, "/", { method: "POST", body: "ping 7\n" });
  match(ping.body, /^\{"ok":true,"result":\d/);
  const none = await fetchJson(port, "/clearcache");
  equal(none.body, `{"ok":true,"result":null}\n`);
});

test("what JSON has no word for is written as the nearest that it has", async (t) => {
  const { port, skynet } = await desk(t, FILES);
  await skynet.newservice("odd");
  const { body } = await fetchJson(port, "/info/9");
  deepEqual(JSON.parse(body), {
    ok: true,
    result: { big: "10", map: { a: 1 }, set: [1], at: "1970-01-01T00:00:00.000Z" },
  });
});

test("a command that fails is told of with its code", async (t) => {
  const { port } = await desk(t, {});
  const { status, body } = await fetchJson(port, "/kill/zz");
  equal(status, 400);
  deepEqual(JSON.parse(body), {
    ok: false,
    error: { code: "ERR_ARGUMENT", message: "Need an address" },
  });
  equal((await fetchJson(port, "/constructor")).status, 400);
});

test("a client that begins its request late is still understood", async (t) => {
  const { port } = await desk(t, {});
  equal(
    (
      await exchange(port, `\nGET /getenv/harbor HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`)
    ).split("\n").length,
    4,
  );
});
