/** Multicast between the nodes of a cluster. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { memoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";
import { TOKEN } from "./links.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";

const LISTENER = `
  import { multicast, skynet } from "snax";
  const heard = [];
  let channel;
  export const response = {
    async make() { channel = await multicast.new(); return channel.channel; },
    async open(number) {
      channel = await multicast.new({ channel: number, dispatch: (it, source, ...values) => void heard.push(values) });
    },
    listen: () => channel.subscribe(),
    async fill(count) { for (let n = 0; n < count; n += 1) await multicast.new(); },
    publish: (...values) => channel.publish(...values),
    burst(count) { return Promise.all(Array.from({ length: count }, (_each, n) => channel.publish(n))); },
    heard: () => heard,
    stop: () => channel.unsubscribe(),
    end: () => channel.delete(),
  };
  export const accept = { die: () => skynet.exit() };
`;

interface Listener {
  make: () => Promise<number>;
  open: (channel: number) => Promise<void>;
  listen: () => Promise<void>;
  publish: (...values: unknown[]) => Promise<number>;
  burst: (count: number) => Promise<number[]>;
  heard: () => Promise<unknown[][]>;
  stop: () => Promise<void>;
  end: () => Promise<void>;
}

let engines = 0;
const newEngine = (): string => `memory://multicast-${process.pid}-${(engines += 1)}`;

const ENGINES: Readonly<Record<string, (t: TestContext) => Promise<string> | string>> = {
  memory: newEngine,
  nats: async (t) => (await natsServer(t)).url,
};

function member(
  t: TestContext,
  node: string,
  engine: string,
  cluster: object = {},
): Promise<World> {
  const whole = { listen: 0, token: TOKEN, engine, ...cluster };
  return world(t, { listener: LISTENER }, { node, cluster: whole });
}

async function together(nodes: readonly World[]): Promise<void> {
  for (;;) {
    const states = await Promise.all(
      nodes.map((node) => node.skynet.call<any>(".clusterd", "debug", "INFO")),
    );
    if (states.every(({ members }) => Object.keys(members).length === nodes.length - 1)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function start(node: World, channel?: number): Promise<Listener> {
  const listener = (await node.make("listener")).req as unknown as Listener;
  if (channel !== undefined) await listener.open(channel);
  return listener;
}

/** Waits until so much was heard. */
async function until(listener: Listener, count: number): Promise<unknown[][]> {
  for (;;) {
    const heard = await listener.heard();
    if (heard.length >= count) return heard;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const [name, create] of Object.entries(ENGINES)) {
  const lack = name === "nats" ? lackOfNats() : undefined;

  test(
    `what any node publishes all that listen hear in order: ${name}`,
    { skip: lack ?? false },
    async (t) => {
      const engine = await create(t);
      const nodes = await Promise.all(["a", "b", "c"].map((node) => member(t, node, engine)));
      const [a, b, c] = nodes as [World, World, World];
      await together(nodes);
      const owner = await start(a);
      const channel = await owner.make();
      const listeners = [
        await start(a, channel),
        await start(b, channel),
        await start(b, channel),
        await start(c, channel),
      ];
      const [, onB, again, onC] = listeners as [Listener, Listener, Listener, Listener];
      for (const listener of listeners) await listener.listen();
      equal(await owner.publish("from a", new Map([[1, new Date(0)]])), 4);
      equal(await onC.publish("from c"), 4);
      const expected = [["from a", new Map([[1, new Date(0)]])], ["from c"]];
      for (const listener of listeners) deepEqual(await until(listener, 2), expected);
      await onC.burst(100);
      const numbers = (await until(onB, 102)).slice(2).map(([n]) => n);
      deepEqual(
        numbers,
        Array.from({ length: 100 }, (_each, n) => n),
      );
      await onB.stop();
      while ((await owner.publish("x")) !== 3);
      await again.stop();
      while ((await onC.publish("y")) !== 2);
      equal((await onB.heard()).length, 102);
      // Two nodes give different numbers, also when one is started anew.
      const other = await (await start(b)).make();
      await b.stop();
      const anew = await member(t, "b", engine);
      const third = await (await start(anew)).make();
      equal(new Set([channel, other, third]).size, 3);
      ok([channel, other, third].every((number) => Number.isSafeInteger(number)));
      notEqual(Math.floor(channel / 2 ** 37), Math.floor(other / 2 ** 37));
      equal(Math.floor(third / 2 ** 37), Math.floor(other / 2 ** 37));
      // The channel of the process of before has no owner.
      const error = await failureOf((await start(a, other)).listen());
      equal(error.code, "ERR_ARGUMENT");
      match(error.message, /there is no .*channel/);
    },
  );
}

test("a channel that is deleted on any node is gone for all", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, engine)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const owner = await start(a);
  const channel = await owner.make();
  const onB = await start(b, channel);
  await onB.listen();
  await onB.end();
  while ((await owner.publish("x")) !== 0) await new Promise((resolve) => setImmediate(resolve));
  equal(await codeOfFailure((await start(b, channel)).listen()), "ERR_ARGUMENT");
  equal(await codeOfFailure((await start(a, channel)).listen()), "ERR_ARGUMENT");
  deepEqual(await onB.heard(), []);
});

