/** Web sockets at a gate: the same agents, text and binary, limits, and what comes before the handshake. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { WebSocket } from "ws";
import type { ClientOptions } from "ws";
import type { GateCounts } from "snax";
import { world } from "../../world.ts";
import { dial, frameOf } from "./peer.ts";
import type { GateWorld } from "./gate-world.ts";
import { gateWorld, until } from "./gate-world.ts";

const countsOf = ({ skynet, gate }: GateWorld): Promise<GateCounts> =>
  skynet.call(gate, "lua", "counts");

/** A web socket of a test, and what it received. */
async function browse(t: TestContext, url: string, options: ClientOptions = {}): Promise<Browser> {
  const web = new WebSocket(url, options);
  t.after(() => web.terminate());
  const browser = new Browser(web);
  await once(web, "open");
  return browser;
}

class Browser {
  readonly web: WebSocket;
  readonly received: (string | Buffer)[] = [];
  code = 0;
  #changed = (): void => {};

  constructor(web: WebSocket) {
    this.web = web;
    web.on("message", (data, isBinary) => {
      this.received.push(isBinary ? (data as Buffer) : String(data as Buffer));
      this.#changed();
    });
    web.on("error", () => {});
    web.on("close", (code) => {
      this.code = code;
      this.#changed();
    });
  }

  async next(): Promise<string | Buffer> {
    while (this.received.length === 0 && this.code === 0) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    const message = this.received.shift();
    if (message === undefined) throw new Error(`closed with ${this.code}`);
    return message;
  }

