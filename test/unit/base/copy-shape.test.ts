/** Objects that come often get a copier of their own; nothing but the speed may change when it takes over. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { copyResult } from "../../../src/base/copy.ts";
import { findShape } from "../../../src/base/copy-shape.ts";
import { kPort } from "../../../src/base/portable.ts";

/** More copies than any list of keys needs until it gets its copier. */
const OFTEN = 5000;

/** Copies objects with these keys until they have a copier of their own. */
function warm(source: object): void {
  for (let count = 0; count < OFTEN && findShape(Object.keys(source)) === undefined; count++) {
    copyResult(source, undefined);
  }
  assert.notEqual(findShape(Object.keys(source)), undefined);
}

test("nested objects and cycles survive in a copier made to measure", () => {
  const source: Record<string, unknown> = { warmId: 1, inner: { warmX: 1, list: [1] }, self: null };
  source["self"] = source;
  warm(source);
  const copy = copyResult(source, undefined) as typeof source;
  assert.equal(copy["self"], copy);
  assert.notEqual(copy["inner"], source["inner"]);
  assert.deepEqual(copy["inner"], source["inner"]);
});

test("the order of the keys is part of the shape", () => {
  warm({ orderA: 1, orderB: 2 });
  warm({ orderB: 2, orderA: 1 });
  assert.deepEqual(Object.keys(copyResult({ orderB: 1, orderA: 2 }, undefined) as object), [
    "orderB",
    "orderA",
  ]);
});

test("keys of any text are copied", () => {
  const keys = ['"', "\\", "`${x}`", "\n", "\u2028", "constructor", "0", "-1", "", "\ud800", "];"];
  const source = Object.fromEntries(keys.map((key, index) => [key, [index]]));
  warm(source);
  assert.deepEqual(copyResult(source, undefined), source);
});

test("a hidden reference is refused in a copier made to measure", () => {
  warm({ warmDone: 1 });
  const isRefused = { code: "ERR_NOT_SENDABLE", message: "result .warmDone is a function" };
  assert.throws(() => copyResult({ warmDone: () => 0 }, undefined), isRefused);
});

test("a portable object with the keys of a warm shape stays portable", () => {
  warm({ warmPort: 1 });
  assert.equal(copyResult({ warmPort: 1, [kPort]: () => "ported" }, undefined), "ported");
});

test("symbol keys, getters and classes are treated alike in a warm shape", () => {
  class Warm {
    warmY = { a: 1 };
  }
  warm({ warmY: 1 });
  assert.deepEqual(copyResult(new Warm(), undefined), { warmY: { a: 1 } });
  assert.deepEqual(copyResult({ warmY: 1, [Symbol("s")]: 1 }, undefined), { warmY: 1 });
  const copy = copyResult(
    {
      get warmY() {
        return 2;
      },
    },
    undefined,
  ) as object;
  assert.equal(Object.getOwnPropertyDescriptor(copy, "warmY")?.value, 2);
});

test("an own __proto__ key never gets a copier of its own", () => {
  const source = JSON.parse('{"__proto__":{"evil":true}}') as object;
  for (let count = 0; count < OFTEN; count++) copyResult(source, undefined);
  const copy = copyResult(source, undefined) as object;
  assert.equal(findShape(Object.keys(source)), undefined);
  assert.deepEqual(Object.keys(copy), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});

test("64 keys may have a copier, 65 never have", () => {
  const of = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`many${index}`, {}]));
  warm(of(64));
  for (let count = 0; count < OFTEN; count++) copyResult(of(65), undefined);
  assert.equal(findShape(Object.keys(of(65))), undefined);
  assert.deepEqual(copyResult(of(64), undefined), of(64));
  assert.deepEqual(copyResult(of(65), undefined), of(65));
});

test("keys that come once do not keep frequent ones from their copier", () => {
  for (let id = 0; id < 20_000; id++) copyResult({ [`once${id}`]: id }, undefined);
  warm({ afterDictionary: 1 });
});

test("a full table starts over and serves new shapes", () => {
  for (let id = 0; id < 520; id++) warm({ [`full${id}`]: id });
  assert.equal(findShape(["full0"]), undefined);
  warm({ afterFull: 1 });
});
