/** The console's page: who gets it, with which headers, and what a browser shows. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE_ATTEMPTS_MAX } from "../../../src/base/limits.ts";
import { DrivenPage, NO_BROWSER } from "./browser.ts";
import { desk, exchange, fetchJson, LineClient } from "./console-client.ts";

const READ = "a-token-that-only-reads";
const TOKENS = { consoletoken: { read: READ, operate: "a-token-that-operates" } };
const HTML = { headers: { accept: "text/html,*/*" } };

test("a browser gets the page without a token, with headers that shut others out", async (t) => {
  const { port } = await desk(t, {}, TOKENS);
  for (let n = 0; n <= CONSOLE_ATTEMPTS_MAX; n += 1) {
    equal((await fetchJson(port, "/", HTML)).status, 200);
    equal((await fetchJson(port, "/page/page.js")).status, 200);
  }
  const response = await fetch(`http://127.0.0.1:${port}/`, HTML);
  match(response.headers.get("content-type") ?? "", /^text\/html/);
  const policy = response.headers.get("content-security-policy") ?? "";
  match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
  equal(response.headers.get("x-content-type-options"), "nosniff");
  equal(response.headers.get("referrer-policy"), "no-referrer");
  match(await response.text(), /What is wrong/);
  const head = await fetchJson(port, "/", { method: "HEAD", ...HTML });
  deepEqual(head, { status: 200, body: "" });
  // The token is still asked for, and was not tried out.
  equal((await fetchJson(port, "/metrics")).status, 403);
  const headers = { authorization: `Bearer ${READ}` };
  equal((await fetchJson(port, "/metrics", { headers })).status, 200);
});

test("all others get what they got, and pages of other sites nothing", async (t) => {
  const { port } = await desk(t, {});
  match(await exchange(port, "GET / HTTP/1.0\r\n\r\n"), /^Welcome to skynet console\n/);
  const headers = { accept: "text/html", origin: "http://evil.example" };
  equal((await fetchJson(port, "/", { headers })).status, 403);
  for (const path of ["/page/../page.js", "/page/constructor", "/page/"])
    equal((await fetchJson(port, path)).status, 400);
});

test("who only looks is not told of in the log; who changes, is refused or types is", async (t) => {
  const node = await desk(t, {}, TOKENS);
  const { port } = node;
  const ask = async (path: string, token: string, more: object = {}): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    return (await fetchJson(port, path, { headers, ...more })).status;
  };
  const told = async (): Promise<string[]> =>
    (await node.log())
      .map((line) => /^127\.0\.0\.1:\d+ (connected|disconnect|was refused)/.exec(line)?.[1])
      .filter((word) => word !== undefined);
  /** Waits until so many have gone: a socket closes behind its answer. */
  const gone = async (count: number): Promise<string[]> => {
    for (;;) {
      const words = await told();
      if (words.filter((word) => word === "disconnect").length >= count) return words;
    }
  };
  for (const path of ["/page/page.js", "/page/page.css"])
    equal((await fetchJson(port, path)).status, 200);
  equal((await fetchJson(port, "/", HTML)).status, 200);
  for (const path of ["/metrics", "/healthz", "/readyz", "/api", "/api/list", "/api/patches"])
    equal(await ask(path, READ), 200);
  const events = await fetch(`http://127.0.0.1:${port}/events`, {
    headers: { authorization: `Bearer ${READ}` },
  });
  await events.body?.cancel();
  const wrong = ["connected", "was refused", "disconnect"];
  const pair = ["connected", "disconnect"];
  const all: string[] = [];
  const expect = async (...words: string[]): Promise<void> => {
    all.push(...words);
    deepEqual(await gone(all.filter((word) => word === "disconnect").length), all);
  };
  equal(await ask("/metrics", "wrong"), 403);
  await expect(...wrong);
  equal((await fetchJson(port, "/metrics")).status, 403);
  await expect(...pair);
  equal(await ask("/api/kill?arg=x", READ), 405);
  await expect(...pair);
  equal(await ask("/events?what=x", READ), 400);
  await expect(...pair);
  await ask("/api/gc", TOKENS.consoletoken.operate, { method: "POST", body: `{"reason":"r"}` });
  await expect(...pair);
  const foreign = { headers: { accept: "text/html", origin: "http://evil.example" } };
  equal((await fetchJson(port, "/", foreign)).status, 403);
  await expect(...wrong);
  await exchange(port, `GET /list HTTP/1.0\r\nauthorization: Bearer ${READ}\r\n\r\n`);
  await expect(...pair);
  const client = await LineClient.open(port);
  deepEqual(await told(), [...all, "connected"]);
  client.close();
  await expect(...pair);
});

test("it asks for the token, and shows hostile lines as text", { skip: NO_BROWSER }, async (t) => {
  const evil = `<img src=x onerror="document.title='evil'">`;
  const { port, snax } = await desk(
    t,
    {
      shop: `
        import { skynet } from "snax";
        export const response = { buy() { skynet.error(${JSON.stringify(evil)}); throw new Error("no"); } };`,
    },
    TOKENS,
  );
  const shop = await snax.newservice<any>("shop");
  const page = await DrivenPage.open(t, `http://127.0.0.1:${port}/`);
  const text = (id: string): string => `document.getElementById("${id}").textContent`;
  await page.until(`document.getElementById("login").hidden === false`);
  const give = async (token: string): Promise<void> => {
    await page.evaluate(`document.getElementById("token").focus()`);
    await page.type(token);
    await page.press("Enter");
  };
  await give("wrong");
  await page.until(`${text("refusal")}.includes("the token is wrong")`);
  await give(READ);
  await page.until(`${text("types")}.includes("shop")`);
  // The log is there once a line of it is: the test asks until it is.
  while ((await page.evaluate(`${text("log")}.includes("onerror")`)) !== true)
    await shop.req.buy().catch(() => undefined);
  await page.until(`${text("wrong")}.includes("shop")`);
  equal(await page.evaluate(`document.images.length + document.title`), "0snax");
  await page.evaluate(`document.getElementById("look").click()`);
  await page.until(`${text("services")}.includes("mailbox")`);
  equal(await page.evaluate(`location.href.includes("${READ}")`), false);
});
