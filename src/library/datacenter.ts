/**
 * `datacenter`: values by keys, for all services of the node, kept by the service DATACENTER
 * (services/datacenterd.ts).
 */

import type { Context } from "../service/context.ts";
import { bound } from "../service/bound.ts";
import { checkDeadline } from "../service/calls.ts";
import { defineApi } from "../service/lazy-api.ts";
import { ask } from "../service/life.ts";
import type { DatacenterApi, DatacenterCalls, DatacenterKey } from "./datacenter-api.ts";

const NO_DEADLINE = 0;

function calls(context: Context, deadlineMs: number): DatacenterCalls {
  const send = (name: string, args: readonly unknown[], ...more: unknown[]): Promise<never> =>
    ask(context, "DATACENTER", { command: [name, ...more], args, deadlineMs }) as Promise<never>;
  return {
    get: (...keys) => send("QUERY", keys),
    set: (...keysAndValue) => send("UPDATE", keysAndValue),
    // The data center forgets a request at its deadline too: a loop of short waits must not fill
    // it.
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
    return bound(calls(context, ms), { api: "datacenter", member: "within", args: [ms] });
  },
});

/** Makes the `datacenter` of one service. */
export function createDatacenter(context: Context): DatacenterApi {
  return make(context) as DatacenterApi;
}
