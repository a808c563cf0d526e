/**
 * A state as a list of its objects, for one in which chains are longer than V8 writes out: it goes down from object to object, and its
 * stack is enough for some thousand objects.
 *
 *     { next: { next: {} } }   ->   [[keys, [2]], [keys, [3]], [keys, []]]     a number in a list says which object is held
 *
 * Every object stays one object, no matter what holds it. What holds no other objects, a Date, a RegExp, a buffer, stays as it is. The list is
 * for the way only: the small case never sees it.
 */

import { types } from "node:util";

/** What one object holds; what is held is a primitive, a leaf, or a list with the number of an object. */
type Cell =
  | readonly [kind: "object", keys: readonly string[], values: readonly unknown[]]
  | readonly [kind: "array", length: number, keys: readonly string[], values: readonly unknown[]]
  | readonly [kind: "map", keys: readonly unknown[], values: readonly unknown[]]
  | readonly [kind: "set", values: readonly unknown[]];

/** The objects of a state: the first is the state. */
export type LongState = readonly Cell[];

/** Lists the objects of what structured clone could copy if the row of objects were shorter. */
export function toList(state: object): LongState {
  const numbers = new Map<object, number>([[state, 0]]);
  const cells: Cell[] = [];
  const hold = (value: unknown): unknown => {
    if (!isHolder(value)) return value;
    let number = numbers.get(value);
    if (number === undefined) numbers.set(value, (number = numbers.size));
    return [number];
  };
  // A Map hands out what was added while it is walked.
  for (const object of numbers.keys()) cells.push(cellOf(object, hold));
  return cells;
}

function cellOf(object: object, hold: (value: unknown) => unknown): Cell {
  if (types.isMap(object)) {
    return ["map", [...object.keys()].map(hold), [...object.values()].map(hold)];
  }
  if (types.isSet(object)) return ["set", [...object].map(hold)];
  const keys = Object.keys(object);
  const values = keys.map((key) => hold((object as Record<string, unknown>)[key]));
  return Array.isArray(object) ? ["array", object.length, keys, values] : ["object", keys, values];
}

/** Whether it can hold other objects. */
function isHolder(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Makes a state again. */
export function fromList(cells: LongState): object {
  const made = cells.map(emptyOf);
  const find = (value: unknown): unknown =>
    Array.isArray(value) ? made[value[0] as number] : value;
  for (const [index, cell] of cells.entries()) fill(made[index] as object, cell, find);
  return made[0] as object;
}

function emptyOf([kind]: Cell): object {
  if (kind === "map") return new Map();
  if (kind === "set") return new Set();
  return kind === "array" ? [] : {};
}

function fill(object: object, cell: Cell, find: (value: unknown) => unknown): void {
  if (cell[0] === "map") {
    const [, keys, values] = cell;
    for (const [at, key] of keys.entries()) {
      (object as Map<unknown, unknown>).set(find(key), find(values[at]));
    }
    return;
  }
  if (cell[0] === "set") {
    for (const value of cell[1]) (object as Set<unknown>).add(find(value));
    return;
  }
  const [keys, values] = cell[0] === "array" ? [cell[2], cell[3]] : [cell[1], cell[2]];
  if (cell[0] === "array") (object as unknown[]).length = cell[1];
  for (const [at, key] of keys.entries()) {
    (object as Record<string, unknown>)[key] = find(values[at]);
  }
}
