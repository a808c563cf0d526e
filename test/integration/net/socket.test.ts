/** Sockets of a service: opening ports and connections, reading, writing, and whom they belong to. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { codeOfFailure, ONE_THREAD, world } from "../../world.ts";
import { dial } from "./peer.ts";

/** A service that opens a port and runs the text for each connection, with `id` and `peer`. */
const server = (perConnection: string, rest = ""): string => `
  import { skynet, socket } from "snax";
  let port = 0;
  export const notes: unknown[] = [];
  export async function init() {
    const listened = await socket.listen("127.0.0.1", 0);
    port = listened.port;
    socket.start(listened.id, async (id: number, peer: string) => {
      ${perConnection}
    });
  }
  export const response = {
    port() { return port; },
    notes() { return notes; },
    ${rest}
  };
`;

const ECHO = `
  socket.start(id);
  for (;;) {
    const line = await socket.readline(id);
    if (line === undefined) break;
    socket.write(id, line.toUpperCase() + "\\n");
  }
  await socket.close(id);
`;

test("a port that is open is not disconnected; one that is closed, and what never was, is", async (t) => {
  const { make } = await world(t, {
    main: `
      import { socket } from "snax";
      export const response = {
        async run() {
          const { id } = await socket.listen("127.0.0.1", 0);
          const before = socket.disconnected(id);
          socket.start(id, () => {});
          const open = socket.disconnected(id);
          await socket.close(id);
          return [before, open, socket.disconnected(id), socket.disconnected(12345)];
        },
      };`,
  });
  assert.deepEqual(await (await make("main")).req.run(), [false, false, true, true]);
});

test("a service takes connections, reads lines and answers", async (t) => {
  const { make } = await world(t, { main: server(ECHO) });
  const main = await make("main");
  const peer = await dial(t, (await main.req.port()) as number);
  peer.write("one\ntw");
  assert.equal(await peer.line(), "ONE");
  peer.write("o\nthree\n");
  assert.equal(await peer.line(), "TWO");
  assert.equal(await peer.line(), "THREE");
  peer.socket.end();
  assert.equal(await peer.ended(), "");
});

test("a service connects to a server and reads what it wants: a number of bytes, a line, the rest", async (t) => {
  const other = createServer((socket) => socket.end("abcdefgh\r\nrest of it"));
  t.after(() => other.close());
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const { make } = await world(t, {
    main: `
      import { socket } from "snax";
      export const response = {
        async run(port: number) {
          const id = await socket.open("127.0.0.1", port);
          const seen: unknown[] = [String(await socket.read(id, 3)), await socket.readline(id, "\\r\\n")];
          seen.push(await socket.read(id, 100));
          seen.push(String(await socket.readall(id)), socket.disconnected(id), await socket.block(id));
          await socket.close(id);
          return [...seen, socket.invalid(id)];
        },
      };
    `,
  });
  const main = await make("main");
  assert.deepEqual(await main.req.run(port), [
    ...["abc", "defgh", undefined, "rest of it"],
    ...[true, false, true],
  ]);
});

