/** Frames out of a stream: limits, faults, and what is held of an unfinished frame. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Framing } from "../../../src/wire/frame-splitter.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";

/** Puts a stream through a splitter in chunks of a size. */
function split(splitter: FrameSplitter, stream: Buffer, size: number): string[] {
  const frames: string[] = [];
  for (let at = 0; at < stream.length; at += size) {
    splitter.push(stream.subarray(at, at + size));
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
      frames.push(frame.toString("latin1"));
    }
  }
  return frames;
}

function encode(framing: Framing, text: string): Buffer {
  const body = Buffer.from(text, "latin1");
  if (framing === "line") return Buffer.concat([body, Buffer.from("\n")]);
  const header = Buffer.alloc(framing);
  header.writeUIntBE(body.length, 0, framing);
  return Buffer.concat([header, body]);
}

for (const framing of [2, 4, "line"] as const) {
  test(`a frame at the limit comes out, one byte more is refused: framing ${framing}`, () => {
    for (const size of [1, 3, 1000]) {
      const good = new FrameSplitter(framing, 100);
      assert.deepEqual(split(good, encode(framing, "x".repeat(100)), size), ["x".repeat(100)]);
      assert.equal(good.fault, undefined);
      const bad = new FrameSplitter(framing, 100);
      assert.deepEqual(split(bad, encode(framing, "x".repeat(101)), size), []);
      assert.equal(bad.fault?.code, "ERR_MALFORMED");
      assert.match(String(bad.fault?.message), /exceeds its limit of 100/);
    }
  });
}

test("after a fault nothing comes out", () => {
  const splitter = new FrameSplitter(2, 4);
  const stream = Buffer.concat([encode(2, "ab"), encode(2, "too long"), encode(2, "cd")]);
  assert.deepEqual(split(splitter, stream, 1000), ["ab"]);
  assert.deepEqual(split(splitter, encode(2, "ef"), 1000), []);
});

test("a carriage return before the line feed is dropped, one that stands elsewhere stays", () => {
  const splitter = new FrameSplitter("line", 4);
  const stream = Buffer.from("abcd\r\n\r\na\rb\n", "latin1");
  assert.deepEqual(split(splitter, stream, 1), ["abcd", "", "a\rb"]);
});

test("a header that announces a gigabyte takes no memory before the bytes come", () => {
  const splitter = new FrameSplitter(4, 1 << 30);
  splitter.push(Buffer.from([0x3f, 0xff, 0xff, 0xff, 1, 2, 3]));
  const before = process.memoryUsage().arrayBuffers;
  assert.equal(splitter.next(), undefined);
  assert.equal(splitter.heldBytes, 7);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test("frames that lie in one chunk are views of it", () => {
  const splitter = new FrameSplitter(2, 100);
  const chunk = Buffer.concat([encode(2, "one"), encode(2, "two")]);
  splitter.push(chunk);
  assert.equal(splitter.next()?.buffer, chunk.buffer);
});
