/** The data center of a cluster: one for all nodes, kept by the engine. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { DatacenterApi } from "snax";
import { DATACENTER_ENTRY_MAX, DATACENTER_KEY_MAX } from "../../../src/base/limits.ts";
import { memoryEngine } from "../../../src/cluster/engine/driver-memory.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";
import { TOKEN } from "./links.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";

const CLIENT = `
  import { datacenter } from "snax";
  export const response = {
    get: (...keys) => datacenter.get(...keys),
    set: (...keys) => datacenter.set(...keys),
    wait: (...keys) => datacenter.wait(...keys),
    soon: (...keys) => datacenter.within(50).wait(...keys),
    async count(times) { for (let n = 0; n < times; n += 1) await datacenter.set("of", "me" + Math.random(), n); },
  };
`;

interface Client extends Pick<DatacenterApi, "get" | "set" | "wait"> {
  readonly soon: DatacenterApi["wait"];
  readonly count: (times: number) => Promise<void>;
  readonly world: World;
}

let engines = 0;

async function member(t: TestContext, node: string, engine: string): Promise<Client> {
  const started = await world(
    t,
    { client: CLIENT },
    { node, cluster: { listen: 0, token: TOKEN, engine } },
  );
  const { req } = await started.make("client");
  return Object.assign(req as unknown as Client, { world: started });
}

const newEngine = (): string => `memory://data-${process.pid}-${(engines += 1)}`;

const ENGINES: Readonly<Record<string, (t: TestContext) => Promise<string> | string>> = {
  memory: newEngine,
  nats: async (t) => (await natsServer(t)).url,
};

for (const [name, create] of Object.entries(ENGINES)) {
  const lack = name === "nats" ? lackOfNats() : undefined;

  test(
    `what one node sets another one gets, with its type: ${name}`,
    { skip: lack ?? false },
    async (t) => {
      const engine = await create(t);
      const [a, b] = (await Promise.all(["a", "b"].map((node) => member(t, node, engine)))) as [
        Client,
        Client,
      ];
      equal(await a.set("hello", "world"), undefined);
      equal(await b.get("hello"), "world");
      equal(await b.set("hello", new Map([["x", new Date(5)]])), "world");
      deepEqual(await a.get("hello"), new Map([["x", new Date(5)]]));
      // 1, "1", 1n and true are four keys.
      for (const key of [1, "1", 1n, true]) await a.set(key, typeof key);
      deepEqual(await Promise.all([1, "1", 1n, true].map((key) => b.get(key))), [
        "number",
        "string",
        "bigint",
        "boolean",
      ]);
      deepEqual(await b.set("hello", undefined), new Map([["x", new Date(5)]]));
      equal(await a.get("hello"), undefined);
      equal(await a.set("hello", undefined), undefined);
      equal(await a.set("hello", "again"), undefined);
      equal(await b.get("hello"), "again");
    },
  );

  test(
    `branches, and changes of several nodes at once: ${name}`,
    { skip: lack ?? false },
    async (t) => {
      const engine = await create(t);
      const nodes = await Promise.all(["a", "b", "c"].map((node) => member(t, node, engine)));
      await Promise.all(nodes.map(({ count }) => count(10)));
      const all = await nodes[0]?.get<Map<string, number>>("of");
      equal(all?.size, 30);
      equal(await nodes[1]?.set("list", { names: ["x"] }), undefined);
      equal(await nodes[2]?.set("list", "names", 1, "y"), undefined);
      deepEqual(await nodes[0]?.get("list"), { names: ["x", "y"] });
      equal(
        await codeOfFailure(nodes[0]?.set("list", "names", 0, "deep", 1) as Promise<unknown>),
        "ERR_ARGUMENT",
      );
    },
  );

  test(
    `a waiting caller hears of what another node sets: ${name}`,
    { skip: lack ?? false },
    async (t) => {
      const engine = await create(t);
      const [a, b] = (await Promise.all(["a", "b"].map((node) => member(t, node, engine)))) as [
        Client,
        Client,
      ];
      const waiting = [
        a.wait("x"),
        a.wait("deep", "inside"),
        b.wait("x"),
        b.wait("deep", "inside"),
      ];
      equal(await codeOfFailure(a.soon("never")), "ERR_TIMEOUT");
      await b.set("x", 7);
      await a.set("deep", "inside", "v");
      deepEqual(await Promise.all(waiting), [7, "v", 7, "v"]);
      equal(await a.wait("x"), 7);
      // Behind a node that has ended the values are still there.
      await b.world.stop();
      equal(await a.get("deep", "inside"), "v");
    },
  );
}

test("while the engine is away all of it fails at once, and waiting callers go on waiting", async (t) => {
  const name = newEngine();
  const engine = memoryEngine(name);
  const [a, b] = [await member(t, "a", name), await member(t, "b", name)];
  await a.set("x", 1);
  const waiting = a.wait("y");
  // What was asked later is answered: so the request before waits.
  await b.set("z", 2);
  equal(await a.wait("z"), 2);
  engine.kill();
  for (const run of [() => a.get("x"), () => a.set("x", 2), () => b.wait("x")]) {
    const error = await failureOf(run());
    equal(error.code, "ERR_ENGINE_DOWN");
  }
  engine.start();
  for (;;) {
    try {
      await b.set("y", 3);
      break;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  equal(await waiting, 3);
});

test("the engine reads no value, and what strangers write there is refused", async (t) => {
  const name = newEngine();
  const engine = memoryEngine(name);
  const a = await member(t, "a", name);
  await a.set("plain", "a secret of the game");
  const { value = "" } = engine.peek("data/splain") ?? {};
  ok(value !== "" && !Buffer.from(value, "base64").includes("secret"));
  engine.write("data/sother", value, 0);
  engine.write("data/sx", "x", 0);
  engine.write("data/", "x", 0);
  engine.write("data/iz", "x", 0);
  for (const key of ["other", "x"]) {
    const error = await failureOf(a.get(key));
    equal(error.code, "ERR_MALFORMED");
    match(error.message, /another token has sealed it/);
  }
});

test("what lies under a first key, and the key, have a limit", async (t) => {
  const name = newEngine();
  const a = await member(t, "a", name);
  const key = "k".repeat(DATACENTER_KEY_MAX);
  await a.set(key, 1);
  equal(await a.get(key), 1);
  equal(await codeOfFailure(a.set(`${key}k`, 1)), "ERR_ARGUMENT");
  const noise = (size: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    let state = 1;
    for (let at = 0; at < size; at += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[at] = state >>> 24;
    }
    return bytes;
  };
  // The codec's frame is base64 in a sealed base64: 9/16 of what fits are bytes of the value, at the least.
  await a.set("fits", noise(Math.floor((DATACENTER_ENTRY_MAX * 9) / 16) - 1024));
  const error = await failureOf(a.set("fits", noise(DATACENTER_ENTRY_MAX)));
  equal(error.code, "ERR_NOT_SENDABLE");
  match(error.message, /DATACENTER_ENTRY_MAX/);
});

test("an engine needs a token, beside tls too", async (t) => {
  const pem = "-----BEGIN X-----";
  for (const cluster of [
    { engine: "memory://x" },
    { engine: "memory://x", tls: { ca: pem, cert: pem, key: pem } },
  ]) {
    const error = await failureOf(world(t, {}, { cluster }));
    equal(error.code, "ERR_CONFIG");
    match(error.message, /cluster\.engine needs cluster\.token/);
  }
});
