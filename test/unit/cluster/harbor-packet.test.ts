/** skynet's harbor on the wire: every chunk that was captured between real nodes is read, and made again byte for byte. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { HARBOR_PAYLOAD_MAX } from "../../../src/base/limits.ts";
import {
  decodeMasterMessage,
  decodePacket,
  decodeSlaveMessage,
  encodeMasterMessage,
  encodePacket,
  encodeSlaveMessage,
  PACKET_BYTES_MAX,
} from "../../../src/cluster/wire/harbor-packet.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { decodeSeri, encodeSeri } from "../../../src/wire/lua-seri.ts";
import { createRandom } from "../../../src/base/random.ts";

const MASTER = "2013";

/** `from>to size hex`, one chunk a line; of a large one the beginning and the end, between which one byte repeats. */
const chunks = readFileSync("test/fixtures/cluster/harbor.txt", "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => {
    const [way = "", size = "", hex = ""] = line.split(" ");
    const [head = "", tail = ""] = hex.split("…").map((part) => Buffer.from(part, "hex"));
    const bytes = Buffer.alloc(Number(size), 0x7a);
    Buffer.from(head).copy(bytes);
    Buffer.from(tail).copy(bytes, bytes.length - tail.length);
    return { way, bytes };
  });

const streams = new Map<string, Buffer>();
for (const { way, bytes } of chunks) {
  streams.set(way, Buffer.concat([streams.get(way) ?? Buffer.alloc(0), bytes]));
}

const streamsOf = (choose: (from: string, to: string) => boolean): Buffer[] =>
  [...streams].flatMap(([way, bytes]) => {
    const [from = "", to = ""] = way.split(">");
    return choose(from, to) ? [bytes] : [];
  });

function framesOf(header: 1 | 4, limit: number, stream: Buffer): Buffer[] {
  const splitter = new FrameSplitter(header, limit);
  const frames: Buffer[] = [];
  // Byte by byte: a frame may come in any number of chunks.
  for (let at = 0; at < Math.min(stream.length, 64); at++) {
    splitter.push(Buffer.from(stream.subarray(at, at + 1)));
    for (let body = splitter.next(); body !== undefined; body = splitter.next()) frames.push(body);
  }
  if (stream.length > 64) splitter.push(Buffer.from(stream.subarray(64)));
  for (let body = splitter.next(); body !== undefined; body = splitter.next()) frames.push(body);
  equal(splitter.heldBytes, 0);
  equal(splitter.fault, undefined);
  return frames;
}

const faultOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    equal((error as { code?: string }).code, "ERR_MALFORMED");
    return (error as Error).message;
  }
  return "none";
};

test("every captured message between slaves and the master", () => {
  const said = new Set<string>();
  for (const stream of streamsOf((_from, to) => to === MASTER)) {
    const messages = framesOf(1, 255, stream).map((body) => decodeSlaveMessage(body));
    deepEqual(Buffer.concat(messages.map((message) => encodeSlaveMessage(message))), stream);
    for (const message of messages) said.add(JSON.stringify(message));
  }
  for (const stream of streamsOf((from) => from === MASTER)) {
    const messages = framesOf(1, 255, stream).map((body) => decodeMasterMessage(body));
    deepEqual(Buffer.concat(messages.map((message) => encodeMasterMessage(message))), stream);
    for (const message of messages) said.add(JSON.stringify(message));
  }
  for (const message of [
    { kind: "hello", id: 1, place: "127.0.0.1:2526" },
    { kind: "register", name: "DATACENTER", handle: 0x01000007 },
    { kind: "query", name: "NOBODY" },
    { kind: "wait", count: 0 },
    { kind: "connect", id: 3, place: "127.0.0.1:2528" },
    { kind: "name", name: "ECHO2", handle: 0x02000008 },
    { kind: "down", id: 2 },
  ]) {
    ok(said.has(JSON.stringify(message)), message.kind);
  }
});

test("every captured packet between harbors", () => {
  const seen = new Set<string>();
  let count = 0;
  for (const stream of streamsOf((from, to) => from !== MASTER && to !== MASTER)) {
    const packets = framesOf(4, PACKET_BYTES_MAX, stream.subarray(1)).map((body) =>
      decodePacket(body),
    );
    // In front of them the harbor's own id.
    const again = [stream.subarray(0, 1), ...packets.map((packet) => encodePacket(packet))];
    deepEqual(Buffer.concat(again), stream);
    count += packets.length;
    for (const { source, type, index, session, payload } of packets) {
      const values = type === 12 ? payload.toString() : JSON.stringify(decodeSeri(payload));
      const what = values.length > 50 ? payload.length : values;
      seen.add(`${source.toString(16)} ${type} ${index.toString(16)} ${session} ${what}`);
    }
  }
  equal(count, 24);
  for (const packet of [
    '2000007 10 a 2 ["E","by name"]',
    '100000a 1 7 2 ["by name"]',
    '2000007 10 a 0 ["PUT","hi"]',
    "100000a 7 7 6 []",
    "100ffff 7 7 7 []",
    "2000007 12 a 0 :02000007-1",
    "2000007 10 a 9 70007",
    '2000006 10 8 2 ["REPORT",33554438]',
  ]) {
    ok(seen.has(packet), packet);
  }
});

