/**
 * Namespace objects: what `import * as ns` and `import()` of a local module yield.
 *
 * Plain properties that the exporters keep up to date: reading one costs what reading any property costs. They come from
 * a constructor, because V8 keeps objects of `Object.create(null)` as slow dictionaries.
 */

const Namespace = function () {} as unknown as new () => Record<string, unknown>;

Object.defineProperty(Namespace, "prototype", {
  value: Object.freeze(Object.create(null, { [Symbol.toStringTag]: { value: "Module" } })),
});

/** Creates an empty namespace object. */
export function createNamespace(): Record<string, unknown> {
  return new Namespace();
}
