/** `GET /events`: what a watcher sees, and what a slow or rude one can't do. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { EVENT_TEXT_MAX, EVENTS_BUFFER_MAX, EVENTS_CLIENTS_MAX } from "../../../src/base/limits.ts";
import { desk, fetchJson } from "./console-client.ts";

const FILES = {
  talker: `
    import { skynet } from "snax";
    export const response = {
      say(text: string) { skynet.error(text); },
      warn(text: string) { console.warn(text); },
      flood(count: number, length: number) {
        for (let line = 0; line < count; line += 1) skynet.error("flood" + line + "x".repeat(length));
      },
    };`,
};

interface Seen {
  readonly kind: string;
  readonly data: Record<string, unknown>;
}

/** A client that watches. */
class Watcher {
  readonly socket: Socket;
  readonly events: Seen[] = [];
  head = "";
  isClosed = false;
  #text = "";
  #notice = (): void => {};

  constructor(port: number, path = "/events") {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("utf8");
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isClosed = true;
      this.#notice();
    });
    this.socket.on("data", (chunk: string) => this.#take(chunk));
  }

  static async open(t: TestContext, port: number, path?: string): Promise<Watcher> {
    const watcher = new Watcher(port, path);
    t.after(() => watcher.socket.destroy());
    await watcher.until(() => watcher.head !== "");
    return watcher;
  }

  #take(chunk: string): void {
    this.#text += chunk;
    if (this.head === "") {
      const end = this.#text.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 4);
    }
    // Without the lengths of the chunks, which stand on lines of their own.
    const plain = this.#text.replaceAll(/\r\n[0-9a-f]+\r\n/g, "").replace(/^[0-9a-f]+\r\n/, "");
    const blocks = plain.split("\n\n");
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, kind, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      if (kind === undefined || data === undefined) continue;
      this.events.push({ kind, data: JSON.parse(data) as Record<string, unknown> });
    }
    this.#notice();
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) {
      if (this.isClosed) throw new Error(`closed after ${this.head} ${this.#text}`);
      await new Promise<void>((resolve) => (this.#notice = resolve));
    }
  }

  /** Waits for an event, and returns it. */
  async sees(is: (event: Seen) => boolean): Promise<Seen> {
    await this.until(() => this.events.some(is));
    return this.events.find(is) as Seen;
  }
}

const says =
  (text: string) =>
  ({ data }: Seen): boolean =>
    data["message"] === text;

test("a watcher sees lines of the log, births and deaths of all threads, and patches", async (t) => {
  const { port, make, snax, skynet } = await desk(t, FILES);
  const watcher = await Watcher.open(t, port);
  match(watcher.head, /^HTTP\/1\.1 200 OK\r\n/);
  match(watcher.head, /content-type: text\/event-stream/i);
  const talker = await make("talker");
  const address = `:${talker.handle.toString(16).padStart(8, "0")}`;
  const birth = await watcher.sees(({ kind }) => kind === "life");
  equal(birth.data["message"], "LAUNCH snax talker");
  equal(birth.data["service"], address);
  await talker.req.say('two\nlines and "quotes"');
  const line = await watcher.sees(says('two\nlines and "quotes"'));
  deepEqual([line.kind, line.data["level"], line.data["service"]], ["log", "info", address]);
  await snax.hotfixall("talker", `export const response = { fresh() { return 1; } };`);
  const { data } = await watcher.sees(({ kind }) => kind === "patch");
  deepEqual([data["target"], data["applied"], data["failed"]], ["all talker", 1, 0]);
  skynet.kill(talker.handle);
  await watcher.sees(
    (event) => event.kind === "life" && String(event.data["message"]).startsWith("KILL"),
  );
});

test("a query chooses kinds, level and service", async (t) => {
  const { port, make } = await desk(t, FILES);
  const talker = await make("talker");
  const other = await make("talker");
  const levels = await Watcher.open(t, port, "/events?level=warn");
  const lives = await Watcher.open(t, port, "/events?kind=life,patch");
  const one = await Watcher.open(t, port, `/events?kind=log&service=${addressOf(talker.handle)}`);
  await other.req.say("said");
  await other.req.warn("warned");
  await talker.req.say("mine");
  await make("talker");
  await levels.sees(says("warned"));
  await lives.sees(says("LAUNCH snax talker"));
  await one.sees(says("mine"));
  for (const { events } of [levels, lives, one]) ok(!events.some(says("said")));
  equal(one.events.length, 1);
});