test("what one turn writes leaves in one piece, and the bytes are the writer's again at once", async (t) => {
  const { make } = await world(t, {
    main: server(`
      const bytes = new Uint8Array([65]);
      socket.start(id);
      for (let n = 0; n < 26; n += 1) { socket.write(id, bytes); bytes[0] += 1; }
      socket.write(id, ["-", new Uint8Array([33]), "\\n"]);
    `),
  });
  const main = await make("main");
  const peer = await dial(t, (await main.req.port()) as number);
  let chunks = 0;
  peer.socket.on("data", () => (chunks += 1));
  assert.equal(await peer.line(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ-!");
  assert.equal(chunks, 1);
});

test("a port that is in use is ERR_LISTEN, a place where nothing listens ERR_CONNECT, and no place ERR_ARGUMENT", async (t) => {
  const { make } = await world(t, {
    main: `
      import { socket } from "snax";
      export const response = {
        listen(place: never, port: never) { return socket.listen(place, port); },
        open(place: never, port: never) { return socket.open(place, port); },
      };
    `,
  });
  const main = await make("main");
  const { port } = (await main.req.listen("127.0.0.1", 0)) as { port: number };
  assert.equal(await codeOfFailure(main.req.listen("127.0.0.1", port)), "ERR_LISTEN");
  assert.equal(await codeOfFailure(main.req.listen("127.0.0.1", 65536)), "ERR_LISTEN");
  assert.equal(await codeOfFailure(main.req.listen("nowhere")), "ERR_ARGUMENT");
  assert.equal(await codeOfFailure(main.req.open("127.0.0.1", 1)), "ERR_CONNECT");
  assert.equal(await codeOfFailure(main.req.open("127.0.0.1", 65536)), "ERR_CONNECT");
  assert.equal(await codeOfFailure(main.req.open("name.invalid:80")), "ERR_CONNECT");
  assert.equal(await codeOfFailure(main.req.open("nowhere")), "ERR_ARGUMENT");
});

test("sockets close with the service that owns them, after what it wrote", async (t) => {
  const { make, snax } = await world(t, {
    main: server(
      `socket.start(id); socket.write(id, "bye\\n"); if (await socket.readline(id) === "x") skynet.exit();`,
    ),
  });
  const main = await make("main");
  const port = (await main.req.port()) as number;
  const peer = await dial(t, port);
  assert.equal(await peer.line(), "bye");
  await snax.exit(main);
  assert.equal(await peer.ended(), "");
  const late = await dial(t, port).catch((error: NodeJS.ErrnoException) => error.code);
  assert.equal(late, "ECONNREFUSED");
});

test("another service may write to a socket but not read it, until it is abandoned and started there", async (t) => {
  const { make } = await world(
    t,
    {
      main: server(
        `socket.start(id); notes.push(id);`,
        `abandon(id: number) { socket.abandon(id); },`,
      ),
      other: `
      import { socket } from "snax";
      export const response = {
        write(id: number) { return socket.write(id, "hello\\n"); },
        read(id: number) { return socket.readline(id); },
        start(id: number) { return socket.start(id); },
      };
    `,
    },
    ONE_THREAD,
  );
  const main = await make("main");
  const other = await make("other");
  const peer = await dial(t, (await main.req.port()) as number);
  let [id] = (await main.req.notes()) as number[];
  while (id === undefined) [id] = (await main.req.notes()) as number[];
  assert.equal(await other.req.write(id), true);
  assert.equal(await peer.line(), "hello");
  assert.equal(await codeOfFailure(other.req.read(id)), "ERR_SOCKET");
  peer.write("for the reader\n");
  await main.req.abandon(id);
  assert.equal(await other.req.start(id), id);
  assert.equal(await other.req.read(id), "for the reader");
  assert.equal(await codeOfFailure(main.req.abandon(id)), "ERR_SOCKET");
});

test("one reader at a time; what is no socket is refused with ERR_SOCKET", async (t) => {
  const { make } = await world(t, {
    main: server(
      `socket.start(id); notes.push(id);`,
      `two(id: number) { void socket.read(id); return socket.read(id); },
       read(id: number) { return socket.read(id); },`,
    ),
  });
  const main = await make("main");
  await dial(t, (await main.req.port()) as number);
  let [id] = (await main.req.notes()) as number[];
  while (id === undefined) [id] = (await main.req.notes()) as number[];
  assert.equal(await codeOfFailure(main.req.two(id)), "ERR_SOCKET");
  assert.equal(await codeOfFailure(main.req.read(4711)), "ERR_SOCKET");
});

test("a handler in queue mode can wait for what comes in", async (t) => {
  const { make } = await world(t, {
    main: `
      import { socket } from "snax";
      let port = 0;
      export async function init() {
        const listened = await socket.listen("127.0.0.1", 0);
        port = listened.port;
        socket.start(listened.id, async (id) => {
          socket.start(id);
          socket.write(id, (await socket.readline(id)) + "!\\n");
        });
        return "queue";
      }
      export const response = {
        async run() {
          const id = await socket.open("127.0.0.1", port);
          socket.write(id, "queue\\n");
          return await socket.readline(id);
        },
      };
    `,
  });
  const main = await make("main");
  assert.equal(await main.req.run(), "queue!");
});

test("an error thrown for one connection is logged under the service and ends nothing", async (t) => {
  const { make, log } = await world(t, {
    main: server(`
      socket.start(id);
      if (await socket.readline(id) === "throw") throw new Error("planted");
      socket.write(id, "alive\\n");
    `),
  });
  const main = await make("main");
  const port = (await main.req.port()) as number;
  const first = await dial(t, port);
  first.write("throw\n");
  const second = await dial(t, port);
  second.write("go on\n");
  assert.equal(await second.line(), "alive");
  assert.ok((await log()).some((line) => line.includes("planted")));
});
