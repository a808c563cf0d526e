/**
 * The attributes of an object's properties, and whether the object is frozen, sealed or not extensible: read from one object,
 * and given to another.
 */

/** Attributes of a property, as bits: 1 enumerable, 2 writable, 4 configurable; these are what assignment makes. */
export const OPEN_BITS = 7;

/** How far an object is closed to changes. */
export type Closed = "fixed" | "sealed" | "frozen";

/** Returns the attributes of a property as bits. */
export function bitsOf({ enumerable, writable, configurable }: PropertyDescriptor): number {
  return (enumerable ? 1 : 0) | (writable ? 2 : 0) | (configurable ? 4 : 0);
}

/** The attributes that properties of an object have unless the program wanted it otherwise. */
export function usualBits(value: object): number {
  if (Object.isExtensible(value)) return OPEN_BITS;
  return Object.isFrozen(value) ? 1 : Object.isSealed(value) ? 3 : OPEN_BITS;
}

/** Gives an object a property, without running a setter. */
export function define(
  object: object,
  key: string | symbol,
  value: unknown,
  bits: number = OPEN_BITS,
): void {
  Reflect.defineProperty(object, key, {
    value,
    enumerable: (bits & 1) !== 0,
    writable: (bits & 2) !== 0,
    configurable: (bits & 4) !== 0,
  });
}

/** Tells how far an object is closed; undefined if it is open. */
export function closedOf(value: object): Closed | undefined {
  if (Object.isExtensible(value)) return undefined;
  return Object.isFrozen(value) ? "frozen" : Object.isSealed(value) ? "sealed" : "fixed";
}

/** Closes an object. */
export function close(object: object, closed: Closed): void {
  if (closed === "frozen") Object.freeze(object);
  else if (closed === "sealed") Object.seal(object);
  else Object.preventExtensions(object);
}
