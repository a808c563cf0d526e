/**
 * The port of the links, and a caller, against those who don't keep to the protocol: strangers, and nodes that have the token.
 *
 * Promises: the node lives, what it holds is bounded, no call stays open, and other links notice nothing. `SEED` and `SCALE` repeat and
 * lengthen it.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { codeOf } from "../../../src/base/error.ts";
import { LINK_HANDSHAKES_MAX } from "../../../src/base/limits.ts";
import { LINK_FRAME } from "../../../src/cluster/wire/link-frame.ts";
import { LinkHandshake } from "../../../src/cluster/wire/link-handshake.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { linkedPair, startClient, TOKEN } from "./links.ts";
import { createRandom } from "../../../src/base/random.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const FRAMES = 20_000 * Number(process.env["SCALE"] ?? 1);

const framed = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length, 0);
  return Buffer.concat([length, body]);
};

const self = (node: string): { node: string; incarnation: string; deadAfterMs: number } => ({
  node,
  incarnation: "0123456789abcdef",
  deadAfterMs: 60_000,
});

/** Goes through the handshake on a socket; resolves when that is over. */
async function greet(socket: Socket, handshake: LinkHandshake, isCaller: boolean): Promise<void> {
  const splitter = new FrameSplitter(4, 1 << 20);
  if (isCaller) socket.write(framed(handshake.hello));
  for (;;) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    splitter.push(chunk);
    for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
      const step = handshake.take(body);
      if (step.body !== undefined) socket.write(framed(step.body));
      if (step.kind === "ready") return;
      if (step.kind === "refused") throw new Error(step.text);
    }
  }
}

/** Resolves when a connection is gone, in order or not. */
const closeOf = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.on("close", resolve));

/** A body that is nearly a frame, or not at all. */
function mutate(random: (limit: number) => number): Buffer {
  const noise = (size: number): Buffer =>
    Buffer.from(Array.from({ length: size }, () => random(256)));
  const session = Buffer.from([0, 0, 0, 1 + random(255)]);
  const name = Buffer.from("@echo");
  const address = Buffer.concat([Buffer.from([name.length]), name]);
  switch (random(6)) {
    case 0:
      return noise(random(40));
    case 1:
      return Buffer.concat([
        Buffer.from([LINK_FRAME.request]),
        session,
        address,
        noise(random(20)),
      ]);
    case 2:
      return Buffer.concat([Buffer.from([LINK_FRAME.query]), session, noise(random(20))]);
    case 3:
      return Buffer.concat([Buffer.from([random(12)]), session, noise(random(30))]);
    case 4:
      return Buffer.concat([Buffer.from([LINK_FRAME.push]), address, noise(random(20))]);
    default:
      return Buffer.concat([Buffer.from([2 + random(4)]), session, Buffer.from([random(256)])]);
  }
}

test("20,000 frames of a node that has the token: this one lives, and a healthy link notices nothing", async (t) => {
  t.diagnostic(`seed=${SEED}`);
  const { below: random } = createRandom(SEED);
  const { db, cluster, place } = await linkedPair(t);
  await db.skynet.newservice("echo");
  const port = Number(place.split(":")[1]);
  let sent = 0;
  let cuts = 0;
  while (sent < FRAMES) {
    const socket = connect(port, "127.0.0.1");
    let isOpen = true;
    socket.on("error", () => {});
    socket.on("close", () => (isOpen = false));
    await greet(
      socket,
      new LinkHandshake({ side: "caller", self: self("evil"), token: TOKEN }),
      true,
    );
    socket.resume();
    for (let index = 0; isOpen && index < 200; index += 1) {
      socket.write(framed(mutate(random)));
      sent += 1;
    }
    socket.end();
    if (isOpen) await closeOf(socket);
    cuts += 1;
    if (cuts % 20 === 0) equal(await cluster.call("db", "@echo", "ONE", cuts), cuts);
  }
  equal(await cluster.call("db", "@echo", "ONE", "still here"), "still here");
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(Object.keys(info.peers).length, 1);
  ok(info.refused["unreadable frame"] > 0, JSON.stringify(info.refused));
});

test("20,000 answers of a node that has the token: every call ends, and the next link works", async (t) => {
  t.diagnostic(`seed=${SEED}`);
  const { below: random } = createRandom(SEED);
  let frames = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const handshake = new LinkHandshake({ side: "listener", self: self("db"), token: TOKEN });
    void greet(socket, handshake, false).then(
      () => {
        socket.on("data", () => {
          for (let index = 0; index < 100; index += 1) socket.write(framed(mutate(random)));
          frames += 100;
          socket.end();
        });
      },
      () => {},
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { client, caller } = await startClient(t, `127.0.0.1:${port}`);
  while (frames < FRAMES / 10) {
    const calls = Array.from({ length: 5 }, (_each, index) => ["db", "@echo", index]);
    const ends = (await caller.req.all(calls)) as PromiseSettledResult<unknown>[];
    for (const end of ends) {
      if (end.status === "rejected") ok(codeOf(end.reason) !== undefined, String(end.reason));
    }
  }
  const info = await client.skynet.call<any>(".clusterd", "debug", "INFO");
  equal(info.links.db.calls, 0);
});

test("strangers hold a limited number of connections, and each for deadAfter at most; nodes get through again after that", async (t) => {
  const { db, place, cluster } = await linkedPair(t);
  await db.skynet.newservice("echo");
  const port = Number(place.split(":")[1]);
  const sockets = await Promise.all(
    Array.from({ length: LINK_HANDSHAKES_MAX + 1 }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      const closed = closeOf(socket);
      await once(socket, "connect");
      socket.resume();
      return { socket, closed };
    }),
  );
  t.after(() => {
    for (const { socket } of sockets) socket.destroy();
  });
  await Promise.all(sockets.map(({ closed }) => closed));
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(info.refused, { "too many links": 1, "no handshake": LINK_HANDSHAKES_MAX });
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
});

test("a handshake of too many bytes, and a request before it, end the connection", async (t) => {
  const { db, place } = await linkedPair(t);
  const port = Number(place.split(":")[1]);
  const request = framed(Buffer.from([LINK_FRAME.push, 5, ...Buffer.from("@echo"), 1, 1]));
  const long = framed(Buffer.alloc(1 << 16)).subarray(0, 5000);
  for (const bytes of [request, long, Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.write(bytes);
    await closeOf(socket);
  }
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(
    Object.values(info.refused).reduce((sum: number, count) => sum + Number(count), 0),
    3,
  );
});