test("a packet has at least its trailer, and a length whose first byte is 0", () => {
  for (let size = 0; size < 12; size++) {
    equal(
      faultOf(() => decodePacket(Buffer.alloc(size, 1))),
      "packet too short",
    );
  }
  equal(decodePacket(Buffer.alloc(12, 1)).payload.length, 0);
  equal(
    faultOf(() => decodePacket(Buffer.alloc(PACKET_BYTES_MAX + 1))),
    "packet too long",
  );
  const splitter = new FrameSplitter(4, PACKET_BYTES_MAX);
  splitter.push(Buffer.from([1, 0, 0, 0]));
  equal(splitter.next(), undefined);
  equal(splitter.fault?.code, "ERR_MALFORMED");
  const packet = { source: 0x01000007, type: 10, index: 1, session: 1 };
  const largest = encodePacket({ ...packet, payload: new Uint8Array(HARBOR_PAYLOAD_MAX) });
  equal(largest[0], 0);
  throws(() => encodePacket({ ...packet, payload: new Uint8Array(HARBOR_PAYLOAD_MAX + 1) }), {
    code: "ERR_NOT_SENDABLE",
  });
});

test("handles of high harbors and sessions beyond 31 bits come through", () => {
  const packet = {
    source: 0xff000001,
    type: 255,
    index: 0xffffff,
    session: 0xffffffff,
    payload: Buffer.from("x"),
  };
  deepEqual(decodePacket(encodePacket(packet).subarray(4)), packet);
  const name = { kind: "name", name: "FIFTEEN.LETTERS", handle: 0xff000001 } as const;
  deepEqual(decodeMasterMessage(encodeMasterMessage(name).subarray(1)), name);
});

test("what the master or a slave must not say is refused, with a reason", () => {
  const slave = (...values: unknown[]): string =>
    faultOf(() => decodeSlaveMessage(Buffer.from(encodeSeri(values))));
  const master = (...values: unknown[]): string =>
    faultOf(() => decodeMasterMessage(Buffer.from(encodeSeri(values))));
  for (const values of [
    ["H", 0, "a:1"],
    ["H", 256, "a:1"],
    ["H", 1.5, "a:1"],
    ["H", "1", "a:1"],
    ["H", 1],
    ["R", "X", 0],
    ["R", "X", 7],
    ["R", "X", 0x01000000],
    ["R", "X", "1"],
    ["R", "SIXTEEN.LETTERS!", 0x01000001],
    ["R", ".x", 0x01000001],
    ["Q", ""],
    ["Q", 7],
  ]) {
    equal(slave(...values), "wrong values", JSON.stringify(values));
  }
  equal(slave("W", 0), "unknown message");
  equal(slave(), "unknown message");
  for (const values of [["W", -1], ["W"], ["D", 0], ["C", 2, ""], ["N", "X"]]) {
    equal(master(...values), "wrong values", JSON.stringify(values));
  }
  equal(master("H", 1, "a:1"), "unknown message");
  equal(
    faultOf(() => decodeMasterMessage(Buffer.from([0x7f]))),
    "unreadable message",
  );
  throws(() => encodeSlaveMessage({ kind: "hello", id: 1, place: "x".repeat(255) }), {
    code: "ERR_ARGUMENT",
  });
});

test("20,000 mutated frames are read or refused with a reason, and nothing else", (t) => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed=${seed}`);
  const { below: random } = createRandom(seed);
  const bodies = [...streams.values()].map((stream) => stream.subarray(0, 200));
  const reasons = new Set<string>();
  for (let n = 0; n < 20_000; n++) {
    const from = bodies[random(bodies.length)] as Buffer;
    const at = random(from.length);
    const body = Buffer.from(from.subarray(at, at + random(60)));
    for (let m = random(4); m > 0 && body.length > 0; m--) body[random(body.length)] = random(256);
    for (const decode of [decodePacket, decodeSlaveMessage, decodeMasterMessage]) {
      reasons.add(faultOf(() => decode(body)));
    }
  }
  deepEqual(
    [...reasons].toSorted(),
    [
      "none",
      "packet too short",
      "unknown message",
      "unreadable message",
      "wrong values",
    ].toSorted(),
  );
});
