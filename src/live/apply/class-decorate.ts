/**
 * Decorates methods that a patch has put onto a running class, as they would have been when the
 * class was evaluated.
 *
 * What a decorator does besides, such as an entry in a registry, can't be taken back.
 */

import { SnaxError } from "../../base/error.ts";
import type { AnyClass } from "./class-graft.ts";

/**
 * A decorated method as the woven patch hands it over: static or not, its kind, its name, its
 * decorators.
 */
export type DecoratorEntry = readonly [
  isStatic: boolean,
  kind: "method" | "get" | "set",
  name: string,
  decorators: readonly AnyDecorator[],
];

type AnyDecorator = (...args: unknown[]) => unknown;

/** Decorates methods of a class; the undoing of what was put there before undoes this, too. */
export function decorateMethods(
  className: string,
  live: AnyClass,
  isLegacy: boolean,
  entries: readonly DecoratorEntry[],
): void {
  for (const entry of entries) {
    const target = entry[0] ? live : live.prototype;
    if (isLegacy) decorateLegacy(target, entry);
    else decorate(className, target, entry);
  }
}

/** As TypeScript's `__decorate` does. */
function decorateLegacy(target: object, [, , name, decorators]: DecoratorEntry): void {
  let descriptor = Reflect.getOwnPropertyDescriptor(target, name);
  for (const decorator of decorators.toReversed()) {
    const given = decorator(target, name, descriptor);
    if (given) descriptor = given as PropertyDescriptor;
  }
  if (descriptor !== undefined) Object.defineProperty(target, name, descriptor);
}

const KINDS = { method: "method", get: "getter", set: "setter" } as const;

/** As the language does. */
function decorate(
  className: string,
  target: object,
  [isStatic, kind, name, decorators]: DecoratorEntry,
): void {
  const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
  const slot = kind === "method" ? "value" : kind;
  if (descriptor === undefined) return;
  const context = {
    kind: KINDS[kind],
    name,
    static: isStatic,
    private: false,
    access: {
      has: (object: object) => name in object,
      get: (object: object) => Reflect.get(object, name) as unknown,
      ...(kind === "set"
        ? { set: (object: object, value: unknown) => Reflect.set(object, name, value) }
        : {}),
    },
    addInitializer: (): never => {
      const why = `a decorator of its ${name} adds an initializer, and there are instances that have begun without`;
      throw new SnaxError("ERR_PATCH_CLASS", `class ${className}: ${why}`);
    },
  };
  for (const decorator of decorators.toReversed()) {
    const given = decorator(descriptor[slot], context);
    if (typeof given === "function") descriptor[slot] = given as () => unknown;
    else if (given !== undefined) throw new TypeError("a decorator returns a function or nothing");
  }
  Object.defineProperty(target, name, descriptor);
}
