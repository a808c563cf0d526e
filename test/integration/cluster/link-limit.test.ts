/** What a link holds is bounded: messages that wait for it, bytes that wait to be sent, calls that wait for an answer. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CLUSTER_CALLS_MAX, CLUSTER_UNSENT_MAX, LINK_QUEUE_MAX } from "../../../src/base/limits.ts";
import { LinkHandshake } from "../../../src/cluster/wire/link-handshake.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { failureOf, world } from "../../world.ts";
import { linkedPair, TOKEN } from "./links.ts";

/** Sends and calls in one turn of its own. */
const SENDER = `
  import { cluster } from "snax";
  export const response = {
    send: (count, size) => {
      const value = "x".repeat(size);
      for (let index = 0; index < count; index += 1) cluster.send("db", "@echo", "PUT", value);
    },
    call: (...values) => cluster.call("db", "@echo", ...values),
    open: (count) => {
      for (let index = 0; index < count; index += 1) cluster.call("db", "@echo", "NEVER").catch(() => {});
      return cluster.call("db", "@echo", "ONE", count);
    },
  };
`;

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("as many messages as the limit says wait for a link, and one more is refused", async (t) => {
  const place = await listen(
    t,
    createServer((socket) => socket.on("error", () => {})),
  );
  const client = await world(
    t,
    { sender: SENDER },
    { cluster: { nodes: { db: place }, token: TOKEN, deadAfter: 60_000 } },
  );
  const { req } = await client.make("sender");
  await req.send(LINK_QUEUE_MAX, 1);
  const failure = await failureOf(req.call("ONE"));
  deepEqual([failure.code, failure.data], ["ERR_EXHAUSTED", { node: "db", sent: false }]);
  match(failure.message, /LINK_QUEUE_MAX; the request was not sent/);
});

test("bytes wait for a node that does not read, up to the limit, and what comes then is refused", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const self = { node: "db", incarnation: "0123456789abcdef", deadAfterMs: 60_000 };
    const handshake = new LinkHandshake({ side: "listener", self, token: TOKEN });
    const splitter = new FrameSplitter(4, 1 << 20);
    socket.on("data", (chunk: Buffer) => {
      splitter.push(chunk);
      const body = splitter.next();
      const step = body && handshake.take(body);
      if (step?.body === undefined) return;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(step.body.length, 0);
      socket.write(Buffer.concat([length, step.body]));
      if (step.kind === "ready") socket.pause();
    });
    t.after(() => socket.destroy());
  });
  const place = await listen(t, server);
  const client = await world(
    t,
    { sender: SENDER },
    { cluster: { nodes: { db: place }, token: TOKEN, deadAfter: 60_000 } },
  );
  const { req } = await client.make("sender");
  const size = 1 << 20;
  await req.send(CLUSTER_UNSENT_MAX / size + 16, size);
  const failure = await failureOf(req.call("ONE"));
  deepEqual([failure.code, failure.data], ["ERR_EXHAUSTED", { node: "db", sent: false }]);
  match(failure.message, /CLUSTER_UNSENT_MAX; the request was not sent/);
  match((await client.log()).join("\n"), /a push to db is lost: \d+ bytes wait/);
});

test("as many calls of a link are open as the limit says, and one more is ERR_EXHAUSTED", async (t) => {
  // Both nodes are busy for long on the thread of the test.
  const { db, place } = await linkedPair(t, {}, { deadAfter: 60_000 });
  await db.skynet.newservice("echo");
  const client = await world(
    t,
    { sender: SENDER },
    { node: "other", cluster: { nodes: { db: place }, token: TOKEN, deadAfter: 60_000 } },
  );
  const { req } = await client.make("sender");
  equal(await req.open(CLUSTER_CALLS_MAX - 1), CLUSTER_CALLS_MAX - 1);
  const failure = await failureOf(req.open(1));
  equal(failure.code, "ERR_EXHAUSTED");
  match(failure.message, /CLUSTER_CALLS_MAX/);
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  ok(info.refused["too many calls"] >= 1);
});
