/** Any structured value: the copy equals what structured clone makes of it, and shares no object with the original. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyResult } from "../../src/base/copy.ts";
import { runs } from "./runs.ts";
import { key, objectsOf, record, tangle } from "./tangle.ts";

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withBoxedValues: true }),
  // Two invalid dates are not deeply equal on Node 20.
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.constantFrom(/a/g, -0, NaN),
);

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

/** Every object that a value holds; a copied view has a buffer of its own. */
function objectsInside(root: unknown): Set<object> {
  return objectsOf(root, (view) => [view.buffer]);
}

const tangled = fc
  .tuple(value, fc.array(fc.nat({ max: 1000 }), { maxLength: 8 }))
  .map(([root, picks]) => tangle(root, objectsInside(root), picks, () => 2));

test("a copy equals the structured clone, in the same order, and shares no object", (context) => {
  const property = fc.property(tangled, (source) => {
    const expected = structuredClone(source);
    const copy = copyResult(source, undefined);
    assert.deepStrictEqual(copy, expected);
    const [originals, copies, clones] = [source, copy, expected].map((each) => objectsInside(each));
    assert.equal(copies?.size, clones?.size, "sharing is kept");
    for (const each of copies ?? []) assert.ok(!originals?.has(each), "an object is shared");
    const keys = (found: Set<object> | undefined): string[][] =>
      [...(found ?? [])].map(Object.keys);
    assert.deepEqual(keys(copies), keys(clones));
  });
  fc.assert(property, runs(context, 1000));
});
