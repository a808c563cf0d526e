/** Links that are lost, refused, or never made: every call ends once, and says whether its request had left. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Running } from "../process.ts";
import { PACKAGE, startNode, stopProcess } from "../process.ts";
import { codeOfFailure, failureOf, world, writeFiles } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { linkedPair, linkPlaceOf, startClient, startDb, TOKEN } from "./links.ts";
import { ECHO } from "./pair.ts";

/** Starts `db` in a process of its own. @param order - its services in the order in which they are born */
async function startProcess(t: TestContext, port: number, order = ["echo"]): Promise<Running> {
  const folder = writeFiles(t, {
    echo: ECHO,
    "node.mjs": `
      import { start } from ${JSON.stringify(PACKAGE)};
      const cluster = { listen: ${port}, token: ${JSON.stringify(TOKEN)}, deadAfter: 600 };
      const node = await start({ thread: 1, services: "./?.ts", node: "db", cluster, root: process.cwd() });
      for (const name of process.argv.slice(2)) await node.skynet.newservice("echo", name);
      console.log("all are there");
    `,
  });
  const running = startNode(["node.mjs", ...order], folder);
  t.after(() => running.child.kill("SIGKILL"));
  await running.says("all are there");
  return running;
}

/** How calls ended: how often each code, and whether the request had left. */
function tally(ends: readonly PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const end of ends) {
    const key =
      end.status === "fulfilled" ? "answered" : `${end.reason.code} ${end.reason.data?.sent}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

test("no such node, no listener, and a name that another node has", async (t) => {
  const port = await freePort();
  const { cluster } = await startClient(t, `127.0.0.1:${port}`);
  const unknown = await failureOf(cluster.call("nobody", "@echo"));
  deepEqual([unknown.code, unknown.data], ["ERR_NODE_UNKNOWN", { node: "nobody", sent: false }]);
  const away = await failureOf(cluster.call("db", "@echo"));
  deepEqual([away.code, away.data], ["ERR_NODE_UNREACHABLE", { node: "db", sent: false }]);
  match(away.message, /ECONNREFUSED/);
  await world(t, { echo: ECHO }, { node: "bank", cluster: { listen: port, token: TOKEN } });
  const other = await failureOf(cluster.call("db", "@echo"));
  deepEqual([other.code, other.data], ["ERR_NODE_UNREACHABLE", { node: "db", sent: false }]);
  match(other.message, /there is node bank, not db/);
});

test("a wrong token is refused, counted there, and told here", async (t) => {
  const db = await startDb(t);
  const { cluster } = await startClient(t, await linkPlaceOf(db), {
    token: "some other token of others",
  });
  const failure = await failureOf(cluster.call("db", "@echo"));
  equal(failure.code, "ERR_NODE_UNREACHABLE");
  match(failure.message, /wrong token/);
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(info.refused, { "wrong token": 1 });
  match(
    (await db.log()).join("\n"),
    /127\.0\.0\.1:\d+ is cut off: its token is not that of this node \(wrong token\)/,
  );
});

test("the other side does not answer the handshake: the call ends within deadAfter, and was not sent", async (t) => {
  const deaf = createServer(() => {}).listen(0, "127.0.0.1");
  await once(deaf, "listening");
  t.after(() => deaf.close());
  const { port } = deaf.address() as AddressInfo;
  const { cluster } = await startClient(t, `127.0.0.1:${port}`, { deadAfter: 50 });
  const failure = await failureOf(cluster.call("db", "@echo"));
  deepEqual([failure.code, failure.data], ["ERR_NODE_UNREACHABLE", { node: "db", sent: false }]);
  match(failure.message, /no handshake within 50 ms/);
});

test("a node is killed with 1,000 calls open: each ends once; its name works after the restart, its handles do not", async (t) => {
  const port = await freePort();
  const first = await startProcess(t, port, ["bank", "trash"]);
  const { caller, cluster } = await startClient(t, `127.0.0.1:${port}`);
  const bank = await cluster.query("db", "bank");
  const calls = Array.from({ length: 1000 }, () => ["db", "@bank", "NEVER"]);
  const all = caller.req.all(calls) as Promise<PromiseSettledResult<unknown>[]>;
  const self = await cluster.call("db", bank, "SELF");
  first.child.kill("SIGKILL");
  deepEqual(tally(await all), { "ERR_NODE_DOWN true": 1000 });
  // The handle belongs to another service now.
  await startProcess(t, port, ["trash", "bank"]);
  const there = await cluster.call("db", "@bank", "SELF");
  notEqual(there, self);
  equal(await cluster.call("db", "@trash", "SELF"), self);
  const stale = await failureOf(cluster.call("db", bank, "ONE", 1));
  deepEqual([stale.code, stale.data], ["ERR_NODE_DOWN", { node: "db", sent: false }]);
  match(stale.message, /started anew/);
  await cluster.send("db", bank, "PUT", "stale");
  deepEqual(await cluster.call("db", "@trash", "GOT"), []);
  equal(await cluster.call("db", await cluster.query("db", "bank"), "SELF"), there);
});

test("a node that stands still is down after deadAfter; when it goes on, calls work, and no answer of before arrives", async (t) => {
  const port = await freePort();
  const running = await startProcess(t, port);
  const { caller, cluster } = await startClient(t, `127.0.0.1:${port}`, { deadAfter: 600 });
  const echo = await cluster.query("db", "echo");
  stopProcess(running.child);
  const calls = Array.from({ length: 50 }, (_each, index) => ["db", "@echo", "ONE", index]);
  const ends = (await caller.req.all(calls)) as PromiseSettledResult<unknown>[];
  deepEqual(tally(ends), { "ERR_NODE_DOWN true": 50 });
  match((ends[0] as PromiseRejectedResult).reason.message, /silent for \d+ ms/);
  equal(await codeOfFailure(cluster.call("db", "@echo", "ONE", 1)), "ERR_NODE_UNREACHABLE");
  running.child.kill("SIGCONT");
  // The process is the same: its handles hold.
  equal(await cluster.call("db", echo, "ONE", "again"), "again");
  equal(await cluster.call("db", "@echo", "ONE", "and again"), "and again");
});

test("an idle link stays: pings keep both sides sure of each other", async (t) => {
  const { db, cluster } = await linkedPair(t, {}, { deadAfter: 500 });
  await db.skynet.newservice("echo");
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  const before = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  equal(await cluster.call("db", "@echo", "SLEEP", 1500), "slept");
  const after = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(Object.keys(after.peers), Object.keys(before.peers));
  deepEqual(after.refused, {});
});

test("a node that stops says so: calls that wait end at once, and its peer comes back when it does", async (t) => {
  const { db, cluster, place } = await linkedPair(t, {}, { deadAfter: 60_000 });
  await db.skynet.newservice("echo");
  const waiting = failureOf(cluster.call("db", "@echo", "NEVER"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  await db.stop();
  // The service may go before the link does, and then says so.
  match(String((await waiting).code), /^ERR_(?:NODE_DOWN|SERVICE_DEAD)$/);
  equal(await codeOfFailure(cluster.call("db", "@echo", "ONE", 1)), "ERR_NODE_UNREACHABLE");
  const again = await world(
    t,
    { echo: ECHO },
    {
      node: "db",
      cluster: { listen: place, token: TOKEN },
    },
  );
  await again.skynet.newservice("echo");
  equal(await cluster.call("db", "@echo", "ONE", 2), 2);
});

test("clusterd is killed with calls open: they end, and the next one works with another", async (t) => {
  const { db, client, cluster } = await linkedPair(t);
  await db.skynet.newservice("echo");
  const echo = await cluster.query("db", "echo");
  const waiting = codeOfFailure(cluster.call("db", "@echo", "NEVER"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  client.skynet.kill(".clusterd");
  equal(await waiting, "ERR_NODE_DOWN");
  equal(await cluster.call("db", "@echo", "ONE", 2), 2);
  equal(await cluster.call("db", echo, "ONE", 3), 3);
});

test("the handle of a link takes calls of cluster alone, and can't be killed", async (t) => {
  const { db, client, cluster } = await linkedPair(t, {
    source: `
      import { cluster, skynet } from "snax";
      skynet.start(async () => {
        // The caller is the link: to call it back ends in an error.
        skynet.dispatch("lua", (_session, source) => skynet.call(source, "lua", "hello").catch((error) => error.code));
        await cluster.register("source");
      });
    `,
  });
  await db.skynet.newservice("source");
  await db.skynet.newservice("echo");
  equal(await cluster.call("db", "@source"), "ERR_NO_PROTOCOL");
  const link = await client.skynet.call<number>(".clusterd", "lua", "LINK", "db");
  equal(await codeOfFailure(client.skynet.call(link, "lua", "hello")), "ERR_NO_PROTOCOL");
  equal(await codeOfFailure(client.skynet.call(link, "debug", "MEM")), "ERR_NO_PROTOCOL");
  client.skynet.kill(link);
  equal(await cluster.call("db", "@echo", "ONE", 2), 2);
});

test("a configuration that makes no sense names the place, and shows no secret", async (t) => {
  const wrong: [object, RegExp][] = [
    [{ listen: 0 }, /cluster needs token or tls/],
    [{ nodes: { db: "127.0.0.1:1" } }, /cluster needs token or tls/],
    [{ listen: "nowhere", token: TOKEN }, /cluster\.listen is 'nowhere'/],
    [{ listen: 0, token: "short" }, /cluster\.token is no text of at least 16 bytes/],
    [{ listen: 0, token: TOKEN, deadAfter: 0 }, /cluster\.deadAfter is 0/],
    [{ token: TOKEN, nodes: { db: "db" } }, /cluster\.nodes\.db is 'db'/],
    [{ token: TOKEN, nodes: { [`${"n".repeat(256)}`]: "a:1" } }, /a name of 256 bytes/],
    [{ listen: 0, tls: { ca: "a", cert: "b", key: "secret" } }, /cluster\.tls\.ca is no PEM text/],
    [{ listen: 0, tls: "secret" }, /cluster\.tls is an object/],
    [
      { token: TOKEN, nodes: { db: "a:1" }, skynet: { nodes: { db: "a:2" } } },
      /node db is in cluster\.nodes and in cluster\.skynet\.nodes/,
    ],
  ];
  for (const [cluster, message] of wrong) {
    const failure = await failureOf(world(t, {}, { cluster } as never));
    equal(failure.code, "ERR_CONFIG");
    match(failure.message, message);
    ok(!failure.message.includes("secret") && !failure.message.includes("short"));
  }
  const { cluster } = await linkedPair(t);
  equal(await codeOfFailure(cluster.reload({ db: "127.0.0.1:1" })), "ERR_CONFIG");
});
