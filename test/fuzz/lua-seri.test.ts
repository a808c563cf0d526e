/**
 * lua-seri with values and bytes at random.
 *
 * Promises: what is encoded comes back, what comes from outside is decoded or refused with a code, and nothing of it
 * reaches a prototype. Each test prints its seed; `SEED` and `SCALE` repeat and lengthen it.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { codeOf } from "../../src/base/error.ts";
import { decodeSeri, encodeSeri } from "../../src/wire/lua-seri.ts";
import { runs } from "./runs.ts";

/** An integer outside the safe ones. */
const bigInteger = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((value) => !Number.isSafeInteger(Number(value)));

/** Bytes that are not UTF-8: a byte that UTF-8 never has stands first. */
const rawBytes = fc.uint8Array({ maxLength: 70 }).map((bytes) => Uint8Array.of(0xff, ...bytes));

const text = fc.string({ unit: "binary", maxLength: 70 });

const scalar = fc.oneof(
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 70_000 }),
  fc.double(),
  bigInteger,
  text,
  rawBytes,
);

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 40 }),
    fc.dictionary(text, tie("value"), { minKeys: 1, maxKeys: 8, noNullPrototype: true }),
    // A key that is not a string, and no 1: such a table is a Map whatever else it holds.
    fc
      .array(fc.tuple(fc.oneof(fc.integer({ min: 2 }), text), tie("value")), { maxLength: 8 })
      .map((entries) => new Map<unknown, unknown>([[true, 0], ...entries])),
  ),
}));

/** Decodes bytes from outside. @returns undefined if they are refused as they should be. */
function tryDecode(bytes: Uint8Array): unknown[] | undefined {
  try {
    return decodeSeri(bytes);
  } catch (error) {
    equal(codeOf(error), "ERR_ARGUMENT", String(error));
    return undefined;
  }
}

test("what is encoded comes back as it was", (t) => {
  const property = fc.property(fc.array(anyValue, { maxLength: 6 }), (values) => {
    deepEqual(decodeSeri(encodeSeri(values)), values);
  });
  fc.assert(property, runs(t, 500));
});

test("random bytes are decoded or refused with a code", (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    tryDecode(bytes);
  });
  fc.assert(property, runs(t, 3000));
});

test("a message with some bytes changed is decoded or refused with a code", (t) => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
  const property = fc.property(anyValue, changes, (value, list) => {
    const bytes = encodeSeri([value]);
    for (const [at, byte] of list) bytes[at % bytes.length] = byte;
    tryDecode(bytes);
  });
  fc.assert(property, runs(t, 1000));
});

test("a value cut off at any byte is refused", (t) => {
  const property = fc.property(anyValue, (value) => {
    const bytes = encodeSeri([value]).subarray(0, 300);
    const whole = encodeSeri([value]).length;
    for (let length = 1; length <= bytes.length && length < whole; length++) {
      equal(tryDecode(bytes.subarray(0, length)), undefined);
    }
  });
  fc.assert(property, runs(t, 200));
});

test("what is decoded can be encoded, and is the same table again", (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    const values = tryDecode(bytes);
    if (values === undefined) return;
    const again = encodeSeri(values);
    deepEqual(hexOf(encodeSeri(decodeSeri(again))), hexOf(again));
  });
  fc.assert(property, runs(t, 3000));
});

test("no payload reaches a prototype", (t) => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  const name = fc.constantFrom("__proto__", "constructor", "prototype", "toString");
  const evil = fc.tuple(name, name).map(([outer, inner]) => {
    const holder = JSON.parse(`{"${outer}":{"${inner}":{"x":1}}}`) as object;
    return [holder, outer] as const;
  });
  const property = fc.property(evil, ([holder, outer]) => {
    const [back] = decodeSeri(encodeSeri([holder]));
    ok(Object.hasOwn(back as object, outer));
    equal(Object.getPrototypeOf(back), Object.prototype);
  });
  fc.assert(property, runs(t, 200));
  deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
