/**
 * Nodes on NATS, each behind a router of its own: what the engine tells of where a node takes links leads through a proxy, and so does the
 * node's way to the engine. So a test can cut either.
 */

import type { TestContext } from "node:test";
import type { Config } from "snax";
import type { Files, World } from "../../world.ts";
import { world } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { TOKEN } from "./links.ts";
import type { NatsServer } from "./nats-server.ts";
import type { FarCluster } from "./pair.ts";
import { CALLER, clusterOf, ECHO } from "./pair.ts";
import type { TcpProxy } from "./tcp-proxy.ts";
import { tcpProxy } from "./tcp-proxy.ts";

/** Keeps what happens to a node. */
const WATCHER = `
  import { cluster } from "snax";
  const events = [];
  let notice = () => {};
  export const response = {
    async watch(node) {
      await cluster.monitor(node, ({ state, reason }) => {
        events.push(reason === undefined ? state : state + ": " + reason);
        notice();
      });
    },
    /** Waits until there were so many that begin so. */
    async until(start, count) {
      while (events.filter((event) => event.startsWith(start)).length < count) {
        await new Promise((done) => { notice = done; });
      }
      return events;
    },
    events: () => events,
  };
`;

/** What a node sees of another one. */
export interface Watcher {
  readonly watch: (node: string) => Promise<void>;
  readonly until: (start: string, count: number) => Promise<string[]>;
  readonly events: () => Promise<string[]>;
}

/** A node, and the ways to it and from it. */
export interface Routed {
  readonly node: World;
  readonly cluster: FarCluster;
  /** The links that others make to it. */
  readonly links: TcpProxy;
  /** Its way to the engine. */
  readonly engine: TcpProxy;
}

/** Starts one. @param files - beside `echo`, `caller` and `watcher` */
export async function routed(
  t: TestContext,
  server: NatsServer,
  name: string,
  { files = {}, cluster = {} }: { files?: Files; cluster?: Config["cluster"] } = {},
): Promise<Routed> {
  const port = await freePort();
  const links = await tcpProxy(t, port);
  const rewriting = { inside: `127.0.0.1:${port}`, outside: links.place };
  if (rewriting.inside.length !== rewriting.outside.length) throw new Error("ports of two lengths");
  const engine = await tcpProxy(t, Number(new URL(server.url).port), rewriting);
  const node = await world(
    t,
    { caller: CALLER, echo: ECHO, watcher: WATCHER, ...files },
    {
      node: name,
      cluster: {
        ...{ listen: port, token: TOKEN, deadAfter: 600, engine: `nats://${engine.place}` },
        ...cluster,
      },
    },
  );
  return { node, cluster: clusterOf(await node.make("caller")), links, engine };
}

/** Begins to watch a node from another one. */
export async function watcherOf({ node }: Routed, name: string): Promise<Watcher> {
  const watcher = (await node.make("watcher")).req as unknown as Watcher;
  await watcher.watch(name);
  return watcher;
}

/** Waits until a node knows so many others. */
export async function knows({ node }: Routed, names: readonly string[]): Promise<void> {
  for (;;) {
    const { members } = await node.skynet.call<any>(".clusterd", "debug", "INFO");
    if (Object.keys(members).toSorted().join(",") === names.join(",")) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The lines of a node's log that say of another one that it is up or down. */
export async function changesIn({ node }: Routed, name: string): Promise<string[]> {
  return (await node.log()).filter((line) => new RegExp(`^${name} is (?:up|down)`).test(line));
}
