/** Services on worker threads: where they live, what passes between them, and the death of a thread. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";

const TWO = { thread: 2 };

const WHERE = `
  import { threadId } from "node:worker_threads";
  import { skynet, snax } from "snax";
  let seen: unknown[] = [];
  export const response = {
    where() { return threadId; },
    echo(value: unknown) { return value; },
    async near() { return (await snax.at("near").newservice<any>("where")).req.where(); },
    ask(other: any, method: string, ...args: unknown[]) { return other.req[method](...args); },
    async flood(other: any, count: number) {
      for (let n = 0; n < count; n += 1) {
        if (n % 3 === 0) other.post.note(n, "x".repeat(n % 7 === 0 ? 300_000 : 10));
        else if (n % 3 === 1) other.req.note(n).catch(() => {});
        else other.post.note(n, new Uint8Array(5));
      }
      return other.req.seen();
    },
    note(n: number) { seen.push(n); },
    seen() { return seen; },
    fail() { throw Object.assign(new TypeError("not today"), { data: { a: 1 } }); },
    bad(other: any) { return other.req.echo({ list: [1, () => {}] }); },
    exit() { process.exit(3); },
    hang() { return new Promise(() => {}); },
    setenv(key: string, value: unknown) { skynet.setenv(key, value); },
    getenv(key: string) { return skynet.getenv(key); },
    register(name: string) { return skynet.register(name); },
  };
  export const accept = { note(n: number) { seen.push(n); } };
  export function init(...args: unknown[]) { if (args[0] === "leave") process.exit(1); }
`;

test("new services go to the thread with the fewest, near to the caller's, and where they are told to", async (t) => {
  const { snax } = await world(t, { where: WHERE }, TWO);
  const [a, b, c] = [
    await snax.newservice<any>("where"),
    await snax.newservice<any>("where"),
    await snax.at(2).newservice<any>("where"),
  ];
  const places = await Promise.all([a, b, c].map((service) => service.req.where()));
  notEqual(places[0], places[1]);
  equal(places[2], places[1]);
  equal(await a.req.near(), places[0]);
  ok(!places.includes(0), "no service of a program lives on the main thread");
  for (const place of [0, 3, -1, "far", 1.5]) {
    equal(await codeOfFailure(Promise.resolve().then(() => snax.at(place as 1))), "ERR_ARGUMENT");
  }
});

test("values, errors and service objects arrive on another thread as they do on the same", async (t) => {
  const { snax } = await world(t, { where: WHERE }, TWO);
  const one = await snax.at(1).newservice<any>("where");
  const two = await snax.at(2).newservice<any>("where");
  const value = {
    date: new Date(5),
    map: new Map([["k", [1, 2n, null]]]),
    bytes: new Uint8Array(3),
  };
  deepEqual(await one.req.ask(two, "echo", value), value);
  const shared = new SharedArrayBuffer(4);
  const back = await one.req.echo(shared);
  new Uint8Array(back)[0] = 7;
  equal(new Uint8Array(shared)[0], 7);
  const error = await failureOf(one.req.ask(two, "fail"));
  deepEqual(
    [error.constructor.name, error.message, error.code],
    ["TypeError", "not today", "ERR_REMOTE"],
  );
  deepEqual(error.data, { a: 1 });
  const refusal = await failureOf(one.req.bad(two));
  equal(refusal.code, "ERR_NOT_SENDABLE");
  match(refusal.message, /argument 1 \.list\[1\] is a function/);
});

test("between two threads messages keep their order, large and small, calls and posts", async (t) => {
  const { snax } = await world(t, { where: WHERE }, TWO);
  const one = await snax.at(1).newservice<any>("where");
  const two = await snax.at(2).newservice<any>("where");
  const seen = await one.req.flood(two, 500);
  deepEqual(
    seen,
    Array.from({ length: 500 }, (_, n) => n),
  );
});

test("a call by a client's protocol ends on another thread as on the same, and a client's message is no call", async (t) => {
  const { skynet } = await world(
    t,
    {
      agent: `
        import { skynet } from "snax";
        const got: unknown[] = [];
        skynet.dispatch("client", (session, _source, word) => {
          got.push(session);
          if (word === "throw") throw new Error("not today");
          return word;
        });
        skynet.dispatch("lua", () => got.length);`,
      deaf: `import { skynet } from "snax"; skynet.start(() => {});`,
    },
    TWO,
  );
  for (const thread of [1, 2]) {
    const agent = await skynet.at(thread).newservice("agent");
    const deaf = await skynet.at(thread).newservice("deaf");
    equal(await skynet.call(agent, "client", "word"), "word");
    equal(await codeOfFailure(skynet.call(agent, "client", "throw")), "ERR_REMOTE");
    equal(await codeOfFailure(skynet.call(deaf, "client")), "ERR_NO_PROTOCOL");
    // As a gate sends it: the session is the number of a connection.
    equal(skynet.redirect(agent, 0, "client", 77, "word"), true);
    equal(await skynet.call(agent, "lua"), 3);
  }
});

test("names and the environment are the same on all threads, at once", async (t) => {
  const { snax, skynet } = await world(t, { where: WHERE }, TWO);
  const one = await snax.at(1).newservice<any>("where");
  const two = await snax.at(2).newservice<any>("where");
  const call = skynet.call("LATE", "debug", "PING");
  equal(await one.req.register("LATE"), true);
  await call;
  equal(await two.req.register("LATE"), false);
  await one.req.setenv("shared", { a: [1] });
  deepEqual(await two.req.getenv("shared"), { a: [1] });
  deepEqual(skynet.getenv("shared"), { a: [1] });
  equal((await failureOf(two.req.setenv("shared", 2))).code, "ERR_ARGUMENT");
});

test("a thread that ends fails every call to its services, and the others go on", async (t) => {
  const { snax, skynet, log } = await world(t, { where: WHERE }, TWO);
  const one = await snax.at(1).newservice<any>("where");
  const two = await snax.at(2).newservice<any>("where");
  equal(await one.req.register(".one"), true);
  const calls = [one.req.hang(), two.req.ask(one, "hang"), one.req.exit()];
  deepEqual(await Promise.all(calls.map(codeOfFailure)), Array(3).fill("ERR_SERVICE_DEAD"));
  equal(await codeOfFailure(one.req.where()), "ERR_SERVICE_DEAD");
  equal(skynet.localname(".one"), undefined);
  equal(await two.req.echo("still here"), "still here");
  const again = await snax.at(1).newservice<any>("where");
  equal(await again.req.register(".one"), true);
  equal(await two.req.ask(again, "echo", 5), 5);
  ok(
    (await log()).some((line) =>
      line.startsWith("thread 1 has died with 1 services: its process.exit was called"),
    ),
  );
});

test("a service that takes its thread down while it begins fails its start", async (t) => {
  const { snax } = await world(t, { where: WHERE }, TWO);
  equal(await codeOfFailure(snax.newservice<any>("where", "leave")), "ERR_SERVICE_DEAD");
  equal(await (await snax.newservice<any>("where")).req.echo(1), 1);
});

test("a patch for all reaches every thread, and services born on a thread that took another's place", async (t) => {
  const { snax } = await world(t, { where: WHERE }, TWO);
  const one = await snax.at(1).newservice<any>("where");
  const two = await snax.at(2).newservice<any>("where");
  const patch = `export const response = { echo() { return "patched"; } };`;
  const { applied } = await snax.hotfixall<any>("where", patch);
  deepEqual(
    applied.toSorted((a, b) => a - b),
    [one.handle, two.handle],
  );
  deepEqual(await Promise.all([one.req.echo(), two.req.echo()]), ["patched", "patched"]);
  await codeOfFailure(one.req.exit());
  equal(await (await snax.at(1).newservice<any>("where")).req.echo(), "patched");
  equal((await failureOf(snax.hotfixall<any>("where", "let x = ;"))).code, "ERR_SYNTAX");
  equal(snax.patches().length, 2);
});

test("a message whose getter sends another one to the same thread loses neither", async (t) => {
  const { snax } = await world(
    t,
    {
      where: WHERE,
      nested: `
        export const response = {
          run(other: any) {
            const inner = { get value() { other.post.note(1); return 0; } };
            other.post.note(0, inner);
            other.post.note(2);
            return other.req.seen();
          },
        };`,
    },
    TWO,
  );
  const two = await snax.at(2).newservice<any>("where");
  const seen = await (await snax.at(1).newservice<any>("nested")).req.run(two);
  deepEqual(seen.toSorted(), [0, 1, 2]);
});

const PHOENIX = `
  import { skynet } from "snax";
  let lives = "";
  export const response = {
    self() { return [skynet.self(), lives]; },
    burn() { process.exit(1); },
  };
  export function init(wish: object, word: string, state: { n: number }) {
    skynet.restart(wish);
    state.n += 1;
    lives = word + state.n;
    skynet.register("." + word);
  }
`;

test("a service that asks for it is brought back when its thread has died, until it was too often", async (t) => {
  const { snax, skynet, log } = await world(t, { phoenix: PHOENIX }, TWO);
  const wish = { intensity: 2, period: 60_000, backoff: 1 };
  await snax.newservice<any>("phoenix", wish, "bird", { n: 0 });
  const back = async (): Promise<unknown> => {
    for (;;) {
      const handle = skynet.localname(".bird");
      if (handle !== undefined) return snax.bind<any>(handle, "phoenix");
      await skynet.sleep(1);
    }
  };
  const handles = new Set<number>();
  for (let life = 0; life < 3; life += 1) {
    const bird = (await back()) as any;
    const [handle, lives] = await bird.req.self();
    // Its arguments are those of the first start, not what the service has made of them.
    equal(lives, "bird1");
    handles.add(handle);
    await codeOfFailure(bird.req.burn());
  }
  equal(handles.size, 3);
  let told: string[] = [];
  while (told.length === 0) {
    told = (await log()).filter((line) => line.includes("not brought back"));
  }
  equal(skynet.localname(".bird"), undefined);
  deepEqual(told, ["snax phoenix is not brought back: 2 restarts within 60000 ms are its limit"]);
});

test("a unique service that is brought back is still the only one of its name", async (t) => {
  const { snax, skynet } = await world(t, { phoenix: PHOENIX }, TWO);
  const first = await snax.uniqueservice<any>("phoenix", {}, "one", { n: 0 });
  await codeOfFailure(first.req.burn());
  const second = await snax.uniqueservice<any>("phoenix", {}, "other", { n: 0 });
  const [handle, lives] = await second.req.self();
  notEqual(handle, first.handle);
  // The launcher or the program starts it, the one that comes first; there is one.
  ok(lives === "one1" || lives === "other1", lives);
  equal((await snax.uniqueservice<any>("phoenix")).handle, handle);
  equal(skynet.localname("." + lives.slice(0, -1)), handle);
});

test("a wish to be brought back belongs to the beginning, and has to be one", async (t) => {
  const { snax } = await world(
    t,
    {
      wisher: `
        import { skynet } from "snax";
        export const response = { late() { skynet.restart(); } };
        export function init(wish: object) { skynet.restart(wish); }`,
    },
    TWO,
  );
  const wisher = await snax.newservice<any>("wisher");
  equal(await codeOfFailure(wisher.req.late()), "ERR_ARGUMENT");
  for (const wish of [{ intensity: -1 }, { period: "x" }, { backoff: 2 ** 31 }]) {
    equal(await codeOfFailure(snax.newservice<any>("wisher", wish)), "ERR_ARGUMENT");
  }
});

test("services of another thread that are killed at once all end, and their callers are told", async (t) => {
  const { snax, skynet } = await world(
    t,
    {
      waiter: `export const response = { hang: () => new Promise(() => {}), hello: () => "hello" };`,
    },
    { thread: 2 },
  );
  const far = snax.at(2);
  const all = await Promise.all(Array.from({ length: 100 }, () => far.newservice<any>("waiter")));
  const last = await far.newservice<any>("waiter");
  const calls = all.map((one) => codeOfFailure(one.req.hang()));
  equal(await last.req.hello(), "hello");
  for (const { handle } of all) skynet.kill(handle);
  for (const one of all) equal(await codeOfFailure(one.req.hello()), "ERR_SERVICE_DEAD");
  deepEqual(new Set(await Promise.all(calls)), new Set(["ERR_SERVICE_DEAD"]));
  equal(await last.req.hello(), "hello");
});
