/** How much a socket holds: unread and unsent bytes, what is told of them, and when a connection is cut. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";
import { dial } from "./peer.ts";
import { until } from "./gate-world.ts";

/** A service with one port; the text runs for each connection. */
const server = (perConnection: string, methods = ""): string => `
  import { skynet, socket } from "snax";
  let port = 0;
  let last = 0;
  const told: unknown[] = [];
  export async function init() {
    const listened = await socket.listen("127.0.0.1", 0);
    port = listened.port;
    socket.start(listened.id, async (id: number) => {
      socket.start(id);
      ${perConnection}
      last = id;
    });
  }
  export const response = {
    port() { return port; },
    last() { return last; },
    told() { return told; },
    async bytesRead() { return (await socket.netstat()).find(({ type }) => type === "TCP")?.bytesRead ?? 0; },
    ${methods}
  };
`;

test("a connection without a reader is not read beyond 128 KiB, and goes on when the service reads", async (t) => {
  const { make, log } = await world(t, {
    main: server(
      "",
      `async count(size: number) {
         let count = 0;
         for (;;) {
           const data = await socket.read(last, size);
           if (data === undefined) return count;
           count += data.length;
         }
       },`,
    ),
  });
  const main = await make("main");
  const peer = await dial(t, (await main.req.port()) as number);
  peer.write(Buffer.alloc(8 << 20));
  peer.socket.end();
  const bytesRead = (): Promise<number> => main.req.bytesRead() as Promise<number>;
  await until(bytesRead, (bytes) => bytes > 128 * 1024);
  for (let n = 0; n < 100; n += 1) await bytesRead();
  assert.ok((await bytesRead()) < 1 << 20);
  assert.equal(await main.req.count(1 << 16), 8 << 20);
  const lines = await log();
  assert.ok(lines.some((line) => /^Pause socket \(\d+\) size : 1\d{5}$/.test(line)));
  assert.ok(lines.some((line) => /^Resume socket \(\d+\)$/.test(line)));
});

test("a reader that wants more than 128 KiB gets it", async (t) => {
  const { make } = await world(t, {
    main: server(
      "",
      `async all() { return [(await socket.read(last, 1 << 20))?.length, (await socket.readall(last)).length]; },`,
    ),
  });
  const main = await make("main");
  const peer = await dial(t, (await main.req.port()) as number);
  await until(
    () => main.req.last() as Promise<number>,
    (id) => id > 0,
  );
  const all = main.req.all();
  peer.write(Buffer.alloc(3 << 20));
  peer.socket.end();
  assert.deepEqual(await all, [1 << 20, 2 << 20]);
});

test("unread bytes are kept up to the limit, and one more cuts the connection", async (t) => {
  const { make, log } = await world(t, {
    main: server(
      "socket.limit(id, 1000); socket.onclose(id, (which) => told.push(which === id));",
      `line() { return socket.readline(last); },`,
    ),
  });
  const main = await make("main");
  const port = (await main.req.port()) as number;
  const good = await dial(t, port);
  good.write("x".repeat(999) + "\n");
  const id = await until(
    () => main.req.last() as Promise<number>,
    (last) => last > 0,
  );
  assert.equal(await main.req.line(), "x".repeat(999));
  const bad = await dial(t, port);
  await until(
    () => main.req.last() as Promise<number>,
    (last) => last > id,
  );
  const line = main.req.line();
  bad.write("x".repeat(1001));
  assert.equal(await line, undefined);
  assert.equal(await bad.ended(), "");
  assert.deepEqual(await main.req.told(), [true]);
  assert.ok((await log()).some((text) => /^socket buffer overflow: fd=\d+ size=1001$/.test(text)));
});

test("unsent bytes are told from 1 MiB on, at each doubling, and when all is sent", async (t) => {
  const { make } = await world(t, {
    main: server(
      "socket.warning(id, (_id, size) => told.push(size));",
      `push() { return socket.write(last, new Uint8Array(64 << 10)); },`,
    ),
  });
  const main = await make("main");
  const peer = await dial(t, (await main.req.port()) as number);
  peer.socket.pause();
  await until(
    () => main.req.last() as Promise<number>,
    (id) => id > 0,
  );
  const told = (): Promise<number[]> => main.req.told() as Promise<number[]>;
  while ((await told()).length < 2) {
    await main.req.push();
    // What was written leaves at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first = 0, second = 0] = await told();
  assert.ok(first >= 1024 && first < 1024 + 128, `first at ${first}`);
  assert.ok(second >= 2048 && second < 2048 + 128, `second at ${second}`);
  peer.socket.resume();
  assert.equal((await until(told, (list) => list.at(-1) === 0)).at(-1), 0);
});

test("what was written before a close arrives, and what is of low priority comes after the rest", async (t) => {
  const { make } = await world(t, {
    main: server(`
      socket.lwrite(id, "low");
      socket.write(id, "high");
      socket.write(id, Buffer.alloc(3 << 20, "-"));
      await socket.readline(id);
      for (const piece of ["la", "s", "t"]) socket.lwrite(id, piece);
      await socket.close(id);
      told.push(socket.write(id, "late"), socket.lwrite(id, "late"), socket.invalid(id));
    `),
  });
  const main = await make("main");
  const peer = await dial(t, (await main.req.port()) as number);
  peer.write("go\n");
  const all = await peer.ended();
  assert.equal(all.length, 4 + (3 << 20) + 3 + 4);
  assert.equal(all.slice(0, 5), "high-");
  assert.equal(all.slice(-8), "-lowlast");
  assert.deepEqual(
    await until(
      () => main.req.told() as Promise<boolean[]>,
      (list) => list.length === 3,
    ),
    [false, false, true],
  );
});

test("a connection to a server that says nothing fails when its deadline passes", async (t) => {
  const { make } = await world(t, {
    main: server(
      "",
      `async open(port: number) {
        try { await socket.open({ host: "127.0.0.1", port, tls: true, deadlineMs: 30 }); }
        catch (error) { return [error.code, error.message]; }
      },`,
    ),
  });
  const main = await make("main");
  const port = (await main.req.port()) as number;
  assert.deepEqual(await main.req.open(port), [
    "ERR_CONNECT",
    `can't connect to 127.0.0.1:${port}: no answer within 30 ms`,
  ]);
});
