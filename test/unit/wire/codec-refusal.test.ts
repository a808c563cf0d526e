/** What the thread codec refuses, at either end, and what it does with a message that does not fit. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { copyArguments, copyResult } from "../../../src/base/copy.ts";
import { COPY_DEPTH_MAX } from "../../../src/base/limits.ts";
import { ThreadDecoder } from "../../../src/wire/codec-decoder.ts";
import { ThreadEncoder } from "../../../src/wire/codec-encoder.ts";
import { HEAD_BYTES_MAX, OBJECT, SHAPE_NUMBER_COUNT, TAG } from "../../../src/wire/codec-format.ts";
import { CodecMemory } from "../../../src/wire/codec-memory.ts";
import { PortableTable } from "../../../src/wire/codec-portable.ts";

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, "ERR_NOT_SENDABLE");
    return (error as Error).message;
  }
  throw new assert.AssertionError({ message: "nothing was refused" });
}

function nest(depth: number, wrap: (inner: object) => object): object {
  let value = wrap({});
  for (let level = 2; level < depth; level++) value = wrap(value);
  return value;
}

/** Decodes bytes as a result. */
function decode(...bytes: number[]): unknown {
  const parcel = { bytes: Uint8Array.from(bytes), shared: [] };
  return new ThreadDecoder(new PortableTable()).decodeResultApart(parcel, undefined);
}

const isMalformed = { code: "ERR_MALFORMED" };

test("what the copier refuses is refused in the same words", () => {
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const getter = {
    get boo(): number {
      throw new TypeError("boo");
    },
  };
  const values = [() => 0, { on: [Symbol("s")] }, new WeakMap(), { detached }, getter];
  const deeper = [Promise.resolve(), new Map([["k", { f: assert }]]), Object(Symbol("s"))];
  const encoder = new ThreadEncoder(new PortableTable());
  for (const value of [...values, ...deeper]) {
    const expected = messageOf(() => copyArguments([1, value], undefined));
    assert.equal(
      messageOf(() => encoder.encodeArgumentsApart([1, value])),
      expected,
    );
    assert.equal(
      messageOf(() => encoder.encodeResultApart(value)),
      messageOf(() => copyResult(value, undefined)),
    );
  }
});

const wraps: Record<string, (inner: object) => object> = {
  objects: (next) => ({ next }),
  arrays: (inner) => [inner],
  maps: (inner) => new Map([["inner", inner]]),
  sets: (inner) => new Set([inner]),
};

for (const [name, wrap] of Object.entries(wraps)) {
  test(`${name} nested COPY_DEPTH_MAX deep pass, one more level is refused`, () => {
    const table = new PortableTable();
    const encoder = new ThreadEncoder(table);
    const parcel = encoder.encodeResultApart(nest(COPY_DEPTH_MAX, wrap));
    new ThreadDecoder(table).decodeResultApart(parcel, undefined);
    assert.match(
      messageOf(() => encoder.encodeResultApart(nest(COPY_DEPTH_MAX + 1, wrap))),
      /is nested deeper than COPY_DEPTH_MAX 1000$/,
    );
  });
}

test("a message that nests deeper than any sender may is malformed", () => {
  const open = (count: number): number[] => [
    ...Array.from({ length: count }, () => [OBJECT.set]).flat(),
    ...Array.from({ length: count }, () => [TAG.end]).flat(),
  ];
  assert.ok(decode(...open(COPY_DEPTH_MAX)) instanceof Set);
  assert.throws(() => decode(...open(COPY_DEPTH_MAX + 1)), isMalformed);
  assert.throws(() => decode(...open(10_000)), isMalformed);
});

