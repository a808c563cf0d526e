/**
 * Namespace objects: what `import * as ns` and `import()` of a local module yield.
 *
 * As in the language: names in order, no prototype, no other code can assign or add a name, and one
 * that its module has not declared yet throws. They are data properties that the exporters keep up
 * to date, so reading one costs what reading any property costs; a new value costs 0.4 us. Because
 * such a property must be configurable, `delete` succeeds, which it does not in the language. The
 * objects come from a constructor, because V8 keeps objects of `Object.create(null)` as slow
 * dictionaries.
 */

import { kUnset } from "./module-node.ts";

/** A namespace object. */
export type Namespace = Record<string, unknown>;

const Bare = function () {} as unknown as new () => Namespace;

/**
 * Creates a namespace object of these names; {@link kUnset} stands for a variable that is not
 * declared yet.
 */
export function createNamespace(values: ReadonlyMap<string, unknown>): Namespace {
  const namespace = new Bare();
  Object.setPrototypeOf(namespace, null);
  for (const [name, value] of values) {
    const content = value === kUnset ? { get: () => refuse(name) } : { value };
    Object.defineProperty(namespace, name, { ...content, enumerable: true, configurable: true });
  }
  Object.defineProperty(namespace, Symbol.toStringTag, { value: "Module" });
  return Object.preventExtensions(namespace);
}

/** Gives a name its value. */
export function setExport(namespace: Namespace, name: string, value: unknown): void {
  Object.defineProperty(namespace, name, { value });
}

function refuse(name: string): never {
  throw new ReferenceError(`Cannot access '${name}' before initialization`);
}
