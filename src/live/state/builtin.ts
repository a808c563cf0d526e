/**
 * Objects that keep their contents elsewhere than in properties: the empty or finished copies of those of the platform.
 */

import { Buffer } from "node:buffer";
import { types } from "node:util";
import {
  dataView,
  flagsOf,
  memory as trueMemory,
  patternOf,
  typedArray,
} from "../../base/true-parts.ts";
import type { Odd, OddProperty } from "./state.ts";

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
  const isTracking = followsMemory(source);
  if (!types.isTypedArray(source)) {
    return isTracking ? new DataView(memory, offset) : new DataView(memory, offset, bytes);
  }
  const makers = globalThis as unknown as Record<
    string,
    new (memory: ArrayBuffer, offset: number, length?: number) => ArrayBufferView
  >;
  const make = makers[typedArray.nameOf(source)] as (typeof makers)[string];
  return isTracking
    ? new make(memory, offset)
    : new make(memory, offset, typedArray.lengthOf(source));
}

/** The bytes of the largest element of a typed array. */
const ELEMENT_BYTES_MAX = 8;

/** Whether a view is as long as its memory, whatever becomes of that: a copy of both tells it, which has its memory for itself. */
function followsMemory(source: ArrayBufferView): boolean {
  const { bufferOf, byteLengthOf } = types.isTypedArray(source) ? typedArray : dataView;
  const whole = bufferOf(source);
  if (!types.isArrayBuffer(whole) || !trueMemory.isResizable(whole)) return false;
  const copy = structuredClone(source);
  const before = byteLengthOf(copy);
  const own = bufferOf(copy) as ArrayBuffer & { resize(bytes: number): void };
  const bytes = trueMemory.byteLengthOf(own);
  const isFull = trueMemory.maxByteLengthOf(own) < bytes + ELEMENT_BYTES_MAX;
  own.resize(isFull ? Math.max(0, bytes - ELEMENT_BYTES_MAX) : bytes + ELEMENT_BYTES_MAX);
  try {
    const after = byteLengthOf(copy);
    return after > 0 && after !== before;
  } catch {
    // A DataView with a length that its memory does not have any more.
    return false;
  }
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

/** What no copy can be made of, no matter what code has made it. */
export function hopelessOf(value: object): string | undefined {
  if (types.isPromise(value)) return "a promise";
  if (WEAK.some((each) => value instanceof each)) return "a weak collection";
  if (isDetached(value)) return "a buffer without its memory, which was transferred";
  if (isBoxedWithMore(value)) return "a primitive in an object with properties of its own";
  if (types.isGeneratorObject(value)) return "a generator";
  if (types.isMapIterator(value) || types.isSetIterator(value)) return "an iterator";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === ARRAY_ITERATOR || ITERATOR_HELPERS.has(prototype)) return "an iterator";
  return undefined;
}

/** What holds objects without keeping them: whether something else does is not known. */
const WEAK: readonly Function[] = [WeakMap, WeakSet, WeakRef, FinalizationRegistry];

const ARRAY_ITERATOR: unknown = Object.getPrototypeOf([].values());

/** The prototypes of what `Iterator.from` and the methods of iterators make, where the platform has them. */
const ITERATOR_HELPERS: ReadonlySet<unknown> = new Set(listHelpers());

function listHelpers(): unknown[] {
  const { Iterator: maker } = globalThis as { Iterator?: { from?: (from: object) => object } };
  if (typeof maker?.from !== "function") return [];
  const values = [].values() as unknown as { map?: (by: () => void) => object };
  const made = [maker.from({ next: () => ({ done: true }) }), values.map?.(() => {})];
  return made.flatMap((each) => (each === undefined ? [] : [Object.getPrototypeOf(each)]));
}

/** Whether the memory of a buffer has gone elsewhere. */
export function isDetached(value: object): boolean {
  if (!types.isArrayBuffer(value) || trueMemory.byteLengthOf(value) > 0) return false;
  try {
    return new Uint8Array(value).length > 0;
  } catch {
    return true;
  }
}

/** Whether a Number, String or Boolean in an object has more than what it wraps. */
export function isBoxedWithMore(value: object): boolean {
  if (!types.isBoxedPrimitive(value)) return false;
  const usual = types.isStringObject(value)
    ? Reflect.ownKeys(Object(String.prototype.valueOf.call(value)))
    : [];
  return Reflect.ownKeys(value).length > usual.length;
}

/** Typed arrays with more elements are not asked for other properties: the engine would list a key for each. */
const KEYS_LISTED_MAX = 1024;

/** Whether a view has properties besides its elements. */
export function hasOwnMore(view: ArrayBufferView): boolean {
  const count = types.isTypedArray(view) ? typedArray.lengthOf(view) : 0;
  return count <= KEYS_LISTED_MAX && Reflect.ownKeys(view).length > count;
}

/** What the platform keeps up to date itself. */
export function isBuiltIn(mirror: object, key: string | symbol): boolean {
  if (key === "length") return Array.isArray(mirror);
  return key === "lastIndex" && mirror instanceof RegExp;
}

/** Says of a regular expression where its search goes on: structured clone forgets that. */
export function notePlace(odds: Map<object, Odd>, mirror: object): void {
  if (!(mirror instanceof RegExp) || mirror.lastIndex === 0) return;
  const odd = odds.get(mirror);
  const place: OddProperty = { key: "lastIndex", value: mirror.lastIndex, bits: 2 };
  odds.set(mirror, { ...odd, properties: [...(odd?.properties ?? []), place] });
}
