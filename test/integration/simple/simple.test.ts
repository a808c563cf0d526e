/** examples/simple: skynet's example, byte for byte, and what a person sees of it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocket } from "ws";
import { Client } from "../../../examples/simple/client/client.ts";
import { openTcp } from "../../../examples/simple/client/tcp.ts";
import { openWeb } from "../../../examples/simple/client/web.ts";
import type { WebSocketLike } from "../../../examples/simple/client/web.ts";
import { dial } from "../net/peer.ts";
import { FROM_CLIENT, FROM_SERVER } from "./recorded.ts";
import { SCHEMAS, simpleNode } from "./simple-node.ts";

test("the node answers the bytes of skynet's client with the bytes of skynet's server", async (t) => {
  const { gatePort } = await simpleNode(t);
  const peer = await dial(t, gatePort);
  const take = async (bytes: Buffer): Promise<void> => {
    equal((await peer.take(bytes.length)).toString("hex"), bytes.toString("hex"));
  };
  await take(FROM_SERVER.heartbeat);
  for (const [request, answer] of [
    [FROM_CLIENT.handshake, FROM_SERVER.welcome],
    [FROM_CLIENT.set, FROM_SERVER.done],
    [FROM_CLIENT.hello, FROM_SERVER.world],
    [FROM_CLIENT.nothing, FROM_SERVER.nothing],
  ] as const) {
    peer.write(request);
    await take(answer);
  }
  // A quit has no answer: the connection ends.
  peer.write(FROM_CLIENT.quit);
  equal(await peer.ended(), "");
});

test("the client sends the bytes of skynet's client and understands those of skynet's server", async (t) => {
  const received: Buffer[] = [];
  const all = Buffer.concat(Object.values(FROM_CLIENT));
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      received.push(chunk);
      if (Buffer.concat(received).length === all.length) {
        // In one piece and in small ones.
        for (const byte of Buffer.concat(Object.values(FROM_SERVER))) {
          socket.write(Buffer.of(byte));
        }
        socket.end();
      }
    });
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new Client(await openTcp((server.address() as AddressInfo).port), SCHEMAS);
  const asked: string[] = [];
  client.onRequest = (name) => asked.push(name);
  const answers = await Promise.allSettled([
    client.request("handshake"),
    client.request("set", { what: "hello", value: "world" }),
    client.request("get", { what: "hello" }),
    client.request("get", { what: "nothing" }),
    client.request("quit"),
  ]);
  equal(Buffer.concat(received).toString("hex"), all.toString("hex"));
  deepEqual(
    answers.map((answer) => (answer.status === "fulfilled" ? answer.value : String(answer.reason))),
    [
      { msg: "Welcome to skynet, I will send heartbeat every 5 sec." },
      undefined,
      { result: "world" },
      {},
      "Error: Server closed",
    ],
  );
  deepEqual(asked, ["heartbeat"]);
});

test("a client over a web socket has the same agent and the same database", async (t) => {
  const { connect, webPort } = await simpleNode(t);
  const first = await connect();
  await first.request("set", { what: "who", value: "tcp" });
  const web = new WebSocket(`ws://127.0.0.1:${webPort}/`);
  const client = new Client(await openWeb(web as unknown as WebSocketLike), SCHEMAS);
  const asked = new Promise((resolve) => (client.onRequest = resolve));
  deepEqual(await client.request("get", { what: "who" }), { result: "tcp" });
  await client.request("set", { what: "who", value: "web" });
  deepEqual(await first.request("get", { what: "who" }), { result: "web" });
  equal(await asked, "heartbeat");
  await client.request("quit").catch(({ message }: Error) => equal(message, "Server closed"));
});

test("the services of the example start in skynet's order, and an agent ends with its client", async (t) => {
  const { connect, log } = await simpleNode(t, { verbose: true });
  const client = await connect();
  await client.request("get", { what: "hello" });
  client.close();
  await client.closed;
  for (;;) if (/KILL self[^]+KILL self/.test(await log())) break;
  const text = await log();
  const launched = [...text.matchAll(/LAUNCH snlua (\w+)/g)].map(([, name]) => name);
  // The slots for schemas are a service that skynet does not have.
  const own = launched.slice(launched.indexOf("main")).filter((name) => name !== "sprotoloader");
  deepEqual(own, ["main", "protoloader", "debug_console", "simpledb", "watchdog", "gate", "agent"]);
  match(
    text,
    /Server start[^]+New client from : 127\.0\.0\.1:\d+[^]+get\thello[^]+socket close\t\d/,
  );
});

test("a client that sends nonsense gets no answer to that, and all others play on", async (t) => {
  const { connect, gatePort, log } = await simpleNode(t);
  const client = await connect();
  const peer = await dial(t, gatePort);
  peer.write(Buffer.from("0004ffffffff", "hex"));
  peer.write(FROM_CLIENT.handshake);
  // Its agent goes on as well, as skynet's does.
  const { heartbeat, welcome } = FROM_SERVER;
  const came = await peer.take(heartbeat.length + welcome.length);
  equal(came.toString("hex", heartbeat.length), welcome.toString("hex"));
  match(await log(), /ERR_MALFORMED|Invalid unpack stream/);
  ok(await client.request("handshake"));
});
