/** The console's page: who gets it, with which headers, and what a browser shows. */

import { deepEqual, equal, match } from "node:assert/strict";
import { request } from "node:http";
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
    for (const name of ["page", "dom", "metrics"])
      equal((await fetchJson(port, `/page/${name}.js`)).status, 200);
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

test("a client that only looks is not in the log; one that changes, is refused or types is", async (t) => {
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
  /** Waits until that number has gone: a socket closes behind its answer. */
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
  // Not with fetch(): when its request is given up it opens another connection and leaves it silent, which is no look.
  await new Promise<void>((resolve, reject) => {
    const headers = { authorization: `Bearer ${READ}` };
    const asked = request({ host: "127.0.0.1", port, path: "/events", agent: false, headers });
    asked.on("response", (response) => resolve(void response.destroy()));
    asked.on("error", reject).end();
  });
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

const text = (id: string): string => `document.getElementById("${id}").textContent`;

test(
  "the log goes on when the node is there again, and the lines can be copied",
  { skip: NO_BROWSER },
  async (t) => {
    const files = {
      shop: `
        import { skynet } from "snax";
        export const response = { say(words: string) { skynet.error(words); } };`,
    };
    const first = await desk(t, files);
    const page = await DrivenPage.open(t, `http://127.0.0.1:${first.port}/`);
    /** Has a node say something until the page shows it: the log begins with what comes later. */
    const sayUntilShown = async (node: typeof first, words: string): Promise<void> => {
      const shop = await node.snax.newservice<any>("shop");
      while ((await page.evaluate(`${text("log")}.includes("${words}")`)) !== true)
        await shop.req.say(words);
    };
    await page.until(`${text("state")}.includes("ready")`);
    await sayUntilShown(first, "before");
    await first.stop();
    await page.until(`${text("log")}.includes("the log is interrupted")`);
    const second = await desk(t, files, { console: first.port });
    await page.until(`${text("log")}.includes("the log goes on")`);
    await sayUntilShown(second, "afterwards");
    const count = `${text("log")}.split("the log is interrupted").length`;
    equal(await page.evaluate(count), 2);
    await page.evaluate(`
      document.getElementById("filter").value = "afterwards";
      document.getElementById("filter").dispatchEvent(new Event("input"));
      navigator.clipboard.writeText = async (text) => { window.copied = text; };
      document.getElementById("copy-log").click();`);
    await page.until("window.copied !== undefined");
    const copied = String(await page.evaluate("copied"));
    match(copied, /^\S+ info :\w{8} .*afterwards\n/);
    equal(copied.includes("before"), false);
    await page.until(`${text("copy-log")} === "Copied"`);
  },
);

test(
  "handlers that do not return and mailboxes that grow stand under what is wrong",
  { skip: NO_BROWSER },
  async (t) => {
    const { port, snax, skynet } = await desk(
      t,
      {
        slow: `
          export const response = { loop(ms: number) { const end = Date.now() + ms; while (Date.now() < end); } };
          export const accept = { wait: () => new Promise<void>(() => {}) };
          export const init = () => "queue";`,
      },
      { thread: 2, stall: { warn: 100, interrupt: 0, rest: 0 } },
    );
    const page = await DrivenPage.open(t, `http://127.0.0.1:${port}/`);
    await page.until(`${text("state")}.includes("ready")`);
    const slow = await snax.newservice<any>("slow");
    const address = skynet.address(slow.handle);
    // The log is shown from some moment on: it loops until the page has heard of it.
    while ((await page.evaluate(`${text("wrong")}.includes("does not return")`)) !== true)
      await slow.req.loop(1000);
    equal(await page.evaluate(`${text("wrong")}.includes("task ${address}")`), true);
    for (let n = 0; n < 1100; n += 1) slow.post.wait();
    await page.until(`${text("wrong")}.includes("1024 messages waited in the mailbox")`);
    await page.evaluate(`document.getElementById("mailboxes").click()`);
    await page.until(`${text("services")}.includes("handlers that wait")`);
    await page.until(`document.querySelector("#services button").textContent === "${address}"`);
    await page.evaluate(`document.querySelector("#services button").click()`);
    await page.until(`${text("detail")}.includes("task ${address}")`);
    equal(await page.evaluate(`document.getElementById("copy").hidden`), false);
  },
);
