/** A connection is handed to another service, which starts it: on whatever thread that lives. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { SocketInfo } from "snax";
import { codeOfFailure, world } from "../../world.ts";
import { until } from "./gate-world.ts";
import { dial } from "./peer.ts";

/** Listens, and gives out the numbers of the connections that came. */
const PORT = `
  import { skynet, socket } from "snax";
  const came: number[] = [];
  export const response = {
    async listen() {
      const { id, port } = await socket.listen("127.0.0.1", 0);
      socket.start(id, (client) => { came.push(client); skynet.wakeup("came"); });
      return port;
    },
    async next() {
      while (came.length === 0) await skynet.sleep(1);
      return came.shift();
    },
    start(id: number) { socket.start(id); },
    line(id: number) { return socket.readline(id); },
    abandon(id: number) { socket.abandon(id); },
    netstat() { return socket.netstat(); },
    die() { process.exit(); },
  };`;

/** Serves a connection. */
const SERVER = `
  import { createHash } from "node:crypto";
  import { skynet, socket } from "snax";
  const told: unknown[] = [];
  export const response = {
    start(id: number) { socket.start(id); },
    echo(id: number) {
      socket.start(id);
      skynet.fork(async () => {
        for (let text; (text = await socket.readline(id)) !== undefined; ) socket.write(id, text + " back\\n");
        await socket.close(id);
        told.push("closed");
      });
    },
    line(id: number) { return socket.readline(id); },
    read(id: number, size?: number) { return socket.read(id, size); },
    async all(id: number) {
      const all = await socket.readall(id);
      socket.write(id, all.length + " " + createHash("sha1").update(all).digest("hex"));
      await socket.close(id);
    },
    pour(id: number, size: number) { return socket.write(id, Buffer.alloc(size, "x")); },
    watch(id: number) {
      socket.onclose(id, () => told.push("onclose"));
      socket.warning(id, (_id, size) => told.push(size > 0 ? "unsent" : "sent"));
    },
    told() { return told; },
    disconnected(id: number) { return socket.disconnected(id); },
    write(id: number, text: string) { return socket.write(id, text); },
    abandon(id: number) { socket.abandon(id); },
    close(id: number) { return socket.close(id); },
    exit() { skynet.exit(); },
    die() { process.exit(); },
  };`;

async function setUp(t: TestContext) {
  const here = await world(t, { port: PORT, server: SERVER }, { thread: 3 });
  const port = await here.snax.at(1).newservice<any>("port");
  const place = (await port.req.listen()) as number;
  const at = (thread: number): Promise<any> => here.snax.at(thread).newservice<any>("server");
  const come = async () => {
    const peer = await dial(t, place);
    return { peer, id: (await port.req.next()) as number };
  };
  return { ...here, port, at, come };
}

test("every client is answered, whatever thread its service lives on, and both sides can end it", async (t) => {
  const { at, come } = await setUp(t);
  for (const thread of [1, 2, 3]) {
    const server = await at(thread);
    const first = await come();
    await server.req.echo(first.id);
    for (let n = 0; n < 3; n += 1) {
      first.peer.write(`hello ${n}\n`);
      assert.equal(await first.peer.line(), `hello ${n} back`);
    }
    first.peer.socket.end("last\n");
    assert.equal(await first.peer.ended(), "last back\n");
    await until(
      () => server.req.told() as Promise<unknown[]>,
      (told) => told.includes("closed"),
    );
    const second = await come();
    await server.req.start(second.id);
    await server.req.write(second.id, "bye");
    await server.req.close(second.id);
    assert.equal(await second.peer.ended(), "bye");
  }
});

test("bytes keep their order, those that came before the start and those of a long stream", async (t) => {
  const { at, come } = await setUp(t);
  for (const thread of [1, 2]) {
    const { peer, id } = await come();
    const bytes = Buffer.alloc(8 << 20);
    for (let at4 = 0; at4 < bytes.length; at4 += 4) bytes.writeUInt32LE(at4, at4);
    const half = bytes.subarray(0, 100_001);
    peer.write(half);
    const server = await at(thread);
    const all = server.req.start(id).then(() => server.req.all(id));
    peer.socket.end(bytes.subarray(half.length));
    const digest = createHash("sha1").update(bytes).digest("hex");
    assert.equal(await peer.ended(), `${bytes.length} ${digest}`);
    await all;
  }
});

