/**
 * A ring carries records in order, wraps around in one piece, and never gives room that is not read yet.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { closeRing, createRing, epochOf, WORD } from "../../../src/fabric/ring-memory.ts";
import { RingReader } from "../../../src/fabric/ring-reader.ts";
import { RingWriter } from "../../../src/fabric/ring-writer.ts";

const BYTES = 64;

interface Ring {
  readonly memory: SharedArrayBuffer;
  readonly writer: RingWriter;
  readonly reader: RingReader;
}

/** @param position - where the first record begins; counts in 32 bits with a sign. */
function open(position = 0): Ring {
  const memory = createRing({ epoch: 1, bytes: BYTES });
  const words = new Int32Array(memory);
  words[WORD.written] = position;
  words[WORD.consumed] = position;
  return { memory, writer: new RingWriter(memory), reader: new RingReader(memory) };
}

/** Writes a record of `length` bytes, all `value`; false if there is no room. */
function put(writer: RingWriter, length: number, value = 1): boolean {
  if (!writer.reserve(length)) return false;
  writer.bytes.fill(value, writer.start, writer.start + length);
  writer.commit(length);
  return true;
}

/** Reads what was published: the length and the first byte of each record. */
function readAll(reader: RingReader): number[][] {
  const records: number[][] = [];
  reader.refresh();
  while (reader.next()) {
    records.push([reader.end - reader.start, reader.bytes[reader.start] as number]);
  }
  reader.release();
  return records;
}

test("records come in the order in which they were written, with their lengths", () => {
  const { writer, reader } = open();
  put(writer, 3, 7);
  put(writer, 8, 8);
  writer.publish();
  deepEqual(readAll(reader), [
    [3, 7],
    [8, 8],
  ]);
});

test("nothing is seen before it is published", () => {
  const { writer, reader } = open();
  put(writer, 1);
  equal(reader.refresh(), false);
  equal(writer.publish(), true);
  equal(reader.refresh(), true);
});

test("publishing nothing new says so", () => {
  equal(open().writer.publish(), false);
});

test("what is reserved and not committed never happened", () => {
  const { writer, reader } = open();
  writer.reserve(20);
  writer.bytes.fill(9, writer.start, writer.end);
  put(writer, 2, 5);
  writer.publish();
  deepEqual(readAll(reader), [[2, 5]]);
});

test("an empty record is a record", () => {
  const { writer, reader } = open();
  writer.reserve(0);
  writer.commit(0);
  writer.publish();
  reader.refresh();
  equal(reader.next(), true);
  equal(reader.end - reader.start, 0);
});

for (const position of [0, 0x7fffffc0, -64]) {
  test(`records of every length wrap around whole, from position ${position} on`, () => {
    const { writer, reader } = open(position);
    for (let round = 0; round < 200; round += 1) {
      const length = 1 + (round % writer.lengthMax);
      equal(put(writer, length, round & 0xff), true);
      writer.publish();
      deepEqual(readAll(reader), [[length, round & 0xff]]);
    }
  });
}

test("the longest record fits an empty ring wherever it stands, and one byte more does not", () => {
  equal(open().writer.lengthMax, BYTES / 2 - 8);
  for (let position = 0; position < BYTES; position += 8) {
    const { writer } = open(position);
    equal(writer.reserve(writer.lengthMax), true);
  }
  const { writer } = open(BYTES / 2);
  equal(writer.reserve(writer.lengthMax + 1), false);
});

test("a full ring gives no room until the reader releases what it has read", () => {
  const { writer, reader } = open();
  while (put(writer, 8));
  writer.publish();
  reader.refresh();
  reader.next();
  equal(writer.reserve(8), false);
  reader.release();
  equal(writer.reserve(8), true);
});

test("the reader of a full ring gets all of it", () => {
  const { writer, reader } = open();
  let count = 0;
  while (put(writer, 8, count)) count += 1;
  writer.publish();
  equal(count, BYTES / 16);
  equal(readAll(reader).length, count);
});

test("a writer that waits for room is told once, at the release that makes room", () => {
  const { writer, reader } = open();
  put(writer, 1);
  put(writer, 1);
  writer.publish();
  writer.wantRoom();
  reader.refresh();
  reader.next();
  equal(reader.release(), true);
  reader.next();
  equal(reader.release(), false);
});

test("a record longer than the reserved room is a bug", () => {
  const { writer } = open();
  writer.reserve(8);
  throws(() => writer.commit(BYTES), { code: "ERR_BUG" });
});

test("a second commit without a reservation is a bug", () => {
  const { writer } = open();
  put(writer, 8);
  throws(() => writer.commit(0), { code: "ERR_BUG" });
});

test("damaged memory is noticed", () => {
  for (const [length, kind] of [
    [-1, 0],
    [1 << 20, 0],
    [8, 3],
    [8, 2],
  ] as const) {
    const { memory, writer, reader } = open();
    put(writer, 8);
    writer.publish();
    new Int32Array(memory, memory.byteLength - BYTES).set([length, kind]);
    reader.refresh();
    throws(() => reader.next(), { code: "ERR_BUG" });
  }
});

test("both sides see that a ring is closed, and what was published before can be read", () => {
  const { memory, writer, reader } = open();
  put(writer, 4, 6);
  writer.publish();
  closeRing(memory);
  deepEqual([writer.isClosed, reader.isClosed], [true, true]);
  deepEqual(readAll(reader), [[4, 6]]);
});

test("a ring knows its epoch, and its size is a power of two", () => {
  equal(epochOf(createRing({ epoch: 7 })), 7);
  for (const bytes of [0, 32, 96, 2 ** 31]) {
    throws(() => createRing({ epoch: 1, bytes }), { code: "ERR_BUG" });
  }
});
