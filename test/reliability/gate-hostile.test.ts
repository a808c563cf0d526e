/**
 * A gate under attack: malformed streams, clients that never read, clients that never finish. Honest ones notice nothing.
 * SCALE=4 sends more than 100,000 malformed streams.
 */

import assert from "node:assert/strict";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { collect } from "../collector.ts";
import type { GateCounts, GateListened } from "snax";
import type { GateWorld } from "../integration/net/gate-world.ts";
import { gateWorld, until } from "../integration/net/gate-world.ts";
import {
  attack,
  attackAll,
  attackWeb,
  Honest,
  LIMIT_BYTES,
  sumOf,
} from "../integration/net/hostile.ts";
import { world } from "../world.ts";
import { frameOf } from "../integration/net/peer.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const scale = Number(process.env["SCALE"] ?? 1) || 1;
console.log(`gate-hostile: seed=${seed} scale=${scale}`);

const MiB = 1024 * 1024;

const countsOf = ({ skynet, gate }: Pick<GateWorld, "skynet" | "gate">): Promise<GateCounts> =>
  skynet.call(gate, "lua", "counts");

async function residentBytes(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function openAll(count: number, port: number): Promise<Socket[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      await new Promise((resolve) => socket.once("connect", resolve));
      return socket;
    }),
  );
}

/** A gate that answers by itself. */
const ECHO = `
  import { gateserver, skynet, socket } from "snax";
  gateserver.start({
    connect(fd) { gateserver.openclient(fd); },
    message(fd, data) { socket.send(fd, data); },
    command(command) { return gateserver.counts(); },
  });
`;

for (const [name, attackOne, count] of [
  ["frames", attack, 27_000],
  ["web sockets", attackWeb, 3000],
] as const) {
  test(`${count} malformed ${name} are counted one by one and leave nothing behind`, async (t) => {
    const { skynet } = await world(t, { echo: ECHO });
    const gate = await skynet.newservice("echo");
    const limits = { frameLimitBytes: LIMIT_BYTES, maxclient: 100_000, websocket: { port: 0 } };
    const options = { address: "127.0.0.1", port: 0, ...limits };
    const listened = await skynet.call<GateListened>(gate, "lua", "open", options);
    const here = { skynet, gate, ...listened };
    await attackAll(500, seed + 1, (random) => attackOne(here, random));
    const before = await residentBytes();
    const honest = new Honest(here.port);
    honest.start();
    const total = Math.round(count * scale);
    await attackAll(total, seed, (random) => attackOne(here, random));
    await honest.stop();
    const counts = await until(
      () => countsOf(here),
      ({ clients }) => clients === 0,
    );
    assert.equal(sumOf(counts.cut), total + 500);
    const grown = (await residentBytes()) - before;
    const p99 = honest.within(0.99);
    console.log(`${name}: answers within ${p99.toFixed(1)} ms p99, grown ${grown} bytes`);
    assert.ok(p99 < 50, `an honest client waited ${p99} ms`);
    assert.ok(grown < 5 * MiB, `${grown} bytes stayed`);
  });
}

test("200 clients that never read are cut at the limit, and cost no more than it", async (t) => {
  const limit = MiB;
  const here = await gateWorld(t, `text.startsWith("honest") ? text : "x".repeat(10_000)`, {
    ...{ writeLimitBytes: limit, maxclient: 1000 },
  });
  const honest = new Honest(here.port);
  const before = await residentBytes();
  const deaf = await openAll(200, here.port);
  honest.start();
  const ask = Buffer.concat(Array.from({ length: 20 }, () => frameOf("more")));
  let most = 0;
  for (;;) {
    for (const socket of deaf) if (!socket.destroyed) socket.write(ask);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, heapUsed + arrayBuffers);
    if ((await countsOf(here)).cut["ERR_OVERFLOW"] === 200) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await honest.stop();
  const grown = most - before;
  console.log(`deaf: grown ${grown} bytes, honest p99 ${honest.within(0.99).toFixed(1)} ms`);
  assert.ok(grown < 200 * limit + 60 * MiB, `${grown} bytes`);
  assert.deepEqual((await countsOf(here)).cut, { ERR_OVERFLOW: 200 });
});

test("1,000 clients that send a byte a second are cut in time, and a new honest one is served meanwhile", async (t) => {
  const frameMs = 3000;
  const here = await gateWorld(t, "text", { maxclient: 3000, frameMs, websocket: { port: 0 } });
  const stream = frameOf("a message that takes its time");
  const heads = Buffer.from("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n");
  const begun = performance.now();
  const slow = await openAll(1000, here.port);
  const web = await openAll(1000, here.websocket);
  let at = 0;
  const timer = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write(stream.subarray(at, at + 1));
    for (const socket of web) if (!socket.destroyed) socket.write(heads.subarray(at, at + 1));
    at += 1;
  }, 1000);
  t.after(() => clearInterval(timer));
  const honest = new Honest(here.port);
  honest.start();
  await until(
    () => countsOf(here),
    ({ cut }) => cut["ERR_TIMEOUT"] === 1000,
  );
  const tookMs = performance.now() - begun;
  const open = (): number => web.filter((socket) => !socket.destroyed).length;
  await until(
    () => Promise.resolve(open()),
    (count) => count === 0,
  );
  const webMs = performance.now() - begun;
  await honest.stop();
  console.log(`slow: ${tookMs.toFixed(0)} ms, web ${webMs.toFixed(0)} ms`);
  assert.ok(tookMs < 1000 + frameMs * 1.25 + 2000, `${tookMs} ms`);
  assert.ok(webMs < 18_000, `${webMs} ms`);
  assert.ok(honest.within(0.99) < 50, `an honest client waited ${honest.within(0.99)} ms`);
});
