/** The table of nodes, names in the cluster, proxies and snax services of another node. */

import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { decodeAnswer, encodeRequest } from "../../../src/cluster/wire/skynet-frame.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { decodeSeri, encodeSeri } from "../../../src/wire/lua-seri.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import { linkPlaceOf, startDb, TOKEN } from "./links.ts";
import { CALLER, clusterOf, pair, placeOf } from "./pair.ts";

const PING = `
  import { skynet } from "snax";
  let count = 0;
  const log = [];
  async function ping(hello) { await skynet.sleep(1); return hello; }
  function hello() { count += 1; }
  function error() { throw new Error("thrown there"); }
  export const accept = { hello, exit() {}, mark(...values) { log.push(values); } };
  export const response = { ping, error, count: () => count, pairs: () => skynet.values(1, 2), list: () => [1, 2], log: () => log };
`;

test("a name is given, moves with its service, and is free when it is taken back or its service is dead", async (t) => {
  const { db, cluster } = await pair(t);
  const first = await db.skynet.newservice("echo", "one");
  const second = await db.skynet.newservice("echo", "two");
  const names = clusterOf(await db.make("caller"));
  await names.register("uno", first);
  equal(await codeOfFailure(cluster.query("db", "one")), "ERR_NO_SERVICE");
  equal(await cluster.query("db", "uno"), first);
  const taken = await failureOf(names.register("uno", second));
  deepEqual([taken.code, taken.message], ["ERR_ARGUMENT", "another service is uno in the cluster"]);
  await names.unregister("uno");
  equal(await codeOfFailure(cluster.call("db", "@uno", "ONE", 1)), "ERR_NO_SERVICE");
  await names.register("uno", second);
  await cluster.send("db", "@uno", "EXIT");
  equal(await codeOfFailure(cluster.call("db", "@uno", "ONE", 1)), "ERR_SERVICE_DEAD");
  await names.register("uno", first);
  equal(await cluster.call("db", "@uno", "ONE", 1), 1);
});

test("what is no name, or no service, is not registered", async (t) => {
  const { db } = await pair(t);
  const names = clusterOf(await db.make("caller"));
  for (const name of ["", "@a", ".a", ":01", "n".repeat(255)]) {
    equal(await codeOfFailure(names.register(name)), "ERR_ARGUMENT", name);
  }
  await names.register("n".repeat(254));
  equal(await codeOfFailure(names.register("gone", 0xffff)), "ERR_SERVICE_DEAD");
});

