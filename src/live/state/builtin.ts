/**
 * Objects that keep their contents elsewhere than in properties: the empty or finished copies of those of the platform.
 */

import { Buffer } from "node:buffer";
import { types } from "node:util";
import { flagsOf, patternOf, typedArray } from "../../base/true-parts.ts";

type AnyClass = new (...args: never[]) => object;

/** The classes of errors that the language has. */
const ERROR_CLASSES: readonly (new (message?: string) => Error)[] = [
  ...[TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError],
  ...[AggregateError as unknown as new () => Error, Error],
];

/**
 * Makes the copy of an object of the platform: a Map or Set without contents, all else whole.
 *
 * @returns undefined if it is not such a value, or is of a class that is not the platform's and not given as the prototype
 */
export function copyBuiltin(source: object, prototype: object): object | undefined {
  const own = builtinOf(source);
  if (own === undefined) return undefined;
  const [base, copy] = own;
  const isOf = prototype === base.prototype || base.prototype.isPrototypeOf(prototype);
  return isOf ? copy() : undefined;
}

function builtinOf(source: object): readonly [AnyClass, () => object] | undefined {
  if (types.isMap(source)) return [Map, () => new Map()];
  if (types.isSet(source)) return [Set, () => new Set()];
  if (types.isDate(source)) return [Date, () => new Date(Date.prototype.getTime.call(source))];
  if (types.isRegExp(source)) return [RegExp, () => copyRegExp(source)];
  if (types.isArrayBuffer(source)) return [ArrayBuffer, () => structuredClone(source)];
  if (types.isNumberObject(source)) return [Number, () => structuredClone(source)];
  if (types.isStringObject(source)) return [String, () => structuredClone(source)];
  if (types.isBooleanObject(source)) return [Boolean, () => structuredClone(source)];
  if (types.isBigIntObject(source))
    return [BigInt as unknown as AnyClass, () => structuredClone(source)];
  return undefined;
}

/** Where the bytes of a view are. */
interface Extent {
  readonly memory: ArrayBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** Makes a view of the same kind over some memory. */
export function viewOf(
  source: ArrayBufferView,
  { memory, offset, bytes }: Extent,
  isBuffer: boolean = Buffer.isBuffer(source),
): ArrayBufferView {
  if (isBuffer) return Buffer.from(memory, offset, bytes);
  if (!types.isTypedArray(source)) return new DataView(memory, offset, bytes);
  const makers = globalThis as unknown as Record<
    string,
    new (memory: ArrayBuffer, offset: number, length: number) => ArrayBufferView
  >;
  const make = makers[typedArray.nameOf(source)] as (typeof makers)[string];
  return new make(memory, offset, typedArray.lengthOf(source));
}

function copyRegExp(source: RegExp): RegExp {
  const copy = new RegExp(patternOf(source), flagsOf(source));
  copy.lastIndex = source.lastIndex;
  return copy;
}

/** Returns the language's class of an error, by its name. */
export function errorClassOf(source: object, prototype: object): string | undefined {
  if (!types.isNativeError(source)) return undefined;
  return ERROR_CLASSES.find(
    (base) => prototype === base.prototype || base.prototype.isPrototypeOf(prototype),
  )?.name;
}

/** Makes an error of a class of the language, without a trace of its own. */
export function createError(name: string, made: Function | undefined): Error {
  const base = ERROR_CLASSES.find((each) => each.name === name) ?? Error;
  const args = name === "AggregateError" ? [[]] : [];
  const error = Reflect.construct(base, args, made ?? base) as Error;
  for (const key of Reflect.ownKeys(error)) Reflect.deleteProperty(error, key);
  return error;
}

/** What no copy can be made of, whoever has made it. */
export function hopelessOf(value: object): string | undefined {
  if (types.isPromise(value)) return "a promise";
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef)
    return "a weak collection";
  if (types.isGeneratorObject(value)) return "a generator";
  if (types.isMapIterator(value) || types.isSetIterator(value)) return "an iterator";
  return undefined;
}

/** What the platform keeps up to date itself. */
export function isBuiltIn(mirror: object, key: string | symbol): boolean {
  if (key === "length") return Array.isArray(mirror);
  return key === "lastIndex" && mirror instanceof RegExp;
}
