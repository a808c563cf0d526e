/**
 * How a list of a table is written: small integers without slots, and nothing but elements.
 */

import { inspect, types } from "node:util";
import { indexOfKey } from "./format.ts";
import type { SlotWriter } from "./slot-writer.ts";

/**
 * Of a list with more elements it costs less to have it described than to make a text of each
 * index.
 */
const KEYS_COUNT_MAX = 100;

/**
 * Says whether a list surely has no property beside its elements; Node looks at nothing else when
 * it leaves them out.
 */
function holdsElementsOnly(list: readonly unknown[]): boolean {
  if (types.isProxy(list)) return false;
  const text = inspect(list, { depth: 0, maxArrayLength: 0, customInspect: false });
  return /^\[ \.\.\. \d+ more items \]$/.test(text);
}

/** Returns the name of a property that a list has beside its elements; undefined if it has none. */
export function findExtra(list: readonly unknown[]): string | undefined {
  if (list.length > KEYS_COUNT_MAX && holdsElementsOnly(list)) return undefined;
  const last = Object.keys(list).at(-1);
  return last === undefined || indexOfKey(last) >= 0 ? undefined : last;
}

/** How many bytes each element needs if all are integers that fit 4; 0 if some are not. */
export function integerWidth(list: readonly unknown[]): number {
  let low = 0;
  let high = 0;
  for (let index = 0; index < list.length; index++) {
    const value = list[index];
    if (typeof value !== "number" || (value | 0) !== value || Object.is(value, -0)) return 0;
    if (value < low) low = value;
    else if (value > high) high = value;
  }
  if (list.length === 0) return 0;
  if (low >= -0x80 && high <= 0x7f) return 1;
  return low >= -0x8000 && high <= 0x7fff ? 2 : 4;
}

/** Writes integers behind the head of their list. */
export function writeIntegers(
  out: SlotWriter,
  position: number,
  width: number,
  list: readonly number[],
): void {
  out.words[position * 2 + 1] = width;
  const start = (position + 1) * 8;
  const { buffer } = out.words;
  if (width === 1) new Int8Array(buffer, start, list.length).set(list);
  else if (width === 2) new Int16Array(buffer, start, list.length).set(list);
  else new Int32Array(buffer, start, list.length).set(list);
}
