/** Objects that come often are sent without their keys; nothing but the size may change when that begins. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { ThreadDecoder } from "../../../src/wire/codec-decoder.ts";
import { ThreadEncoder } from "../../../src/wire/codec-encoder.ts";
import { CodecMemory } from "../../../src/wire/codec-memory.ts";
import { PortableTable } from "../../../src/wire/codec-portable.ts";
import { findCodecShape } from "../../../src/wire/codec-shape.ts";

const REGION_BYTES = 1 << 16;

/** Makes objects with these keys frequent enough to have a shape. */
function warm(source: object): void {
  for (let count = 0; count < 5000 && findCodecShape(Object.keys(source)) === undefined; count++);
  assert.notEqual(findCodecShape(Object.keys(source)), undefined);
}

/** One direction between two threads, whose messages can be kept back and lost. */
class Direction {
  readonly table = new PortableTable();
  readonly encoder = new ThreadEncoder(this.table);
  readonly decoder = new ThreadDecoder(this.table);
  readonly memory = new CodecMemory(new Uint8Array(new SharedArrayBuffer(REGION_BYTES)));
  /** The size of the last message, in bytes. */
  size = 0;

  pass(value: unknown): unknown {
    this.size = this.encoder.encodeResult(value, this.memory, 0, REGION_BYTES);
    return this.decoder.decodeResult(this.memory, 0, this.size, undefined);
  }
}

test("the keys of a shape are sent once in each direction", () => {
  const source = { shapeOnce: 1, other: { shapeOnceX: 1, shapeOnceY: 2 } };
  warm(source);
  const direction = new Direction();
  assert.deepStrictEqual(direction.pass(source), source);
  const first = direction.size;
  assert.deepStrictEqual(direction.pass(source), source);
  assert.ok(direction.size < first - "shapeOnce".length);
  const other = new Direction();
  assert.deepStrictEqual(other.pass(source), source);
  assert.ok(other.size >= first - 10);
});

test("the keys of a shape are sent once in the message that announces it", () => {
  const sources = Array.from({ length: 10 }, () => ({ shapeOfTheFirstMessage: 1 }));
  warm(sources[0] as object);
  const direction = new Direction();
  assert.deepStrictEqual(direction.pass(sources), sources);
  assert.ok(direction.size < 10 * "shapeOfTheFirstMessage".length);
});

test("an encoder says that it is busy while a getter of its message runs", () => {
  const { encoder } = new Direction();
  let during = false;
  const message = {
    get value(): number {
      during = encoder.isBusy;
      return 1;
    },
  };
  encoder.encodeResultApart(message);
  assert.deepEqual([during, encoder.isBusy], [true, false]);
});

test("an object of a shape that holds itself, or is held twice, is the same object afterwards", () => {
  const source: Record<string, unknown> = { shapeSelf: null, shapeList: null };
  warm(source);
  source["shapeSelf"] = source;
  source["shapeList"] = [source, { shapeSelf: source, shapeList: 0 }];
  const direction = new Direction();
  for (let round = 0; round < 2; round++) {
    const copy = direction.pass(source) as typeof source;
    const [again, inner] = copy["shapeList"] as [unknown, typeof source];
    assert.deepEqual([copy["shapeSelf"] === copy, again === copy], [true, true]);
    assert.equal(inner["shapeSelf"], copy);
  }
});

test("keys of any text have a shape", () => {
  const keys = ['"', "\\", "`${x}`", "\n", "\u2028", "constructor", "0", "", "\ud800", "];"];
  const source = Object.fromEntries(keys.map((key, index) => [key, [index]]));
  warm(source);
  const direction = new Direction();
  for (let round = 0; round < 2; round++) {
    assert.deepStrictEqual(direction.pass(source), source);
    assert.deepEqual(Object.keys(direction.pass(source) as object), Object.keys(source));
  }
});

test("a message that was refused, or did not fit, announced nothing", () => {
  const source: Record<string, unknown> = { shapeRefused: 1, shapeBad: 2 };
  warm(source);
  const direction = new Direction();
  assert.throws(() => direction.encoder.encodeResultApart({ ...source, shapeBad: () => 0 }));
  assert.ok(direction.encoder.encodeResult(source, direction.memory, 0, 40) < 0);
  assert.deepStrictEqual(direction.pass(source), source);
});

test("a message of a getter depends on no other, so the two can be read in either order", () => {
  const direction = new Direction();
  const inner = { shapeInner: 1 };
  const source = {
    shapeOuter: 1,
    get sent(): Uint8Array {
      return direction.encoder.encodeResultApart([inner]).bytes;
    },
    after: inner,
  };
  warm(inner);
  warm(source);
  const copy = direction.pass(source) as typeof source;
  const parcel = { bytes: copy.sent, shared: [] };
  assert.deepStrictEqual(direction.decoder.decodeResultApart(parcel, undefined), [inner]);
  assert.deepStrictEqual(new Direction().decoder.decodeResultApart(parcel, undefined), [inner]);
  assert.deepStrictEqual(copy.after, inner);
});

/** Runs a function until it is terminated: no catch and no finally of it runs. */
function terminate(act: () => void): void {
  const cutOff = { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" };
  assert.throws(() => runInNewContext("act()", { act }, { timeout: 20 }), cutOff);
}

test("an encoder that was cut off in the middle of a message works on, and recovers its shapes", () => {
  const source = { shapeCut: 1 };
  warm(source);
  const whole = new Direction();
  whole.pass([source]);
  const announced = whole.size;
  whole.pass([source]);
  const direction = new Direction();
  const endless = {
    get value(): number {
      for (;;);
    },
  };
  terminate(() => direction.pass([source, endless]));
  assert.deepStrictEqual(direction.pass([source]), [source]);
  assert.ok(direction.encoder.isBusy);
  direction.encoder.recover();
  const sizes = [1, 2].map(() => {
    assert.deepStrictEqual(direction.pass([source]), [source]);
    return direction.size;
  });
  assert.deepEqual(sizes, [announced, whole.size]);
});

test("more shapes than there are numbers are told apart", () => {
  const direction = new Direction();
  const sources = Array.from({ length: 1300 }, (_, id) => ({ [`shapeMany${id}`]: id, last: id }));
  for (const source of sources) {
    for (let count = 0; count < 200 && findCodecShape(Object.keys(source)) === undefined; count++);
    assert.deepStrictEqual(direction.pass([source, source, sources[0]]), [
      source,
      source,
      sources[0],
    ]);
  }
});
