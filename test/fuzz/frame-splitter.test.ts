/**
 * Split independence: whatever the chunks in which a stream comes, the same frames come out of it in the same order.
 *
 * Each test prints its seed; `SEED` and `SCALE` repeat and lengthen it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Framing } from "../../src/wire/frame-splitter.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";

const seed = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
const scale = Number(process.env["SCALE"] ?? 1) || 1;

function encode(framing: Framing, body: Buffer): Buffer {
  if (framing === "line") return Buffer.concat([body, Buffer.from("\n")]);
  const header = Buffer.alloc(framing);
  header.writeUIntBE(body.length, 0, framing);
  return Buffer.concat([header, body]);
}

const framings = fc.constantFrom<Framing>(2, 4, "line");
/** Bytes that are no line's end, so that every body can be a line. */
const bodies = fc.array(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => bytes.map((byte) => byte || 1).filter(isPlain)),
  { maxLength: 20 },
);
function isPlain(byte: number): boolean {
  return byte !== 10 && byte !== 13;
}

test("the same frames come out however the stream is cut", (t) => {
  t.diagnostic(`seed=${seed} scale=${scale}`);
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(framings, bodies, cuts, (framing, list, sizes) => {
      const stream = Buffer.concat(list.map((body) => encode(framing, Buffer.from(body))));
      const splitter = new FrameSplitter(framing, 300);
      const frames: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        splitter.push(stream.subarray(at, at + size));
        at += size;
        for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
          frames.push(frame);
        }
      }
      assert.equal(splitter.fault, undefined);
      assert.equal(splitter.heldBytes, 0);
      assert.deepEqual(
        frames.map((frame) => frame.toString("hex")),
        list.map((body) => Buffer.from(body).toString("hex")),
      );
    }),
    { seed, numRuns: 500 * scale },
  );
});

test("random bytes end in frames within the limit or in ERR_MALFORMED", (t) => {
  t.diagnostic(`seed=${seed} scale=${scale}`);
  fc.assert(
    fc.property(framings, fc.array(fc.uint8Array({ maxLength: 50 })), (framing, chunks) => {
      const splitter = new FrameSplitter(framing, 16);
      for (const chunk of chunks) {
        splitter.push(Buffer.from(chunk));
        for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
          assert.ok(frame.length <= 16);
        }
      }
      assert.ok(splitter.heldBytes <= 16 + 4);
      if (splitter.fault !== undefined) assert.equal(splitter.fault.code, "ERR_MALFORMED");
    }),
    { seed, numRuns: 500 * scale },
  );
});
