/**
 * Parts of the API that a service gets by a call, `skynet.within(500)`: the same call gives the same to any code of the service,
 * here and on another thread.
 */

import type { Context } from "./context.ts";

/** How one is got: the name of the API, the member, and what that is given. */
export interface BoundCall {
  readonly api: string;
  readonly member: string;
  readonly args: readonly unknown[];
}

/** What all of them are, so that no code takes them for data. */
class Bound {}

const calls = new WeakMap<object, BoundCall>();

/** Makes a part of the API of its functions. */
export function bound<T extends object>(functions: T, call: BoundCall): T {
  return noteBound(Object.assign(new Bound(), functions), call);
}

/** Notes how an object is got. */
export function noteBound<T extends object>(object: T, call: BoundCall): T {
  calls.set(object, call);
  return object;
}

/** How an object is got; undefined if it is no such part. */
export function boundCallOf(object: object): BoundCall | undefined {
  return calls.get(object);
}

/** Gets it for another context of the service. */
export function bindAgain(context: Context, { api, member, args }: BoundCall): unknown {
  const whole = context.runtime.parts.get(api)?.(context) as Record<string, Function> | undefined;
  return whole?.[member]?.(...args) as unknown;
}
