/** Any structured value: the copy equals what structured clone makes of it, and shares no object with the original. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyResult } from "../../src/base/copy.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const scale = Number(process.env["SCALE"] ?? 1);

const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("id", "name", "x", "y", "next", "items", "0", "7") },
  { weight: 2, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "length") },
);

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withBoxedValues: true }),
  // Two invalid dates are not deeply equal on Node 20.
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.constantFrom(/a/g, -0, NaN),
);

/** Objects are made from entries, so that an own `__proto__` is possible. */
function record(entries: [string, unknown][]): object {
  return Object.fromEntries(entries);
}

const { value } = fc.letrec<{ value: unknown }>((tie) => {
  const inner = tie("value");
  const entries = fc.array(fc.tuple(key, inner), { maxLength: 8 });
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      entries.map(record),
      fc.array(inner, { maxLength: 8 }),
      fc.sparseArray(inner, { maxLength: 8 }),
      fc
        .tuple(fc.array(inner, { maxLength: 4 }), entries)
        .map(([list, named]) =>
          Object.defineProperties(list, Object.getOwnPropertyDescriptors(withoutLength(named))),
        ),
      fc.array(fc.tuple(inner, inner), { maxLength: 6 }).map((pairs) => new Map(pairs)),
      fc.array(inner, { maxLength: 6 }).map((values) => new Set(values)),
    ),
  };
});

function withoutLength(entries: [string, unknown][]): object {
  return record(entries.filter(([name]) => name !== "length"));
}

/** Every object that a value holds, itself included. */
function objectsOf(root: unknown, found: Set<object> = new Set()): Set<object> {
  if (typeof root !== "object" || root === null || found.has(root)) return found;
  found.add(root);
  if (root instanceof Map) for (const pair of root) pair.forEach((each) => objectsOf(each, found));
  if (root instanceof Set) for (const each of root) objectsOf(each, found);
  if (ArrayBuffer.isView(root)) objectsOf(root.buffer, found);
  else Object.values(root).forEach((each) => objectsOf(each, found));
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
    Object.assign(holder as object, Array.isArray(holder) ? { 2: held } : { next: held });
  }
  return root;
}

const tangled = fc
  .tuple(value, fc.array(fc.nat({ max: 1000 }), { maxLength: 8 }))
  .map(([root, picks]) => tangle(root, picks));

test("a copy equals the structured clone, in the same order, and shares no object", (context) => {
  context.diagnostic(`seed=${seed} scale=${scale}`);
  const property = fc.property(tangled, (source) => {
    const expected = structuredClone(source);
    const copy = copyResult(source, undefined);
    assert.deepStrictEqual(copy, expected);
    const [originals, copies, clones] = [source, copy, expected].map((each) => objectsOf(each));
    assert.equal(copies?.size, clones?.size, "sharing is kept");
    for (const each of copies ?? []) assert.ok(!originals?.has(each), "an object is shared");
    const keys = (found: Set<object> | undefined): string[][] =>
      [...(found ?? [])].map(Object.keys);
    assert.deepEqual(keys(copies), keys(clones));
  });
  fc.assert(property, { seed, numRuns: Math.round(1000 * scale) });
});
