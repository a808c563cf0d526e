/** Sockets of other kinds: IPv6, unix, TLS, datagrams. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { networkInterfaces, platform } from "node:os";
import { test } from "node:test";
import { packAddress, unpackAddress } from "../../../src/net/datagram.ts";
import { codeOfFailure, world } from "../../world.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

/** A service that listens, answers lines in capitals, and talks to itself. */
const ECHO = `
  import { socket } from "snax";
  import type { ListenOptions, OpenOptions } from "snax";
  const peers: string[] = [];
  export const response = {
    async serve(options: ListenOptions) {
      const listened = await socket.listen(options);
      socket.start(listened.id, async (id, peer) => {
        peers.push(peer);
        socket.start(id);
        for (let line = await socket.readline(id); line !== undefined; line = await socket.readline(id)) {
          socket.write(id, line.toUpperCase() + "\\n");
        }
        await socket.close(id);
      });
      return listened;
    },
    async ask(options: OpenOptions, line: string) {
      const id = await socket.open(options);
      socket.write(id, line + "\\n");
      const answer = await socket.readline(id);
      await socket.close(id);
      return answer;
    },
    peers() { return peers; },
    close(id: number) { return socket.close(id); },
  };
`;

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === "::1"),
);

test("IPv6 addresses are listened on and connected to", { skip: !hasIpv6 }, async (t) => {
  const { make } = await world(t, { main: ECHO });
  const main = await make("main");
  const { port } = (await main.req.serve({ host: "::1", port: 0 })) as { port: number };
  assert.equal(await main.req.ask({ host: "::1", port }, "six"), "SIX");
  assert.match(((await main.req.peers()) as string[])[0] ?? "", /^\[::1\]:\d+$/);
});

test(
  "unix sockets are listened on and connected to",
  { skip: platform() === "win32" },
  async (t) => {
    const { make, folder } = await world(t, { main: ECHO });
    const main = await make("main");
    const path = `${folder}/sock`;
    const { id } = (await main.req.serve({ path })) as { id: number };
    assert.equal(await main.req.ask({ path }, "unix"), "UNIX");
    assert.deepEqual(await main.req.peers(), ["unix"]);
    await main.req.close(id);
    assert.equal(existsSync(path), false);
  },
);

test("TLS is spoken on both sides, and a certificate that no authority has signed is ERR_CONNECT", async (t) => {
  const { make } = await world(t, { main: ECHO });
  const main = await make("main");
  const tls = { key: KEY, cert: CERTIFICATE };
  const { port } = (await main.req.serve({ host: "127.0.0.1", port: 0, tls })) as { port: number };
  const place = { host: "localhost", port };
  assert.equal(await main.req.ask({ ...place, tls: { ca: CERTIFICATE } }, "secret"), "SECRET");
  assert.equal(await codeOfFailure(main.req.ask({ ...place, tls: true }, "secret")), "ERR_CONNECT");
  assert.equal(await main.req.ask({ ...place, tls: { ca: CERTIFICATE } }, "again"), "AGAIN");
});

test("datagrams are sent, answered and connected", async (t) => {
  const { make } = await world(t, {
    main: `
      import { socket } from "snax";
      export const response = {
        async run() {
          const host = await socket.udp((data, from) => {
            socket.sendto(host, from, data.toString().toUpperCase());
          }, "127.0.0.1", 0);
          const place = (await socket.netstat()).find(({ id }) => id === host)!.place;
          const port = Number(place.split(":")[1]);
          const seen: unknown[] = [];
          let told = () => {};
          const answered = new Promise<void>((resolve) => (told = resolve));
          const client = await socket.udp((data, from) => {
            seen.push(String(data), socket.udp_address(from).port === port);
            told();
          });
          seen.push(socket.write(client, "nowhere"));
          await socket.udp_connect(client, "127.0.0.1", port);
          seen.push(socket.write(client, "hello"));
          await answered;
          await socket.close(client);
          return [...seen, socket.invalid(client)];
        },
      };
    `,
  });
  const main = await make("main");
  assert.deepEqual(await main.req.run(), [false, true, "HELLO", true, true]);
});

test(
  "datagrams go over IPv6 from a socket that has an address of it, and to no other family",
  { skip: !hasIpv6 && "no IPv6 here" },
  async (t) => {
    const { make } = await world(t, {
      main: `
      import { socket } from "snax";
      export const response = {
        async run(place: string) {
          const host = await socket.udp((data, from) => {
            socket.sendto(host, from, data.toString().toUpperCase());
          }, place, 0);
          const name = (await socket.netstat()).find(({ id }) => id === host)!.place;
          const port = Number(/\\d+$/.exec(name)![0]);
          let told: (text: string) => void = () => {};
          const answered = new Promise<string>((resolve) => (told = resolve));
          const client = await socket.udp((data, from) => {
            told(data + " from " + socket.udp_address(from).address);
          }, "::");
          const to = Buffer.concat([Buffer.from([2, port >> 8, port & 255]), Buffer.alloc(15), Buffer.from([1])]);
          socket.sendto(client, to, "hello");
          const four = await socket.udp(() => {});
          const codes = [[client, Buffer.from([1, 0, 9, 127, 0, 0, 1])], [four, to]].map(([id, where]: any) => {
            try { return socket.sendto(id, where, "x"); } catch (error: any) { return error.code; }
          });
          return [await answered, ...codes, socket.disconnected(client)];
        },
      };
    `,
    });
    const main = await make("main");
    for (const place of ["::1", "::"]) {
      const refused = ["ERR_ARGUMENT", "ERR_ARGUMENT"];
      assert.deepEqual(await main.req.run(place), [
        "HELLO from 0:0:0:0:0:0:0:1",
        ...refused,
        false,
      ]);
    }
  },
);

test("the address of a datagram is written as skynet writes it", () => {
  assert.equal(packAddress("127.0.0.1", 8888).toString("hex"), "0122b87f000001");
  const six = packAddress("fe80::1:2%lo", 1);
  assert.equal(six.toString("hex"), "020001fe800000000000000000000000010002");
  assert.deepEqual(unpackAddress(six), { address: "fe80:0:0:0:0:0:1:2", port: 1 });
  assert.deepEqual(unpackAddress(packAddress("::ffff:1.2.3.4", 7)), {
    address: "0:0:0:0:0:ffff:102:304",
    port: 7,
  });
  assert.throws(() => unpackAddress(Buffer.from("nonsense")), { code: "ERR_ARGUMENT" });
});
