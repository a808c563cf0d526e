// Hot path (bench: player).
/**
 * The copy of an array: its elements by one `slice`, which keeps V8's kind of elements and the holes.
 *
 * An array may carry named properties too (the result of a regular expression does), and only listing its keys tells.
 * That costs 7 ns an element, more than the copy, so for long arrays the inspector of Node is asked: it prints an
 * array of any length without its elements in half a microsecond. A text it did not expect means the slow way.
 */

import { inspect } from "node:util";
import type { Walk } from "./copy-walk.ts";

/** Up to this length the keys are listed. */
const LISTED_LENGTH = 64;

/** Past this length V8 keeps no flat array unless it is told to; a slice could take minutes. */
const FLAT_LENGTH_MAX = 2 ** 25;

/** So many elements of a long array are looked at to tell a sparse one. */
const PROBE_COUNT = 16;

const SHORTEST = { maxArrayLength: 0, depth: 0, customInspect: false } as const;

/** Copies an array with what it holds. */
export function copyArray(source: readonly unknown[], walk: Walk, depth: number): unknown[] {
  if (!isSimple(source)) {
    const copy = new Array<unknown>(source.length);
    walk.copyFields(source, copy, Object.keys(source), depth);
    return copy;
  }
  const copy = source.slice();
  walk.keep(source, copy);
  for (let index = 0; index < copy.length; index++) {
    const value = copy[index];
    if (typeof value === "object" ? value !== null : isRefused(value)) {
      copy[index] = walk.copy(value, depth + 1);
    }
  }
  return copy;
}

function isRefused(value: unknown): boolean {
  return typeof value === "function" || typeof value === "symbol";
}

/** Whether an array has no properties but its elements, and (if it is long) few holes. */
function isSimple(source: readonly unknown[]): boolean {
  const { length } = source;
  if (Object.getPrototypeOf(source) !== Array.prototype) return false;
  if (length <= LISTED_LENGTH) return isDense(Object.keys(source), length);
  return (
    length <= FLAT_LENGTH_MAX &&
    probe(source) &&
    inspect(source, SHORTEST) === `[ ... ${length} more items ]`
  );
}

/** Whether the keys are those of an array without holes: indexes come first and in order. */
function isDense(keys: readonly string[], length: number): boolean {
  return keys.length === length && (length === 0 || keys[length - 1] === String(length - 1));
}

function probe(source: readonly unknown[]): boolean {
  const step = Math.floor(source.length / PROBE_COUNT);
  for (let index = 0; index < source.length; index += step) {
    if (!(index in source)) return false;
  }
  return true;
}
