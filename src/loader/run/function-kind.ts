/**
 * Async functions and generators behind a forwarder, which is a plain function: what can be told
 * of it says what it stands for.
 *
 * `node:util` sees through it: `types.isAsyncFunction` says no.
 */

type AnyFunction = (...args: never[]) => unknown;

/** Makes a plain function without `prototype` look like another function of some kind. */
export function asKind(forwarder: AnyFunction, live: AnyFunction): AnyFunction {
  Object.setPrototypeOf(forwarder, Object.getPrototypeOf(live) as object);
  const prototype = Object.getOwnPropertyDescriptor(live, "prototype");
  if (prototype !== undefined) Object.defineProperty(forwarder, "prototype", prototype);
  return forwarder;
}

/**
 * What a generator gives is an instance of it, `walk() instanceof walk`, also if another text is
 * behind the name by now.
 */
export function shareIterators(before: unknown, next: unknown): void {
  if (!isGenerator(before) || !isGenerator(next) || before === next) return;
  next.prototype = before.prototype;
}

function isGenerator(value: unknown): value is { prototype: unknown } {
  const tag = Object.prototype.toString.call(value);
  return tag === "[object GeneratorFunction]" || tag === "[object AsyncGeneratorFunction]";
}
