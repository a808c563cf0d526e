/**
 * Functions that the API returns to end what a service has registered: `const off = sharetable.onupdate(...)`. When the code of the
 * service begins anew, what its top level had registered has ended, and the new top level has a function of its own in that place.
 */

import { markInterchangeable } from "./interchangeable.ts";

const enders = new WeakSet<object>();

/** Says of a function that it ends a registration. @returns the function */
export function markEnder<F extends () => void>(end: F): F {
  enders.add(end);
  return markInterchangeable(end);
}

/** Whether a value is such a function. */
export function isEnder(value: unknown): boolean {
  return typeof value === "function" && enders.has(value);
}
