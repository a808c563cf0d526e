/** HTTP of a service: requests, answers, errors, limits. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { codeOfFailure, world } from "../../world.ts";
import { dial } from "./peer.ts";

/** A service with an HTTP port; the text is the handler's body, with `request`. */
const server = (body: string, options = ""): string => `
  import { httpd } from "snax";
  let port = 0;
  let id = 0;
  export async function init() {
    ({ id, port } = await httpd.listen({ port: 0, ${options} }, async (request) => { ${body} }));
  }
  export const response = {
    port() { return port; },
    close() { httpd.close(id); },
    again() { return httpd.listen(port, () => "x"); },
  };
`;

async function serve(t: TestContext, body: string, options = "") {
  const here = await world(t, { main: server(body, options) });
  const main = await here.make("main");
  const port = (await main.req.port()) as number;
  return { ...here, main, port, at: (path: string) => `http://127.0.0.1:${port}${path}` };
}

test("a handler sees method, path, query, headers and body, and answers", async (t) => {
  const { at } = await serve(
    t,
    `const { method, path, query, headers, body, peer } = request;
     return { status: 201, headers: { "x-own": "1" }, body:
       [method, path, query.get("a"), headers["x-mine"], String(body), /^127.0.0.1:\\d+$/.test(peer)] };`,
  );
  const response = await fetch(at("/a%20b?a=1&b=2"), {
    ...{ method: "POST", headers: { "x-mine": "yes" }, body: "hello" },
  });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("x-own"), "1");
  assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
  assert.deepEqual(await response.json(), ["POST", "/a b", "1", "yes", "hello", true]);
});

test("text is a page, bytes are bytes, nothing is 204", async (t) => {
  const { at } = await serve(
    t,
    `if (request.path === "/text") return "hello";
     if (request.path === "/bytes") return Uint8Array.of(1, 2);
     return undefined;`,
  );
  const text = await fetch(at("/text"));
  assert.deepEqual([text.status, await text.text()], [200, "hello"]);
  const bytes = await (await fetch(at("/bytes"))).arrayBuffer();
  assert.deepEqual(new Uint8Array(bytes), Uint8Array.of(1, 2));
  assert.equal((await fetch(at("/nothing"))).status, 204);
});

test("what a handler throws is 500 and in the log, not in the answer; a body that is no JSON is 400", async (t) => {
  const { at, log } = await serve(
    t,
    `if (request.path === "/json") return { body: request.json() };
     throw new Error("a secret");`,
  );
  const failed = await fetch(at("/throw"));
  assert.deepEqual([failed.status, await failed.text()], [500, "internal error\n"]);
  assert.ok((await log()).some((line) => /^http error : GET \/throw .*a secret/.test(line)));
  const wrong = await fetch(at("/json"), { method: "POST", body: "{" });
  assert.equal(wrong.status, 400);
  const right = await fetch(at("/json"), { method: "POST", body: "[1]" });
  assert.deepEqual(await right.json(), [1]);
});

test("a body of the longest length is taken, one byte more is 413", async (t) => {
  const { at } = await serve(t, `return String(request.body.length);`, "bodyLimitBytes: 1000,");
  const post = (length: number): Promise<Response> =>
    fetch(at("/"), { method: "POST", body: "x".repeat(length) });
  assert.equal(await (await post(1000)).text(), "1000");
  assert.equal((await post(1001)).status, 413);
});

test("a request that does not arrive in time is 408, and the service has seen nothing of it", async (t) => {
  const { port, at } = await serve(t, `return "seen";`, "requestMs: 50,");
  const slow = await dial(t, port);
  slow.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  assert.match(await slow.ended(), /^HTTP\/1.1 408 /);
  assert.equal(await (await fetch(at("/"))).text(), "seen");
});

test("what is no HTTP, and a head that is too long, are refused; others are served", async (t) => {
  const { port, at } = await serve(t, `return "served";`);
  const garbage = await dial(t, port);
  garbage.write("\u0000\u0001 garbage\r\n\r\n");
  assert.match(await garbage.ended(), /^HTTP\/1.1 400 /);
  const long = await dial(t, port);
  long.write(`GET / HTTP/1.1\r\nHost: x\r\nx: ${"y".repeat(9000)}\r\n\r\n`);
  assert.match(await long.ended(), /^HTTP\/1.1 431 /);
  assert.equal(await (await fetch(at("/"))).text(), "served");
});

test("more connections than the limit are closed at once, and the log says which limit it was", async (t) => {
  const { log, port } = await serve(t, `return "served";`, "connectionsMax: 1,");
  const first = await dial(t, port);
  const second = await dial(t, port);
  assert.equal(await second.ended(), "");
  first.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  assert.match(await first.ended(), /served$/);
  assert.match(
    (await log()).join("\n"),
    /^127\.0\.0\.1:\d+ was turned away : connectionsMax is 1$/m,
  );
});

test("a port closes with its service, by itself too, and one that is in use is ERR_LISTEN", async (t) => {
  const { main, port, snax } = await serve(t, `return "served";`);
  assert.equal(await codeOfFailure(main.req.again()), "ERR_LISTEN");
  await main.req.close();
  await main.req.again();
  await snax.exit(main);
  const late = await dial(t, port).catch((error: NodeJS.ErrnoException) => error.code);
  assert.equal(late, "ECONNREFUSED");
});
