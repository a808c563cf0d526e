// Hot path (bench: player).
/**
 * Copiers made to measure: for each list of keys that comes often, a function that copies objects with these keys.
 *
 * A loop over keys pays V8's slowest property access for each field as soon as many kinds of objects pass through it
 * (18 ns a field, against 2 ns in a function that sees one kind). A list of keys is found by its last key, because the
 * first ones (`id`, `type`) are shared by many. What comes once (a dictionary with ids as keys) must not fill the table:
 * every 16th miss is counted, the fourth count compiles, and a full table starts over with twice the demand.
 */

import { kPort } from "./portable.ts";
import type { Walk } from "./copy.ts";

/** Copies an object that has exactly the keys of the shape. */
export type ShapeCopier = (source: object, walk: Walk, depth: number) => unknown;

interface Shape {
  readonly keys: readonly string[];
  readonly copier: ShapeCopier;
}

/** Objects with more keys are dictionaries rather than records. */
const SHAPE_KEY_MAX = 64;
/** How many copiers are kept; one takes some kilobytes. */
const SHAPE_COUNT_MAX = 512;
/** How many lists of keys are counted at a time. */
const CANDIDATE_COUNT_MAX = 1024;
/** One of that many misses is counted; a power of two. */
const SAMPLE_PERIOD = 16;

const shapes = new Map<string, Shape[]>();
const candidates = new Map<string, number>();
let shapeCount = 0;
let missCount = 0;
/** How often a list of keys must have been counted before it gets a copier. */
let demand = 4;

/**
 * Finds the copier for objects with these keys.
 *
 * @param keys - the own enumerable string keys in their order.
 * @returns undefined if these keys have not come often enough, or never will have a copier.
 */
export function findShape(keys: readonly string[]): ShapeCopier | undefined {
  const { length } = keys;
  if (length === 0 || length > SHAPE_KEY_MAX) return undefined;
  const alike = shapes.get(keys[length - 1] as string);
  if (alike !== undefined) {
    for (let index = 0; index < alike.length; index++) {
      const shape = alike[index] as Shape;
      if (isSame(shape.keys, keys)) return shape.copier;
    }
  }
  if ((++missCount & (SAMPLE_PERIOD - 1)) === 0) count(keys);
  return undefined;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

function count(keys: readonly string[]): void {
  // An assignment to `__proto__` would change the prototype of the copy: such objects go the slow way.
  if (keys.includes("__proto__")) return;
  const name = JSON.stringify(keys);
  const hits = (candidates.get(name) ?? 0) + 1;
  if (hits >= demand) {
    candidates.delete(name);
    add(keys);
    return;
  }
  if (candidates.size >= CANDIDATE_COUNT_MAX) candidates.clear();
  candidates.set(name, hits);
}

function add(keys: readonly string[]): void {
  if (shapeCount >= SHAPE_COUNT_MAX) {
    shapes.clear();
    shapeCount = 0;
    demand *= 2;
  }
  const last = keys[keys.length - 1] as string;
  const alike = shapes.get(last);
  const shape = { keys, copier: compile(keys) };
  if (alike === undefined) shapes.set(last, [shape]);
  else alike.push(shape);
  shapeCount++;
}

/**
 * Writes the function. The fields are read into an object literal first, and what is no primitive is replaced after the
 * copy is known to the walk, for it may lead back to the object.
 */
function compile(keys: readonly string[]): ShapeCopier {
  const names = keys.map((key) => JSON.stringify(key));
  const text = `"use strict";
return (source, walk, depth) => {
  if (source[kPort] !== undefined) return walk.copyPortable(source);
  ${names.map((name, at) => `const v${at} = source[${name}];`).join("\n  ")}
  const copy = { ${names.map((name, at) => `${name}: v${at}`).join(", ")} };
  walk.keep(source, copy);
  ${names.map((name, at) => `if (${isReference(`v${at}`)}) copy[${name}] = walk.copy(v${at}, depth + 1);`).join("\n  ")}
  return copy;
};`;
  return new Function("kPort", text)(kPort) as ShapeCopier;
}

function isReference(name: string): string {
  return `typeof ${name} === "object" ? ${name} !== null : typeof ${name} === "function" || typeof ${name} === "symbol"`;
}
