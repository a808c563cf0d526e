/**
 * Nodes that find each other by an engine: there is no list of nodes in their configuration. Over the engine in memory and over NATS, where
 * that is installed.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config } from "snax";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";
import { TOKEN } from "./links.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";
import { CALLER, clusterOf, ECHO } from "./pair.ts";

let engines = 0;

/** A node that takes part. */
async function member(
  t: TestContext,
  node: string,
  engine: string,
  { thread, ...cluster }: Config["cluster"] & { thread?: number } = {},
): Promise<{ world: World; cluster: ReturnType<typeof clusterOf> }> {
  const files = { caller: CALLER, echo: ECHO, watcher: WATCHER };
  const started = await world(t, files, {
    ...{ node, ...(thread !== undefined && { thread }) },
    cluster: { listen: 0, token: TOKEN, engine, ...cluster },
  });
  return { world: started, cluster: clusterOf(await started.make("caller")) };
}

const WATCHER = `
  import { cluster } from "snax";
  const events = [];
  let notice = () => {};
  export const response = {
    async watch(node) { await cluster.monitor(node, (event) => { events.push(event.state + " " + event.reason); notice(); }); },
    async upTo(text) {
      while (!events.some((event) => event.startsWith(text))) await new Promise((done) => { notice = done; });
      return events;
    },
  };
`;

/** Asks again until the node is known: what the engine tells comes when it comes. */
async function callKnown(
  cluster: ReturnType<typeof clusterOf>,
  node: string,
  ...args: unknown[]
): Promise<unknown> {
  for (;;) {
    try {
      return await cluster.call(node, ...(args as [string]));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_NODE_UNKNOWN") throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const newEngine = (): string => `memory://test-${process.pid}-${(engines += 1)}`;

test("nodes find each other by the engine, and call each other both ways", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  await a.world.skynet.newservice("echo");
  const b = await member(t, "b", engine);
  await b.world.skynet.newservice("echo");
  // A node that has just come knows those that were there before.
  equal(await b.cluster.call("a", "@echo", "ONE", 1), 1);
  equal(await callKnown(a.cluster, "b", "@echo", "ONE", 2), 2);
  equal(await codeOfFailure(a.cluster.call("c", "@echo", "ONE", 1)), "ERR_NODE_UNKNOWN");
  await a.cluster.send("b", "@echo", "PUT", 5);
  deepEqual(await a.cluster.call("b", "@echo", "GOT"), [[5]]);
  const { members, engine: state } = await a.world.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual([Object.keys(members), state], [["b"], "up"]);
});

test("a node on worker threads is found as any other", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine, { thread: 2 });
  await a.world.skynet.at(2).newservice("echo");
  const b = await member(t, "b", engine, { thread: 2 });
  equal(await b.cluster.call("a", "@echo", "ONE", 1), 1);
});

test("what the configuration says of a node counts more than the engine", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  await a.world.skynet.newservice("echo");
  const b = await member(t, "b", engine, { nodes: { a: "127.0.0.1:1" } });
  equal(await codeOfFailure(b.cluster.call("a", "@echo", "ONE", 1)), "ERR_NODE_UNREACHABLE");
  const c = await member(t, "c", engine, { skynet: { nodes: { a: false } } });
  equal(await codeOfFailure(c.cluster.call("a", "@echo", "ONE", 1)), "ERR_NODE_DOWN");
  const d = await member(t, "d", engine);
  equal(await codeOfFailure(d.cluster.reload({ x: "127.0.0.1:1" })), "ERR_CONFIG");
});

test("a node that takes no links is there, and can't be called", async (t) => {
  const engine = newEngine();
  await member(t, "a", engine, { listen: undefined as never });
  const b = await member(t, "b", engine);
  const failure = await failureOf(callKnown(b.cluster, "a", "@echo", "ONE", 1) as Promise<unknown>);
  deepEqual([failure.code, failure.data], ["ERR_NODE_UNREACHABLE", { node: "a", sent: false }]);
  match(failure.message, /it takes no links/);
});

test("a second process of a name takes the place of the first, which says so", async (t) => {
  const engine = newEngine();
  const first = await member(t, "a", engine);
  const second = await member(t, "a", engine);
  await second.world.skynet.newservice("echo");
  const b = await member(t, "b", engine);
  equal(await b.cluster.call("a", "@echo", "ONE", 1), 1);
  const told = async (): Promise<boolean> =>
    (await first.world.log()).some((line) => line.startsWith("another process is a now"));
  while (!(await told())) await new Promise((resolve) => setImmediate(resolve));
});

test("a node without an engine at its start runs, and calls say why there is no other", async (t) => {
  const a = await member(t, "a", "nats://127.0.0.1:1");
  equal(await codeOfFailure(a.cluster.call("b", "@echo", "ONE", 1)), "ERR_NODE_UNKNOWN");
  ok((await a.world.log()).some((line) => line.startsWith("no place among the nodes yet")));
});

test("an engine that makes no sense is refused, and its password is not shown", async (t) => {
  for (const engine of ["redis://localhost", "nats:", 5, "nats://host/a b", "memory://"]) {
    const failure = await failureOf(
      world(t, {}, { cluster: { engine: engine as string, token: TOKEN } }),
    );
    equal(failure.code, "ERR_CONFIG", String(engine));
  }
  const failure = await failureOf(
    world(t, {}, { cluster: { engine: "x://u:secret@h", token: TOKEN } }),
  );
  ok(!failure.message.includes("secret"));
  equal(await codeOfFailure(world(t, {}, { cluster: { engine: "nats://host" } })), "ERR_CONFIG");
});

const lack = lackOfNats();
if (lack !== undefined) console.log(`# ${lack}: nodes on NATS are not tested`);

test(
  "NATS: killed and stopped, nodes that have a link go on without an error",
  { skip: lack ?? false },
  async (t) => {
    const server = await natsServer(t);
    const a = await member(t, "a", server.url);
    await a.world.skynet.newservice("echo");
    const b = await member(t, "b", server.url);
    equal(await b.cluster.call("a", "@echo", "ONE", 0), 0);
    const watcher = await b.world.make("watcher");
    await watcher.req.watch("a");
    const isUp = async (wanted: string): Promise<void> => {
      for (;;) {
        const { engine } = await b.world.skynet.call<any>(".clusterd", "debug", "INFO");
        if (engine === wanted) return;
        equal(await b.cluster.call("a", "@echo", "ONE", 1), 1);
      }
    };
    await server.kill();
    await isUp("down");
    for (let index = 0; index < 1000; index += 1) {
      equal(await b.cluster.call("a", "@echo", "ONE", index), index);
    }
    // With nothing of what it held.
    await server.start(true);
    await isUp("up");
    server.pause();
    await isUp("down");
    server.resume();
    await isUp("up");
    const c = await member(t, "c", server.url);
    equal(await callKnown(c.cluster, "a", "@echo", "ONE", 1), 1);
    const lines = await b.world.log();
    deepEqual(
      lines.filter((line) => line.startsWith("a is down")),
      [],
    );
  },
);