test("a message fits a region that has HEAD_BYTES_MAX bytes more, and none that has fewer than it needs", () => {
  const table = new PortableTable();
  const list = [1, 2, 3];
  const value = new Map<unknown, unknown>([
    ["x".repeat(100), list],
    ["中".repeat(100), { list }],
  ]);
  const size = new ThreadEncoder(table).encodeResultApart(value).bytes.length;
  const memory = new CodecMemory(new Uint8Array(size + HEAD_BYTES_MAX + 64).fill(0xaa));
  const encoder = new ThreadEncoder(table);
  for (let room = 0; room < size; room++) {
    const result = encoder.encodeResult(value, memory, 10, 10 + room);
    assert.ok(result < 0 && -result > room && -result <= size + 2 * 64 + HEAD_BYTES_MAX);
    assert.ok(memory.bytes.subarray(10 + room).every((byte) => byte === 0xaa));
  }
  const end = encoder.encodeResult(value, memory, 10, 10 + size + HEAD_BYTES_MAX);
  assert.equal(end, 10 + size);
  assert.deepStrictEqual(new ThreadDecoder(table).decodeResult(memory, 10, end, undefined), value);
});

test("a region is never written beyond the memory it lies in", () => {
  const memory = new CodecMemory(new Uint8Array(64));
  const encoder = new ThreadEncoder(new PortableTable());
  assert.ok(encoder.encodeResult("x".repeat(60), memory, 0, 1e9) < 0);
});

test("sizes that the bytes can't back are malformed, and take no memory", () => {
  const huge = [0xff, 0xff, 0xff, 0xff];
  const tags = [TAG.longText8, TAG.longText16, OBJECT.ints, OBJECT.doubles, OBJECT.array];
  const others = [OBJECT.memory, OBJECT.buffer, TAG.reference, OBJECT.sharedMemory];
  for (const tag of [...tags, ...others]) assert.throws(() => decode(tag, ...huge), isMalformed);
  const sparse = decode(OBJECT.sparse, TAG.int, 0, 0, 0, 1, TAG.end);
  assert.equal((sparse as unknown[]).length, 2 ** 24);
});

test("what no encoder writes is malformed, whatever the platform says to it", () => {
  const size = (value: number): number[] => [value & 0xff, value >> 8];
  const messages: number[][] = [
    [],
    [TAG.end],
    [TAG.hole],
    [0xbf],
    [0xdf],
    [OBJECT.shape, ...size(3)],
    [OBJECT.announce, ...size(SHAPE_NUMBER_COUNT), ...size(0)],
    [OBJECT.announce, ...size(0), ...size(2), TAG.text8, 1, 97, TAG.text8, 1, 97, 1, 1],
    [OBJECT.announce, ...size(0), ...size(1), TAG.text8, 9, ...Buffer.from("__proto__"), 1],
    [OBJECT.regexp, TAG.text8, 1, 40, TAG.text8, 0],
    [OBJECT.error, 200],
    [OBJECT.view, 99, ...Array.from({ length: 16 }, () => 0), OBJECT.memory, 0, 0, 0, 0],
    [OBJECT.sparse, 3, TAG.text8, 6, ...Buffer.from("length"), 1, TAG.end],
    [OBJECT.sparse, TAG.null, TAG.end],
    [TAG.hugeBigint, TAG.text8, 1, 120],
    [OBJECT.portable, TAG.text8, 4, ...Buffer.from("none"), 1],
    [OBJECT.fields, 1, 1, TAG.end],
  ];
  for (const message of messages) assert.throws(() => decode(...message), isMalformed);
});

test("arguments without a count are malformed", () => {
  const decoder = new ThreadDecoder(new PortableTable());
  for (const bytes of [[], [TAG.null], [1], [5, 1]]) {
    const parcel = { bytes: Uint8Array.from(bytes), shared: [] };
    assert.throws(() => decoder.decodeArgumentsApart(parcel, undefined), isMalformed);
  }
});

test("a decoder reads no byte behind the end of its message", () => {
  const table = new PortableTable();
  const encoder = new ThreadEncoder(table);
  const value = { list: [1.5], text: "text", map: new Map([[1, 2n]]) };
  const { bytes } = encoder.encodeResultApart(value);
  const memory = new CodecMemory(bytes);
  for (let end = 0; end < bytes.length; end++) {
    const decoder = new ThreadDecoder(table);
    assert.throws(() => decoder.decodeResult(memory, 0, end, undefined), isMalformed);
  }
});
