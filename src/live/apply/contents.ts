/**
 * What is changed in place for the code that holds it: lists, Sets, Maps and Dates as a literal or the language's own class makes them.
 */

import { isDeepStrictEqual, types } from "node:util";

/** A list, a Set, a Map or a Date, and one of the same kind whose content it gets. */
export interface Contents {
  readonly value: object;
  readonly given: object;
  readonly read: (from: object) => unknown;
  readonly fill: (content: unknown) => void;
}

/** Returns undefined if the two are something else, or of different kinds. */
export function contentsOf(value: unknown, given: unknown): Contents | undefined {
  if (types.isProxy(value) || typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) && Array.isArray(given)) {
    return {
      ...{ value, given, read: (from) => [...(from as unknown[])] },
      fill: (content) => {
        value.length = 0;
        value.push(...(content as unknown[]));
      },
    };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (types.isSet(value) && types.isSet(given) && prototype === Set.prototype) {
    return {
      ...{ value, given, read: (from) => [...(from as Set<unknown>)] },
      fill: (content) => {
        value.clear();
        for (const each of content as unknown[]) value.add(each);
      },
    };
  }
  if (types.isMap(value) && types.isMap(given) && prototype === Map.prototype) {
    return {
      ...{ value, given, read: (from) => [...(from as Map<unknown, unknown>)] },
      fill: (content) => {
        value.clear();
        for (const [key, each] of content as [unknown, unknown][]) value.set(key, each);
      },
    };
  }
  if (types.isDate(value) && types.isDate(given) && prototype === Date.prototype) {
    return {
      ...{ value, given, read: (from) => (from as Date).getTime() },
      fill: (content) => void value.setTime(content as number),
    };
  }
  return undefined;
}

/** Whether two values have the same content, in the same order. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (!isDeepStrictEqual(a, b)) return false;
  const isOrdered = types.isSet(a) || types.isMap(a);
  if (!isOrdered) return true;
  return isDeepStrictEqual([...a], [...(b as Iterable<unknown>)]);
}

/** An object as a literal makes it; a proxy would run code of the service. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
