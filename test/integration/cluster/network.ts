/**
 * Nodes, each behind a router of its own: what the engine tells of where a node takes links leads through a proxy, and so does the
 * node's way to the engine. So a test can cut either. The engine is NATS, or one in the memory of this process.
 */

import type { TestContext } from "node:test";
import type { Config } from "snax";
import type { MemoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { memoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import type { Files, World } from "../../world.ts";
import { world } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { TOKEN } from "./links.ts";
import type { NatsServer } from "./nats-server.ts";
import type { FarCluster } from "./pair.ts";
import { CALLER, clusterOf, ECHO } from "./pair.ts";
import type { Rewriting, TcpProxy } from "./tcp-proxy.ts";
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
    /** Waits until that number of events has begun with a text. */
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
  readonly engine: EngineWay;
}

/** The way of a node to the engine. */
export interface EngineWay {
  /** Nothing passes any more; neither side is told. */
  readonly silence: () => void;
  readonly heal: () => Promise<void> | void;
}

/** What a test wants of a node: files beside `echo`, `caller` and `watcher`. */
interface RoutedOptions {
  readonly files?: Files;
  readonly cluster?: Config["cluster"];
}

/** An engine in memory for nodes behind routers. */
export class MemoryNetwork {
  readonly url: string;
  readonly engine: MemoryEngine;
  readonly #rewritings: Rewriting[] = [];

  constructor(name: string) {
    this.url = `memory://${name}-${process.pid}`;
    const engine = memoryEngine(this.url);
    this.engine = engine;
    const [write, peek] = [engine.write.bind(engine), engine.peek.bind(engine)];
    // Of the places of nodes each asks for its own alone; all others watch.
    engine.write = (key, value, over) => {
      const all = this.#rewritings;
      return write(
        key,
        all.reduce((text, { inside, outside }) => text?.replaceAll(inside, outside), value),
        over,
      );
    };
    engine.peek = (key) => {
      const found = peek(key);
      const back = (text: string | undefined): string | undefined =>
        this.#rewritings.reduce(
          (all, { inside, outside }) => all?.replaceAll(outside, inside),
          text,
        );
      return found && { ...found, value: back(found.value) };
    };
  }

  /** Starts a node. */
  async node(t: TestContext, name: string, options: RoutedOptions = {}): Promise<Routed> {
    const port = await freePort();
    const links = await tcpProxy(t, port);
    this.#rewritings.push({ inside: `127.0.0.1:${port}`, outside: links.place });
    const engine = {
      silence: () => this.engine.partition(name),
      heal: () => this.engine.heal(name),
    };
    return { ...(await startRouted(t, name, { port, url: this.url }, options)), links, engine };
  }
}

/** Starts a node on NATS. */
export async function routed(
  t: TestContext,
  server: NatsServer,
  name: string,
  options: RoutedOptions = {},
): Promise<Routed & { readonly engine: TcpProxy }> {
  const port = await freePort();
  const links = await tcpProxy(t, port);
  const rewriting = { inside: `127.0.0.1:${port}`, outside: links.place };
  if (rewriting.inside.length !== rewriting.outside.length) throw new Error("ports of two lengths");
  const engine = await tcpProxy(t, Number(new URL(server.url).port), rewriting);
  const url = `nats://${engine.place}`;
  return { ...(await startRouted(t, name, { port, url }, options)), links, engine };
}

// oxlint-disable-next-line max-params -- where it stands is not what a test wants of it
async function startRouted(
  t: TestContext,
  name: string,
  { port, url }: { port: number; url: string },
  { files = {}, cluster = {} }: RoutedOptions,
): Promise<Pick<Routed, "node" | "cluster">> {
  const node = await world(
    t,
    { caller: CALLER, echo: ECHO, watcher: WATCHER, ...files },
    {
      node: name,
      cluster: { listen: port, token: TOKEN, deadAfter: 600, engine: url, ...cluster },
    },
  );
  return { node, cluster: clusterOf(await node.make("caller")) };
}

/** Begins to watch a node from another one. */
export async function watcherOf({ node }: Routed, name: string): Promise<Watcher> {
  const watcher = (await node.make("watcher")).req as unknown as Watcher;
  await watcher.watch(name);
  return watcher;
}

/** Waits until a node knows that number of others. */
export async function knows({ node }: Routed, names: readonly string[]): Promise<void> {
  for (;;) {
    const { members } = await node.skynet.call<any>(".clusterd", "debug", "INFO");
    if (Object.keys(members).toSorted().join(",") === names.join(",")) return;
    // The nodes share a thread with the test.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The lines of a node's log that say of another one that it is up or down. */
export async function changesIn({ node }: Routed, name: string): Promise<string[]> {
  return (await node.log()).filter((line) => new RegExp(`^${name} is (?:up|down)`).test(line));
}
