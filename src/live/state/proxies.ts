/**
 * What is behind a proxy: its target and its traps, which no code can ask for. The thread's inspector tells them, and no trap
 * runs for it.
 *
 * A proxy that the service's own code has made is made again, with the target and the traps that the new instance has. One of a
 * package goes over as it is, for the package knows it; unless it leads to what belongs to the old code.
 */

import { types } from "node:util";
import { withSession } from "../../inspector/object-session.ts";

/** How a path names what is behind a proxy. */
export const TARGET = "[[Target]]";
export const HANDLER = "[[Handler]]";

/** What a proxy is made of. */
export interface ProxyParts {
  readonly target: object;
  readonly handler: object;
}

/** Returns what a proxy is made of; undefined if it was revoked, or the process may not use its inspector. */
export function proxyParts(proxy: object): ProxyParts | undefined {
  try {
    return withSession((session) => {
      const internals = session.internalsOf(proxy);
      const [target, handler] = [TARGET, HANDLER].map((name) => {
        const id = internals.get(name);
        return typeof id === "string" ? session.objectOf(id) : undefined;
      });
      return isObject(target) && isObject(handler) ? { target, handler } : undefined;
    });
  } catch {
    return undefined;
  }
}

/**
 * Finds something in the target of a proxy that answers; undefined if nothing does. It goes through data: what is of a class is
 * asked and not looked into.
 */
export function findBehind(
  { target }: ProxyParts,
  find: (value: object) => string | undefined,
): string | undefined {
  const seen = new Set<object>();
  const pending: object[] = [];
  const meet = (value: unknown): void => {
    if (!isObject(value) || seen.has(value) || types.isProxy(value)) return;
    seen.add(value);
    pending.push(value);
  };
  meet(target);
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const found = find(value);
    if (found !== undefined) return found;
    if (types.isMap(value)) {
      Map.prototype.forEach.call(value, (item, key) => {
        meet(key);
        meet(item);
      });
    } else if (types.isSet(value)) Set.prototype.forEach.call(value, meet);
    else if (!isData(value)) continue;
    for (const key of Reflect.ownKeys(value)) {
      meet(Reflect.getOwnPropertyDescriptor(value, key)?.value);
    }
  }
  return undefined;
}

function isData(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || prototype === Array.prototype;
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}
