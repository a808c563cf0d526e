/**
 * Objects that lie: about their length, their memory, their flags, or that change while they are read.
 *
 * Promises: each is sent or refused with ERR_NOT_SENDABLE, by the copier and by the thread codec; what was written can be read,
 * and so can the next message. Each test prints its seed; `SEED` and `SCALE` repeat and lengthen it.
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

const table = new PortableTable();

/** Makes an object; each message gets one of its own, since some change when they are read. */
type Make = () => unknown;

const LIES: readonly unknown[] = [
  ...[-1, 0, 1, 2, 3, 7, 64, 65, 1000, 0.5, NaN, Infinity, 2 ** 32 - 1, 2 ** 32, 2 ** 53],
  ...["3", "", "gi", "gg", "x", undefined, null, true, 5n, {}, [], Symbol.iterator, () => 3],
  ...[new ArrayBuffer(2), new SharedArrayBuffer(2), { valueOf: () => 2 }],
];

const lie = fc.constantFrom(...LIES);
const lies = fc.array(lie, { minLength: 1, maxLength: 5 });

/** Answers a question with one lie after the other, then with the truth. */
function liar(answers: readonly unknown[], truth: () => unknown): () => unknown {
  let asked = 0;
  return () => (asked < answers.length ? answers[asked++] : truth());
}

const KEYS = [
  ...[
    "length",
    "byteLength",
    "byteOffset",
    "buffer",
    "size",
    "source",
    "flags",
    "global",
    "unicode",
  ],
  ...[
    "hasIndices",
    "sticky",
    "maxByteLength",
    "resizable",
    "constructor",
    "slice",
    "entries",
    "values",
  ],
  ...[
    "name",
    "message",
    "stack",
    "code",
    "cause",
    "errors",
    "valueOf",
    "getTime",
    "toString",
    "lastIndex",
  ],
  ...[Symbol.toStringTag, Symbol.iterator, Symbol.toPrimitive, Symbol.species],
] as const;

const honest: fc.Arbitrary<Make> = fc.constantFrom<Make>(
  () => [1, 2, 3],
  () => [1.5, 2, 3],
  () => ["a", { b: 1 }, [2]],
  () => Array.from({ length: 70 }, (_, index) => index),
  () => Object.assign(new Array<unknown>(4), { 1: 1, 3: 2 }),
  () => new Uint8Array([1, 2, 3]),
  () => new Float64Array([1, 2]),
  () => new BigInt64Array(2),
  () => new DataView(new ArrayBuffer(8), 2),
  () => Buffer.from("text"),
  () => Buffer.from(new SharedArrayBuffer(4)),
  () => new ArrayBuffer(5),
  () => new (ArrayBuffer as any)(4, { maxByteLength: 16 }),
  () => new Uint16Array(new (ArrayBuffer as any)(4, { maxByteLength: 16 })),
  () =>
    new Map<unknown, unknown>([
      [1, { a: 2 }],
      ["b", [3]],
    ]),
  () => new Set([1, "b"]),
  () => /a+/gi,
  () => new Date(5),
  () => new RangeError("no", { cause: 1 }),
  () => new AggregateError([1], "all"),
  () => new DOMException("text", "AbortError"),
  () => Object("text"),
  () => Object(5),
  () => ({ a: 1, b: { c: [2] } }),
  () => Object.setPrototypeOf(new DataView(new ArrayBuffer(8)), Buffer.prototype),
  () => Object.setPrototypeOf(new Float32Array(3), Buffer.prototype),
  () => Object.setPrototypeOf([1, 2], Uint8Array.prototype),
  () => Object.create(Uint8Array.prototype),
  () => Object.create(Map.prototype),
  () => Object.create(RegExp.prototype),
);

