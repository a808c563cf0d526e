// Hot path (bench: player).
/**
 * Whether an array is nothing but its elements, so that it may be copied or written in one go.
 *
 * An array may carry named properties too (the result of a regular expression does), and only listing its keys tells.
 * That costs 7 ns an element, more than the copy, so for long arrays the inspector of Node is asked: it prints an
 * array of any length without its elements in half a microsecond. A text it did not expect means the slow way.
 */

import { inspect } from "node:util";

/** Up to this length the keys are listed. */
export const LISTED_LENGTH = 64;

/** Past this length V8 keeps no flat array unless it is told to; a slice could take minutes. */
const FLAT_LENGTH_MAX = 2 ** 25;

/** How many elements of a long array are looked at to tell a sparse one. */
const PROBE_COUNT = 16;

const SHORTEST = { maxArrayLength: 0, depth: 0, customInspect: false } as const;

/** The length of what is no plain array: see {@link plainLength}. */
export const NOT_PLAIN = -1;

/**
 * Returns the length of an array that has no properties but its elements, and (if it is long) few holes; NOT_PLAIN for others.
 *
 * The caller must not ask for the length a second time: a proxy may answer otherwise, and a getter among the elements may
 * have changed it.
 */
export function plainLength(source: readonly unknown[]): number {
  const length = lengthOf(source);
  if (Object.getPrototypeOf(source) !== Array.prototype) return NOT_PLAIN;
  if (length <= LISTED_LENGTH) return isDense(Object.keys(source), length) ? length : NOT_PLAIN;
  const isPlain =
    length <= FLAT_LENGTH_MAX &&
    probe(source, length) &&
    inspect(source, SHORTEST) === `[ ... ${length} more items ]`;
  return isPlain ? length : NOT_PLAIN;
}

/**
 * Returns the length of an array.
 *
 * @throws TypeError if it is not one: a proxy may say anything.
 */
export function lengthOf({ length }: readonly unknown[]): number {
  if (typeof length === "number" && length >>> 0 === length) return length;
  throw new TypeError("an array says a length that no array can have");
}

/** Whether the keys are those of an array without holes: indexes come first and in order. */
function isDense(keys: readonly string[], length: number): boolean {
  return keys.length === length && (length === 0 || keys[length - 1] === String(length - 1));
}

function probe(source: readonly unknown[], length: number): boolean {
  const step = Math.floor(length / PROBE_COUNT);
  for (let index = 0; index < length; index += step) {
    if (!(index in source)) return false;
  }
  return true;
}
