import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { startTest } from "snax/testing";
import { readMessage } from "../services/lib/wire.ts";
import type * as Door from "../services/door.ts";
import type * as Room from "../services/room.ts";

test("a room knows who is there and what was said last", async (t) => {
  const { snax } = await startTest({}, t);
  const room = await snax.newservice<typeof Room>("room");
  room.post.enter(1, "Ann");
  room.post.enter(2, "Bob");
  room.post.say(1, "hello");
  equal(await room.req.last(), "Ann: hello");
  room.post.leave(1);
  deepEqual(await room.req.who(), ["Bob"]);
});

test("what no page sends is not understood", () => {
  const read = (text: string) => readMessage(Buffer.from(text));
  deepEqual(read('{"say": "hello"}'), { say: "hello" });
  for (const text of ["", "[]", "null", "{", '{"say": 1}', `{"say": "${"x".repeat(501)}"}`]) {
    equal(read(text), undefined);
  }
});

const noWebSocket = typeof WebSocket === "undefined" && "this release of Node has no WebSocket";

test("two browsers talk", { skip: noWebSocket }, async (t) => {
  const { snax } = await startTest({}, t);
  const door = await snax.newservice<typeof Door>("door");
  const port = await door.req.open(0);
  const ann = await Browser.open(port, "Ann");
  const bob = await Browser.open(port, "Bob");
  await bob.hears("Bob has come");
  ann.send({ say: "hello" });
  await bob.hears("Ann: hello");
  ann.close();
  await bob.hears("Ann has gone");
  bob.close();
});

class Browser {
  readonly #socket: WebSocket;
  readonly #lines: string[] = [];
  #wake = (): void => {};

  static async open(port: number, name: string): Promise<Browser> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const browser = new Browser(socket);
    browser.send({ enter: "lobby", name });
    await browser.hears(`${name} has come`);
    return browser;
  }

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#lines.push(...(JSON.parse(String(data)) as { lines: string[] }).lines);
      this.#wake();
    });
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Waits until it has been shown a line. */
  async hears(line: string): Promise<void> {
    while (!this.#lines.includes(line)) await new Promise<void>((wake) => (this.#wake = wake));
  }

  close(): void {
    this.#socket.close();
  }
}
