/**
 * The thread codec with values and bytes at random.
 *
 * Promises: what arrives equals what base/copy makes of it, sharing and order of keys included; what is damaged is
 * decoded or refused with a code. Each test prints its seed; `SEED` and `SCALE` repeat and lengthen it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { copyArguments } from "../../src/base/copy.ts";
import { codeOf } from "../../src/base/error.ts";
import { ThreadDecoder } from "../../src/wire/codec-decoder.ts";
import { ThreadEncoder } from "../../src/wire/codec-encoder.ts";
import { CodecMemory } from "../../src/wire/codec-memory.ts";
import { PortableTable } from "../../src/wire/codec-portable.ts";
import { runs } from "./runs.ts";
import { key, objectsOf, record, tangle } from "./tangle.ts";

const table = new PortableTable();

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withBoxedValues: true }),
  fc.integer({ min: -300, max: 70_000 }),
  fc.bigInt(),
  fc.string({ unit: "binary", minLength: 20, maxLength: 300 }),
  // Two invalid dates are not deeply equal on Node 20.
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.array(fc.integer(), { maxLength: 100 }),
  fc.array(fc.double(), { maxLength: 100 }),
  fc.constantFrom<unknown>(/a/g, -0, NaN, "中文", "\ud800"),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.string().map((text) => new RangeError(text, { cause: text })),
);

const { value: tree } = fc.letrec<{ value: unknown }>((tie) => {
  const inner = tie("value");
  const entries = fc.array(fc.tuple(key, inner), { maxLength: 8 });
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      entries.map(record),
      // The few lists of keys that come again and again, and so have shapes.
      fc.tuple(inner, inner).map(([x, y]) => ({ x, y })),
      fc.tuple(inner, inner).map(([id, next]) => ({ id, name: "n", next })),
      fc.array(inner, { maxLength: 8 }),
      fc.sparseArray(inner, { maxLength: 8 }),
      fc.array(fc.tuple(inner, inner), { maxLength: 6 }).map((pairs) => new Map(pairs)),
      fc.array(inner, { maxLength: 6 }).map((values) => new Set(values)),
    ),
  };
});

const value = fc
  .tuple(tree, fc.array(fc.nat({ max: 1000 }), { maxLength: 8 }))
  .map(([root, picks]) => tangle(root, objectsOf(root), picks, (list) => list.length));

const values = fc.array(value, { maxLength: 4 });

function assertSame(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(actual, expected);
  const [mine, theirs] = [objectsOf(actual), objectsOf(expected)];
  assert.equal(mine.size, theirs.size, "sharing is kept");
  assert.deepEqual([...mine].map(Object.keys), [...theirs].map(Object.keys));
}

/** Decodes bytes. @returns whether they were what an encoder may have written; if not, they must be refused. */
function isDecoded(bytes: Uint8Array): boolean {
  try {
    new ThreadDecoder(table).decodeArgumentsApart({ bytes, shared: [] }, undefined);
    return true;
  } catch (error) {
    assert.equal(codeOf(error), "ERR_MALFORMED", String(error));
    return false;
  }
}

test("what arrives equals the copy, message after message", (context) => {
  const memory = new CodecMemory(new Uint8Array(new SharedArrayBuffer(4096)));
  const messages = fc.array(values, { minLength: 1, maxLength: 4 });
  const property = fc.property(messages, fc.nat({ max: 4000 }), (lists, at) => {
    const encoder = new ThreadEncoder(table);
    const decoder = new ThreadDecoder(table);
    for (const list of lists) {
      const end = encoder.encodeArguments(list, memory, at, 4096);
      const arrived =
        end < 0
          ? decoder.decodeArgumentsApart(encoder.encodeArgumentsApart(list), undefined)
          : decoder.decodeArguments(memory, at, end, undefined);
      assertSame(arrived, copyArguments(list, undefined));
    }
  });
  fc.assert(property, runs(context, 600));
});

test("a message cut off at any byte is refused", (context) => {
  const property = fc.property(values, (list) => {
    const { bytes } = new ThreadEncoder(table).encodeArgumentsApart(list);
    for (let length = 0; length < Math.min(bytes.length, 300); length++) {
      assert.equal(isDecoded(bytes.subarray(0, length)), false);
    }
  });
  fc.assert(property, runs(context, 100));
});

test("a message with some bytes changed is decoded or refused with a code", (context) => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
  const property = fc.property(values, changes, (list, changed) => {
    const { bytes } = new ThreadEncoder(table).encodeArgumentsApart(list);
    for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
    isDecoded(bytes);
  });
  fc.assert(property, runs(context, 1500));
});

test("random bytes are decoded or refused with a code, and change no prototype", (context) => {
  const before = Reflect.ownKeys(Object.prototype);
  const byte = fc.oneof(fc.integer({ min: 0x80, max: 0xd4 }), fc.integer({ min: 0, max: 255 }));
  const property = fc.property(fc.array(byte, { maxLength: 100 }), (bytes) => {
    isDecoded(Uint8Array.from(bytes));
  });
  fc.assert(property, runs(context, 5000));
  assert.deepEqual(Reflect.ownKeys(Object.prototype), before);
});
