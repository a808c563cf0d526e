/**
 * The copy of an error: what a service throws must read the same to the service that called it.
 *
 * Kept: the built-in class (a class of the user becomes the nearest one above it), name, message, stack, cause, the
 * errors of an AggregateError, and own enumerable data such as `code`. A SnaxError stays one. Structured clone, which
 * loses `code` and data, is the reason for this file.
 */

import type { Walk } from "./copy.ts";
import { createBlank, readStack, SnaxError } from "./error.ts";

/** The built-in classes an error keeps beside Error itself; none extends another. */
const BUILT_IN: readonly (new (message?: string) => Error)[] = [
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
];

/** What an error holds in own properties that are seldom enumerable. */
export const HIDDEN_KEYS: readonly string[] = ["cause", "errors"];

/** Copies an error with what it carries. */
export function copyError(source: Error, walk: Walk, depth: number): Error {
  const copy = createLike(source);
  walk.keep(source, copy);
  // Reading `stack` formats it: the price of an error that still says where it was thrown.
  defineField(copy, "stack", walk.copy(readStack(source), depth + 1), false);
  defineField(copy, "message", String(source.message), false);
  if (source.name !== copy.name) defineField(copy, "name", String(source.name), false);
  const fields = source as unknown as Record<string, unknown>;
  for (const key of HIDDEN_KEYS) {
    if (!Object.hasOwn(source, key)) continue;
    defineField(copy, key, walk.copy(fields[key], depth + 1), false);
  }
  for (const key of Object.keys(source)) {
    defineField(copy, key, walk.copy(fields[key], depth + 1), true);
  }
  return copy;
}

/** An empty error of the class that the copy keeps; it takes no stack of its own. */
export function createLike(source: Error): Error {
  return createBlank(makerLike(source));
}

/** To ask an error for its class may run code of the program. */
function makerLike(source: Error): () => Error {
  if (source instanceof SnaxError) {
    const { code } = source;
    return () => new SnaxError(code, "");
  }
  if (source instanceof AggregateError) return () => new AggregateError([]);
  if (source instanceof DOMException) {
    const { name } = source;
    return () => new DOMException("", name);
  }
  const Class = BUILT_IN.find((each) => source instanceof each) ?? Error;
  return () => new Class();
}

/** Defines a property, whatever the prototype says about its key; an error's own ones do not show in a listing. */
export function defineField(
  target: object,
  key: string,
  value: unknown,
  enumerable: boolean,
): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