/** An object with properties of its own, or a subclass's, that answer falsely. */
const lying = fc
  .tuple(
    honest,
    fc.array(fc.tuple(fc.constantFrom(...KEYS), lies, fc.boolean()), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.boolean(),
  )
  .map(([make, claims, isInherited]): Make => () => {
    const object = make() as object;
    const holder = isInherited ? Object.create(Object.getPrototypeOf(object)) : object;
    for (const [key, answers, enumerable] of claims) {
      const get = liar(answers, () =>
        Reflect.get(Object.getPrototypeOf(holder) ?? {}, key, object),
      );
      try {
        // Some own properties can't be changed: the length of an array.
        Reflect.defineProperty(holder, key, { get, enumerable, configurable: true });
      } catch {
        // A stack is written when it is touched first, from a name that lies already.
      }
    }
    return isInherited ? Object.setPrototypeOf(object, holder) : object;
  });

/** A proxy whose traps answer falsely, as far as the language lets them. */
const proxied = fc
  .tuple(honest, lies, fc.constantFrom(...KEYS), fc.boolean())
  .map(([make, answers, wanted, listsLess]): Make => () => {
    const target = make() as object;
    const answer = liar(answers, () => Reflect.get(target, wanted));
    return new Proxy(target, {
      get: (of, key) => (key === wanted ? answer() : Reflect.get(of, key)),
      has: (of, key) => !listsLess && Reflect.has(of, key),
      ownKeys: (of) =>
        Reflect.ownKeys(of).filter(
          (key) => !listsLess || Reflect.getOwnPropertyDescriptor(of, key)?.configurable === false,
        ),
    });
  });

const resizable = (): any => new (ArrayBuffer as any)(4, { maxByteLength: 64 });

/** What changes while it is read. */
const changing: fc.Arbitrary<Make> = fc
  .tuple(fc.constantFrom("push", "pop", "empty", "grow", "text", "hole"), fc.nat({ max: 3 }))
  .map(([how, at]): Make => () => {
    const list: unknown[] = [1, 2, 3, 4];
    let isFirst = true;
    const get = (): unknown => {
      const was = isFirst;
      isFirst = false;
      if (how === "push") list.push(9, 9, 9);
      else if (how === "pop") list.length = at + 1;
      else if (how === "empty") list.length = Math.min(list.length, at + 1);
      else if (how === "grow") list.length = 500;
      else if (how === "text") return was ? 1 : "now a text";
      else if (how === "hole" && at > 0) Reflect.deleteProperty(list, 0);
      return 2;
    };
    Object.defineProperty(list, at, { get, enumerable: true, configurable: true });
    return list;
  });

const resizing: fc.Arbitrary<Make> = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 8, 64),
    fc.boolean(),
    fc.constantFrom<any>(Uint8Array, Uint16Array, DataView, Buffer),
  )
  .map(([size, transfers, View]): Make => () => {
    const memory = resizable();
    const view = (): unknown => (View === Buffer ? Buffer.from(memory) : new View(memory));
    const resize = (): number => {
      if (transfers) structuredClone(memory, { transfer: [memory] });
      else memory.resize(size);
      return 1;
    };
    const change = Object.defineProperty({}, "change", { get: resize, enumerable: true });
    let later: unknown;
    const late = Object.defineProperty({}, "late", {
      get: () => (later ??= transfers ? 0 : view()),
      enumerable: true,
    });
    return [view(), memory, change, view(), late, memory];
  });

const hostile = fc.oneof(lying, proxied, changing, resizing);

const nested: fc.Arbitrary<Make> = fc
  .tuple(
    hostile,
    fc.constantFrom<(inner: unknown) => unknown>(
      (inner) => inner,
      (inner) => [inner, 1],
      (inner) => ({ inner, x: 1 }),
      (inner) => new Map([[inner, inner]]),
      (inner) => new Set([inner]),
      (inner) => new Error("outer", { cause: inner }),
    ),
  )
  .map(
    ([make, wrap]): Make =>
      () =>
        wrap(make()),
  );

const messages = fc.array(nested, { minLength: 1, maxLength: 3 });

/** Runs something that may refuse a message; undefined if it did, with a code. */
function orRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    assert.equal(codeOf(error), "ERR_NOT_SENDABLE", String((error as Error).stack));
    return undefined;
  }
}

const PLAIN = [{ id: 1, name: "n" }, [1, 2, 3], "next"];

test("the thread codec sends them or refuses them, and the next message arrives", (context) => {
  const memory = new CodecMemory(new Uint8Array(new SharedArrayBuffer(8192)));
  const property = fc.property(messages, fc.nat({ max: 100 }), (makes, at) => {
    const encoder = new ThreadEncoder(table);
    const decoder = new ThreadDecoder(table);
    for (const make of makes) {
      const parcel = orRefused(() => encoder.encodeArgumentsApart([make()]));
      if (parcel !== undefined) decoder.decodeArgumentsApart(parcel, undefined);
      const end = orRefused(() => encoder.encodeArguments([make(), "behind"], memory, at, 8192));
      if (end !== undefined && end > 0) {
        assert.equal(decoder.decodeArguments(memory, at, end, undefined)[1], "behind");
      }
      const last = encoder.encodeArguments(PLAIN, memory, at, 8192);
      assert.deepEqual(decoder.decodeArguments(memory, at, last, undefined), PLAIN);
    }
  });
  fc.assert(property, runs(context, 3000));
});

test("the copier copies them or refuses them, and what it gives is its own", (context) => {
  const property = fc.property(nested, (make) => {
    const source = make();
    const copies = orRefused(() => copyArguments([source, "behind"], undefined));
    if (copies === undefined) return;
    assert.equal(copies.length, 2);
    assert.equal(copies[1], "behind");
    if (typeof source === "object") assert.notEqual(copies[0], source);
  });
  fc.assert(property, runs(context, 3000));
});
