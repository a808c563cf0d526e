/** Nodes that are cut off from each other, from the engine, or from both, and what they find when the way is back. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { codeOfFailure, failureOf } from "../../world.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";
import type { Routed } from "./network.ts";
import { changesIn, knows, routed, watcherOf } from "./network.ts";

const lack = lackOfNats();
if (lack !== undefined) console.log(`# ${lack}: partitions are not tested`);
const OPTIONS = { skip: lack ?? false };

/** Two nodes that know each other. */
async function couple(t: TestContext): Promise<[a: Routed, b: Routed]> {
  const server = await natsServer(t);
  const [a, b] = [await routed(t, server, "a"), await routed(t, server, "b")];
  await a.node.skynet.newservice("echo");
  await b.node.skynet.newservice("echo");
  await knows(a, ["b"]);
  await knows(b, ["a"]);
  return [a, b];
}

test(
  "a node is cut off from all: both sides say so once; when it is back they call each other, by the handles of before",
  OPTIONS,
  async (t) => {
    const [a, b] = await couple(t);
    const onA = await watcherOf(a, "b");
    const onB = await watcherOf(b, "a");
    await onA.until("up", 1);
    await onB.until("up", 1);
    const echo = await a.cluster.query("b", "echo");
    const waiting = failureOf(a.cluster.call("b", "@echo", "NEVER"));
    equal(await a.cluster.call("b", echo, "ONE", 1), 1);
    for (const way of [a.links, b.links, b.engine]) way.silence();
    const failure = await waiting;
    deepEqual([failure.code, failure.data], ["ERR_NODE_DOWN", { node: "b", sent: true }]);
    match((await onA.until("down", 1)).at(-1) ?? "", /^down: it has been silent for \d+ ms$/);
    match((await onB.until("down", 1)).at(-1) ?? "", /^down: it has been silent for \d+ ms$/);
    // As long as the engine has its place it can't be reached; then it is no member.
    for (const { cluster } of [a, b]) {
      const away = await failureOf(
        cluster.call(cluster === a.cluster ? "b" : "a", "@echo", "ONE", 1),
      );
      ok(["ERR_NODE_UNREACHABLE", "ERR_NODE_UNKNOWN"].includes(String(away.code)));
      equal((away.data as { sent: boolean }).sent, false);
    }
    await knows(a, []);
    equal(await codeOfFailure(a.cluster.call("b", "@echo", "ONE", 1)), "ERR_NODE_UNKNOWN");
    await b.engine.heal();
    await knows(a, ["b"]);
    // That the engine knows it does not make it one that can be called.
    equal(await codeOfFailure(a.cluster.call("b", "@echo", "ONE", 1)), "ERR_NODE_UNREACHABLE");
    equal((await onA.events()).length, 2);
    for (const way of [a.links, b.links]) await way.heal();
    // No call is needed: they come back by themselves.
    deepEqual(
      (await onA.until("up", 2)).map((event) => event.slice(0, 4)),
      ["up", "down", "up"],
    );
    deepEqual(
      (await onB.until("up", 2)).map((event) => event.slice(0, 4)),
      ["up", "down", "up"],
    );
    equal(await a.cluster.call("b", echo, "ONE", "again"), "again");
    equal(await b.cluster.call("a", "@echo", "ONE", "and back"), "and back");
    equal((await changesIn(a, "b")).length, 3);
    equal((await changesIn(b, "a")).length, 3);
  },
);

for (const manner of ["refused", "silent"] as const) {
  test(
    `only the port for links is cut, ${manner}: one down, and nothing more until it is back`,
    OPTIONS,
    async (t) => {
      const [a, b] = await couple(t);
      const watcher = await watcherOf(a, "b");
      await watcher.until("up", 1);
      if (manner === "refused") await b.links.cut();
      else b.links.silence();
      await watcher.until("down", 1);
      // The engine goes on telling that it is there; each call tries, and so does each watcher.
      for (let count = 0; count < 6; count += 1) {
        const failure = await failureOf(a.cluster.call("b", "@echo", "ONE", 1));
        deepEqual(
          [failure.code, failure.data],
          ["ERR_NODE_UNREACHABLE", { node: "b", sent: false }],
        );
      }
      await knows(a, ["b"]);
      equal((await watcher.events()).length, 2);
      equal((await changesIn(a, "b")).length, 2);
      // The other way is open all the time.
      equal(await b.cluster.call("a", "@echo", "ONE", 1), 1);
      await b.links.heal();
      await watcher.until("up", 2);
      equal(await a.cluster.call("b", "@echo", "ONE", 2), 2);
      equal((await changesIn(a, "b")).length, 3);
    },
  );
}

test(
  "a node that only the engine can't reach is called over the links that are there; others lose sight of it",
  OPTIONS,
  async (t) => {
    const server = await natsServer(t);
    const [a, b, c] = [
      await routed(t, server, "a"),
      await routed(t, server, "b"),
      await routed(t, server, "c"),
    ];
    await b.node.skynet.newservice("echo");
    await a.node.skynet.newservice("echo");
    await knows(a, ["b", "c"]);
    await knows(c, ["a", "b"]);
    equal(await a.cluster.call("b", "@echo", "ONE", 1), 1);
    b.engine.silence();
    // It has no link to it, so it takes its place away.
    await knows(c, ["a"]);
    equal(await codeOfFailure(c.cluster.call("b", "@echo", "ONE", 1)), "ERR_NODE_UNKNOWN");
    await knows(a, ["c"]);
    equal(await a.cluster.call("b", "@echo", "ONE", 2), 2);
    // It still knows whom it knew.
    equal(await b.cluster.call("a", "@echo", "ONE", 3), 3);
    equal(await codeOfFailure(b.node.snax.globalservice("echo")), "ERR_ENGINE_DOWN");
    await b.engine.heal();
    await knows(c, ["a", "b"]);
    await knows(a, ["b", "c"]);
    equal(await c.cluster.call("b", "@echo", "ONE", 4), 4);
    deepEqual(
      (await a.node.log()).filter((line) => line.startsWith("b is down")),
      [],
    );
  },
);
