/** Connections that are lost, never made, or answered with what can't be read: every call ends, once, and says whether it had left. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { decodeRequest, encodeAnswer } from "../../../src/cluster/wire/skynet-frame.ts";
import { encodeSeri } from "../../../src/wire/lua-seri.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { PACKAGE, startNode } from "../process.ts";
import { codeOfFailure, failureOf, THREADS, world, writeFiles } from "../../world.ts";
import type { FarCluster } from "./pair.ts";
import { CALLER, clusterOf, ECHO, pair, placeOf } from "./pair.ts";

/** A node that a test plays: it gets each request, and the socket to answer on. */
async function play(
  t: TestContext,
  onRequest: (session: number, socket: Socket, payload: Buffer) => void,
): Promise<{ place: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    const splitter = new FrameSplitter(2, 0xffff);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      splitter.push(chunk);
      for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
        const frame = decodeRequest(body);
        if (frame.kind === "single") onRequest(frame.session, socket, frame.payload);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

async function callerOf(t: TestContext, place: string): Promise<FarCluster> {
  const client = await world(
    t,
    { caller: CALLER },
    { cluster: { skynet: { nodes: { db: place } } } },
  );
  return clusterOf(await client.make("caller"));
}

const answer = (session: number, ...values: unknown[]): Buffer =>
  encodeAnswer(session, true, encodeSeri(values));

test("where nothing listens the call fails at once, was not sent, and the next one tries again", async (t) => {
  const { place, sockets } = await play(t, (session, socket) =>
    socket.write(answer(session, "here")),
  );
  ok(sockets.length === 0);
  const port = Number(place.split(":")[1]);
  const cluster = await callerOf(t, `127.0.0.1:1`);
  const failure = await failureOf(cluster.call("db", "@a"));
  deepEqual([failure.code, failure.data], ["ERR_NODE_UNREACHABLE", { node: "db", sent: false }]);
  match(failure.message, /ECONNREFUSED.*the request was not sent/);
  equal(await codeOfFailure(cluster.call("db", "@a")), "ERR_NODE_UNREACHABLE");
  await cluster.reload({ db: `127.0.0.1:${port}` });
  equal(await cluster.call("db", "@a"), "here");
});

test("a connection that ends fails what waits, and the next call makes a new one; sessions go on", async (t) => {
  const sessions: number[] = [];
  const { place } = await play(t, (session, socket) => {
    sessions.push(session);
    if (session < 3) return;
    if (session === 3) socket.destroy();
    else socket.write(answer(session, session));
  });
  const cluster = await callerOf(t, place);
  const failures = await Promise.all([1, 2, 3].map((n) => failureOf(cluster.call("db", "@a", n))));
  for (const { code, data } of failures) {
    deepEqual([code, data], ["ERR_NODE_DOWN", { node: "db", sent: true }]);
  }
  equal(await cluster.call("db", "@a"), 4);
  deepEqual(sessions, [1, 2, 3, 4]);
});

const BAD: [what: string, bytes: (session: number) => Buffer][] = [
  ["an unknown type", (session) => Buffer.from([0, 5, session, 0, 0, 0, 9])],
  ["a frame that is too short", () => Buffer.from([0, 2, 1, 0])],
  ["a beginning of a wrong size", (session) => Buffer.from([0, 6, session, 0, 0, 0, 2, 1])],
  ["a frame of no bytes", () => Buffer.from([0, 0])],
  [
    "a beginning of 4 GiB",
    (session) => Buffer.from([0, 9, session, 0, 0, 0, 2, 255, 255, 255, 255]),
  ],
];
for (const [what, bytes] of BAD) {
  test(`${what} as an answer ends the connection, and all its calls`, async (t) => {
    const { place } = await play(t, (session, socket) => {
      if (session === 2) socket.write(bytes(session));
      else if (session > 2) socket.write(answer(session, "again"));
    });
    const cluster = await callerOf(t, place);
    const failures = await Promise.all([1, 2].map((n) => failureOf(cluster.call("db", "@a", n))));
    for (const { code, message } of failures) {
      equal(code, "ERR_NODE_DOWN");
      match(message, /it answered with what can't be read/);
    }
    equal(await cluster.call("db", "@a"), "again");
  });
}

test("an answer that has not the size it announced fails its call, and no other", async (t) => {
  const { place } = await play(t, (session, socket) => {
    if (session > 1) return void socket.write(answer(session, "other"));
    const long = encodeAnswer(session, true, Buffer.alloc(0x8001));
    long.writeUInt32LE(0x8002, 7);
    socket.write(long);
  });
  const cluster = await callerOf(t, place);
  const broken = codeOfFailure(cluster.call("db", "@a"));
  equal(await cluster.call("db", "@a"), "other");
  equal(await broken, "ERR_MALFORMED");
});

test("an answer that can't be unpacked fails its call with a code", async (t) => {
  const { place } = await play(t, (session, socket) =>
    socket.write(encodeAnswer(session, true, Buffer.from([0xff, 0xff, 0xff]))),
  );
  const cluster = await callerOf(t, place);
  const failure = await failureOf(cluster.call("db", "@a"));
  deepEqual([failure.code, failure.data], ["ERR_MALFORMED", { node: "db", address: "@a" }]);
});

test("a second answer, one to no request, and one that comes after the deadline are dropped", async (t) => {
  let late: (() => void) | undefined;
  const { place } = await play(t, (session, socket, payload) => {
    if (payload.includes("late")) late = () => void socket.write(answer(session, "too late"));
    else {
      late?.();
      socket.write(Buffer.concat([answer(0, "push"), answer(77, "nobody")]));
      socket.write(Buffer.concat([answer(session, "first"), answer(session, "second")]));
    }
  });
  const cluster = await callerOf(t, place);
  // On a busy machine a call may time out before it is written, and then it is never sent.
  while (late === undefined)
    equal(await codeOfFailure(cluster.within(10).call("db", "@a", "late")), "ERR_TIMEOUT");
  equal(await cluster.call("db", "@a"), "first");
  equal(await cluster.call("db", "@a"), "first");
});

/** A caller whose calls wait for nodes to be named, and a server that answers "here" and keeps what sessions it got. */
async function waitingCaller(t: TestContext) {
  const got: number[] = [];
  const { place } = await play(t, (session, socket) => {
    got.push(session);
    socket.write(answer(session, "here"));
  });
  const cluster = await callerOf(t, place);
  await cluster.reload({ __nowaiting: false });
  return { got, place, cluster };
}

test("what timed out while the connection was made is not sent when it is there", async (t) => {
  const { got, place, cluster } = await waitingCaller(t);
  const given = await Promise.all(
    [1, 2, 3].map((n) => codeOfFailure(cluster.within(5).call("slow", "@a", n))),
  );
  deepEqual(given, ["ERR_TIMEOUT", "ERR_TIMEOUT", "ERR_TIMEOUT"]);
  await cluster.reload({ slow: place });
  equal(await cluster.call("slow", "@a", 4), "here");
  deepEqual(got, [1]);
});

test("nor is what timed out a moment before its node was named: the caller's moment counts, not when clusterd heard of it", async (t) => {
  const { got, place, cluster } = await waitingCaller(t);
  const rounds = 300;
  for (let round = 0; round < rounds; round += 1) {
    const node = `slow${round}`;
    const late = [1, 2, 3].map((n) => codeOfFailure(cluster.within(2).call(node, "@a", n)));
    deepEqual(await Promise.all(late), ["ERR_TIMEOUT", "ERR_TIMEOUT", "ERR_TIMEOUT"]);
    await cluster.reload({ [node]: place });
    equal(await cluster.call(node, "@a", 4), "here");
  }
  equal(got.length, rounds);
});

test("clusterd is killed with calls open: they end, and the next one works with another", async (t) => {
  const { db, client, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  const waiting = codeOfFailure(cluster.call("db", "@echo", "NEVER"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  client.skynet.kill(".clusterd");
  equal(await waiting, "ERR_SERVICE_DEAD");
  equal(await cluster.call("db", "@echo", "ONE", 2), 2);
});

test("a node that stops ends the calls that it waits for, and those that wait for it", async (t) => {
  const { db, client, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  const waiting = codeOfFailure(cluster.call("db", "@echo", "NEVER"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  await db.stop();
  equal(await waiting, "ERR_NODE_DOWN");
  equal(await codeOfFailure(cluster.call("db", "@echo", "ONE", 1)), "ERR_NODE_UNREACHABLE");
  const own = await world(t, { echo: ECHO, caller: CALLER }, { cluster: { skynet: { open: 0 } } });
  await own.skynet.newservice("echo");
  const there = clusterOf(await client.make("caller"));
  await there.reload({ db: await placeOf(own) });
  const left = codeOfFailure(there.call("db", "@echo", "NEVER"));
  equal(await there.call("db", "@echo", "ONE", 1), 1);
  await client.stop();
  // On worker threads the service that waits may have ended before the node says so.
  const end = await left;
  ok(end === "ERR_STOPPED" || (THREADS > 0 && end === "ERR_SERVICE_DEAD"), end);
  equal(await own.skynet.call(".clusterd", "debug", "PING"), undefined);
});

test("calltimeout of the configuration holds for calls of other nodes", async (t) => {
  const { place } = await play(t, () => {});
  const client = await world(
    t,
    {
      main: `import { cluster } from "snax"; export const response = { ask: () => cluster.call("db", "@a").catch((error) => error.code) };`,
    },
    { calltimeout: 30, cluster: { skynet: { nodes: { db: place } } } },
  );
  const main = await client.make("main");
  equal(await client.snax.within(5000).bind<any>(main.handle, "main").req.ask(), "ERR_TIMEOUT");
});

test("a node is killed with 1,000 calls open: each ends once with ERR_NODE_DOWN, and its name works after its restart", async (t) => {
  const folder = writeFiles(t, {
    echo: ECHO,
    "node.mjs": `
      import { start } from ${JSON.stringify(PACKAGE)};
      const node = await start({ thread: 1, services: "./?.ts", cluster: { skynet: { open: Number(process.argv[2]) } }, root: process.cwd() });
      await node.skynet.newservice("echo");
      console.log("echo is there");
    `,
  });
  const begin = async (port: number): Promise<ReturnType<typeof startNode>> => {
    const running = startNode(["node.mjs", String(port)], folder);
    t.after(() => running.child.kill("SIGKILL"));
    await running.says("echo is there");
    return running;
  };
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, "close");
  const first = await begin(port);
  const client = await world(
    t,
    { caller: CALLER },
    { cluster: { skynet: { nodes: { db: `127.0.0.1:${port}` } } } },
  );
  const caller = await client.make("caller");
  const cluster = clusterOf(caller);
  const handle = await cluster.query("db", "echo");
  const calls = Array.from({ length: 1000 }, () => ["db", "@echo", "NEVER"]);
  const all = caller.req.all(calls) as Promise<PromiseSettledResult<unknown>[]>;
  equal(await cluster.call("db", handle, "ONE", 1), 1);
  first.child.kill("SIGKILL");
  const ends = await all;
  equal(ends.length, 1000);
  const downs = ends.filter(
    (end) => end.status === "rejected" && end.reason.code === "ERR_NODE_DOWN",
  );
  equal(downs.length, 1000);
  await begin(port);
  equal(await cluster.call("db", "@echo", "ONE", 2), 2);
});
