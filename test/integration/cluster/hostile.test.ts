/**
 * A cluster's port, and a caller, against 20,000 frames that no node means: mutated from real ones, and random.
 *
 * Promises: the node lives, what it holds is bounded, no call stays open, and other connections notice nothing. `SEED` and `SCALE`
 * repeat and lengthen it.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { codeOf } from "../../../src/base/error.ts";
import { CLUSTER_BYTES_MAX, CLUSTER_TRANSFERS_MAX } from "../../../src/base/limits.ts";
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
} from "../../../src/cluster/wire/skynet-frame.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { encodeSeri } from "../../../src/wire/lua-seri.ts";
import { world } from "../../world.ts";
import { CALLER, clusterOf, pair } from "./pair.ts";
import { createRandom } from "../../../src/base/random.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const FRAMES = 20_000 * Number(process.env["SCALE"] ?? 1);

const captured = readFileSync("test/fixtures/cluster/frames.jsonl", "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as { dir: string; hex?: string });

const framesOf = (direction: string): Buffer[] =>
  captured.flatMap(({ dir, hex }) =>
    dir === direction && hex !== undefined ? [Buffer.from(hex, "hex")] : [],
  );

/** Makes a frame that is nearly a real one, or not at all. */
function mutate(random: (limit: number) => number, seeds: readonly Buffer[]): Buffer {
  const frame = Buffer.from(seeds[random(seeds.length)] as Buffer);
  const at = random(frame.length);
  switch (random(8)) {
    case 0:
      return frame;
    case 1:
      frame[at] = random(256);
      return frame;
    case 2:
      frame[2] = random(256);
      return frame;
    case 3: {
      // Cut off, and its size says so.
      const cut = frame.subarray(0, 2 + random(frame.length - 1));
      cut.writeUInt16BE(cut.length - 2, 0);
      return cut;
    }
    case 4: {
      const rest = Buffer.alloc(random(40), random(256));
      const longer = Buffer.concat([frame, rest]);
      longer.writeUInt16BE(longer.length - 2, 0);
      return longer;
    }
    case 5: {
      const size = random(64);
      const noise = Buffer.from(Array.from({ length: size + 2 }, () => random(256)));
      noise.writeUInt16BE(size, 0);
      return noise;
    }
    case 6:
      for (let n = 0; n < 4; n++) frame[2 + random(frame.length - 2)] = random(256);
      return frame;
    default:
      // The size lies: what follows is read as something else.
      frame.writeUInt16BE(random(0x10000), 0);
      return frame;
  }
}

function connectTo(place: string): Socket {
  const [host, port] = place.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.on("data", () => {});
  return socket;
}

/** Writes bytes on a connection of its own, and waits until the other side has ended it. */
async function attack(place: string, bytes: Buffer): Promise<void> {
  const socket = connectTo(place);
  socket.end(bytes);
  await once(socket, "close");
}

test("20,000 mutated requests: the node lives, holds little, and a healthy connection notices nothing", async (t) => {
  t.diagnostic(`seed=${SEED}`);
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const { below: random } = createRandom(SEED);
  const seeds = framesOf(">");
  const before = process.memoryUsage();
  for (let sent = 0; sent < FRAMES;) {
    const waves = Array.from({ length: 8 }, () => {
      const frames = Array.from({ length: 1 + random(40) }, () => mutate(random, seeds));
      sent += frames.length;
      return attack(place, Buffer.concat(frames));
    });
    equal(await cluster.call("db", "@echo", "ONE", sent), sent);
    await Promise.all(waves);
  }
  const after = process.memoryUsage();
  const state = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  t.diagnostic(JSON.stringify(state.refused));
  ok(after.arrayBuffers - before.arrayBuffers < 64 << 20, `${after.arrayBuffers}`);
  equal(state.clients.length, 1);
  for (const reason of ["unknown type", "frame too short", "wrong size", "not exposed"]) {
    ok(state.refused[reason] > 0, reason);
  }
  equal(await cluster.call("db", "@echo", "ONE", "alive"), "alive");
});

test("4 GiB announced, and 10,000 messages begun, cut the connection; what may be announced takes no memory", async (t) => {
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const first = Buffer.from(encodeRequest("@echo", 1, Buffer.alloc(0x8000), false).subarray(0, 17));
  const begin = (session: number, total: number): Buffer => {
    const bytes = Buffer.from(first);
    bytes.writeUInt32LE(session, 9);
    bytes.writeUInt32LE(total, 13);
    return bytes;
  };
  const many = (count: number): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, n) => begin(n + 1, 1000)));
  const before = process.memoryUsage().arrayBuffers;
  await attack(place, begin(1, 0xffffffff));
  await attack(place, many(10_000));
  await attack(place, many(CLUSTER_TRANSFERS_MAX));
  const large = Array.from({ length: 16 }, () => connectTo(place));
  for (const socket of large) socket.write(begin(1, CLUSTER_BYTES_MAX));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  const state = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(state.refused, { "transfer too large": 1, "too many transfers": 1 });
  ok(process.memoryUsage().arrayBuffers - before < 128 << 20);
  for (const socket of large) socket.destroy();
});

test("each of 20,000 mutated frames is read or refused with a reason", (t) => {
  t.diagnostic(`seed=${SEED}`);
  const { below: random } = createRandom(SEED);
  for (const [seeds, decode] of [
    [framesOf(">"), decodeRequest],
    [framesOf("<"), decodeAnswer],
  ] as const) {
    for (let n = 0; n < FRAMES / 2; n++) {
      const body = mutate(random, seeds).subarray(2);
      try {
        decode(body);
      } catch (error) {
        equal(codeOf(error), "ERR_MALFORMED", body.toString("hex"));
      }
    }
  }
});

test("20,000 mutated answers: every call ends, and the next connection works", async (t) => {
  t.diagnostic(`seed=${SEED}`);
  const { below: random } = createRandom(SEED);
  const seeds = framesOf("<");
  let isHonest = false;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    const splitter = new FrameSplitter(2, 0xffff);
    socket.on("data", (chunk) => {
      splitter.push(chunk);
      const sessions: number[] = [];
      for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
        sessions.push((decodeRequest(body) as { session: number }).session);
      }
      if (isHonest) {
        for (const session of sessions)
          socket.write(encodeAnswer(session, true, encodeSeri(["alive"])));
        return;
      }
      const answers = Array.from({ length: 40 }, () => {
        const frame = mutate(random, seeds);
        // Most of them are answers to a request.
        if (random(4) > 0 && frame.length >= 7) {
          frame.writeUInt32LE(sessions[random(sessions.length)] ?? 1, 2);
        }
        return frame;
      });
      socket.end(Buffer.concat(answers));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await world(
    t,
    { caller: CALLER },
    { cluster: { skynet: { nodes: { db: place } } } },
  );
  const caller = await client.make("caller");
  for (let sent = 0; sent < FRAMES; sent += 40) {
    const wave = Array.from({ length: 5 }, () => ["db", "@a", sent]);
    const ends = (await caller.req.all(wave)) as PromiseSettledResult<unknown>[];
    equal(ends.length, wave.length);
  }
  isHonest = true;
  equal(await clusterOf(caller).call("db", "@a"), "alive");
});
