/** What a gate bounds: how clients send, how long they take, what they leave unread, and what their agents leave undone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateCounts } from "snax";
import { dial, frameOf } from "./peer.ts";
import { world } from "../../world.ts";
import type { GateWorld } from "./gate-world.ts";
import { gateWorld, until } from "./gate-world.ts";

const countsOf = ({ skynet, gate }: GateWorld): Promise<GateCounts> =>
  skynet.call(gate, "lua", "counts");

test("a message of the longest length is served, one byte more cuts the client with ERR_MALFORMED", async (t) => {
  const here = await gateWorld(t, "String(text.length)", { frameLimitBytes: 1000 });
  const peer = await dial(t, here.port);
  peer.write(frameOf("x".repeat(1000)));
  assert.equal(await peer.frame(), "1000");
  peer.write(frameOf("x".repeat(1001)));
  assert.equal(await peer.ended(), "");
  const events = await until(here.events, (list) => list.length >= 3);
  assert.deepEqual(events.map(([event, , ...rest]) => [event, rest.at(-1)]).slice(1), [
    ["error", "ERR_MALFORMED"],
    ["close", undefined],
  ]);
  assert.deepEqual((await countsOf(here)).cut, { ERR_MALFORMED: 1 });
});

test("a stream that ends inside a message is counted as ERR_MALFORMED, one that ends between two is in order", async (t) => {
  const here = await gateWorld(t, "text");
  const frame = frameOf("hello");
  for (let cut = 0; cut <= frame.length; cut += 1) {
    const peer = await dial(t, here.port);
    peer.socket.end(frame.subarray(0, cut));
    await peer.ended();
  }
  const counts = await until(
    () => countsOf(here),
    ({ clients }) => clients === 0,
  );
  assert.deepEqual(counts.cut, { ERR_MALFORMED: frame.length - 1 });
  const honest = await dial(t, here.port);
  honest.write(frame);
  assert.equal(await honest.frame(), "hello");
});

test("a client that does not finish its message in time is cut with ERR_TIMEOUT, a silent one stays", async (t) => {
  const here = await gateWorld(t, "text", { frameMs: 20 });
  const slow = await dial(t, here.port);
  const silent = await dial(t, here.port);
  slow.write(frameOf("hello").subarray(0, 4));
  assert.equal(await slow.ended(), "");
  // The gate of another thread may learn of it later than the client.
  const { cut } = await until(
    () => countsOf(here),
    ({ clients }) => clients === 1,
  );
  assert.deepEqual(cut, { ERR_TIMEOUT: 1 });
  silent.write(frameOf("here"));
  assert.equal(await silent.frame(), "here");
});

test("a client that sends nothing is cut with ERR_TIMEOUT if the gate wants that, one that speaks stays", async (t) => {
  const here = await gateWorld(t, "text", { idleMs: 200 });
  const silent = await dial(t, here.port);
  const busy = await dial(t, here.port);
  let isOver = false;
  const end = silent.ended().then(() => (isOver = true));
  while (!isOver) {
    busy.write(frameOf("tick"));
    assert.equal(await busy.frame(), "tick");
    await new Promise((resolve) => setImmediate(resolve));
  }
  await end;
  assert.deepEqual((await countsOf(here)).cut, { ERR_TIMEOUT: 1 });
});

test("a client that never reads is cut when the unsent bytes pass the limit, and the watchdog is warned before", async (t) => {
  const here = await gateWorld(t, `"x".repeat(60000)`, { writeLimitBytes: 3 << 20 });
  const deaf = await dial(t, here.port);
  deaf.socket.pause();
  const ask = frameOf("more");
  let isCut = false;
  void deaf.ended().then(() => (isCut = true));
  while (!isCut) {
    deaf.write(ask);
    await new Promise((resolve) => setImmediate(resolve));
    isCut ||= (await countsOf(here)).clients === 0;
  }
  const events = await until(here.events, (list) => list.some(([event]) => event === "close"));
  assert.equal(events.filter(([event]) => event === "warning").length >= 1, true);
  assert.deepEqual((await countsOf(here)).cut, { ERR_OVERFLOW: 1 });
});

test("one address may have as many clients as the limit says and no more", async (t) => {
  const here = await gateWorld(t, "text", { maxperaddress: 2 });
  const first = await dial(t, here.port);
  const second = await dial(t, here.port);
  const third = await dial(t, here.port);
  assert.equal(await third.ended(), "");
  const elsewhere = await dial(t, {
    port: here.port,
    host: "127.0.0.1",
    localAddress: "127.0.0.2",
  });
  for (const peer of [first, second, elsewhere]) {
    peer.write(frameOf("in"));
    assert.equal(await peer.frame(), "in");
  }
  assert.equal((await countsOf(here)).refused, 1);
});

test("a client that sends faster than its agent works waits, and loses nothing", async (t) => {
  const { skynet, make } = await world(t, {
    main: `
      import { skynet, snax, socket } from "snax";
      let gate = 0;
      export async function init() {
        const agent = await snax.newservice("agent");
        skynet.dispatch("lua", (_session, _source, _socket, what: string, fd: number) => {
          if (what !== "open") return;
          void agent.req.block();
          return skynet.call(gate, "lua", "forward", fd, 0, agent.handle);
        });
        gate = await skynet.newservice("gate");
      }
      export const response = {
        open() { return skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0 }); },
        async bytesRead() { return (await socket.netstat()).find(({ type }) => type === "TCP")?.bytesRead ?? 0; },
      };
    `,
    agent: `
      import { skynet, socket } from "snax";
      let done = 0;
      export function init() {
        skynet.dispatch("client", (fd: number, _source: number, data: Buffer) => {
          done += 1;
          if (String(data) === "end") socket.send(fd, String(done));
        });
        return "queue";
      }
      export const response = {
        async block() { while (skynet.getenv("go") === undefined) await skynet.sleep(1); },
      };
    `,
  });
  const main = await make("main");
  const { port } = (await main.req.open()) as { port: number };
  const peer = await dial(t, port);
  // 20 MiB: far more than the windows and all buffers of the system between the two.
  const body = frameOf("x".repeat(65535));
  for (let n = 0; n < 320; n += 1) peer.write(body);
  peer.write(frameOf("end"));
  const bytesRead = (): Promise<number> => main.req.bytesRead() as Promise<number>;
  await until(bytesRead, (bytes) => bytes > 128 * 1024);
  for (let n = 0; n < 100; n += 1) await bytesRead();
  assert.ok((await bytesRead()) < 1 << 20);
  skynet.setenv("go", true);
  assert.equal(await peer.frame(), "321");
});

test("with bounded mailboxes a client's messages wait at the gate, and none is lost", async (t) => {
  const here = await gateWorld(t, "text", {}, { mailbox: 20 });
  const peer = await dial(t, here.port);
  const texts = Array.from({ length: 1000 }, (_, index) => String(index));
  peer.write(Buffer.concat(texts.map((text) => frameOf(text))));
  for (const text of texts) assert.equal(await peer.frame(), text);
});

test("the death of an agent ends its client after what was written to it, with ERR_SERVICE_DEAD", async (t) => {
  const here = await gateWorld(
    t,
    `text === "die" ? (socket.send(session, "bye"), skynet.exit()) : text`,
  );
  const peer = await dial(t, here.port);
  peer.write(frameOf("hello"));
  assert.equal(await peer.frame(), "hello");
  peer.write(frameOf("die"));
  assert.equal(await peer.frame(), "bye");
  assert.equal(await peer.ended(), "");
  const counts = await until(
    () => countsOf(here),
    ({ clients }) => clients === 0,
  );
  assert.deepEqual(counts.cut, { ERR_SERVICE_DEAD: 1 });
});

test("an agent that hands its client on may die; the client stays with the next one", async (t) => {
  const here = await gateWorld(t, "text");
  const peer = await dial(t, here.port);
  peer.write(frameOf("one"));
  assert.equal(await peer.frame(), "one");
  const [[, fd]] = (await here.events()) as [[string, number]];
  const [first = 0] = await here.skynet.call<number[]>(here.watchdog, "lua", "agents");
  const second = await here.skynet.newservice("agent");
  await here.skynet.call(second, "lua", "start", { gate: here.gate, fd });
  here.skynet.kill(first);
  peer.write(frameOf("two"));
  assert.equal(await peer.frame(), "two");
});

test("frames with 4 bytes of length, and lines, are served as well", async (t) => {
  const four = await gateWorld(t, "text", { framing: 4 });
  const peer = await dial(t, four.port);
  const body = Buffer.alloc(4 + 70_000, 97);
  body.writeUInt32BE(70_000);
  peer.write(body);
  assert.deepEqual(await peer.take(body.length), body);
  const lines = await gateWorld(t, "text.toUpperCase()", { framing: "line" });
  const other = await dial(t, lines.port);
  other.write("one\r\ntwo\n");
  assert.equal(await other.line(), "ONE");
  assert.equal(await other.line(), "TWO");
});
