/**
 * `datacenter`: values by keys, for all services of the node, kept by the service DATACENTER (services/datacenterd.ts).
 */

import type { Context } from "../service/context.ts";
import { checkDeadline } from "../service/calls.ts";
import { defineApi } from "../service/lazy-api.ts";
import { ask } from "../service/life.ts";

/** What a value is found by; several lead through branches. */
export type DatacenterKey = string | number | bigint | boolean;

/** The part of the API that a deadline can be given to. */
export interface DatacenterCalls {
  /**
   * Resolves to the value of a key, or of a key in a branch; undefined if there is none.
   *
   * @throws {ERR_ARGUMENT} if a key on the way leads to a value that is no branch.
   */
  get<T = unknown>(...keys: DatacenterKey[]): Promise<T | undefined>;
  /**
   * Sets the value of a key, making the branches to it; undefined deletes. Resolves to the value before.
   *
   * @throws {ERR_ARGUMENT} if a key on the way leads to a value that is no branch.
   * @throws {ERR_NOT_SENDABLE} if the value can't be sent.
   */
  set<T = unknown>(...keysAndValue: [DatacenterKey, ...unknown[]]): Promise<T | undefined>;
  /**
   * Resolves to the value of a key as soon as there is one.
   *
   * @throws {ERR_ARGUMENT} if the key becomes a branch, or somebody waits for what lies in it.
   * @throws {ERR_EXHAUSTED} if DATACENTER_WAITING_MAX requests wait.
   */
  wait<T = unknown>(...keys: DatacenterKey[]): Promise<T>;
}

/** Everything under `import { datacenter } from "snax"`. */
export interface DatacenterApi extends DatacenterCalls {
  /** Gives the same functions with a deadline of `ms` milliseconds. */
  within(ms: number): DatacenterCalls;
}

const NO_DEADLINE = 0;

function calls(context: Context, deadlineMs: number): DatacenterCalls {
  const send = (name: string, args: readonly unknown[], ...more: unknown[]): Promise<never> =>
    ask(context, "DATACENTER", { command: [name, ...more], args, deadlineMs }) as Promise<never>;
  return {
    get: (...keys) => send("QUERY", keys),
    set: (...keysAndValue) => send("UPDATE", keysAndValue),
    // The data center forgets a request at its deadline too: a loop of short waits must not fill it.
    wait: (...keys) =>
      deadlineMs === NO_DEADLINE || deadlineMs === Infinity
        ? send("WAIT", keys)
        : send("WAITFOR", keys, deadlineMs),
  };
}

const make = defineApi<Context>({
  get: (context: Context, ...keys: DatacenterKey[]) => calls(context, NO_DEADLINE).get(...keys),
  set: (context: Context, ...keysAndValue: [DatacenterKey, ...unknown[]]) =>
    calls(context, NO_DEADLINE).set(...keysAndValue),
  wait: (context: Context, ...keys: DatacenterKey[]) => calls(context, NO_DEADLINE).wait(...keys),
  within: (context: Context, ms: number): DatacenterCalls => {
    checkDeadline(ms);
    return calls(context, ms);
  },
});

/** Makes the `datacenter` of one service. */
export function createDatacenter(context: Context): DatacenterApi {
  return make(context) as DatacenterApi;
}
