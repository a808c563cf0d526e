/** A client that ends its side, as `nc -N` does at the end of its input, is answered by gates and by httpd. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { GateCounts } from "snax";
import { world } from "../../world.ts";
import { gateWorld, until } from "./gate-world.ts";
import type { GateWorld } from "./gate-world.ts";
import { dial, frameOf } from "./peer.ts";

/** Sends bytes and the end, and returns all that comes back. */
async function ending(t: TestContext, port: number, bytes: string | Buffer): Promise<string> {
  const peer = await dial(t, port);
  peer.socket.end(bytes);
  return await peer.ended();
}

/** The counts of a gate whose clients have all gone. */
const countsAfter = ({ skynet, gate }: GateWorld): Promise<GateCounts> =>
  until(
    () => skynet.call<GateCounts>(gate, "lua", "counts"),
    ({ clients }) => clients === 0,
  );

test("messages that came before the end are answered by the agent, whatever the framing", async (t) => {
  const line = await gateWorld(t, "`you said ${text}`", { framing: "line" });
  assert.equal(await ending(t, line.port, "hello\nthere\n"), "you said hello\nyou said there\n");
  assert.equal(await ending(t, line.port, ""), "");
  assert.deepEqual((await countsAfter(line)).cut, {});
  const two = await gateWorld(t, "text", { framing: 2 });
  assert.equal(await ending(t, two.port, frameOf("hello")), "\0\u0005hello");
  // More than the agent is given ahead, and more than the system takes at once.
  const many = Array.from({ length: 20_000 }, (_, n) => `message ${n}\n`).join("");
  assert.equal(await ending(t, line.port, many), many.replaceAll("message", "you said message"));
  const events = await until(two.events, (list) => list.some(([what]) => what === "close"));
  assert.deepEqual(
    events.map(([what]) => what),
    ["open", "close"],
  );
});

test("an answer that the agent gives after an await is sent, also from another thread", async (t) => {
  for (const thread of [0, 2]) {
    const here = await world(t, { main: MAIN, agent: AGENT, db: DB }, { thread });
    const main = await here.snax.newservice<any>("main");
    for (const place of thread === 0 ? ["near"] : ["near", 1, 2]) {
      const port = (await main.req.open(place)) as number;
      const answer = await ending(t, port, "one\ntwo\n");
      assert.equal(answer, "ONE\nTWO\n", `${thread} ${place}`);
      assert.deepEqual(await main.req.cut(), {});
    }
  }
});

test("a client without an agent is answered by the watchdog, or by the gate's own handler", async (t) => {
  const here = await world(t, { main: WATCHING, own: OWN, db: DB });
  const main = await here.snax.newservice<any>("main");
  assert.equal(await ending(t, await main.req.open(), "one\ntwo\n"), "ONE\nTWO\n");
  const own = await here.skynet.newservice("own");
  const { port } = await here.skynet.call<{ port: number }>(own, "lua", "open", {
    address: "127.0.0.1",
    port: 0,
    framing: "line",
  });
  assert.equal(await ending(t, port, "one\ntwo\n"), "ONE\nTWO\n");
});

test("a stream that ends inside a message has those before it answered, and is ERR_MALFORMED", async (t) => {
  const here = await gateWorld(t, "text", { framing: "line" });
  assert.equal(await ending(t, here.port, "hello\nrest"), "hello\n");
  assert.deepEqual((await countsAfter(here)).cut, { ERR_MALFORMED: 1 });
});

test("a client that has gone for good before its answer is no error", async (t) => {
  const here = await world(t, { main: MAIN, agent: AGENT, db: DB });
  const main = await here.snax.newservice<any>("main");
  const port = (await main.req.open("near")) as number;
  const peers = [];
  for (let count = 0; count < 10; count += 1) {
    const peer = await dial(t, port);
    peer.socket.end("held\nheld\n", () => peer.socket.destroy());
    peers.push(peer.ended());
  }
  await Promise.all(peers);
  // By the time at which this one is answered the ends of the others have been seen.
  for (let count = 0; count < 3; count += 1) {
    assert.equal(await ending(t, port, "one\n"), "ONE\n");
  }
  await here.skynet.call(await main.req.db(), "lua", "go");
  assert.deepEqual(await main.req.cut(), {});
});

