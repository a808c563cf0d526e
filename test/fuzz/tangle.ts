/** Parts of values that are rarely thought of: odd keys, own `__proto__`, the same object twice, cycles. */

import fc from "fast-check";

/** Keys: a few that come often, any text, and those that mean something to JavaScript. */
export const key: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("id", "name", "x", "y", "next", "items", "0", "7") },
  { weight: 2, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "length") },
);

/** Objects are made from entries, so that an own `__proto__` is possible. */
export function record(entries: [string, unknown][]): object {
  return Object.fromEntries(entries);
}

/**
 * Finds every object that a value holds, itself included, in the order of meeting.
 *
 * @param viewed - what is inside a view; its buffer does not count unless this says so.
 */
export function objectsOf(
  root: unknown,
  viewed: (view: ArrayBufferView) => readonly unknown[] = () => [],
  found: Set<object> = new Set(),
): Set<object> {
  if (typeof root !== "object" || root === null || found.has(root)) return found;
  found.add(root);
  const visit = (each: unknown): unknown => objectsOf(each, viewed, found);
  if (root instanceof Map) for (const pair of root) pair.forEach(visit);
  if (root instanceof Set) for (const each of root) visit(each);
  (ArrayBuffer.isView(root) ? viewed(root) : Object.values(root)).forEach(visit);
  return found;
}

/**
 * Puts references from objects inside a value to others inside it.
 *
 * @param place - where an array takes one.
 */
export function tangle(
  root: unknown,
  objects: Set<object>,
  picks: readonly number[],
  place: (list: readonly unknown[]) => number,
): unknown {
  const open = [...objects].filter(
    (each) => Array.isArray(each) || Object.getPrototypeOf(each) === Object.prototype,
  );
  for (let at = 0; at + 1 < picks.length && open.length > 0; at += 2) {
    const [holder, held] = [picks[at], picks[at + 1]].map(
      (pick) => open[(pick ?? 0) % open.length],
    );
    const name = Array.isArray(holder) ? place(holder) : "next";
    Object.assign(holder as object, { [name]: held });
  }
  return root;
}
