/**
 * Channels of another node while links or the engine are lost: what is published then may not arrive, both logs say so, and what comes later does,
 * whatever was lost and in whatever order it comes back. And the same of what else lasts longer than a link: a watch of a node, and of the data center.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { codeOfFailure } from "../../world.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";
import type { Routed } from "./network.ts";
import { knows, MemoryNetwork, routed, watcherOf } from "./network.ts";

const LISTENER = `
  import { multicast } from "snax";
  const heard = [];
  let channel;
  let notice = () => {};
  export const response = {
    async make() { channel = await multicast.new(); return channel.channel; },
    async listen(number) {
      channel = await multicast.new({ channel: number, dispatch: (it, source, value) => { heard.push(value); notice(); } });
      await channel.subscribe();
    },
    stop: () => channel.unsubscribe(),
    publish: (value) => channel.publish(value),
    heard: () => heard,
    /** Waits until a value was heard. */
    async hears(value) { while (!heard.includes(value)) await new Promise((done) => { notice = done; }); },
  };
`;

interface Listener {
  readonly make: () => Promise<number>;
  readonly listen: (channel: number) => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly publish: (value: unknown) => Promise<number>;
  readonly heard: () => Promise<unknown[]>;
  readonly hears: (value: unknown) => Promise<void>;
}

type Start = (name: string) => Promise<Routed>;

let networks = 0;

/** Nodes of one cluster that is kept in memory, or in NATS. */
const ENGINES: Readonly<Record<string, (t: TestContext) => Promise<Start>>> = {
  memory(t) {
    const network = new MemoryNetwork(`lost-${(networks += 1)}`);
    return Promise.resolve((name) => network.node(t, name, { files: { listener: LISTENER } }));
  },
  async nats(t) {
    const server = await natsServer(t);
    return (name) => routed(t, server, name, { files: { listener: LISTENER } });
  },
};

/** Runs a test on each. */
function onEach(title: string, run: (t: TestContext, start: Start) => Promise<void>): void {
  for (const [name, create] of Object.entries(ENGINES)) {
    const skip = name === "nats" ? (lackOfNats() ?? false) : false;
    test(`${name}: ${title}`, { skip }, async (t) => run(t, await create(t)));
  }
}

/** Runs a test in memory alone. */
function inMemory(title: string, run: (t: TestContext, start: Start) => Promise<void>): void {
  const create = ENGINES["memory"] as (t: TestContext) => Promise<Start>;
  test(title, async (t) => run(t, await create(t)));
}

async function listenerOf({ node }: Routed): Promise<Listener> {
  return (await node.make("listener")).req as unknown as Listener;
}

/** A channel of `a`, the owner, that a service of `b` hears. */
interface Heard {
  readonly a: Routed;
  readonly b: Routed;
  readonly channel: number;
  readonly owner: Listener;
  readonly listener: Listener;
}

async function heardChannel(start: Start): Promise<Heard> {
  const [a, b] = [await start("a"), await start("b")];
  await knows(a, ["b"]);
  await knows(b, ["a"]);
  const [owner, listener] = [await listenerOf(a), await listenerOf(b)];
  const channel = await owner.make();
  await listener.listen(channel);
  equal(await owner.publish("before"), 1);
  await listener.hears("before");
  return { a, b, channel, owner, listener };
}

/** Asks again and again, with pauses: the nodes share a thread with the test. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Publishes until a value arrives: how soon a node hears again is its own business. */
async function publishUntilHeard({ owner, listener }: Heard): Promise<void> {
  const before = (await listener.heard()).length;
  let n = 0;
  await until(async () => {
    await owner.publish(`after ${n}`);
    n += 1;
    return (await listener.heard()).length > before;
  });
  equal(await owner.publish("last"), 1);
  await listener.hears("last");
}

async function hasLine({ node }: Routed, wanted: RegExp, count = 1): Promise<void> {
  await until(async () => (await node.log()).filter((line) => wanted.test(line)).length >= count);
}

const LOST = /^what is published on 1 channels of a is lost until it is back: /;

for (const manner of ["cut", "silent"] as const) {
  onEach(
    `both links are ${manner}: what is published is lost, both logs say so, and later messages arrive in order`,
    async (_t, start) => {
      const all = await heardChannel(start);
      const { a, b, owner, listener } = all;
      for (const { links } of [a, b]) {
        if (manner === "cut") await links.cut();
        else links.silence();
      }
      await hasLine(b, LOST);
      await hasLine(a, /^b is down/);
      await owner.publish("meanwhile");
      await hasLine(a, /^a push to b is lost: /);
      for (const { links } of [a, b]) await links.heal();
      await publishUntilHeard(all);
      const heard = (await listener.heard()) as string[];
      ok(!heard.includes("meanwhile"));
      equal(heard[0], "before");
      // In order, and none twice.
      const numbers = heard.slice(1, -1).map((value) => Number(value.slice("after ".length)));
      deepEqual(
        numbers,
        [...new Set(numbers)].toSorted((one, other) => one - other),
      );
    },
  );
}

for (const first of ["owner", "listener"] as const) {
  inMemory(
    `both links are cut, and the one to the ${first} comes back first`,
    async (_t, start) => {
      const all = await heardChannel(start);
      const { a, b, owner } = all;
      for (const { links } of [a, b]) await links.cut();
      await hasLine(b, LOST);
      await hasLine(a, /^b is down/);
      const [one, other] = first === "owner" ? [a, b] : [b, a];
      await one.links.heal();
      if (first === "owner") {
        // The listener reaches the owner, who does not reach it.
        await hasLine(b, /^a is up/, 2);
        await owner.publish("meanwhile");
        await hasLine(a, /^a push to b is lost: /);
      } else {
        await publishUntilHeard(all);
      }
      await other.links.heal();
      await publishUntilHeard(all);
    },
  );
}

inMemory("only the link to the listener is cut", async (_t, start) => {
  const all = await heardChannel(start);
  const { a, b, owner, listener } = all;
  await b.links.cut();
  await hasLine(a, /^b is down/);
  await owner.publish("meanwhile");
  await hasLine(a, /^a push to b is lost: /);
  await b.links.heal();
  await publishUntilHeard(all);
  ok(!(await listener.heard()).includes("meanwhile"));
});

inMemory("only the link to the owner is cut: what is published arrives", async (_t, start) => {
  const all = await heardChannel(start);
  const { a, b, owner, listener } = all;
  await a.links.cut();
  await hasLine(b, /^a is down/);
  equal(await owner.publish("meanwhile"), 1);
  await listener.hears("meanwhile");
  match(String(await codeOfFailure(listener.publish("to the owner"))), /^ERR_NODE_/);
  await a.links.heal();
  await publishUntilHeard(all);
  await until(async () => (await codeOfFailure(listener.publish("again"))) === "resolved to 1");
  await listener.hears("again");
});

/** What is healed, in each order. */
const ORDERS: readonly ("owner" | "listener" | "engine")[][] = [
  ["owner", "listener", "engine"],
  ["owner", "engine", "listener"],
  ["listener", "owner", "engine"],
  ["listener", "engine", "owner"],
  ["engine", "owner", "listener"],
  ["engine", "listener", "owner"],
];

for (const order of ORDERS) {
  inMemory(
    `cut off for longer than a lease, and back in this order: ${order.join(", ")}`,
    async (_t, start) => {
      const all = await heardChannel(start);
      const { a, b, owner } = all;
      for (const way of [a.links, b.links, b.engine]) way.silence();
      await knows(a, []);
      // A node that hears nothing for so long is not counted any more.
      await hasLine(a, /^b is gone, and hears 1 channels no more/);
      equal(await owner.publish("meanwhile"), 0);
      for (const part of order) {
        if (part === "engine") {
          await b.engine.heal();
          await knows(a, ["b"]);
        } else {
          await (part === "owner" ? a : b).links.heal();
          // That it is back the one side sees that calls: also without the engine it knows where.
          if (part === "owner") await hasLine(b, /^a is up/, 2);
        }
      }
      await publishUntilHeard(all);
    },
  );
}

onEach(
  "only the engine loses the listener: it hears all the time, over the links",
  async (_t, start) => {
    const all = await heardChannel(start);
    const { a, b, owner, listener } = all;
    const c = await start("c");
    await knows(c, ["a", "b"]);
    await knows(a, ["b", "c"]);
    b.engine.silence();
    // Only a has a link to it: c takes its place away.
    await knows(a, ["c"]);
    equal(await owner.publish("without a place"), 1);
    await listener.hears("without a place");
    await b.engine.heal();
    await knows(a, ["b", "c"]);
    equal(await owner.publish("with a place"), 1);
    await listener.hears("with a place");
    // Cut off from all it is counted no more, although the engine has nothing new to tell.
    b.engine.silence();
    await knows(a, ["c"]);
    for (const { links } of [a, b]) links.silence();
    await hasLine(a, /^b is gone, and hears 1 channels no more/);
    equal(await owner.publish("to nobody"), 0);
    for (const way of [a.links, b.links, b.engine]) await way.heal();
    await publishUntilHeard(all);
  },
);

inMemory("only the engine loses the owner: it is heard all the time", async (_t, start) => {
  const all = await heardChannel(start);
  const { a, b, owner, listener } = all;
  const c = await start("c");
  await knows(c, ["a", "b"]);
  a.engine.silence();
  await knows(b, ["c"]);
  equal(await owner.publish("without a place"), 1);
  await listener.hears("without a place");
  // What it is called by is lost, too, and no node knows where it would be.
  await a.links.cut();
  await hasLine(b, LOST);
  equal(await owner.publish("over its own link"), 1);
  await listener.hears("over its own link");
  for (const way of [a.links, a.engine]) await way.heal();
  await publishUntilHeard(all);
  await knows(b, ["a", "c"]);
  equal(await listener.publish("through the owner"), 1);
  await listener.hears("through the owner");
});

inMemory(
  "who has ceased to listen while the link was lost is counted no more",
  async (_t, start) => {
    const { a, b, owner, listener } = await heardChannel(start);
    await a.links.cut();
    await hasLine(b, /^a is down/);
    await listener.stop();
    equal(await owner.publish("meanwhile"), 1);
    await a.links.heal();
    await until(async () => (await owner.publish("to nobody")) === 0);
    ok(!(await listener.heard()).includes("meanwhile"));
  },
);

inMemory(
  "a listener that begins where the owner does not reach it is refused, and takes none of those that listen with it",
  async (_t, start) => {
    const all = await heardChannel(start);
    const { a, b, channel } = all;
    await b.links.cut();
    await hasLine(a, /^b is down/);
    const second = await listenerOf(b);
    equal(await codeOfFailure(second.listen(channel)), "ERR_NODE_UNREACHABLE");
    await b.links.heal();
    await publishUntilHeard(all);
    deepEqual(await second.heard(), []);
  },
);

inMemory(
  "a listener of a node of which the engine has not told the owner yet is waited for",
  async (_t, start) => {
    const a = await start("a");
    const owner = await listenerOf(a);
    const channel = await owner.make();
    a.engine.silence();
    const b = await start("b");
    await knows(b, ["a"]);
    const listener = await listenerOf(b);
    const listening = listener.listen(channel);
    await until(async () => {
      const { peers } = await a.node.skynet.call<any>(".clusterd", "debug", "INFO");
      return Object.keys(peers).some((title) => title.startsWith("b at"));
    });
    await a.engine.heal();
    await listening;
    equal(await owner.publish("late"), 1);
    await listener.hears("late");
  },
);

inMemory(
  "the listener's node is started anew: the old one is counted no more",
  async (_t, start) => {
    const { a, b, channel, owner } = await heardChannel(start);
    await b.node.stop();
    const anew = await start("b");
    await knows(a, ["b"]);
    const listener = await listenerOf(anew);
    await listener.listen(channel);
    equal(await owner.publish("anew"), 1);
    await listener.hears("anew");
  },
);

inMemory(
  "the owner's node is started anew: its channel is gone, and a new one is heard",
  async (_t, start) => {
    const { a, b, channel, listener } = await heardChannel(start);
    await a.node.stop();
    const anew = await start("a");
    await knows(b, ["a"]);
    await hasLine(b, new RegExp(`^channel ${channel} of a is gone`));
    equal(await listener.publish("to nobody"), 0);
    const owner = await listenerOf(anew);
    await listener.listen(await owner.make());
    equal(await owner.publish("anew"), 1);
    await listener.hears("anew");
  },
);

inMemory(
  "a node that is watched is taken out by the engine, then its link is lost: the watch goes on",
  async (_t, start) => {
    const [a, b, c] = [await start("a"), await start("b"), await start("c")];
    await knows(a, ["b", "c"]);
    await knows(c, ["a", "b"]);
    const watcher = await watcherOf(a, "b");
    await watcher.until("up", 1);
    b.engine.silence();
    await knows(a, ["c"]);
    b.links.silence();
    await watcher.until("down", 1);
    await b.links.heal();
    await b.engine.heal();
    await watcher.until("up", 2);
    ok(!(await a.node.log()).some((line) => line.includes("cluster.monitor error")));
  },
);