test("a client whose agent never ends its handling is closed after GATE_ANSWER_MS", async (t) => {
  const here = await world(t, { main: MAIN, agent: AGENT, db: DB });
  const main = await here.snax.newservice<any>("main");
  assert.equal(await ending(t, await main.req.open("near"), "one\nnever\n"), "ONE\n");
  assert.deepEqual(await main.req.cut(), {});
});

test("a request to httpd is answered when its client has ended its side", async (t) => {
  const here = await world(t, {
    main: `
      import { httpd, skynet } from "snax";
      export const response = {
        async open() {
          const handle = async ({ path, body }: any) => { await skynet.sleep(1); return path + " " + body; };
          return (await httpd.listen({ port: 0 }, handle)).port;
        },
      };`,
  });
  const port = (await (await here.make("main")).req.open()) as number;
  const get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  assert.match(await ending(t, port, get), /^HTTP\/1\.1 200 .*\r\n\r\n\/a $/s);
  const post =
    "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  const both = await ending(t, port, post + get);
  assert.match(both, /\r\n\r\n\/b abcHTTP\/1\.1 200 .*\r\n\r\n\/a $/s);
  assert.match(await ending(t, port, "GET /a HTTP/1.1\r\nHo"), /^HTTP\/1\.1 400 /);
});

/** Answers slowly. */
const DB = `
  import { skynet } from "snax";
  const held: (() => void)[] = [];
  skynet.start(() => {
    skynet.dispatch("lua", async (_session, _source, text: string) => {
      if (text === "go") return held.forEach((end) => end());
      await skynet.sleep(1);
      if (text === "never") await skynet.wait();
      if (text === "held") await new Promise<void>((resolve) => held.push(resolve));
      return text.toUpperCase();
    });
  });`;

/** Opens a gate with agents at a place. */
const MAIN = `
  import { skynet } from "snax";
  let gate = 0, db = 0, place: any;
  export async function init() {
    db = await skynet.newservice("db");
    skynet.dispatch("lua", async (_session, _source, _socket, what: string, fd: number) => {
      if (what !== "open") return;
      const agent = await skynet.at(place).newservice("agent");
      await skynet.call(agent, "lua", gate, fd, db);
    });
  }
  export const response = {
    db() { return db; },
    async open(where: any) {
      place = where;
      gate = await skynet.at("near").newservice("gate");
      const options = { address: "127.0.0.1", port: 0, framing: "line" };
      return (await skynet.call<{ port: number }>(gate, "lua", "open", options)).port;
    },
    async cut() {
      for (;;) {
        const { clients, cut } = await skynet.call<any>(gate, "lua", "counts");
        if (clients === 0) return cut;
        await skynet.sleep(1);
      }
    },
  };`;

const AGENT = `
  import { skynet, socket } from "snax";
  let db = 0;
  skynet.start(() => {
    skynet.dispatch("client", async (fd: number, _source, data: Buffer) => {
      socket.send(fd, await skynet.call<string>(db, "lua", String(data)));
    });
    skynet.dispatch("lua", (_session, _source, gate: number, fd: number, other: number) => {
      db = other;
      return skynet.call(gate, "lua", "forward", fd);
    });
  });`;

/** A watchdog that answers by itself. */
const WATCHING = `
  import { skynet, socket } from "snax";
  let gate = 0;
  export async function init() {
    gate = await skynet.newservice("gate");
    skynet.dispatch("lua", (_session, _source, _socket, what: string, fd: number, data: Uint8Array) => {
      if (what === "open") skynet.send(gate, "lua", "accept", fd);
      if (what === "data") socket.send(fd, Buffer.from(data).toString().toUpperCase());
    });
  }
  export const response = {
    async open() {
      const options = { address: "127.0.0.1", port: 0, framing: "line" };
      return (await skynet.call<{ port: number }>(gate, "lua", "open", options)).port;
    },
  };`;

/** A gate of its own. */
const OWN = `
  import { gateserver, skynet, socket } from "snax";
  let db = 0;
  gateserver.start({
    async open() { db = await skynet.newservice("db"); },
    connect(fd: number) { gateserver.openclient(fd); },
    async message(fd: number, data: Buffer) {
      socket.send(fd, await skynet.call<string>(db, "lua", String(data)));
    },
  });`;
