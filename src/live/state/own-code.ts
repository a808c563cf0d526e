/**
 * What belongs to the text of a service: to keep it as it is would be to keep the old code.
 */

import { EventEmitter } from "node:events";
import { kindOf } from "../../base/copy-class.ts";
import { closedBaseOf } from "./forms.ts";
import { globalPathOf } from "./giver.ts";
import type { StateNames } from "./names.ts";
import { isOpenObject } from "./names.ts";
import type { NameRef, Odd } from "./state.ts";

/** Whether the source of a function or a class is in a module of the service. */
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

/** What is said of all instances of a class that are their fields; or why none can be carried. */
export function describeClass(names: StateNames, ref: NameRef, prototype: object): Odd | string {
  let isEmitter = false;
  const base = closedBaseOf(prototype);
  if (base !== undefined) return `an instance of ${ref.name}, which extends ${base}`;
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const own = names.classes.get(at);
    if (own?.facts?.hasPrivate === true) {
      return `an instance of ${own.ref.name}, which has #private members`;
    }
    if (own !== undefined) continue;
    if (at === EventEmitter.prototype) isEmitter = true;
    else if (at !== Object.prototype && kindOf(at) === "data" && !isEmitter) {
      const maker: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
      const name = (typeof maker === "function" && maker.name) || "a class without a name";
      const isOwn = typeof maker === "function" && isOwnText(names, maker);
      // The root of woven classes has the prototype of all objects.
      const whose = isOwn ? "that is not at the top level of a module" : "of a package";
      return `an instance of ${ref.name}, which extends ${name} ${whose}`;
    }
  }
  return isEmitter ? { ofClass: ref, isEmitter: true } : { ofClass: ref };
}
