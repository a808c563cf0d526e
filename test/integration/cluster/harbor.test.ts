/** A network of harbors: names, messages in both directions, and what becomes of a harbor that goes. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config } from "snax";
import { LINK_QUEUE_MAX } from "../../../src/base/limits.ts";
import { encodePacket, encodeSlaveMessage } from "../../../src/cluster/wire/harbor-packet.ts";
import { encodeSeri } from "../../../src/wire/lua-seri.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { network } from "./harbors.ts";
import type { Talker } from "./harbors.ts";
import { createRandom } from "../../../src/base/random.ts";

test("a service is called by its global name and by its handle, in both directions", async (t) => {
  const { first, join } = await network(t);
  const one = await first.talker("ONE");
  const second = await join(2);
  const two = await second.talker("TWO");
  equal(one.handle >>> 24, 1);
  equal(two.handle >>> 24, 2);
  // Registered before harbor 2 was there, and after.
  deepEqual(await two.ask("call", "ONE", "E", 1, "a", [true, { x: 1.5 }]), [
    1,
    "a",
    [true, { x: 1.5 }],
  ]);
  deepEqual(await one.ask("call", "TWO", "E", 1, 2), [1, 2]);
  equal(await one.ask("call", two.handle, "ONE", "by handle"), "by handle");
  equal(await one.ask("call", "TWO", "EMPTY"), undefined);
  deepEqual(await one.ask("call", "TWO", "ONE", [1, 2]), [1, 2]);
  equal(await one.ask("call", "TWO", "SOURCE"), one.handle);
  equal((await one.ask("call", "TWO", "BIG", 1_000_000)).length, 1_000_000);
  equal(await one.ask("send", two.handle, "PUT", "hi"), true);
  deepEqual(await one.ask("call", "TWO", "GOT"), [["hi"]]);
});

for (const [here, there] of [
  [2, 0],
  [0, 2],
  [2, 2],
] as const) {
  test(`each service reaches each one of another harbor, whose numbers are like its own: threads ${here} and ${there}`, async (t) => {
    const { first, join } = await network(t, { thread: here });
    const second = await join(2, { thread: there });
    const ones: Talker[] = [];
    const twos: Talker[] = [];
    for (let number = 0; number < 5; number += 1) {
      ones.push(await first.talker(`ONE${number}`));
      twos.push(await second.talker(`TWO${number}`));
    }
    for (const [from, to] of [
      [ones, twos],
      [twos, ones],
    ] as const) {
      for (const each of from) {
        const sources = to.map(({ handle }) => each.ask("within", 10_000, handle, "SOURCE"));
        deepEqual(
          await Promise.all(sources),
          to.map(() => each.handle),
        );
        for (const { handle } of to) await each.ask("send", handle, "PUT", each.handle);
      }
    }
    // A call behind what was sent: what had gone astray would not be there.
    for (const each of ones) {
      for (const two of twos) await each.ask("call", two.handle, "EMPTY");
      for (const two of twos) await two.ask("call", each.handle, "EMPTY");
    }
    for (const [to, from] of [
      [ones, twos],
      [twos, ones],
    ] as const) {
      const senders = from.map(({ handle }) => [handle]);
      for (const each of to) deepEqual(await each.ask("GOT"), senders);
    }
  });
}

test("an error, a dead service and a death end the call", async (t) => {
  const { first, join } = await network(t);
  const one = await first.talker("ONE");
  const second = await join(2);
  const two = await second.talker("TWO");
  const boom = await failureOf(one.ask("call", "TWO", "BOOM"));
  equal(boom.code, "ERR_REMOTE");
  match(boom.message, new RegExp(`:0${two.handle.toString(16)} of another harbor: call failed`));
  equal(await codeOfFailure(one.ask("call", "TWO", "EXIT")), "ERR_REMOTE");
  equal(await codeOfFailure(one.ask("call", two.handle, "ONE", 1)), "ERR_REMOTE");
  // Another service follows it under the name, as soon as the master has told of it.
  await second.talker("TWO");
  let answer: string;
  do answer = await codeOfFailure(one.ask("call", "TWO", "ONE", 1));
  while (answer === "ERR_REMOTE");
  equal(answer, "resolved to 1");
});

test("what is asked of a name that no service has waits for it, and so does queryname", async (t) => {
  const { first, join } = await network(t);
  const second = await join(2);
  const [one, two] = [await first.talker(), await second.talker()];
  const called = two.ask("call", "LATE", "ONE", "come");
  const queried = two.ask("harbor", "queryname", "LATE");
  const late = await first.talker("LATE");
  equal(await called, "come");
  equal(await queried, late.handle);
  equal(await two.ask("harbor", "queryname", "LATE"), late.handle);
  equal(await one.ask("harbor", "queryname", "LATE"), late.handle);
  equal(await two.ask("harbor", "globalname", "LATE"), false);
  equal(await two.ask("harbor", "globalname", "MINE"), true);
  equal(await one.ask("harbor", "queryname", "MINE"), two.handle);
});

test("only what has a global name or is exposed can be reached", async (t) => {
  const { first, join } = await network(t);
  const second = await join(2, { cluster: { skynet: { expose: [".shown"] } } });
  const one = await first.talker();
  const [hidden, shown, named] = [
    await second.talker(),
    await second.talker(".shown"),
    await second.talker("NAMED"),
  ];
  equal(await codeOfFailure(one.ask("call", hidden.handle, "ONE", 1)), "ERR_REMOTE");
  equal(await one.ask("call", shown.handle, "ONE", 1), 1);
  equal(await one.ask("call", "NAMED", "ONE", 1), 1);
  const launcher = (2 << 24) | 3;
  equal(
    await codeOfFailure(one.ask("call", launcher, "LAUNCH", "snlua", "debug_console", 0)),
    "ERR_REMOTE",
  );
  const state = await second.skynet.call<any>(".cslave", "debug", "INFO");
  equal(state.refused["not exposed"], 2);
  const log = await second.log();
  ok(log.some((line) => /asks for :02000003, which is not exposed/.test(line)));
  // The manager of the master's node starts nothing for others.
  const two = await second.talker();
  equal(await codeOfFailure(two.ask("unique", true, "talker", "X")), "ERR_REMOTE");
  const unique = await one.ask("unique", true, "talker", "X");
  equal(await two.ask("unique", true, "talker", "X"), unique);
  equal(await two.ask("query", true, "talker"), unique);
  // Neither debug messages nor others.
  equal(await codeOfFailure(one.ask("type", "debug", named.handle, "STAT")), "ERR_NO_PROTOCOL");
});

test("calls of a harbor that goes end at once, and later ones too", async (t) => {
  const { first, join } = await network(t);
  const second = await join(2);
  const [one, two] = [await first.talker(), await second.talker("TWO")];
  const waiting = one.ask(
    "all",
    Array.from({ length: 200 }, () => ["TWO", "NEVER"]),
  );
  const linked = one.ask("harbor", "link", 2);
  equal(await one.ask("call", "TWO", "ONE", 1), 1);
  await second.stop();
  for (const { reason } of await waiting) {
    // What the node answered in its last moment is an error too.
    ok(["ERR_NODE_DOWN", "ERR_REMOTE"].includes(reason.code), reason.code);
  }
  equal(await linked, undefined);
  const late = await failureOf(one.ask("call", "TWO", "ONE", 1));
  deepEqual([late.code, late.data], ["ERR_NODE_DOWN", { node: "harbor 2", sent: false }]);
  equal(await codeOfFailure(one.ask("call", two.handle, "ONE", 1)), "ERR_NODE_DOWN");
  equal(await one.ask("harbor", "link", 2), undefined);
  // As in skynet its id can't come back.
  equal(await codeOfFailure(join(2)), "ERR_CONNECT");
  const log = await first.log();
  ok(log.some((line) => line.includes("Slave 2 already register on 127.0.0.1:")));
  ok(log.includes("slave 2 is down"));
});

test("harbors that come later are connected to all, and told of the master's end", async (t) => {
  const { first, join } = await network(t);
  const one = await first.talker();
  const connected = one.ask("harbor", "connect", 3);
  const second = await join(2);
  const third = await join(3);
  await connected;
  const [two, three] = [await second.talker("TWO"), await third.talker("THREE")];
  equal(await two.ask("call", "THREE", "ONE", 2), 2);
  equal(await three.ask("call", "TWO", "ONE", 3), 3);
  const lost = two.ask("harbor", "linkmaster");
  equal(await codeOfFailure(two.ask("harbor", "link", 0)), "ERR_ARGUMENT");
  await first.stop();
  equal(await lost, undefined);
  equal(await two.ask("call", "THREE", "ONE", 4), 4);
});

test("the log tells of the start in skynet's words, and the list shows cmaster and cslave", async (t) => {
  const { first, join, master } = await network(t);
  const second = await join(2);
  const titles = (list: Record<string, string>): string[] =>
    Object.entries(list).map((row) => row.join(" "));
  deepEqual(titles(await first.skynet.call<any>(".launcher", "lua", "LIST")).slice(0, 4), [
    ":01000004 snlua cmaster",
    ":01000005 snlua cslave",
    ":01000007 snlua datacenterd",
    ":01000008 snlua service_mgr",
  ]);
  deepEqual(titles(await second.skynet.call<any>(".launcher", "lua", "LIST")).slice(0, 2), [
    ":02000004 snlua cslave",
    ":02000006 snlua service_mgr",
  ]);
  const log = await first.log();
  const at = (line: RegExp): number => log.findIndex((text) => line.test(text));
  const lines = [
    /^LAUNCH snlua cmaster/,
    new RegExp(`^master listen socket ${master}$`),
    /^LAUNCH snlua cslave/,
    new RegExp(`^slave connect to master ${master}$`),
    /^LAUNCH snlua harbor 1 16777221$/,
    /^Harbor 1 \(fd=\d+\) report 127\.0\.0\.1:\d+$/,
    /^Waiting for 0 harbors$/,
    /^Shakehand ready$/,
    /^LAUNCH snlua datacenterd/,
    /^LAUNCH snlua service_mgr/,
  ];
  const places = lines.map(at);
  deepEqual(
    places,
    places.toSorted((a, b) => a - b),
    JSON.stringify(places),
  );
  ok(!places.includes(-1), JSON.stringify(places));
  const theirs = await second.log();
  for (const line of [
    /^Waiting for 1 harbors$/,
    /^New connection \(fd = \d+, /,
    /^Harbor 1 connected \(fd = \d+\)$/,
  ]) {
    ok(
      theirs.some((text) => line.test(text)),
      String(line),
    );
  }
});

test("the data center is the master's, for all", async (t) => {
  const { first, join } = await network(t);
  const second = await join(2);
  await second.skynet.call("DATACENTER", "lua", "UPDATE", "a", "b", 7);
  equal(await first.skynet.call("DATACENTER", "lua", "QUERY", "a", "b"), 7);
});

test("several results stay several, also from a service of another thread", async (t) => {
  const { first, join } = await network(t, { thread: 2 });
  const second = await join(2, { thread: 2 });
  const [one, two] = [await first.talker("ONE"), await second.talker("TWO")];
  deepEqual(await one.ask("call", "TWO", "E", 1, "a"), [1, "a"]);
  deepEqual(await one.ask("call", "TWO", "ONE", [1, "a"]), [1, "a"]);
  // Two results, and one that is a list, are not the same to skynet.
  const far = await second.talker("FAR");
  const calls = [
    ["ONE", "E", 1, 2],
    ["ONE", "ONE", [1, 2]],
  ];
  deepEqual(await far.ask("call", ...(calls[0] as [string])), [1, 2]);
  deepEqual(await two.ask("call", ...(calls[1] as [string])), [1, 2]);
  await second.stop();
  equal(await codeOfFailure(one.ask("call", two.handle, "ONE", 1)), "ERR_NODE_DOWN");
});

test("a network of harbors needs a master and an address", async (t) => {
  const place = "127.0.0.1:1";
  for (const [config, missing] of [
    [{ harbor: 1 }, "master"],
    [{ harbor: 1, address: 0 }, "master"],
    [{ harbor: 1, master: place }, "address"],
  ] as const) {
    const error = await failureOf(world(t, {}, config));
    equal(error.code, "ERR_CONFIG");
    ok(error.message.endsWith(`${missing} is missing`), error.message);
  }
  const whole = { harbor: 1, master: place, address: 0 };
  for (const wrong of [{ master: 2013 }, { address: "no" }, { standalone: "" }, { harbor: 256 }]) {
    equal(await codeOfFailure(world(t, {}, { ...whole, ...wrong } as Config)), "ERR_CONFIG");
  }
  // No service is there.
  const absent = { ...whole, master: `127.0.0.1:${await freePort()}` };
  const error = await failureOf(world(t, {}, absent));
  equal(error.code, "ERR_CONNECT");
  ok(error.message.startsWith("Can't connect to master 127.0.0.1:"), error.message);
});

test("messages for a harbor that is not there yet wait, LINK_QUEUE_MAX of them", async (t) => {
  const { first, join } = await network(t, { thread: 0 });
  const one = await first.talker();
  const unknown = (9 << 24) | 77;
  equal(await one.ask("flood", unknown, LINK_QUEUE_MAX), undefined);
  const error = await failureOf(one.ask("flood", unknown, 1));
  deepEqual([error.code, error.data], ["ERR_EXHAUSTED", { node: "harbor 9", sent: false }]);
  match(error.message, /LINK_QUEUE_MAX; the message was not sent/);
  equal(await codeOfFailure(one.ask("call", unknown, "ONE", 1)), "ERR_EXHAUSTED");
  // The way to others is free.
  const second = await join(2);
  const two = await second.talker("TWO");
  equal(await one.ask("call", two.handle, "ONE", 1), 1);
});

/** A harbor that a test plays: it says what the test wants. */
async function impostor(t: TestContext, master: string, id: number): Promise<Socket> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const dialled = once(server, "connection") as Promise<[Socket]>;
  const [host = "", at] = master.split(":");
  const slave = connect(Number(at), host);
  t.after(() => slave.destroy());
  slave.write(encodeSlaveMessage({ kind: "hello", id, place: `127.0.0.1:${port}` }));
  const [socket] = await dialled;
  t.after(() => socket.destroy());
  await once(socket, "data");
  socket.write(Buffer.from([id]));
  return socket;
}

