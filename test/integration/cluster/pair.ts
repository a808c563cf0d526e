/** Two nodes of one process that know each other: `db`, which is called, and `client`, which calls. */

import type { TestContext } from "node:test";
import type { ClusterApi, Config, ServiceObject } from "snax";
import type { Files, World } from "../../world.ts";
import { world } from "../../world.ts";

/** A service that does what it is told with the cluster. */
export const CALLER = `
  import { cluster, skynet, snax } from "snax";
  const proxied = new Map();
  export const response = {
    do: (name, ...args) => cluster[name](...args),
    within: (ms, name, ...args) => cluster.within(ms)[name](...args),
    all: (calls) => Promise.allSettled(calls.map((args) => cluster.call(...args))),
    viaProxy: async (proxy, ...values) => skynet.call(proxy, "lua", ...values),
    sendProxy: async (proxy, ...values) => skynet.send(proxy, "lua", ...values),
    req: async (node, type, address, name, ...args) => (await cluster.snax(node, type, address)).req[name](...args),
    post: async (node, type, address, name, ...args) => (await cluster.snax(node, type, address)).post[name](...args),
  };
`;

/** A plain service that registers itself as `@echo`, and does what its name says. */
export const ECHO = `
  import { cluster, skynet } from "snax";
  const got = [];
  const command = {
    E: (...values) => skynet.values(...values),
    ONE: (value) => value,
    EMPTY: () => undefined,
    BIG: (size) => "r".repeat(size),
    BOOM: () => { throw new Error("boom from the other side"); },
    CODED: () => { throw new skynet_error(); },
    NEVER: () => new Promise(() => {}),
    SLEEP: async (ms) => { await skynet.sleep(ms); return "slept"; },
    EXIT: () => skynet.exit(),
    PUT: (...values) => void got.push(values),
    GOT: () => got,
    SELF: () => skynet.self(),
    CLASS: () => ({ f() {} }),
  };
  class skynet_error extends Error { code = "ERR_NO_TABLE"; }
  skynet.start(async (name = "echo") => {
    skynet.dispatch("lua", (_session, _source, key, ...values) => command[key](...values));
    await cluster.register(name);
  });
`;

/** The functions of `cluster`, asked of a service of the node: all of them answer. */
export type FarCluster = Omit<ClusterApi, "send"> & {
  send(...args: Parameters<ClusterApi["send"]>): Promise<void>;
};

/** Both nodes. */
export interface Pair {
  readonly db: World;
  readonly client: World;
  /** The service of `client` that calls. */
  readonly caller: ServiceObject;
  /** The functions of `cluster` as that service has them. */
  readonly cluster: FarCluster;
  /** Where `db` listens. */
  readonly place: string;
}

/** Starts both. @param files - service files of both nodes, beside `echo` and `caller` */
export async function pair(t: TestContext, files: Files = {}, config: Config = {}): Promise<Pair> {
  const all = { echo: ECHO, caller: CALLER, ...files };
  const skynet = { open: 0, ...config.cluster?.skynet };
  const db = await world(t, all, { node: "db", ...config, cluster: { skynet } });
  const place = await placeOf(db);
  const client = await world(t, all, {
    node: "client",
    cluster: { skynet: { nodes: { db: place } } },
  });
  const caller = await client.make("caller");
  return { db, client, caller, cluster: clusterOf(caller), place };
}

/** Where a node listens, as its log tells. */
export async function placeOf(node: World): Promise<string> {
  const lines = await node.log();
  const line = lines.findLast((text) => text.startsWith("other nodes reach this one at "));
  if (line === undefined) throw new Error("the node does not listen");
  return line.replace("other nodes reach this one at ", "");
}

/** The functions of `cluster` as a service has them. */
export function clusterOf(caller: ServiceObject): FarCluster {
  const call = (name: string, args: unknown[]): unknown => caller.req.do(name, ...args);
  const proxy = (run: (name: string, args: unknown[]) => unknown): object =>
    new Proxy(
      {},
      {
        // For code that awaits it, it is no promise.
        get: (_target, name) =>
          name === "then" ? undefined : (...args: unknown[]) => run(String(name), args),
      },
    );
  const within = (ms: number): object =>
    proxy((name, args) => caller.req.within(ms, name, ...args));
  return proxy((name, args) =>
    name === "within" ? within(Number(args[0])) : call(name, args),
  ) as FarCluster;
}
