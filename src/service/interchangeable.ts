/**
 * Objects that a service makes for itself and in which it keeps nothing: a lock, a channel to a server. What waits in one, or is
 * under way, belongs to the handlers that began it. So an object that another service of the same code has made can take its place.
 */

const marked = new WeakSet<object>();

/** Says of an object of the API that it is one of these. @returns the object */
export function markInterchangeable<T extends object>(object: T): T {
  marked.add(object);
  return object;
}

/** Whether the object that one service has made is as good as that of another one. Controllers are, while they say the same. */
export function areInterchangeable(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isObject(one) || !isObject(other)) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof AbortController && other instanceof AbortController)
    return one.signal.aborted === other.signal.aborted;
  return marked.has(one) && marked.has(other);
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}