test("a node is set down, and comes back at another address; calls that wait end", async (t) => {
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const waiting = failureOf(cluster.call("db", "@echo", "NEVER"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  await cluster.reload({ db: false });
  const { code, message, data } = await waiting;
  deepEqual([code, data], ["ERR_NODE_DOWN", { node: "db", sent: true }]);
  match(
    message,
    /db is down: it is false in the table of nodes; the request may have been carried/,
  );
  const later = await failureOf(cluster.call("db", "@echo", "ONE", 1));
  deepEqual([later.code, later.data], ["ERR_NODE_DOWN", { node: "db", sent: false }]);
  await cluster.reload({ db: place });
  equal(await cluster.call("db", "@echo", "ONE", 2), 2);
  const moved = codeOfFailure(cluster.call("db", "@echo", "NEVER"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  await cluster.reload({ db: place.replace("127.0.0.1", "localhost") });
  equal(await moved, "ERR_NODE_DOWN");
  equal(await cluster.call("db", "@echo", "ONE", 3), 3);
});

test("with __nowaiting: false calls and pushes wait for their node, in order, as long as their deadline", async (t) => {
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  await cluster.reload({ __nowaiting: false });
  equal(
    await codeOfFailure(cluster.within(10).call("later", "@echo", "PUT", "too late")),
    "ERR_TIMEOUT",
  );
  await cluster.send("later", "@echo", "PUT", 1);
  const waiting = cluster.call("later", "@echo", "PUT", 2);
  await cluster.send("later", "@echo", "PUT", 3);
  await cluster.reload({ later: place });
  await waiting;
  deepEqual(await cluster.call("later", "@echo", "GOT"), [[1], [2], [3]]);
  const gone = codeOfFailure(cluster.call("never", "@echo", "PUT", 1));
  await cluster.reload({ __nowaiting: true });
  equal(await gone, "ERR_NODE_UNKNOWN");
});

test("a table that makes no sense is refused and changes nothing", async (t) => {
  const { cluster } = await pair(t);
  for (const table of [
    { a: "127.0.0.1:1", b: true },
    { a: "nowhere" },
    { a: "h:70000" },
    { __nowaiting: "x" },
  ]) {
    equal(await codeOfFailure(cluster.reload(table as never)), "ERR_ARGUMENT");
  }
  equal(await codeOfFailure(cluster.call("a", "@echo")), "ERR_NODE_UNKNOWN");
});

test("open takes the name of a node, whose address it is; a port is one of this machine", async (t) => {
  const { db, cluster, place } = await pair(t);
  const names = clusterOf(await db.make("caller"));
  const opened = await names.open(0);
  equal(opened.address, "127.0.0.1");
  await cluster.reload({ other: `127.0.0.1:${opened.port}` });
  await db.skynet.newservice("echo");
  equal(await cluster.call("other", "@echo", "ONE", 1), 1);
  await names.reload({ self: place });
  equal(await codeOfFailure(names.open("self")), "ERR_LISTEN");
  equal(await codeOfFailure(names.open("nobody")), "ERR_NODE_UNKNOWN");
  equal(await placeOf(db), `127.0.0.1:${opened.port}`);
});

test("more connections than maxclient are turned away", async (t) => {
  const { db, cluster } = await pair(t);
  const names = clusterOf(await db.make("caller"));
  const { port } = await names.open(0, 1);
  await db.skynet.newservice("echo");
  await cluster.reload({ a: `127.0.0.1:${port}`, b: `127.0.0.1:${port}` });
  equal(await cluster.call("a", "@echo", "ONE", 1), 1);
  equal(await codeOfFailure(cluster.call("b", "@echo", "ONE", 1)), "ERR_NODE_DOWN");
  equal(await cluster.call("a", "@echo", "ONE", 2), 2);
  match((await db.log()).join("\n"), /is turned away \(too many clients\)/);
});

test("a proxy passes calls and pushes on, and is one for all that ask for the same", async (t) => {
  const { db, client, cluster, caller } = await pair(t);
  await db.skynet.newservice("echo");
  const proxy = await cluster.proxy("db", "@echo");
  equal(await cluster.proxy("db@echo"), proxy);
  deepEqual(await caller.req.viaProxy(proxy, "E", 1, "b"), [1, "b"]);
  deepEqual(await caller.req.viaProxy(proxy, "ONE", [1, 2]), [1, 2]);
  await caller.req.sendProxy(proxy, "PUT", "by proxy");
  deepEqual(await caller.req.viaProxy(proxy, "GOT"), [["by proxy"]]);
  equal(await codeOfFailure(caller.req.viaProxy(proxy, "BOOM")), "ERR_REMOTE");
  equal(await codeOfFailure(cluster.proxy("nothing")), "ERR_ARGUMENT");
  // Killed is killed once it is told: the proxy may be on another thread.
  const death = codeOfFailure(client.skynet.call(proxy, "debug", "LINK"));
  client.skynet.kill(proxy);
  equal(await death, "ERR_SERVICE_DEAD");
  const next = await cluster.proxy("db", "@echo");
  equal(next !== proxy, true);
  equal(await caller.req.viaProxy(next, "ONE", 1), 1);
});

test("a proxy of a proxy leads back, through three nodes", async (t) => {
  const { db, client, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const there = clusterOf(await client.make("caller"));
  const middle = await there.open(0);
  const proxy = await there.proxy("db", "@echo");
  await there.register("far", proxy);
  await cluster.reload({ db: place });
  const home = clusterOf(await db.make("caller"));
  await home.reload({ client: `127.0.0.1:${middle.port}` });
  deepEqual(await home.call("client", "@far", "E", 1, [2]), [1, [2]]);
  deepEqual(await home.call("client", "@far", "ONE", [1, 2]), [1, 2]);
  equal(await codeOfFailure(home.call("client", "@far", "BOOM")), "ERR_REMOTE");
  // Several results are several for a caller in Lua, one list is one table: also from behind a proxy.
  const ask = (...values: unknown[]): Promise<unknown[]> =>
    askRaw({ t, place: `127.0.0.1:${middle.port}` }, "@far", values);
  deepEqual(await ask("E", 1, [2]), [1, [2]]);
  deepEqual(await ask("ONE", [1, 2]), [[1, 2]]);
  deepEqual(await ask("EMPTY"), []);
});

test("several results stay several through proxies over links, on worker threads too", async (t) => {
  const threads = [0, 2].flatMap((first) => [0, 2].map((second) => [first, second] as const));
  for (const [far, thread] of threads) {
    const db = await startDb(t, {}, {}, { thread: far });
    await db.skynet.newservice("echo");
    const middle = await world(
      t,
      { caller: CALLER },
      {
        ...{ node: "middle", thread },
        cluster: {
          nodes: { db: await linkPlaceOf(db) },
          token: TOKEN,
          skynet: { open: 0 },
        },
      },
    );
    const there = clusterOf(await middle.make("caller"));
    await there.register("far", await there.proxy("db", "@echo"));
    const place = await placeOf(middle);
    deepEqual(await askRaw({ t, place }, "@far", ["E", 1, [2]]), [1, [2]]);
    deepEqual(await askRaw({ t, place }, "@far", ["ONE", [1, 2]]), [[1, 2]]);
    deepEqual(await askRaw({ t, place }, "@far", ["EMPTY"]), []);
    deepEqual(await there.call("db", "@echo", "E", 1, 2), [1, 2]);
  }
});

/** Asks as a node of skynet does. @returns the results one by one */
async function askRaw(
  { t, place }: { t: TestContext; place: string },
  address: string,
  values: readonly unknown[],
): Promise<unknown[]> {
  const [host, port] = place.split(":");
  const socket = connect(Number(port), host);
  t.after(() => socket.destroy());
  socket.write(encodeRequest(address, 1, encodeSeri(values), false));
  const splitter = new FrameSplitter(2, 0xffff);
  for (;;) {
    splitter.push(((await once(socket, "data")) as [Buffer])[0]);
    const body = splitter.next();
    if (body === undefined) continue;
    const answer = decodeAnswer(body);
    equal(answer.kind, "ok");
    return decodeSeri((answer as { payload: Buffer }).payload);
  }
}

test("a snax service of another node is used as a near one, by the order of the text", async (t) => {
  const { db, caller, cluster } = await pair(t, { ping: PING });
  const ping = await db.snax.uniqueservice<any>("ping");
  await clusterOf(await db.make("caller")).register("ping", ping.handle);
  const req = (name: string, ...args: unknown[]): Promise<unknown> =>
    caller.req.req("db", "ping", undefined, name, ...args) as Promise<unknown>;
  equal(await req("ping", "hello"), "hello");
  await caller.req.post("db", "ping", "@ping", "hello");
  equal(await req("count"), 1);
  deepEqual(
    [await req("pairs"), await req("list")],
    [
      [1, 2],
      [1, 2],
    ],
  );
  const thrown = await failureOf(req("error"));
  deepEqual(
    [thrown.code, thrown.message],
    ["ERR_REMOTE", "db @ping: thrown there"].slice(0, 1).concat(thrown.message),
  );
  match(thrown.message, /: thrown there$/);
  // 5 ping, 6 hello, 7 error, then what is written in the groups.
  equal(await cluster.call("db", "@ping", 5, "by number"), "by number");
  equal(await codeOfFailure(cluster.call("db", "@ping", 7)), "ERR_REMOTE");
  equal(await codeOfFailure(cluster.call("db", "@ping", 99)), "ERR_NO_METHOD");
  equal(await codeOfFailure(req("nothing")), "ERR_NO_METHOD");
});

test("a snax service is neither ended nor patched from another node", async (t) => {
  const { db, client, cluster } = await pair(t, {
    ping: PING,
    patcher: `
      import { cluster, snax } from "snax";
      export const response = {
        hotfix: async () => snax.hotfix(await cluster.snax("db", "ping"), "export function hotfix() {}"),
        kill: async () => snax.kill(await cluster.snax("db", "ping")),
      };
    `,
  });
  const ping = await db.snax.uniqueservice<any>("ping");
  await clusterOf(await db.make("caller")).register("ping", ping.handle);
  const patcher = await client.make("patcher");
  equal(await codeOfFailure(patcher.req.hotfix() as Promise<unknown>), "ERR_PATCH_LANGUAGE");
  equal(await codeOfFailure(patcher.req.kill() as Promise<unknown>), "ERR_FORBIDDEN");
  equal(await codeOfFailure(cluster.call("db", "@ping", 3, "local i")), "ERR_PATCH_LANGUAGE");
  equal(await codeOfFailure(cluster.call("db", "@ping", 2)), "ERR_FORBIDDEN");
  equal(await cluster.call("db", "@ping", 5, "alive"), "alive");
});

test("a service in queue mode takes calls of other nodes one after the other", async (t) => {
  const { db, caller } = await pair(t, {
    slow: `
      import { skynet } from "snax";
      const order = [];
      export function init() { return "queue"; }
      export const response = { async step(n) { order.push(n); await skynet.sleep(5); order.push(n); return order.length; }, order: () => order };
    `,
  });
  const slow = await db.snax.uniqueservice<any>("slow");
  await clusterOf(await db.make("caller")).register("slow", slow.handle);
  await Promise.all([1, 2, 3].map((n) => caller.req.req("db", "slow", undefined, "step", n)));
  const order = (await slow.req.order()) as number[];
  deepEqual(order.filter((n, at) => at % 2 === 0 && order[at + 1] === n).length, 3);
});
