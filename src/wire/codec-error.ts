/**
 * Errors, in both directions: what a service throws must read the same to the service that called it.
 *
 * What is kept is what base/copy-error.ts keeps: the built-in class, name, message, stack, cause, the errors of an
 * AggregateError, own enumerable data.
 *
 *     class, what its constructor wants, stack, message, own name, own hidden fields, end, own fields, end
 */

import { createBlank, readStack, SnaxError } from "../base/error.ts";
import type { ErrorCode } from "../base/error.ts";
import type { DecodeWalk } from "./codec-decode-walk.ts";
import type { EncodeWalk } from "./codec-encode-walk.ts";
import { OBJECT, TAG } from "./codec-format.ts";

/** A class that an error keeps. */
interface ErrorClass {
  readonly isClassOf: (error: Error) => boolean;
  /** What `create` wants to know; undefined for nothing. */
  readonly clueOf?: (error: Error) => string;
  readonly create: (clue: string) => Error;
}

function builtIn(constructor: new (message?: string) => Error): ErrorClass {
  return {
    isClassOf: (error) => error instanceof constructor,
    create: () => new constructor(),
  };
}

/** The classes; the place of one is its number. The last one is that of all others. */
const CLASSES: readonly ErrorClass[] = [
  {
    isClassOf: (error) => error instanceof SnaxError,
    clueOf: (error) => (error as SnaxError).code,
    create: (code) => new SnaxError(code as ErrorCode, ""),
  },
  { isClassOf: (error) => error instanceof AggregateError, create: () => new AggregateError([]) },
  {
    isClassOf: (error) => error instanceof DOMException,
    clueOf: (error) => error.name,
    create: (name) => new DOMException("", name),
  },
  ...[TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map(builtIn),
  { isClassOf: () => true, create: () => new Error() },
];

/** What an error holds in own properties that are seldom enumerable. */
const HIDDEN_KEYS: readonly string[] = ["cause", "errors"];

/** Writes an error with what it carries. */
export function encodeError(source: Error, walk: EncodeWalk, depth: number): void {
  const number = CLASSES.findIndex((each) => each.isClassOf(source));
  const errorClass = CLASSES[number] as ErrorClass;
  const clue = errorClass.clueOf?.(source) ?? "";
  walk.open(source, OBJECT.error);
  walk.tag(number);
  walk.text(String(clue));
  // Reading `stack` formats it: the price of an error that still says where it was thrown.
  walk.value(readStack(source), depth + 1);
  walk.text(String(source.message));
  walk.text(String(source.name));
  const hidden = HIDDEN_KEYS.filter((key) => Object.hasOwn(source, key));
  walk.fields(source, hidden, depth);
  walk.fields(source, Object.keys(source), depth);
}

/** Reads an error. */
export function decodeError(walk: DecodeWalk, index: number, depth: number): unknown {
  const errorClass = CLASSES[walk.byte()];
  if (errorClass === undefined) throw walk.malformed();
  const clue = walk.text();
  const error = createBlank(() => errorClass.create(clue));
  walk.keep(index, error);
  hide(error, "stack", walk.value(depth + 1));
  hide(error, "message", walk.text());
  const name = walk.text();
  if (name !== error.name) hide(error, "name", name);
  while (!walk.skip(TAG.end)) hide(error, walk.text(), walk.value(depth + 1));
  while (!walk.skip(TAG.end)) {
    const key = walk.text();
    Object.defineProperty(error, key, {
      ...HIDDEN,
      enumerable: true,
      value: walk.value(depth + 1),
    });
  }
  return error;
}

/** The attributes of the properties that an error has of itself: they do not show in a listing. */
const HIDDEN = { enumerable: false, writable: true, configurable: true };

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { ...HIDDEN, value });
}
