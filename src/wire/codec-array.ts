/**
 * Arrays: integers and doubles in a row where there is nothing else, otherwise value after value.
 *
 * Arrays with named properties, and those with many holes, go as fields with a length.
 */

import { lengthOf, LISTED_LENGTH, NOT_PLAIN, plainLength } from "../base/plain-array.ts";
import { KEPT, OBJECT, TAG } from "./codec-format.ts";
import type { DecodeWalk } from "./codec-decode-walk.ts";
import type { EncodeWalk } from "./codec-encode-walk.ts";

/** Writes an array with what it holds. */
export function encodeArray(source: readonly unknown[], walk: EncodeWalk, depth: number): void {
  const length = plainLength(source);
  if (length === NOT_PLAIN) {
    const claimed = lengthOf(source);
    walk.open(source, OBJECT.sparse);
    walk.number(claimed);
    walk.fields(source, Object.keys(source), depth);
    return;
  }
  const head = walk.open(source, OBJECT.array);
  walk.uint32(length);
  if (encodeNumbers(source, length, walk, head)) return;
  for (let index = 0; index < length; index++) {
    const value = source[index];
    if (value === undefined && !(index in source)) walk.tag(TAG.hole);
    else walk.value(value, depth + 1);
  }
}

/** Reads an array whose elements are in a row. @param kind - its tag without KEPT. */
export function decodeArray(walk: DecodeWalk, kind: number, index: number, depth: number): unknown {
  const list: unknown[] = [];
  walk.keep(index, list);
  const length = walk.uint32();
  if (kind === OBJECT.ints) walk.ints(list, length);
  else if (kind === OBJECT.doubles) walk.doubles(list, length);
  else {
    for (let at = 0; at < length; at++) {
      if (walk.skip(TAG.hole)) list.length++;
      else list.push(walk.value(depth + 1));
    }
  }
  return list;
}

/** Reads an array with holes or names. */
export function decodeSparse(walk: DecodeWalk, index: number, depth: number): unknown {
  const length = walk.value(depth);
  if (typeof length !== "number") throw walk.malformed();
  const list: unknown[] = [];
  // The length is a claim: an array that has an element at the far end takes no memory for what is before.
  if (length > LISTED_LENGTH) list[FAR_INDEX] = undefined;
  list.length = length;
  walk.keep(index, list);
  return walk.fields(list, depth);
}

/** The greatest index of an array. */
const FAR_INDEX = 2 ** 32 - 2;

/**
 * Writes the elements if all are numbers.
 *
 * @param length - as it was written: a getter may have changed it since.
 * @param head - where the tag of the array is.
 * @returns false if they are not; then nothing is written.
 */
// oxlint-disable-next-line max-params -- hot path
function encodeNumbers(
  source: readonly unknown[],
  length: number,
  walk: EncodeWalk,
  head: number,
): boolean {
  const first = source[0];
  if (typeof first !== "number" || typeof source[length - 1] !== "number") return false;
  let tag: number = OBJECT.ints;
  if (!walk.ints(source, length)) {
    if (!walk.doubles(source, length)) return false;
    tag = OBJECT.doubles;
  }
  walk.bytes[head] = tag | ((walk.bytes[head] as number) & KEPT);
  return true;
}
