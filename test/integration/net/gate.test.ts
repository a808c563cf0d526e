/** The gate service: clients, a watchdog, and agents that get the clients' messages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, world } from "../../world.ts";
import { gateWorld, until } from "./gate-world.ts";
import { dial, frameOf } from "./peer.ts";

test("each client gets an agent, and the agent its messages, as `client` messages with the client's number", async (t) => {
  const { port } = await gateWorld(t, "`${source} ${session === fd} ${text}`");
  const first = await dial(t, port);
  const second = await dial(t, port);
  first.write(frameOf("one"));
  second.write(frameOf("two"));
  assert.equal(await first.frame(), "0 true one");
  assert.equal(await second.frame(), "0 true two");
});

test("messages arrive whole and in order however the stream is cut, empty ones too", async (t) => {
  const { port } = await gateWorld(t, "text");
  const peer = await dial(t, port);
  peer.socket.setNoDelay(true);
  const texts = ["", "a", "x".repeat(300), "", "y".repeat(65535), "end"];
  const stream = Buffer.concat(texts.map((text) => frameOf(text)));
  for (let at = 0; at < stream.length; at += 7001) peer.write(stream.subarray(at, at + 7001));
  for (const text of texts) assert.equal(await peer.frame(), text);
  for (const byte of frameOf("by bytes")) peer.write(Buffer.from([byte]));
  assert.equal(await peer.frame(), "by bytes");
});

test("the watchdog is told of open and close, once each, no matter which side ends the connection", async (t) => {
  const { port, gate, events, skynet } = await gateWorld(t, "text");
  const peer = await dial(t, port);
  peer.write(frameOf("hello"));
  await peer.frame();
  const [[opened, fd, place]] = (await events()) as [[string, number, string]];
  assert.equal(opened, "open");
  assert.equal(place, `127.0.0.1:${(peer.socket.address() as { port: number }).port}`);
  await skynet.call(gate, "lua", "kick", fd);
  await peer.ended();
  const all = await until(events, (list) => list.length >= 2);
  assert.deepEqual(all.slice(1), [["close", fd]]);
  const other = await dial(t, port);
  await until(events, (list) => list.length >= 3);
  other.socket.end();
  await until(events, (list) => list.length >= 4);
  assert.deepEqual((await events()).at(-1), ["close", (await events())[2]?.[1]]);
});

test("the data of a client that is accepted and not forwarded go to the watchdog", async (t) => {
  const { make, skynet } = await world(t, {
    main: `
      import { skynet } from "snax";
      const seen: unknown[] = [];
      let gate = 0;
      export async function init() {
        skynet.dispatch("lua", (_session, _source, ...args: unknown[]) => {
          const [, what, fd, data] = args as [string, string, number, Buffer];
          if (what === "open") return skynet.call(gate, "lua", "accept", fd);
          seen.push(what === "data" ? String(data) : what);
        });
        gate = await skynet.newservice("gate");
      }
      export const response = {
        open() { return skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0 }); },
        seen() { return seen; },
      };
    `,
  });
  void skynet;
  const main = await make("main");
  const { port } = (await main.req.open()) as { port: number };
  const peer = await dial(t, port);
  peer.write(Buffer.concat([frameOf("a"), frameOf(""), frameOf("b")]));
  peer.socket.end();
  const seen = await until(
    () => main.req.seen() as Promise<unknown[]>,
    (list) => list.length === 4,
  );
  assert.deepEqual(seen, ["a", "", "b", "close"]);
});

test("a gate lets in exactly as many clients as its options say, and counts those it turns away", async (t) => {
  const { port, gate, skynet } = await gateWorld(t, "text", { maxclient: 2 });
  const first = await dial(t, port);
  const second = await dial(t, port);
  for (const peer of [first, second]) {
    peer.write(frameOf("in"));
    assert.equal(await peer.frame(), "in");
  }
  const third = await dial(t, port);
  assert.equal(await third.ended(), "");
  const counts = await skynet.call<Record<string, number>>(gate, "lua", "counts");
  assert.deepEqual([counts["clients"], counts["accepted"], counts["refused"]], [2, 2, 1]);
  first.socket.destroy();
  await until(
    () => skynet.call<Record<string, number>>(gate, "lua", "counts"),
    (now) => now["clients"] === 1,
  );
  const fourth = await dial(t, port);
  fourth.write(frameOf("again"));
  assert.equal(await fourth.frame(), "again");
});

test("a command that a gate does not know, a client that it does not have, and a second open are refused", async (t) => {
  const { gate, skynet } = await gateWorld(t, "text");
  const ask = (...args: unknown[]): Promise<string> =>
    codeOfFailure(skynet.call(gate, "lua", ...args));
  assert.equal(await ask("constructor"), "ERR_ARGUMENT");
  assert.equal(await ask("forward", 4711), "ERR_SOCKET");
  assert.equal(await ask("accept", 4711), "ERR_SOCKET");
  assert.equal(await ask("kick", 4711), "resolved to undefined");
  assert.equal(await ask("open", { port: 0 }), "ERR_ARGUMENT");
});

test("a gate that was closed keeps its clients, and may be opened again with other options", async (t) => {
  const { port, gate, skynet } = await gateWorld(t, "text", { maxclient: 1 });
  const first = await dial(t, port);
  first.write(frameOf("one"));
  assert.equal(await first.frame(), "one");
  await skynet.call(gate, "lua", "close");
  assert.equal(await codeOfFailure(dial(t, port)), "Error: connect ECONNREFUSED 127.0.0.1:" + port);
  first.write(frameOf("still here"));
  assert.equal(await first.frame(), "still here");
  const again = { address: "127.0.0.1", port: 0, maxclient: 2 };
  const listened = await skynet.call<{ port: number }>(gate, "lua", "open", again);
  await dial(t, listened.port);
});

test("a client that is handed on in the midst of a flood loses no message, and none overtakes another", async (t) => {
  const { make } = await world(t, {
    main: `
      import { skynet, snax } from "snax";
      const seen: number[] = [];
      let gate = 0;
      let agent;
      export async function init() {
        agent = await snax.newservice("agent");
        skynet.dispatch("lua", (_session, _source, _socket, what: string, fd: number, data: Buffer) => {
          if (what === "open") return skynet.call(gate, "lua", "accept", fd);
          if (what !== "data") return;
          seen.push(Number(data));
          if (seen.length === 100) return skynet.call(gate, "lua", "forward", fd, 0, agent.handle);
        });
        gate = await skynet.newservice("gate");
      }
      export const response = {
        open() { return skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0 }); },
        async seen() { return [seen, await agent.req.seen()]; },
      };
    `,
    agent: `
      import { skynet } from "snax";
      const seen: number[] = [];
      export function init() {
        skynet.dispatch("client", (_fd, _source, data: Buffer) => void seen.push(Number(data)));
      }
      export const response = { seen() { return seen; } };
    `,
  });
  const main = await make("main");
  const { port } = (await main.req.open()) as { port: number };
  const peer = await dial(t, port);
  const numbers = Array.from({ length: 50_000 }, (_, index) => index);
  peer.write(Buffer.concat(numbers.map((number) => frameOf(String(number)))));
  const [before = [], after = []] = await until(
    () => main.req.seen() as Promise<number[][]>,
    (lists) => lists.flat().length === numbers.length,
  );
  assert.ok(before.length >= 100 && after.length > 0);
  assert.deepEqual([...before, ...after], numbers);
});

test("a client can't be handed to a service that is dead", async (t) => {
  const { port, gate, skynet, events } = await gateWorld(t, "text");
  await dial(t, port);
  const [[, fd] = []] = await until(events, (list) => list.length > 0);
  const dead = await skynet.newservice("agent");
  skynet.kill(dead);
  const answer = skynet.call(gate, "lua", "forward", fd, 0, dead);
  assert.equal(await codeOfFailure(answer), "ERR_SERVICE_DEAD");
});
