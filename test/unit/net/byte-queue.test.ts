/** Bytes that wait to be read: taken out by count and by line, however they came. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteQueue } from "../../../src/net/byte-queue.ts";

const seed = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);

test("lines come out whole however they came, with separators of any length", (t) => {
  t.diagnostic(`seed=${seed}`);
  const line = fc.string({ maxLength: 5000, unit: fc.constantFrom("a", "b", "\r", "-") });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.constantFrom("\n", "\r\n", "\n--\n"),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }),
      (lines, separator, sizes) => {
        const stream = Buffer.from(lines.map((text) => text + separator).join(""));
        const queue = new ByteQueue();
        const seen: string[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          queue.push(stream.subarray(at, at + size));
          at += size;
          for (let found = queue.takeLine(separator); found; found = queue.takeLine(separator)) {
            seen.push(found.toString());
          }
        }
        assert.equal(queue.length, 0);
        // A carriage return at the end of a line may belong to the separator that follows it.
        assert.deepEqual(seen, stream.toString().split(separator).slice(0, -1));
      },
    ),
    { seed, numRuns: 300 },
  );
});

test("a byte queue gives as many bytes as were asked for, across chunks", () => {
  const queue = new ByteQueue();
  const large = Buffer.alloc(5000, "x");
  for (const chunk of [large, Buffer.from("abc"), large]) queue.push(chunk);
  assert.equal(queue.take(4999).length, 4999);
  assert.equal(String(queue.take(5)), "xabcx");
  assert.equal(queue.takeAll().length, 4999);
  assert.equal(queue.length, 0);
  assert.equal(queue.take(0).length, 0);
});

test("a separator that changes is looked for from the beginning", () => {
  const queue = new ByteQueue();
  queue.push(Buffer.from("a;b\nc"));
  assert.equal(queue.takeLine("|"), undefined);
  assert.equal(String(queue.takeLine(";")), "a");
  assert.equal(String(queue.takeLine("\n")), "b");
});
