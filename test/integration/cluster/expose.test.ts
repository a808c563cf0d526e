/** What other nodes can reach: what is registered or exposed by name, and nothing else. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import { clusterOf, pair } from "./pair.ts";

const NAMED = `
  import { skynet } from "snax";
  skynet.start((name) => {
    skynet.dispatch("lua", () => name);
    skynet.register(name);
  });
`;

test("launcher, consoles, gates, the data center, the manager and bare handles are out of reach, and the log names the node that asks", async (t) => {
  const { db, cluster } = await pair(t, { named: NAMED }, { console: 0 });
  const echo = await db.skynet.newservice("echo");
  const hidden = await db.skynet.newservice("named", ".hidden");
  const places = [
    ".launcher",
    ".logger",
    ".hidden",
    ".clusterd",
    "DATACENTER",
    "NOBODY",
    1,
    3,
    hidden,
    echo + 1,
  ];
  for (const address of places) {
    equal(
      await codeOfFailure(cluster.call("db", address, "LIST")),
      "ERR_FORBIDDEN",
      String(address),
    );
    await cluster.send("db", address, "KILL", echo);
  }
  for (const asked of [
    ["LIST"],
    ["LAUNCH", "console"],
    ["QUERY", "snaxd", "nothing"],
    ["QUERY", "clusterd"],
    [],
  ]) {
    equal(
      await codeOfFailure(cluster.call("db", ".service", ...asked)),
      "ERR_FORBIDDEN",
      asked.join(),
    );
  }
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  const lines = (await db.log()).filter((line) => line.includes("which is not exposed"));
  match(
    lines[0] ?? "",
    /^127\.0\.0\.1:\d+ asks for \.launcher, which is not exposed \(not exposed\)$/,
  );
  equal(lines.length, 2 * places.length + 5);
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(info.refused, { "not exposed": lines.length });
});

test("what the configuration exposes is reached by name and by handle, before and after it is there", async (t) => {
  const { db, cluster } = await pair(
    t,
    { named: NAMED },
    { cluster: { skynet: { expose: [".shown", "SHOWN", "@later"] } } },
  );
  const absent = await failureOf(cluster.call("db", ".shown"));
  deepEqual(
    [absent.code, absent.message],
    ["ERR_NO_SERVICE", "db .shown: no service has the name .shown"],
  );
  const shown = await db.skynet.newservice("named", ".shown");
  await db.skynet.newservice("named", "SHOWN");
  equal(await cluster.call("db", ".shown"), ".shown");
  equal(await cluster.call("db", "SHOWN"), "SHOWN");
  equal(await cluster.call("db", shown), ".shown");
  equal(await codeOfFailure(cluster.call("db", "@later")), "ERR_NO_SERVICE");
  db.skynet.kill(shown);
  equal(await codeOfFailure(cluster.call("db", shown)), "ERR_FORBIDDEN");
});

test("a unique service is found by cluster.snax if it is registered, and not before", async (t) => {
  const { db, caller } = await pair(t, { ping: `export const response = { ping: () => "pong" };` });
  const ping = await db.snax.uniqueservice<any>("ping");
  const ask = (): Promise<unknown> =>
    caller.req.req("db", "ping", undefined, "ping") as Promise<unknown>;
  equal(await codeOfFailure(ask()), "ERR_FORBIDDEN");
  await clusterOf(await db.make("caller")).register("any name", ping.handle);
  equal(await ask(), "pong");
});

test("a port of all addresses is opened only if asked for, and the log warns", async (t) => {
  const { log } = await world(t, {}, { cluster: { skynet: { open: "0.0.0.0:0" } } });
  match((await log()).join("\n"), /any host that reaches 0\.0\.0\.0:\d+ may call what is exposed/);
});

test("a configuration that makes no sense names the place", async (t) => {
  const wrong: [object, RegExp][] = [
    [{ skynet: { open: "nowhere" } }, /cluster\.skynet\.open is 'nowhere'; expected a port/],
    [{ skynet: { expose: ".a" } }, /cluster\.skynet\.expose is '\.a'; expected a list/],
    [{ skynet: { expose: [".a", 1] } }, /cluster\.skynet\.expose is 1/],
    [{ skynet: { expose: [".service"] } }, /names \.service, and it can't be exposed/],
    [{ skynet: { nodes: { a: "b" } } }, /cluster\.skynet\.nodes\.a is 'b'/],
    [{ skynet: { node: {} } }, /cluster\.skynet has no key node; did you mean "nodes"/],
    [{ peers: {} }, /cluster has no key peers/],
    [{ skynet: 1 }, /cluster\.skynet is 1/],
  ];
  for (const [cluster, message] of wrong) {
    const failure = await failureOf(world(t, {}, { cluster } as never));
    equal(failure.code, "ERR_CONFIG");
    match(failure.message, message);
  }
});
