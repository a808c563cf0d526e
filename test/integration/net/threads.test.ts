/** Sockets and gates of a node with several threads: writing from elsewhere, agents elsewhere, and what binds both sides. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { GateCounts, SocketInfo } from "snax";
import type { World } from "../../world.ts";
import { codeOfFailure, world } from "../../world.ts";
import { dial, frameOf } from "./peer.ts";
import { until } from "./gate-world.ts";

/** A watchdog that puts each agent on the other worker; its gate is on its own. */
const MAIN = `
  import { skynet, snax, socket } from "snax";
  let gate = 0;
  const events: unknown[][] = [];
  const agents: number[] = [];
  export async function init() {
    skynet.dispatch("lua", async (_session, _source, _socket, ...event: unknown[]) => {
      events.push(event);
      const [what, fd] = event;
      if (what !== "open") return;
      const agent = await snax.at(2).newservice("agent");
      agents.push(agent.handle);
      await skynet.call(gate, "lua", "forward", fd, 7, agent.handle);
    });
    gate = await skynet.at("near").newservice("gate");
  }
  export const response = {
    open(options: object) {
      return skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0, ...options });
    },
    counts() { return skynet.call(gate, "lua", "counts"); },
    events() { return events; },
    agents() { return agents; },
    netstat() { return socket.netstat(); },
  };
`;

/** Answers with its thread's part of the message; in queue mode, so that it can be kept busy. */
const AGENT = `
  import { skynet, socket } from "snax";
  let done = 0;
  export function init() {
    skynet.dispatch("client", (fd: number, source: number, data: Buffer) => {
      done += 1;
      const text = String(data);
      if (text === "die") skynet.exit();
      if (text === "count") socket.send(fd, String(done));
      else if (text === "raw") socket.write(fd, ["\\0\\u0003", Uint8Array.of(114, 97, 119)]);
      else if (text === "close") { socket.send(fd, "bye"); void socket.close(fd); }
      else if (text.length < 100) socket.send(fd, source + " " + text);
    });
    return "queue";
  }
  export const response = {
    async block() {
      skynet.setenv("blocked", true);
      while (skynet.getenv("go") === undefined) await skynet.sleep(1);
    },
    read(fd: number) { return socket.read(fd); },
    start(fd: number) { return socket.start(fd); },
    invalid(fd: number) { return socket.invalid(fd); },
  };
`;

async function threads(t: TestContext, options: object = {}) {
  const here: World = await world(t, { main: MAIN, agent: AGENT }, { thread: 2 });
  const main = await here.snax.at(1).newservice<any>("main");
  const { port } = (await main.req.open(options)) as { port: number };
  const counts = () => main.req.counts() as Promise<GateCounts>;
  return { ...here, main, port, counts };
}

test("an agent on another thread gets its client's messages in order, and answers", async (t) => {
  const { port } = await threads(t);
  const peer = await dial(t, port);
  const texts = Array.from({ length: 500 }, (_, index) => `message ${index}`);
  peer.write(Buffer.concat(texts.map((text) => frameOf(text))));
  for (const text of texts) assert.equal(await peer.frame(), `7 ${text}`);
  peer.write(frameOf("raw"));
  assert.equal(await peer.frame(), "raw");
  peer.write(frameOf("close"));
  assert.equal(await peer.frame(), "bye");
  assert.equal(await peer.ended(), "");
});

test("a client that sends faster than an agent on another thread works waits, and loses nothing", async (t) => {
  const { main, port, skynet, snax } = await threads(t);
  const peer = await dial(t, port);
  peer.write(frameOf("hello"));
  assert.equal(await peer.frame(), "7 hello");
  const [agent = 0] = (await main.req.agents()) as number[];
  const blocked = snax.bind(agent, "agent").req.block?.();
  await until(
    () => Promise.resolve(skynet.getenv("blocked")),
    (isBlocked) => isBlocked !== undefined,
  );
  const body = frameOf("x".repeat(65535));
  for (let n = 0; n < 320; n += 1) peer.write(body);
  peer.write(frameOf("count"));
  const bytesRead = async (): Promise<number> => {
    const sockets = (await main.req.netstat()) as SocketInfo[];
    return sockets.find(({ type }) => type === "TCP")?.bytesRead ?? 0;
  };
  // Where the reading stops depends on how the stream was cut into chunks.
  await until(bytesRead, (bytes) => bytes >= 64 * 1024);
  for (let n = 0; n < 100; n += 1) await bytesRead();
  assert.ok((await bytesRead()) < 1 << 20);
  skynet.setenv("go", true);
  assert.equal(await peer.frame(), "322");
  await blocked;
});

test("the death of an agent on another thread ends its client within a second or two", async (t) => {
  const { port, counts } = await threads(t);
  const silent = await dial(t, port);
  silent.write(frameOf("die"));
  assert.equal(await silent.ended(), "");
  const busy = await dial(t, port);
  busy.write(frameOf("die"));
  for (let n = 0; n < 100; n += 1) busy.write(frameOf("x".repeat(60_000)));
  assert.equal(await busy.ended(), "");
  const { cut } = await until(counts, ({ clients }) => clients === 0);
  assert.deepEqual(cut, { ERR_SERVICE_DEAD: 2 });
});

test("sockets have numbers of their own on every thread; a gate's client that lives elsewhere can't be read or started", async (t) => {
  const { main, port, snax } = await threads(t);
  const peer = await dial(t, port);
  peer.write(frameOf("hello"));
  await peer.frame();
  const sockets = (await main.req.netstat()) as SocketInfo[];
  const client = sockets.find(({ type }) => type === "TCP");
  assert.equal((client?.id ?? 0) % 3, 1);
  const [agent = 0] = (await main.req.agents()) as number[];
  const { req } = snax.bind<any>(agent, "agent");
  assert.equal(await codeOfFailure(req.read(client?.id)), "ERR_SOCKET");
  assert.equal(await codeOfFailure(req.start(client?.id)), "ERR_SOCKET");
  assert.equal(await req.invalid(client?.id), false);
});

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const canShare = process.platform === "linux" && (major > 23 || (major === 23 && minor >= 1));

test(
  "gates of two threads share a port where Node and the system can",
  { skip: !canShare },
  async (t) => {
    const echo = `
    import { gateserver, socket } from "snax";
    gateserver.start({
      connect(fd) { gateserver.openclient(fd); },
      message(fd, data) { socket.send(fd, data); },
      command() { return gateserver.counts(); },
    });
  `;
    const { skynet } = await world(t, { echo }, { thread: 2 });
    const gates = [await skynet.at(1).newservice("echo"), await skynet.at(2).newservice("echo")];
    let port = 0;
    for (const gate of gates) {
      const options = { address: "127.0.0.1", port, reusePort: true };
      ({ port } = await skynet.call<{ port: number }>(gate, "lua", "open", options));
    }
    for (let n = 0; n < 100; n += 1) {
      const peer = await dial(t, port);
      peer.write(frameOf(String(n)));
      assert.equal(await peer.frame(), String(n));
    }
    for (const gate of gates) {
      assert.ok((await skynet.call<GateCounts>(gate, "lua", "counts")).accepted > 0);
    }
  },
);