  async closed(): Promise<number> {
    while (this.code === 0) await new Promise<void>((resolve) => (this.#changed = resolve));
    return this.code;
  }
}

test("one gate serves web sockets and TCP with the same agents; text is answered as text, bytes as bytes", async (t) => {
  const here = await gateWorld(t, "text.toUpperCase()", { websocket: { port: 0 } });
  const browser = await browse(t, `ws://127.0.0.1:${here.websocket}/`);
  browser.web.send("hello");
  assert.equal(await browser.next(), "HELLO");
  browser.web.send(Buffer.from("bytes"));
  assert.equal(await browser.next(), "BYTES");
  const peer = await dial(t, here.port);
  peer.write(frameOf("tcp"));
  assert.equal(await peer.frame(), "TCP");
  assert.equal((await countsOf(here)).clients, 2);
});

test("an agent is told what is text, and bytes that it sends arrive as bytes", async (t) => {
  const { log, skynet, make } = await world(t, {
    main: `
      import { skynet, socket } from "snax";
      let gate = 0;
      export async function init() {
        skynet.dispatch("lua", (_session, _source, _socket, what: string, fd: number) =>
          what === "open" ? skynet.call(gate, "lua", "forward", fd) : undefined);
        skynet.dispatch("client", (fd: number, _source, data: Buffer, isText?: boolean) => {
          if (isText) socket.send(fd, "text " + data);
          else socket.write(fd, data.reverse());
        });
        gate = await skynet.newservice("gate");
      }
      export const response = {
        open(options: object) { return skynet.call(gate, "lua", "open", options); },
      };
    `,
  });
  void skynet;
  const main = await make("main");
  const options = { address: "127.0.0.1", websocket: { port: 0 } };
  const { websocket, port } = (await main.req.open(options)) as Record<string, number>;
  assert.equal(port, 0);
  const browser = await browse(t, `ws://127.0.0.1:${websocket}`);
  browser.web.send("a");
  browser.web.send(Uint8Array.of(1, 2, 3));
  browser.web.send("");
  assert.equal(await browser.next(), "text a");
  assert.deepEqual(await browser.next(), Buffer.from([3, 2, 1]));
  assert.equal(await browser.next(), "text ");
  // Of ports that a gate does not have the log says nothing.
  const lines = (await log()).filter((line) => line.startsWith("Listen on"));
  assert.deepEqual(lines, [`Listen on 127.0.0.1 ${websocket} for web sockets`]);
});

test("a message beyond the limit, and bytes that are no web socket's, cut with ERR_MALFORMED", async (t) => {
  const options = { frameLimitBytes: 1000, websocket: { port: 0 } };
  const here = await gateWorld(t, "String(text.length)", options);
  const url = `ws://127.0.0.1:${here.websocket}`;
  const large = await browse(t, url);
  large.web.send("x".repeat(1000));
  assert.equal(await large.next(), "1000");
  large.web.send("x".repeat(1001));
  assert.equal(await large.closed(), 1009);
  const garbage = await browse(t, url);
  (garbage.web as unknown as { _socket: NodeJS.WritableStream })._socket.write("\xff\xff\xff\xff");
  assert.equal(await garbage.closed(), 1002);
  const counts = await until(
    () => countsOf(here),
    ({ clients }) => clients === 0,
  );
  assert.deepEqual(counts.cut, { ERR_MALFORMED: 2 });
});

test("a client is told that the server goes away, and may come again, when the node stops", async (t) => {
  const here = await gateWorld(t, "text", { websocket: { port: 0 } });
  const browser = await browse(t, `ws://127.0.0.1:${here.websocket}`);
  browser.web.send("hello");
  assert.equal(await browser.next(), "hello");
  await here.stop();
  assert.equal(await browser.closed(), 1001);
});

test("a kick closes in order after what was written; a client that leaves is told to the watchdog", async (t) => {
  const here = await gateWorld(t, "text", { websocket: { port: 0 } });
  const browser = await browse(t, `ws://127.0.0.1:${here.websocket}`);
  browser.web.send("hello");
  assert.equal(await browser.next(), "hello");
  const [[, fd]] = (await here.events()) as [[string, number]];
  await here.skynet.call(here.gate, "lua", "kick", fd);
  assert.equal(await browser.closed(), 1000);
  const other = await browse(t, `ws://127.0.0.1:${here.websocket}`);
  await until(here.events, (list) => list.length === 3);
  other.web.close();
  const events = await until(here.events, (list) => list.length === 4);
  assert.deepEqual(
    events.map(([event]) => event),
    ["open", "close", "open", "close"],
  );
});

test("pages are served, other paths, sites and clients beyond the limit are turned away", async (t) => {
  const here = await gateWorld(t, "text", {
    maxclient: 1,
    websocket: {
      port: 0,
      path: "/play",
      origins: ["https://good.example"],
      pages: { "/": "<p>hello</p>", "/x.js": "1" },
    },
  });
  const at = (path: string): string => `http://127.0.0.1:${here.websocket}${path}`;
  const fetchPage = async (path: string): Promise<unknown[]> => {
    const response = await fetch(at(path));
    return [response.status, response.headers.get("content-type"), await response.text()];
  };
  assert.deepEqual(await fetchPage("/"), [200, "text/html; charset=utf-8", "<p>hello</p>"]);
  assert.deepEqual(await fetchPage("/x.js?1"), [200, "text/javascript; charset=utf-8", "1"]);
  assert.deepEqual(await fetchPage("/no"), [404, "text/plain; charset=utf-8", "not found\n"]);
  assert.equal((await fetch(at("/"), { method: "POST", body: "x" })).status, 404);
  const statusOf = async (path: string, origin: string): Promise<number | undefined> => {
    const headers = {
      ...{ connection: "upgrade", upgrade: "websocket", origin },
      ...{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" },
    };
    const request = get(at(path), { headers });
    request.on("error", () => {});
    return await new Promise((resolve) => {
      request.on("response", (response) => resolve(response.statusCode));
      request.on("upgrade", (response, socket) => {
        socket.on("error", () => {});
        t.after(() => socket.destroy());
        resolve(response.statusCode);
      });
    });
  };
  assert.equal(await statusOf("/other", "https://good.example"), 404);
  assert.equal(await statusOf("/play", "https://evil.example"), 403);
  assert.equal(await statusOf("/play", "https://good.example"), 101);
  assert.equal(await statusOf("/play", "https://good.example"), 503);
  assert.equal((await countsOf(here)).refused, 1);
});

test("a browser that never reads is cut", async (t) => {
  const limits = { writeLimitBytes: 3 << 20, websocket: { port: 0 } };
  const here = await gateWorld(t, `"x".repeat(60000)`, limits);
  const deaf = await browse(t, `ws://127.0.0.1:${here.websocket}`);
  deaf.web.pause();
  for (;;) {
    for (let n = 0; n < 10; n += 1) deaf.web.send("more");
    if ((await countsOf(here)).clients === 0) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual((await countsOf(here)).cut, { ERR_OVERFLOW: 1 });
});

test("a browser that does not finish a message is cut, and one that is silent is not", async (t) => {
  const here = await gateWorld(t, `"here"`, { frameMs: 20, websocket: { port: 0 } });
  const url = `ws://127.0.0.1:${here.websocket}`;
  const slow = await browse(t, url);
  const silent = await browse(t, url);
  (slow.web as unknown as { _socket: NodeJS.WritableStream })._socket.write(
    Buffer.from([0x82, 0xfe, 0]),
  );
  assert.equal(await slow.closed(), 1006);
  const { cut } = await until(
    () => countsOf(here),
    ({ clients }) => clients === 1,
  );
  assert.deepEqual(cut, { ERR_TIMEOUT: 1 });
  silent.web.send("are you there?");
  assert.equal(String(await silent.next()), "here");
});