function addressOf(handle: number): string {
  return `:${handle.toString(16).padStart(8, "0")}`;
}

test("a query that makes no sense is refused", async (t) => {
  const { port } = await desk(t, FILES);
  for (const query of [
    "level=loud",
    "kind=all",
    "kind=",
    "service=x",
    "levle=warn",
    "level=info&level=warn",
  ]) {
    const { status, body } = await fetchJson(port, `/events?${query}`);
    equal(status, 400, query);
    match(body, /ERR_ARGUMENT/);
  }
  equal(
    (await fetchJson(port, "/events", { headers: { origin: "http://evil.example" } })).status,
    403,
  );
  equal((await fetchJson(port, "/events", { method: "POST", body: "x" })).status, 400);
});

test("as many clients watch as the limit says, one more is refused until another goes", async (t) => {
  const { port } = await desk(t, FILES);
  const watchers: Watcher[] = [];
  for (let count = 0; count < EVENTS_CLIENTS_MAX; count += 1) {
    watchers.push(await Watcher.open(t, port));
  }
  const { status, body } = await fetchJson(port, "/events");
  equal(status, 503);
  match(body, /ERR_EXHAUSTED/);
  const [first] = watchers;
  first?.socket.destroy();
  for (;;) {
    const next = new Watcher(port);
    t.after(() => next.socket.destroy());
    await next.until(() => next.head !== "").catch(() => {});
    if (next.head.startsWith("HTTP/1.1 200")) break;
  }
});

test("a client that does not read loses events, is told how many, and the node's memory does not grow", async (t) => {
  const { port, make } = await desk(t, FILES);
  const talker = await make("talker");
  const slow = await Watcher.open(t, port);
  const quick = await Watcher.open(t, port);
  slow.socket.pause();
  const length = 8000;
  let lines = 0;
  // More than the buffers of the system hold.
  for (let round = 0; round < 100; round += 1) {
    await talker.req.flood(25, length);
    lines += 25;
    await talker.req.say(`round ${round}`);
    await quick.sees(says(`round ${round}`));
  }
  slow.socket.resume();
  const { data } = await slow.sees(({ kind }) => kind === "dropped");
  ok(Number(data["count"]) > 0);
  await talker.req.say("the end");
  await slow.sees(says("the end"));
  const dropped = slow.events
    .filter(({ kind }) => kind === "dropped")
    .reduce((sum, event) => sum + Number(event.data["count"]), 0);
  const seen = slow.events.filter((event) =>
    String(event.data["message"]).startsWith("flood"),
  ).length;
  const rounds = slow.events.filter((event) =>
    String(event.data["message"]).startsWith("round "),
  ).length;
  equal(seen + rounds + dropped, lines + 100);
  ok(EVENTS_BUFFER_MAX < lines * length);
});

test("a line as long as the limit is whole, and a longer one is cut", async (t) => {
  const { port, make } = await desk(t, FILES);
  const talker = await make("talker");
  const watcher = await Watcher.open(
    t,
    port,
    `/events?kind=log&service=${addressOf(talker.handle)}`,
  );
  await talker.req.say("a".repeat(EVENT_TEXT_MAX));
  await talker.req.say("b".repeat(EVENT_TEXT_MAX + 1));
  await watcher.until(() => watcher.events.length === 2);
  deepEqual(
    watcher.events.map(({ data }) => String(data["message"]).length),
    [EVENT_TEXT_MAX, EVENT_TEXT_MAX + 3],
  );
});

test("with tokens the one to read may watch", async (t) => {
  const read = "a-token-that-only-reads";
  const tokens = { read, operate: "a-token-that-operates" };
  const { port } = await desk(t, FILES, { consoletoken: tokens });
  equal((await fetchJson(port, "/events")).status, 403);
  const watcher = new Watcher(port, `/events HTTP/1.1\r\nauthorization: Bearer ${read}\r\nx: y`);
  t.after(() => watcher.socket.destroy());
  await watcher.until(() => watcher.head !== "");
  match(watcher.head, /^HTTP\/1\.1 200 OK/);
});
