/**
 * The forms of objects that the platform has: what an object can hold depends on how it was made, not on its prototype.
 */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import { isPlatform } from "../../base/copy-class.ts";

/** A class with the prototype of its instances. */
export type AnyClass = Function & { prototype: object };

/** What can be emptied and filled again. */
export const FILLED: ReadonlySet<AnyClass> = new Set<AnyClass>([Map, Set, Array, Object]);

const BASES: readonly AnyClass[] = [
  Map,
  Set,
  Array,
  Date,
  RegExp,
  ArrayBuffer,
  Number,
  String,
  Boolean,
];

/**
 * The platform's class that an object is one of; `Object` for all others.
 *
 * @param isPrototype - the object is a prototype: its instances are meant
 */
export function baseOf(object: object, isPrototype = false): AnyClass {
  if (isPrototype) {
    return BASES.find((base) => base.prototype.isPrototypeOf(object)) ?? Object;
  }
  if (types.isMap(object)) return Map;
  if (types.isSet(object)) return Set;
  if (Array.isArray(object)) return Array;
  if (types.isDate(object)) return Date;
  if (types.isRegExp(object)) return RegExp;
  if (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object)) return ArrayBuffer;
  if (types.isNumberObject(object)) return Number;
  if (types.isStringObject(object)) return String;
  if (types.isBooleanObject(object)) return Boolean;
  return Object;
}

/** Prototypes of the platform's classes whose instances can be made again under another class. */
const REMADE: ReadonlySet<object> = new Set<object>(
  [Object, Map, Set, Array, Date, RegExp, Number, String, Boolean, EventEmitter].map(
    (each) => each.prototype as object,
  ),
);

const platform = new WeakMap<object, boolean>();

function isOfPlatform(prototype: object): boolean {
  let known = platform.get(prototype);
  if (known === undefined) platform.set(prototype, (known = isPlatform(prototype)));
  return known;
}

/**
 * Names the platform's class that a class extends whose instances hold more than fields and can't be made again: Promise, WeakMap,
 * Uint8Array, URL.
 *
 * @returns undefined if it extends none, or one that can.
 */
export function closedBaseOf(prototype: object): string | undefined {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (REMADE.has(at) || at === Error.prototype) return undefined;
    if (isOfPlatform(at) && !(at instanceof EventEmitter) && !(at instanceof Error)) {
      const maker: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
      return typeof maker === "function" ? maker.name : "a class of the platform";
    }
  }
  return undefined;
}

/** An object of a platform's class without its contents, or with those that it has for ever. */
export function emptyOf(mirror: object, made: AnyClass | undefined, base: AnyClass): object {
  const maker = made ?? base;
  switch (base) {
    case Map:
    case Set:
    case Array:
      return Reflect.construct(base, [], maker) as object;
    case Date:
      return Reflect.construct(
        Date,
        [mirror instanceof Date ? mirror.getTime() : 0],
        maker,
      ) as object;
    case RegExp:
      return copyRegExp(mirror instanceof RegExp ? mirror : /(?:)/, maker);
    case ArrayBuffer:
      return structuredClone(mirror);
    case Object:
      return made === undefined ? {} : (Object.create(made.prototype) as object);
    default:
      return Reflect.construct(base, [mirror.valueOf()], maker) as object;
  }
}

function copyRegExp(mirror: RegExp, maker: Function): RegExp {
  const copy = Reflect.construct(RegExp, [mirror.source, mirror.flags], maker) as RegExp;
  copy.lastIndex = mirror.lastIndex;
  return copy;
}
