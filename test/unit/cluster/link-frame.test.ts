/** Frames of a link: heads there and back, fed byte by byte, and what can't be one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeLinkFrame,
  encodeBye,
  isLater,
  encodeHandle,
  LENGTH_BYTES,
  LINK_FRAME,
  LINK_HEAD_MAX,
  LINK_SESSION_MAX,
  PING,
  PONG,
  writeHead,
  writeRequestHead,
} from "../../../src/cluster/wire/link-frame.ts";
import type { LinkAddress } from "../../../src/cluster/wire/link-frame.ts";
import { codeOf } from "../../../src/base/error.ts";
import { createRandom } from "../../../src/base/random.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";

/** A whole frame with a head and three bytes of values. */
function frameOf(write: (into: Buffer) => number): Buffer {
  const buffer = Buffer.alloc(LENGTH_BYTES + LINK_HEAD_MAX + 3);
  const at = write(buffer);
  buffer.set([1, 2, 3], at);
  buffer.writeUInt32BE(at + 3 - LENGTH_BYTES, 0);
  return buffer.subarray(0, at + 3);
}

const request = (session: number, address: LinkAddress): Buffer =>
  frameOf((into) => writeRequestHead(into, session, address));

const LONGEST = "@" + "é".repeat(127);

const FRAMES: [Buffer, object][] = [
  [request(1, "@sdb"), { kind: "request", session: 1, address: "@sdb", at: 10 }],
  [
    request(LINK_SESSION_MAX, 0xffffffff),
    { kind: "request", session: LINK_SESSION_MAX, address: 0xffffffff, at: 10 },
  ],
  [request(7, LONGEST), { kind: "request", session: 7, address: LONGEST, at: 261 }],
  [request(0, ".x"), { kind: "push", address: ".x", at: 4 }],
  [request(0, 5), { kind: "push", address: 5, at: 6 }],
  [frameOf((into) => writeHead(into, "query", 9)), { kind: "query", session: 9, at: 5 }],
  [frameOf((into) => writeHead(into, "result", 9)), { kind: "result", session: 9, at: 5 }],
  [frameOf((into) => writeHead(into, "error", 9)), { kind: "error", session: 9, at: 5 }],
  [encodeHandle(9, 0x0100000a), { kind: "handle", session: 9, handle: 0x0100000a }],
  [PING, { kind: "ping" }],
  [PONG, { kind: "pong" }],
  [encodeBye("it stops: 再见", 7), { kind: "bye", session: 7, text: "it stops: 再见" }],
  [encodeBye(""), { kind: "bye", session: 0, text: "" }],
];

test("every frame is read as it was written, also byte by byte", () => {
  const splitter = new FrameSplitter(4, 1024);
  const read: object[] = [];
  for (const byte of Buffer.concat(FRAMES.map(([frame]) => frame))) {
    splitter.push(Buffer.from([byte]));
    const body = splitter.next();
    if (body !== undefined) read.push(decodeLinkFrame(body));
  }
  assert.deepEqual(
    read,
    FRAMES.map(([, expected]) => expected),
  );
});

test("a name of 255 bytes is written, one of 256 and an empty one are refused", () => {
  const into = Buffer.alloc(LENGTH_BYTES + LINK_HEAD_MAX);
  assert.equal(writeRequestHead(into, 1, "n".repeat(255)), LENGTH_BYTES + LINK_HEAD_MAX);
  for (const name of ["n".repeat(256), ""]) {
    assert.throws(() => writeRequestHead(into, 1, name), { code: "ERR_ARGUMENT" });
  }
});

test("which of two sessions is the later one, also behind the last one of all", () => {
  const last = LINK_SESSION_MAX;
  for (const [session, than] of [
    [2, 1],
    [1, last],
    [5, last - 5],
    [last, last - 1],
    [1000, 1],
  ] as const) {
    assert.equal(isLater(session, than), true, `${session} ${than}`);
    assert.equal(isLater(than, session), false, `${than} ${session}`);
  }
  assert.equal(isLater(7, 7), false);
});

test("what is cut off, unknown, or has session 0 is no frame", () => {
  for (const [frame, { kind }] of FRAMES as [Buffer, { kind: string }][]) {
    const head = kind === "push" ? 4 : 5;
    for (let size = 0; size < Math.min(frame.length - LENGTH_BYTES, head); size += 1) {
      const body = frame.subarray(LENGTH_BYTES, LENGTH_BYTES + size);
      assert.throws(() => decodeLinkFrame(body), { code: "ERR_MALFORMED" }, `${kind} of ${size}`);
    }
  }
  const { request: asked, result, handle, ping, bye } = LINK_FRAME;
  const wrong = [
    [0],
    [10],
    [255, 0, 0, 0, 1],
    [asked, 0, 0, 0, 0, 1, 64],
    [result, 0, 0, 0, 0],
    [result, 0x80, 0, 0, 0],
    [asked, 0, 0, 0, 1, 2, 0xc3, 0x28],
    [asked, 0, 0, 0, 1, 5, 64],
    [handle, 0, 0, 0, 1, 0, 0, 0, 1, 0],
    [ping, 0],
    [bye, 0, 0, 0, 0, 0xff],
    [bye, 0x80, 0, 0, 0],
  ];
  for (const bytes of wrong) {
    assert.throws(
      () => decodeLinkFrame(Buffer.from(bytes)),
      { code: "ERR_MALFORMED" },
      String(bytes),
    );
  }
});

test("20,000 random bodies are read or refused with ERR_MALFORMED", (t) => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed=${seed}`);
  const { below: random } = createRandom(seed);
  let refused = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const body = Buffer.from(Array.from({ length: random(16) }, () => random(12)));
    try {
      decodeLinkFrame(body);
    } catch (error) {
      assert.equal(codeOf(error), "ERR_MALFORMED");
      refused += 1;
    }
  }
  assert.ok(refused > 1000 && refused < 19_000, `${refused} refused`);
});