const lua = (source: number, index: number, session: number, ...values: unknown[]): Buffer =>
  encodePacket({ source, type: 10, index, session, payload: encodeSeri(values) });

test("what a harbor must not send is refused, with a reason that is counted", async (t) => {
  const { first, master } = await network(t);
  const one = await first.talker("ONE");
  const index = one.handle & 0xffffff;
  const socket = await impostor(t, master, 9);
  const source = (9 << 24) | 5;
  socket.write(lua(source, index, 1, "ONE", "hello"));
  const [answer] = (await once(socket, "data")) as [Buffer];
  // As skynet: the length, the value, who answers, the type and for whom, the session.
  const value = Buffer.from(encodeSeri(["hello"])).toString("hex");
  const from = one.handle.toString(16).padStart(8, "0");
  equal(answer.toString("hex"), `00000012${value}${from}0100000500000001`);
  socket.write(
    Buffer.concat([
      // In the name of another harbor, of a wrong type, with values that can't be read.
      lua((7 << 24) | 5, index, 2, "ONE", 1),
      encodePacket({ source, type: 9, index, session: 3, payload: encodeSeri(["RUN", "x"]) }),
      encodePacket({ source, type: 10, index, session: 4, payload: Buffer.from([0xff, 0xff]) }),
      lua(source, 3, 5, "LIST"),
      // An answer without a waiting caller.
      encodePacket({ source, type: 1, index, session: 77, payload: new Uint8Array() }),
    ]),
  );
  // Three errors, without words.
  for (let size = 0; size < 3 * 16;) size += ((await once(socket, "data")) as [Buffer])[0].length;
  socket.write(Buffer.from([0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  await once(socket, "close");
  const state = await first.skynet.call<any>(".cslave", "debug", "INFO");
  deepEqual(state.refused, {
    ...{ "wrong sender": 1, "wrong type": 1, "not delivered": 1, "not exposed": 1 },
    "packet too short": 1,
  });
  equal(state.harbors[9].state, "down");
  const second = await impostor(t, master, 10);
  second.resume();
  second.write(Buffer.from([1, 0, 0, 0]));
  await once(second, "close");
  const later = await first.skynet.call<any>(".cslave", "debug", "INFO");
  equal(later.refused["packet too long"], 1);
});

test("a name that no service can have here costs no harbor its master", async (t) => {
  const { first, join, master } = await network(t);
  await first.talker("ONE");
  const second = await join(2);
  const two = await second.talker();
  const [host = "", port] = master.split(":");
  const slave = connect(Number(port), host);
  t.after(() => slave.destroy());
  const names = ["1", "7777"];
  slave.write(
    Buffer.concat([
      encodeSlaveMessage({ kind: "hello", id: 30, place: `127.0.0.1:${port}` }),
      ...names.map((name) =>
        encodeSlaveMessage({ kind: "register", name, handle: (30 << 24) | 9 }),
      ),
      encodeSlaveMessage({ kind: "register", name: "GOOD", handle: (30 << 24) | 10 }),
    ]),
  );
  equal(await second.skynet.call(".cslave", "lua", "QUERYNAME", "GOOD"), (30 << 24) | 10);
  equal(await two.ask("call", "ONE", "ONE", "still"), "still");
  for (const node of [first, second]) {
    const { master: isThere, refused } = await node.skynet.call<any>(".cslave", "debug", "INFO");
    equal(isThere, true);
    ok(refused["no name here"] >= 2, JSON.stringify(refused));
  }
});

test("mutated bytes at the master's port and at a harbor's: the node lives, and its network works", async (t) => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed=${seed}`);
  const { below: random } = createRandom(seed);
  const { first, join, master } = await network(t);
  const one = await first.talker("ONE");
  const second = await join(2);
  const two = await second.talker();
  const [host = "", port] = master.split(":");
  const noise = (bytes: Buffer): Buffer => {
    for (let n = random(4); n > 0; n--) bytes[random(bytes.length)] = random(256);
    return bytes;
  };
  // First, for noise may take its id.
  const harbor = await impostor(t, master, 19);
  harbor.on("error", () => {});
  harbor.resume();
  const index = one.handle & 0xffffff;
  const packets = Array.from({ length: 300 }, (_, n) => noise(lua((19 << 24) | 5, index, n, "E")));
  harbor.end(Buffer.concat(packets));
  await once(harbor, "close");
  for (let round = 0; round < 30; round++) {
    const socket = connect(Number(port), host);
    socket.on("error", () => {});
    socket.resume();
    const id = 20 + random(200);
    // The place as it is: others would be looked up by name.
    const hello = encodeSlaveMessage({ kind: "hello", id, place: `127.0.0.1:${port}` });
    if (random(2) === 0) noise(hello.subarray(0, 5));
    const name = encodeSlaveMessage({ kind: "register", name: "X", handle: (id << 24) | 9 });
    socket.end(Buffer.concat([hello, noise(name), noise(Buffer.alloc(1 + random(40)))]));
    await once(socket, "close");
  }
  equal(await two.ask("call", "ONE", "ONE", "still"), "still");
});
