/**
 * What belongs to the text of a service: to keep it as it is would be to keep the old code.
 */

import { globalPathOf } from "./giver.ts";
import type { StateNames } from "./names.ts";
import { isOpenObject } from "./names.ts";

/** Whether the source of a function or a class stands in a module of the service. */
export function isOwnText(names: StateNames, maker: Function): boolean {
  const text = Function.prototype.toString.call(maker);
  for (const { image } of names.modules.values()) {
    if (image.data.body.includes(text)) return true;
  }
  return false;
}

/** Whether the traps of a proxy are data and functions of the service. */
export function isOwnHandler(names: StateNames, handler: object): boolean {
  if (names.byValue.has(handler)) return true;
  const isOwn =
    isOpenObject(handler) || names.classes.has(Object.getPrototypeOf(handler) as object);
  return (
    isOwn &&
    Object.values(Object.getOwnPropertyDescriptors(handler)).every(
      ({ value: trap }) =>
        typeof trap !== "function" ||
        names.byValue.has(trap) ||
        globalPathOf(trap) !== undefined ||
        isOwnText(names, trap),
    )
  );
}

/** Names what keeps the old text; undefined for what does not. */
export function nameOwn(names: StateNames, value: object): string | undefined {
  if (typeof value === "function") {
    const isOwn = names.byValue.has(value) || isOwnText(names, value);
    return isOwn ? value.name || "a function of the service" : undefined;
  }
  const own = names.classes.get(Object.getPrototypeOf(value) as object);
  return own && `an instance of ${own.ref.name}`;
}
