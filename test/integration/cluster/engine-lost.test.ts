/**
 * The engine is killed, and stopped, while nodes call each other: calls go on, no node is taken for dead, what needs the engine is refused at once, and a
 * process that offers it 200 MB of each kind stays as small as it was. When it is back all agree who has which name.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { ServiceObject } from "snax";
import { ENGINE_MESSAGE_BYTES } from "../../../src/cluster/engine/driver.ts";
import { ENGINE_UNSENT_MAX } from "../../../src/base/limits.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";
import { TOKEN } from "./links.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";
import type { Offered } from "./offer.ts";
import { startOfferer } from "./offer.ts";
import { CALLER, ECHO } from "./pair.ts";

const NAMED = `
  import { cluster, skynet } from "snax";
  export const response = { who: () => [skynet.getenv("node"), skynet.self(), cluster.token()] };
`;

/** Milliseconds of patience are none of the test's business: it asks until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function member(
  t: TestContext,
  node: string,
  engine: string,
): Promise<[World, ServiceObject]> {
  const cluster = { listen: 0, token: TOKEN, engine };
  const files = { caller: CALLER, echo: ECHO, named: NAMED, other: NAMED, third: NAMED };
  const it = await world(t, files, { node, cluster });
  await it.skynet.newservice("echo", node);
  return [it, await it.make("caller")];
}

/** 10,000 calls each way, a hundred at a time. @returns how many were not answered as they should be */
async function failures([one, other]: readonly ServiceObject[]): Promise<number> {
  let failed = 0;
  for (let round = 0; round < 100; round += 1) {
    const ask = (caller: ServiceObject | undefined, node: string): Promise<any[]> =>
      caller?.req.all(
        Array.from({ length: 100 }, (_each, n) => [node, `@${node}`, "ONE", round * 100 + n]),
      ) as Promise<any[]>;
    for (const ends of await Promise.all([ask(one, "b"), ask(other, "a")])) {
      failed += ends.filter(({ value }, n) => value !== round * 100 + n).length;
    }
  }
  return failed;
}

async function engineAt(node: World): Promise<string> {
  const { engine } = await node.skynet.call<any>(".clusterd", "debug", "INFO");
  return engine as string;
}

/** Whom each node has for a name; asks until they have it. */
async function whoHas(nodes: readonly World[], name: string): Promise<unknown[]> {
  return await Promise.all(
    nodes.map(async (node) => {
      for (;;) {
        try {
          return await (await node.snax.globalservice<any>(name)).req.who();
        } catch (error) {
          const { code } = error as { code?: string };
          if (code !== "ERR_ENGINE_DOWN" && code !== "ERR_SERVICE_DEAD") throw error;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    }),
  );
}

function small({ grown, others }: Offered): void {
  equal(others, 0);
  ok(grown < 10e6, `it has grown by ${grown} bytes`);
}

test(
  "NATS is killed, then stopped, under calls: the case that the reference words",
  { skip: lackOfNats() ?? false },
  async (t) => {
    const server = await natsServer(t);
    const members = [await member(t, "a", server.url), await member(t, "b", server.url)];
    const nodes = members.map(([node]) => node);
    const callers = members.map(([, caller]) => caller);
    const [a, b] = nodes as [World, World];
    const offerer = await startOfferer(t, server.url);
    const [before, same] = (await whoHas(nodes, "named")) as [unknown[], unknown[]];
    deepEqual(same, before);

    await server.kill();
    const killed = offerer.offer();
    equal(await failures(callers), 0);
    for (const node of nodes) {
      await until(async () => (await engineAt(node)) === "down");
      // No node was asked.
      const failure = await failureOf(node.snax.globalservice("other"));
      deepEqual([failure.code, failure.data], ["ERR_ENGINE_DOWN", { sent: false }]);
    }
    small(await killed);
    equal(await failures(callers), 0);
    await server.start();
    for (const node of nodes) await until(async () => (await engineAt(node)) === "up");
    const [after, alike] = (await whoHas(nodes, "named")) as [unknown[], unknown[]];
    deepEqual(alike, after);
    const others = await whoHas(nodes, "other");
    deepEqual(others[1], others[0]);

    await offerer.isUp();
    server.pause();
    const stopped = await offerer.offer();
    small(stopped);
    // No more claims and broadcasts than this fit, and hardly more reads.
    ok(stopped.waiting <= ENGINE_UNSENT_MAX / ENGINE_MESSAGE_BYTES);
    for (const node of nodes) await until(async () => (await engineAt(node)) === "down");
    equal(await failures(callers), 0);
    // Of a name that it has itself a node may be sure for as long as its lease lasts; no node has this one.
    equal(await codeOfFailure(a.snax.globalservice("third")), "ERR_ENGINE_DOWN");
    server.resume();
    for (const node of nodes) await until(async () => (await engineAt(node)) === "up");
    const [last, too] = (await whoHas(nodes, "named")) as [unknown[], unknown[]];
    deepEqual(too, last);
    for (const node of [a, b]) {
      deepEqual(
        (await node.log()).filter((line) => /^[ab] is down/.test(line)),
        [],
      );
    }
  },
);