test("values that can't be sent to another node reach no subscriber, and the publisher hears it", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, engine)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const owner = await start(a);
  const channel = await owner.make();
  const [onA, onB] = [await start(a, channel), await start(b, channel)];
  await onA.listen();
  await onB.listen();
  equal(await codeOfFailure(onA.publish(new SharedArrayBuffer(8))), "ERR_NOT_SENDABLE");
  equal(await owner.publish("next"), 2);
  deepEqual(await until(onA, 1), [["next"]]);
  deepEqual(await until(onB, 1), [["next"]]);
});

test("a node that takes no links can publish, and is refused as a listener", async (t) => {
  const engine = newEngine();
  const a = await member(t, "a", engine);
  const b = await member(t, "b", engine, { listen: undefined });
  await together([a, b]);
  const owner = await start(a);
  const channel = await owner.make();
  const onA = await start(a, channel);
  await onA.listen();
  const onB = await start(b, channel);
  equal(await codeOfFailure(onB.listen()), "ERR_NODE_UNREACHABLE");
  equal(await onB.publish("x"), 1);
  deepEqual(await until(onA, 1), [["x"]]);
});

test("when the owner is gone the publisher hears it, and the log of the listeners says it", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, engine)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const channel = await (await start(a)).make();
  const onB = await start(b, channel);
  await onB.listen();
  await a.stop();
  const code = await codeOfFailure(onB.publish("x"));
  match(String(code), /^ERR_NODE_(DOWN|UNKNOWN|UNREACHABLE)$/);
  while (
    !(await b.log()).some((line) => line.startsWith("what is published on 1 channels of a is lost"))
  );
  // Its next process does not know the channel.
  const anew = await member(t, "a", engine);
  await together([anew, b]);
  while (!(await b.log()).some((line) => line.includes(`channel ${channel} of a is gone`)));
  equal(await onB.publish("x"), 0);
});

test("a listener that has ended, and a node that has, are counted no more", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b", "c"].map((node) => member(t, node, engine)));
  const [a, b, c] = nodes as [World, World, World];
  await together(nodes);
  const owner = await start(a);
  const channel = await owner.make();
  const onB = await b.make("listener");
  await (onB.req as unknown as Listener).open(channel);
  await (onB.req as unknown as Listener).listen();
  const onC = await start(c, channel);
  await onC.listen();
  equal(await owner.publish(1), 2);
  (onB.post as any).die();
  while ((await owner.publish(2)) !== 1) await new Promise((resolve) => setImmediate(resolve));
  await c.stop();
  while ((await owner.publish(3)) !== 0) await new Promise((resolve) => setImmediate(resolve));
});

test("without the engine new channels are refused, and those that are there go on", async (t) => {
  const engine = newEngine();
  const nodes = await Promise.all(["a", "b"].map((node) => member(t, node, engine)));
  const [a, b] = nodes as [World, World];
  await together(nodes);
  const owner = await start(a);
  const channel = await owner.make();
  const onB = await start(b, channel);
  await onB.listen();
  memoryEngine(engine).kill();
  equal(await owner.publish("x"), 1);
  deepEqual(await until(onB, 1), [["x"]]);
  equal(await codeOfFailure((await start(b)).make()), "ERR_ENGINE_DOWN");
});
