/**
 * docs/login.md: who has a token comes in, who has none does not, and a session outlives its
 * connection.
 */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startTest } from "snax/testing";
import { WebSocket } from "ws";
import { writeFiles } from "../../world.ts";
import { importText, readFiles, readPage } from "./page.ts";

const FILES = readFiles(readPage("login.md"));
const SECRET = "a secret of the test";

interface Tokens {
  readonly makeToken: (player: string, expiresAt: number, secret: string) => string;
  readonly readToken: (token: string, now: number, secret: string) => string | undefined;
}

const { makeToken, readToken } = await importText<Tokens>(FILES["services/lib/token.ts"] ?? "");

test("a token is good until it expires, and no other one is", () => {
  const token = makeToken("Ann-1", 1000, SECRET);
  equal(readToken(token, 999, SECRET), "Ann-1");
  equal(readToken(token, 1000, SECRET), undefined);
  equal(readToken(token, 999, "another secret"), undefined);
  const [player = "", expiresAt = "", mac = ""] = token.split(".");
  const forged = [
    ["Bob", expiresAt, mac],
    [player, "9999", mac],
    [player, expiresAt, ""],
    [player, expiresAt, `${mac}x`],
    [player, expiresAt, mac.slice(1)],
    [player, `0${expiresAt}`, mac],
    [player, expiresAt],
    ["", expiresAt, mac],
    [`${"x".repeat(200)}`, expiresAt, mac],
  ];
  for (const parts of forged) equal(readToken(parts.join("."), 0, SECRET), undefined);
});

async function startDoor(t: TestContext) {
  const folder = writeFiles(t, FILES);
  process.env["LOGIN_SECRET"] = SECRET;
  const node = await startTest({ services: `${folder}/services/?.ts`, time: "virtual" }, t);
  const door = await node.snax.newservice<any>("door");
  const port = (await door.req.open(0)) as number;
  return { node, port };
}

/** A connection that keeps what it is told. */
class Client {
  readonly socket: WebSocket;
  readonly #lines: string[] = [];
  readonly closed: Promise<void>;
  #notice = (): void => {};

  constructor(t: TestContext, port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    t.after(() => this.socket.terminate());
    this.closed = new Promise((done) => this.socket.once("close", () => done()));
    this.socket.on("message", (data: Buffer) => {
      this.#lines.push(data.toString());
      this.#notice();
    });
  }

  async open(): Promise<this> {
    await new Promise((done, fail) => this.socket.once("open", done).once("error", fail));
    return this;
  }

  async line(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((done) => (this.#notice = done));
    }
  }

  /** Comes in as a player; what it is welcomed with. */
  async logIn(player: string): Promise<unknown> {
    this.socket.send(makeToken(player, Date.now() + 60_000, SECRET));
    return JSON.parse(await this.line());
  }
}

test("a session goes on when the connection is lost, and the second connection takes its place", async (t) => {
  const { port } = await startDoor(t);
  const one = await new Client(t, port).open();
  deepEqual(await one.logIn("ann"), { welcome: "ann", messages: 0 });
  one.socket.send("hello");
  equal(await one.line(), "1: hello");

  const two = await new Client(t, port).open();
  deepEqual(await two.logIn("ann"), { welcome: "ann", messages: 1 });
  await one.closed;
  two.socket.send("again");
  equal(await two.line(), "2: again");

  const bob = await new Client(t, port).open();
  deepEqual(await bob.logIn("bob"), { welcome: "bob", messages: 0 });
});

test("a session waits half a minute for its player, and no longer", async (t) => {
  const folder = writeFiles(t, FILES);
  const services = `${folder}/services/?.ts`;
  const fakes = { door: { lua: () => true } }; // It stands for the gate: it has any connection.
  const node = await startTest({ services, fakes, time: "virtual" }, t);
  const gate = await node.skynet.newservice("door");
  const sessions = await node.snax.uniqueservice<any>("sessions");
  const session = await sessions.req.attach("ann", gate, 1);
  for (const [ms, isSame] of [
    [29_999, true],
    [30_000, false],
  ] as const) {
    session.post.detach(1);
    await node.advance(ms);
    const other = await sessions.req.attach("ann", gate, 1);
    equal(other.handle === session.handle, isSame, String(ms));
  }
});

test("a client that sends no token, or more than one message before the welcome, is let go", async (t) => {
  const { node, port } = await startDoor(t);
  for (const words of ["", "ann", makeToken("ann", Date.now() + 60_000, "guessed")]) {
    const client = await new Client(t, port).open();
    client.socket.send(words);
    await client.closed;
  }
  const hasty = await new Client(t, port).open();
  hasty.socket.send(makeToken("ann", Date.now() + 60_000, SECRET));
  hasty.socket.send("hello");
  await hasty.closed;
  const silent = await new Client(t, port).open();
  await node.advance(9999);
  equal(silent.socket.readyState, WebSocket.OPEN);
  await node.advance(1);
  await silent.closed;
});

test("without a secret the door does not open", async (t) => {
  const folder = writeFiles(t, FILES);
  delete process.env["LOGIN_SECRET"];
  const node = await startTest({ services: `${folder}/services/?.ts` }, t);
  await rejects(node.snax.newservice<any>("door"), /LOGIN_SECRET is not set/);
});
