// Hot path (bench: player).
/**
 * The copy of an array: its elements by one `slice`, which keeps V8's kind of elements and the holes.
 *
 * An array that carries more than its elements is copied field by field.
 */

import type { Walk } from "./copy.ts";
import { lengthOf, NOT_PLAIN, plainLength } from "./plain-array.ts";

/** Copies an array with what it holds. */
export function copyArray(source: readonly unknown[], walk: Walk, depth: number): unknown[] {
  const length = plainLength(source);
  if (length === NOT_PLAIN) {
    const copy = new Array<unknown>(lengthOf(source));
    walk.copyFields(source, copy, Object.keys(source), depth);
    return copy;
  }
  // Not slice(): a proxy that tells a greater length now would keep this thread busy for 2 ** 53 elements.
  const copy = source.slice(0, length);
  // A proxy has told two lengths, or names a class of its own for what is sliced from it.
  if (copy.length !== length || Object.getPrototypeOf(copy) !== Array.prototype) throw changed();
  walk.keep(source, copy);
  for (let index = 0; index < copy.length; index++) {
    const value = copy[index];
    if (typeof value === "object" ? value !== null : isRefused(value)) {
      copy[index] = walk.copy(value, depth + 1);
    }
  }
  return copy;
}

function changed(): TypeError {
  return new TypeError("an array is not what it said");
}

function isRefused(value: unknown): boolean {
  return typeof value === "function" || typeof value === "symbol";
}