test("a connection that its service does not read is not read on the socket's thread either", async (t) => {
  const { at, come, port } = await setUp(t);
  const { peer, id } = await come();
  const server = await at(2);
  await server.req.start(id);
  const size = 16 << 20;
  peer.socket.end(Buffer.alloc(size, "x"));
  const isPaused = (list: SocketInfo[]): boolean =>
    list.find((info) => info.id === id)?.isReading === false;
  const list = await until(() => port.req.netstat() as Promise<SocketInfo[]>, isPaused);
  const shown = list.filter((info) => info.id === id);
  assert.equal(shown.length, 1);
  assert.equal(shown[0]?.owner, server.handle);
  assert.ok((shown[0]?.bytesRead ?? 0) < 2 << 20, String(shown[0]?.bytesRead));
  let length = 0;
  for (let chunk; (chunk = (await server.req.read(id)) as Uint8Array | undefined);) {
    length += chunk.length;
  }
  assert.equal(length, size);
});

test("a connection goes on from thread to thread, with what was not read", async (t) => {
  const { at, come, port } = await setUp(t);
  const { peer, id } = await come();
  const homes = [2, 3, 2, 1, 3, 2, 1];
  const lines = homes.map((_, n) => `line ${n}`);
  peer.write(`${lines.join("\n")}\nrest`);
  let before: any;
  for (const [n, home] of homes.entries()) {
    const server = await at(home);
    if (n % 2 === 1) await before.req.abandon(id);
    // A reader that waits there learns that it is no longer its own; one that asks later, that there is none.
    const waiting = n % 2 === 0 && n > 0 ? codeOfFailure(before.req.read(id, 1 << 20)) : undefined;
    await server.req.start(id);
    assert.equal(await server.req.line(id), lines[n]);
    assert.ok([undefined, "resolved to undefined", "ERR_SOCKET"].includes(await waiting));
    before = server;
  }
  await port.req.start(id);
  const last = port.req.line(id);
  peer.socket.end(" of it\n");
  assert.equal(await last, "rest of it");
  assert.equal(await port.req.line(id), undefined);
});

test("the end of a connection that came before its service started it is told", async (t) => {
  const { at, come, port } = await setUp(t);
  for (const thread of [1, 2]) {
    const { peer, id } = await come();
    await port.req.start(id);
    const first = port.req.line(id);
    peer.socket.end("one\ntwo\n");
    assert.equal(await first, "one");
    const server = await at(thread);
    await server.req.start(id);
    assert.equal(await server.req.line(id), "two");
    assert.equal(await server.req.line(id), undefined);
    await server.req.close(id);
    await peer.ended();
    // The service is gone.
    const other = await at(thread === 1 ? 2 : 3);
    await other.req.start(id);
    assert.equal(await other.req.line(id), undefined);
  }
});

test("what can't be started elsewhere is refused at once", async (t) => {
  const { at, port } = await setUp(t);
  const server = await at(2);
  const [listening] = (await port.req.netstat()) as SocketInfo[];
  assert.equal(listening?.type, "LISTEN");
  assert.equal(await codeOfFailure(server.req.start(listening?.id)), "ERR_SOCKET");
  for (const id of [0, -1, 1.5, NaN, "1", 0x7fffffff + 4]) {
    assert.equal(await codeOfFailure(server.req.start(id)), "ERR_SOCKET", String(id));
  }
});

test("unsent bytes and the end are told to the service, on its thread", async (t) => {
  const { at, come } = await setUp(t);
  const { peer, id } = await come();
  const server = await at(3);
  await server.req.start(id);
  await server.req.watch(id);
  peer.socket.pause();
  await server.req.pour(id, 32 << 20);
  const told = (): Promise<unknown[]> => server.req.told() as Promise<unknown[]>;
  await until(told, (list) => list.includes("unsent"));
  // No service keeps what comes.
  peer.socket.removeAllListeners("data");
  peer.socket.resume();
  await until(told, (list) => list.includes("sent"));
  assert.equal(await server.req.disconnected(id), false);
  peer.socket.resetAndDestroy();
  await until(told, (list) => list.includes("onclose"));
  assert.equal(await server.req.disconnected(id), true);
});

test("the connection ends with its service, with that one's thread, and with the thread of the socket", async (t) => {
  const { at, come, port } = await setUp(t);
  const mortal = await at(2);
  const first = await come();
  await mortal.req.start(first.id);
  await mortal.req.exit().then(undefined, () => {});
  assert.equal(await first.peer.ended(), "");
  const second = await come();
  const doomed = await at(2);
  await doomed.req.start(second.id);
  doomed.req.die().then(undefined, () => {});
  assert.equal(await second.peer.ended(), "");
  const third = await come();
  const survivor = await at(3);
  await survivor.req.start(third.id);
  const line = survivor.req.line(third.id);
  port.req.die().then(undefined, () => {});
  assert.equal(await line, undefined);
  assert.equal(await survivor.req.disconnected(third.id), true);
});
