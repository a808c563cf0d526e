/**
 * The thread codec with values and bytes that nobody thought of.
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

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const scale = Number(process.env["SCALE"] ?? 1);
const table = new PortableTable();

/** How many values a test tries. */
function runs(context: { diagnostic(text: string): void }, count: number): fc.Parameters<unknown> {
  context.diagnostic(`seed=${seed} scale=${scale}`);
  return { seed, numRuns: Math.round(count * scale) };
}

const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("id", "name", "x", "y", "next", "items", "0", "7") },
  { weight: 2, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "length") },
);

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

/** Objects are made from entries, so that an own `__proto__` is possible. */
function record(entries: [string, unknown][]): object {
  return Object.fromEntries(entries);
}

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

/** Every object that a value holds, itself included, in the order of meeting. */
function objectsOf(root: unknown, found: Set<object> = new Set()): Set<object> {
  if (typeof root !== "object" || root === null || found.has(root)) return found;
  found.add(root);
  if (root instanceof Map) for (const pair of root) pair.forEach((each) => objectsOf(each, found));
  if (root instanceof Set) for (const each of root) objectsOf(each, found);
  if (!ArrayBuffer.isView(root)) Object.values(root).forEach((each) => objectsOf(each, found));
  return found;
}

/** Puts references from objects inside the value to others inside it: sharing and cycles. */
function tangle(root: unknown, picks: readonly number[]): unknown {
  const open = [...objectsOf(root)].filter(
    (each) => Array.isArray(each) || Object.getPrototypeOf(each) === Object.prototype,
  );
  for (let at = 0; at + 1 < picks.length && open.length > 0; at += 2) {
    const [holder, held] = [picks[at], picks[at + 1]].map(
      (pick) => open[(pick ?? 0) % open.length],
    );
    const isList = Array.isArray(holder);
    Object.assign(holder as object, isList ? { [holder.length]: held } : { next: held });
  }
  return root;
}

const value = fc
  .tuple(tree, fc.array(fc.nat({ max: 1000 }), { maxLength: 8 }))
  .map(([root, picks]) => tangle(root, picks));

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
