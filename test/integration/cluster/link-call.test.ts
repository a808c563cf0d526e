/** Calls over a link between two nodes of snax: values, errors, names, references, snax services. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { World } from "../../world.ts";
import { addFiles, codeOfFailure, failureOf, world } from "../../world.ts";
import { clusterOf } from "./pair.ts";
import { linkedPair, linkPlaceOf, startClient, startDb, TOKEN } from "./links.ts";

test("values go and come back as between services of one node", async (t) => {
  const { db, cluster } = await linkedPair(t);
  await db.skynet.newservice("echo");
  const values: unknown[] = [
    undefined,
    null,
    true,
    -0,
    2 ** 40,
    10n ** 30n,
    "再见",
    "x".repeat(100_000),
    Array.from({ length: 3 }).fill(7, 1, 2),
    { a: { b: [{ c: 1 }] } },
    new Map([["k", new Set([1])]]),
    new Date(5),
    new Uint8Array([1, 2, 3]),
    /a+/gi,
  ];
  for (const value of values) deepEqual(await cluster.call("db", "@echo", "ONE", value), value);
  const round: unknown[] = [];
  round.push(round);
  const back = await cluster.call<unknown[]>("db", "@echo", "ONE", round);
  equal(back[0], back);
  deepEqual(await cluster.call("db", "@echo", "E", 1, "b"), [1, "b"]);
  equal(await cluster.call("db", "@echo", "EMPTY"), undefined);
  const players = Array.from({ length: 300 }, (_each, id) => ({
    id,
    name: `p${id}`,
    at: { x: id },
  }));
  const answers = await Promise.all(players.map((one) => cluster.call("db", "@echo", "ONE", one)));
  deepEqual(answers, players);
});

test("2,000 calls at once, large ones among them, are answered each with its own", async (t) => {
  const { db, cluster } = await linkedPair(t);
  await db.skynet.newservice("echo");
  const sizes = Array.from({ length: 2000 }, (_each, index) =>
    index % 100 === 0 ? 200_000 + index : index % 50,
  );
  const answers = await Promise.all(
    sizes.map((size) => cluster.call<string>("db", "@echo", "BIG", size)),
  );
  deepEqual(
    answers.map(({ length }) => length),
    sizes,
  );
});

test("pushes and calls of one service arrive in the order in which they were sent", async (t) => {
  const { db, cluster } = await linkedPair(t);
  await db.skynet.newservice("echo");
  for (let index = 0; index < 100; index += 1) {
    const filling = index % 10 === 0 ? "x".repeat(50_000) : "";
    await cluster.send("db", "@echo", "PUT", index, filling);
  }
  const got = await cluster.call<[number, string][]>("db", "@echo", "GOT");
  deepEqual(
    got.map(([index]) => index),
    Array.from({ length: 100 }, (_each, index) => index),
  );
});

test("errors keep code, data, stack and where they arose", async (t) => {
  const { db, cluster } = await linkedPair(t, {
    bad: `
      import { cluster, skynet, SnaxError } from "snax";
      skynet.start(async () => {
        skynet.dispatch("lua", (_session, _source, what) => {
          if (what === "coded") throw new SnaxError("ERR_NO_TABLE", "no such table", { data: { table: "t" } });
          throw new RangeError("out of it", { cause: new Error("deep") });
        });
        await cluster.register("bad");
      });
    `,
  });
  const bad = await db.skynet.newservice("bad");
  const coded = await failureOf(cluster.call("db", "@bad", "coded"));
  deepEqual(
    [coded.code, coded.message, coded.data],
    ["ERR_NO_TABLE", "no such table", { table: "t" }],
  );
  equal(coded.remote, `db :${bad.toString(16).padStart(8, "0")}`);
  const plain = await failureOf(cluster.call("db", "@bad", "plain"));
  ok(plain instanceof RangeError);
  equal((plain.cause as Error).message, "deep");
  match(plain.stack ?? "", /bad\.ts:6:\d+[^]*at node db/);
});

test("what can't be sent is refused with its place, and the link goes on", async (t) => {
  const { db, cluster, place } = await linkedPair(t, {
    far: `
      import { cluster, skynet, snax } from "snax";
      skynet.start(async () => {
        skynet.dispatch("lua", (_session, _source, what) => {
          if (what === "function") return { deep: { run: () => {} } };
          if (what === "service") return snax.bind(skynet.self(), "far");
          return what === "shared" ? new SharedArrayBuffer(8) : what;
        });
        await cluster.register("far");
      });
    `,
  });
  await db.skynet.newservice("far");
  const sender = await world(
    t,
    {
      sender: `
        import { cluster, snax } from "snax";
        export const response = {
          run: async (what) => {
            const value = { function: { a: 1, run() {} }, service: snax.self(), shared: new SharedArrayBuffer(8) }[what];
            return await cluster.call("db", "@far", 1, value).then(String, (error) => error.code + " " + error.message);
          },
        };
      `,
    },
    { cluster: { nodes: { db: place }, token: TOKEN } },
  );
  const { req } = await sender.make("sender");
  match(await req.run("function"), /^ERR_NOT_SENDABLE argument 2 \.run is a function/);
  match(await req.run("service"), /^ERR_NOT_SENDABLE .*means a service of this node/);
  match(await req.run("shared"), /^ERR_NOT_SENDABLE shared memory can't be sent to another node/);
  for (const what of ["function", "service", "shared"]) {
    equal(await codeOfFailure(cluster.call("db", "@far", what)), "ERR_NOT_SENDABLE", what);
  }
  deepEqual(await cluster.call("db", "@far", { fine: true }), { fine: true });
});

/** The first on its node that uses the link: what it says waits until the link's handle is known. */
const FIRST = `
  import { cluster } from "snax";
  const refused = [() => {}, new SharedArrayBuffer(8)];
  const codeOf = (error) => error.code;
  export const response = {
    push: async () => {
      let code;
      try {
        cluster.send("db", "@echo", "PUT", refused[0]);
      } catch (error) {
        code = error.code;
      }
      cluster.send("db", "@echo", "PUT", refused[1]);
      return [code, await cluster.call("db", "@echo", "ONE", "behind")];
    },
    call: async () => {
      const value = { text: "as it was" };
      const calls = refused.map((what) => cluster.call("db", "@echo", "ONE", what).catch(codeOf));
      const answer = cluster.call("db", "@echo", "ONE", value);
      value.text = "as it became";
      return [...(await Promise.all(calls)), await answer];
    },
  };
`;

test("what is said before the link is known arrives as it was said; what can't be sent keeps nothing back", async (t) => {
  const { db, place } = await linkedPair(t);
  await db.skynet.newservice("echo");
  const start = (): Promise<World> =>
    world(t, { first: FIRST }, { cluster: { nodes: { db: place }, token: TOKEN } });
  const [one, two] = [await start(), await start()];
  const { req } = await one.make("first");
  deepEqual(await req.push(), ["ERR_NOT_SENDABLE", "behind"]);
  match((await one.log()).join("\n"), /a push to db is lost: shared memory can't be sent/);
  const codes = ["ERR_NOT_SENDABLE", "ERR_NOT_SENDABLE"];
  deepEqual(await (await two.make("first")).req.call(), [...codes, { text: "as it was" }]);
});

test("a name that no service has, a service that is dead, and a handler that ends its service", async (t) => {
  const { db, cluster } = await linkedPair(t);
  equal(await codeOfFailure(cluster.call("db", "@echo", "ONE")), "ERR_NO_SERVICE");
  equal(await codeOfFailure(cluster.query("db", "echo")), "ERR_NO_SERVICE");
  await db.skynet.newservice("echo");
  const handle = await cluster.query("db", "echo");
  equal(await cluster.call("db", handle, "ONE", 1), 1);
  equal(await codeOfFailure(cluster.call("db", "@echo", "EXIT")), "ERR_SERVICE_DEAD");
  equal(await codeOfFailure(cluster.call("db", "@echo", "ONE", 1)), "ERR_SERVICE_DEAD");
});

test("only what is exposed is reached; the rest is ERR_FORBIDDEN, counted, and logged with the node that asks", async (t) => {
  const { db, cluster } = await linkedPair(
    t,
    {
      named: `
      import { skynet } from "snax";
      skynet.start((name) => { skynet.dispatch("lua", () => name); skynet.register(name); });
    `,
    },
    { skynet: { expose: [".shown"] } },
  );
  await db.skynet.newservice("named", ".hidden");
  await db.skynet.newservice("named", ".shown");
  equal(await cluster.call("db", ".shown"), ".shown");
  const places = [
    ".launcher",
    ".logger",
    ".hidden",
    ".clusterd",
    ".service",
    "DATACENTER",
    "NOBODY",
  ];
  for (const place of places) {
    equal(await codeOfFailure(cluster.call("db", place, "LIST")), "ERR_FORBIDDEN", place);
    await cluster.send("db", place, "KILL", 1);
  }
  // Behind the last push.
  equal(await cluster.call("db", ".shown"), ".shown");
  const lines = (await db.log()).filter((line) => line.includes("which is not exposed"));
  match(lines[0] ?? "", /^client at 127\.0\.0\.1:\d+ asks for \.launcher, which is not exposed/);
  const info = await db.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(info.refused, { "not exposed": 2 * places.length });
});

test("a bare handle is refused: it does not say of which process it is", async (t) => {
  const { db, cluster } = await linkedPair(t);
  const echo = await db.skynet.newservice("echo");
  equal(await codeOfFailure(cluster.call("db", echo, "ONE", 1)), "ERR_ARGUMENT");
  await db.skynet.newservice("echo", "other");
  const reference = await cluster.query("db", "echo");
  ok(reference > 0xffffffff);
  equal(await cluster.call("db", reference, "SELF"), echo);
});

const PING = `
  export const response = { ping: (text) => "pong " + text, fail: () => { throw new TypeError("no"); } };
  let heard = [];
  export const accept = { hello: (text) => void heard.push(text) };
  response.heard = () => heard;
`;

test("a snax service of another node is used as one of this node, without its file", async (t) => {
  const { db, caller, client } = await linkedPair(t, { ping: PING });
  const ping = await db.snax.uniqueservice<any>("ping");
  const req = (address: unknown, ...args: unknown[]): Promise<unknown> =>
    caller.req.req("db", "ping", address, ...args) as Promise<unknown>;
  equal(await codeOfFailure(req(undefined, "ping")), "ERR_FORBIDDEN");
  await clusterOf(await db.make("caller")).register("ping", ping.handle);
  equal(await req(undefined, "ping", "a"), "pong a");
  equal(await req("@ping", "ping", "b"), "pong b");
  await caller.req.post("db", "ping", "@ping", "hello", "there");
  deepEqual(await req("@ping", "heard"), ["there"]);
  const failure = await failureOf(req("@ping", "fail"));
  ok(failure instanceof TypeError);
  equal(await codeOfFailure(req("@ping", "nothing")), "ERR_NO_METHOD");
  equal(await codeOfFailure(req("@ping", "hello")), "ERR_NO_METHOD");
  equal(client.skynet.localname(".ping"), undefined);
});

test("deadlines end calls; what comes later is dropped, and the link goes on", async (t) => {
  const { db, cluster } = await linkedPair(t);
  await db.skynet.newservice("echo");
  equal(await codeOfFailure(cluster.within(20).call("db", "@echo", "NEVER")), "ERR_TIMEOUT");
  const late = cluster.within(10).call("db", "@echo", "SLEEP", 30);
  equal(await codeOfFailure(late), "ERR_TIMEOUT");
  equal(await cluster.call("db", "@echo", "SLEEP", 40), "slept");
  deepEqual((await cluster.call<any>("db", "@echo", "ONE", { a: 1 })).a, 1);
});

/** Calls as soon as a file is there, and writes another one when all calls have ended. */
const FORGETS = `
  import { existsSync, renameSync, writeFileSync } from "node:fs";
  import { cluster } from "snax";
  export const response = {
    say: (number) => cluster.call("db", "@echo", "PUT", number),
    run: async (numbers, file) => {
      writeFileSync(file + ".begun", "");
      while (!existsSync(file + ".go"));
      const calls = numbers.map((number) => cluster.within(20).call("db", "@echo", "PUT", number));
      const ends = await Promise.allSettled(calls);
      // The file is there only when it is whole.
      writeFileSync(file + ".part", ends.map(({ reason }) => String(reason?.code)).join());
      renameSync(file + ".part", file);
    },
  };
`;

for (const [state, isLinked] of [
  ["with the link there", true],
  ["with the link made only then", false],
] as const) {
  test(`what timed out while the thread of the links was busy does not run later, ${state}`, async (t) => {
    const db = await startDb(t);
    await db.skynet.newservice("echo");
    const place = await linkPlaceOf(db);
    const { client, cluster } = await startClient(t, place, {}, { thread: 2 });
    addFiles(client.folder, { forgets: FORGETS });
    const caller = await client.make("forgets");
    if (isLinked) await caller.req.say("before");
    const file = join(client.folder, "ends");
    const running = caller.req.run([1, 2, 3], file);
    while (!existsSync(`${file}.begun`)) await client.skynet.sleep(1);
    // Links are on the main thread, which is the test's: the calls wait until it goes on.
    writeFileSync(`${file}.go`, "");
    const givenUp = performance.now() + 20_000;
    while (!existsSync(file)) ok(performance.now() < givenUp, "the calls do not end");
    equal(readFileSync(file, "utf8"), "ERR_TIMEOUT,ERR_TIMEOUT,ERR_TIMEOUT");
    await running;
    await caller.req.say("after");
    const got = await cluster.call<[unknown][]>("db", "@echo", "GOT");
    deepEqual(got.flat(), isLinked ? ["before", "after"] : ["after"]);
  });
}

test("nodes of worker threads call each other as any others", async (t) => {
  const db = await startDb(t, {}, {}, { thread: 2 });
  const place = await linkPlaceOf(db);
  const echo = await db.skynet.at(2).newservice("echo");
  const { cluster, caller } = await startClient(t, place, {}, { thread: 2 });
  for (let index = 0; index < 50; index += 1) {
    const value = { index, list: [index] };
    deepEqual(await cluster.call("db", "@echo", "ONE", value), value);
  }
  deepEqual(await cluster.call("db", "@echo", "E", 1, 2), [1, 2]);
  const boom = await failureOf(cluster.call("db", "@echo", "BOOM"));
  deepEqual([boom.code, boom.message], ["ERR_REMOTE", "boom from the other side"]);
  equal(await codeOfFailure(cluster.call("db", "@echo", "CLASS")), "ERR_NOT_SENDABLE");
  equal(await codeOfFailure(cluster.within(20).call("db", "@echo", "NEVER")), "ERR_TIMEOUT");
  const waiting = codeOfFailure(cluster.call("db", "@echo", "NEVER"));
  const calls = Array.from({ length: 500 }, (_each, index) => ["db", "@echo", "ONE", index]);
  const ends = (await caller.req.all(calls)) as { value: number }[];
  deepEqual(
    ends.map(({ value }) => value),
    Array.from(ends.keys()),
  );
  db.skynet.kill(echo);
  equal(await waiting, "ERR_SERVICE_DEAD");
  equal(await codeOfFailure(cluster.call("db", "@echo", "ONE", 1)), "ERR_SERVICE_DEAD");
});
