/** Typed services: everything that API.md's section "snax" says, but for what changes running code. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { codeOfFailure, failureOf, run, world } from "./world.ts";

const COUNTER = `
  let n = 0;
  export const response = { get: () => n, add: (x) => (n += x), async later(x) { await null; return x; } };
  export const accept = { touch(x = 1) { n += x; } };
  export function init(start = 0) { n = start; }
`;

test("init gets the arguments and runs before the first message", async (t) => {
  const { snax } = await world(t, { counter: COUNTER });
  const p = await snax.newservice<any>("counter", 5);
  assert.equal(await p.req.get(), 5);
  assert.equal(p.type, "counter");
});

test("req resolves to the result; post and pub return nothing and arrive in order", async (t) => {
  const { make } = await world(t, { counter: COUNTER });
  const p = await make("counter");
  assert.equal(p.post.touch(2), undefined);
  assert.equal(p.pub.touch(3), undefined);
  assert.equal(await p.req.add(10), 15);
  assert.equal(await p.req.later("x"), "x");
});

test("accept and subscribe are one group under two names", async (t) => {
  const { make } = await world(t, {
    both: `
      let n = 0;
      export const response = { get: () => n };
      export const accept = { one() { n += 1; } };
      export const subscribe = { ten() { n += 10; } };
    `,
    clash: `export const accept = { x() {} }; export const subscribe = { x() {} };`,
  });
  const p = await make("both");
  p.post.one();
  p.pub.ten();
  assert.equal(await p.req.get(), 11);
  assert.equal(await codeOfFailure(make("clash")), "ERR_INIT");
});

test("groups and init must be what they are meant to be", async (t) => {
  const { make } = await world(t, {
    group: "export const response = 5;",
    init: "export const init = 5;",
  });
  assert.equal(await codeOfFailure(make("group")), "ERR_INIT");
  assert.equal(await codeOfFailure(make("init")), "ERR_INIT");
});

test("a method that the service does not have is ERR_NO_METHOD, whatever its name", async (t) => {
  const { make } = await world(t, { counter: COUNTER });
  const p = await make("counter");
  for (const name of [
    "nope",
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "touch",
    "init",
  ]) {
    const error = await failureOf(p.req[name]());
    assert.equal(error.code, "ERR_NO_METHOD", name);
    assert.match(
      error.message,
      new RegExp(`service counter :[0-9a-f]{8} has no response method ${name}`),
    );
  }
  for (const name of ["nope", "constructor", "__proto__", "toString", "get"]) {
    assert.throws(() => p.post[name](), { code: "ERR_NO_METHOD" }, name);
  }
  assert.equal(await p.req.get(), 0);
});

test("bind makes the same object from an address", async (t) => {
  const { snax } = await world(t, { counter: COUNTER });
  const handle = await snax.rawnewservice("counter" as never, ...([4] as never[]));
  const p = snax.bind<any>(handle, "counter");
  assert.equal(await p.req.get(), 4);
  assert.equal(String(p), `[counter:${handle.toString(16).padStart(8, "0")}]`);
  assert.equal(inspect(p), String(p));
  for (const wrong of [0, -1, 1.5, "1"]) {
    assert.throws(() => snax.bind(wrong as number, "counter" as never), { code: "ERR_ARGUMENT" });
  }
});

test("self is the service's own object", async (t) => {
  const answer = await run(t, {
    main: `
      import { skynet, snax } from "snax";
      export const response = {
        run: async () => [snax.self().handle === skynet.self(), snax.self().type, await snax.self().req.two()],
        two: () => 2,
      };
    `,
  });
  assert.deepEqual(answer, [true, "main", 2]);
});

test("a service object is no promise: it may be awaited and returned from async functions", async (t) => {
  const { make } = await world(t, { counter: COUNTER });
  const p = await make("counter", 3);
  const again = await (async () => await Promise.resolve(p))();
  assert.equal(again, p);
  assert.equal(await (await again.req).get(), 3);
});

test("a method called then works, and a frozen group too", async (t) => {
  const { make } = await world(t, {
    odd: `export const response = { then: (x) => x, get: () => 1 };`,
  });
  const p = await make("odd");
  assert.equal(await p.req["then"](5), 5);
  assert.equal(await Object.freeze(p.req).get(), 1);
});

test("service objects travel in messages, nested and in Maps, bound to their receiver", async (t) => {
  const { make, snax } = await world(t, {
    counter: COUNTER,
    user: `
      export const response = {
        use: async ({ deep: [p], map }) => [await p.req.add(1), await map.get("p").req.add(1), p === map.get("p")],
        give: (p) => ({ list: [p] }),
      };
    `,
  });
  const counter = await make("counter");
  const user = await make("user");
  const sent = { deep: [counter], map: new Map([["p", counter]]) };
  assert.deepEqual(await user.req.use(sent), [1, 2, true]);
  const back = await user.req.give(counter);
  assert.equal(back.list[0].handle, counter.handle);
  assert.equal(await back.list[0].req.get(), 2);
  await snax.kill(user);
  assert.equal(await back.list[0].req.get(), 2);
});

test("values that can't be sent are refused with the path, as argument and as result", async (t) => {
  const { make } = await world(t, {
    main: `export const response = { take: () => 1, give: () => ({ a: { b: () => 1 } }) };`,
  });
  const p = await make("main");
  const argument = await failureOf(p.req.take(1, { list: [() => 1] }));
  assert.match(argument.message, /^argument 2 .*list.*is a function$/);
  const result = await failureOf(p.req.give());
  assert.match(result.message, /^result .*a\.b is a function$/);
  assert.deepEqual([argument.code, result.code], ["ERR_NOT_SENDABLE", "ERR_NOT_SENDABLE"]);
});

test("exit runs with its arguments, then the service is gone", async (t) => {
  const files = {
    leaver: `
      import { skynet } from "snax";
      export const response = { get: () => 1 };
      export async function exit(...args) { await skynet.sleep(1); skynet.error("exit with", ...args); }
    `,
  };
  const { snax, log } = await world(t, files);
  const p = await snax.newservice<any>("leaver");
  await snax.exit(p, "bye", 7);
  const q = await snax.newservice<any>("leaver");
  await snax.kill(q, "kill");
  const lines = await log();
  assert.ok(lines.includes("exit with bye 7") && lines.includes("exit with kill"));
  assert.equal(await codeOfFailure(p.req.get()), "ERR_SERVICE_DEAD");
  assert.equal(await codeOfFailure(snax.exit(p)), "ERR_SERVICE_DEAD");
});

test("an exit that throws is logged, and the service ends all the same", async (t) => {
  const { snax, log } = await world(t, {
    sync: `export function exit() { throw new Error("exit broke"); }`,
    async: `export async function exit() { await null; throw new Error("exit broke later"); }`,
  });
  for (const name of ["sync", "async"]) {
    const p = await snax.newservice<any>(name);
    await snax.exit(p);
    assert.equal(await codeOfFailure(p.req.x()), "ERR_SERVICE_DEAD");
  }
  const lines = await log();
  assert.ok(lines.some((line) => line.startsWith("exit error : Error: exit broke later")));
});

test("exit without an object ends the caller, also in queue mode from the handler that runs", async (t) => {
  const { make, log } = await world(t, {
    leaver: `
      import { skynet, snax } from "snax";
      export const init = (mode) => mode;
      export const response = { async leave() { await snax.exit("own"); skynet.error("never"); } };
      export function exit(word) { skynet.error("exit", word); }
    `,
  });
  for (const mode of ["", "queue"]) {
    assert.equal(await codeOfFailure((await make("leaver", mode)).req.leave()), "ERR_SERVICE_DEAD");
  }
  const lines = await log();
  assert.deepEqual(lines.filter((line) => line === "exit own").length, 2);
  assert.ok(!lines.includes("never"));
});

test("what is no service object is refused by kill and profile_info", async (t) => {
  const { snax } = await world(t, {});
  for (const wrong of [undefined, 5, {}]) {
    assert.equal(await codeOfFailure(snax.kill(wrong as never)), "ERR_ARGUMENT");
    assert.equal(await codeOfFailure(snax.profile_info(wrong as never)), "ERR_ARGUMENT");
  }
});

const QUEUE = `
  import { skynet, snax } from "snax";
  const order = [];
  export const init = async () => "queue";
  export const response = {
    async slow(name, ms) { order.push(name); await skynet.sleep(ms); order.push(name); return name; },
    fast(name) { order.push(name); },
    async fail(name) { order.push(name); await skynet.sleep(1); throw new Error(name); },
    order: () => order,
    async self() { return await snax.self().req.order(); },
    async timer() { return await new Promise((resolve) => setTimeout(resolve, 2, "fired")); },
    exit: () => skynet.exit(),
  };
  export const accept = {
    async post(name, ms) { order.push(name); await skynet.sleep(ms); order.push(name); },
    async broken() { await null; throw new Error("broken post"); },
  };
`;

test("queue mode handles messages strictly one after the other, across awaits", async (t) => {
  const { make, log } = await world(t, { queue: QUEUE });
  const p = await make("queue");
  const first = p.req.slow("a", 5);
  const failing = codeOfFailure(p.req.fail("b"));
  p.post.post("c", 3);
  p.post.broken();
  p.req.fast("d");
  await Promise.all([first, failing]);
  assert.deepEqual(await p.req.order(), ["a", "a", "b", "c", "c", "d"]);
  assert.equal(await failing, "ERR_REMOTE");
  assert.ok(
    (await log()).some(
      (line) => line.includes("post queue.broken") && line.includes("broken post"),
    ),
  );
});

test("timers pass a handler that runs in queue mode", async (t) => {
  const { make } = await world(t, { queue: QUEUE });
  assert.equal(await (await make("queue")).req.timer(), "fired");
});

test("a service in queue mode that calls itself gets ERR_DEADLOCK and goes on", async (t) => {
  const { make } = await world(t, { queue: QUEUE });
  const p = await make("queue");
  assert.equal(await codeOfFailure(p.req.self()), "ERR_DEADLOCK");
  assert.deepEqual(await p.req.order(), []);
});

test("unique services by type: one for all, found by query, started anew after their death", async (t) => {
  const { snax } = await world(t, { counter: COUNTER });
  const asked = snax.queryservice<any>("counter");
  const [first, second] = await Promise.all([
    snax.uniqueservice<any>("counter", 3),
    snax.uniqueservice<any>("counter", 9),
  ]);
  assert.equal(first.handle, second.handle);
  assert.equal((await asked).handle, first.handle);
  assert.equal((await snax.globalservice<any>("counter")).handle, first.handle);
  assert.equal((await snax.queryglobal<any>("counter")).handle, first.handle);
  assert.equal(await second.req.get(), 3);
  await snax.kill(first);
  const third = await snax.uniqueservice<any>("counter", 1);
  assert.equal(await third.req.get(), 1);
});

test("numbers of methods are appended, never changed", async (t) => {
  const { snax } = await world(t, { counter: COUNTER });
  await snax.newservice<any>("counter");
  const { name, response, accept } = await snax.interface("counter" as never);
  assert.equal(name, "counter");
  assert.deepEqual(Object.keys(response), ["get", "add", "later"]);
  assert.deepEqual(Object.keys(accept), ["touch"]);
  const numbers = [...Object.values(response), ...Object.values(accept)];
  assert.deepEqual(numbers, [5, 6, 7, 8]);
  assert.equal(await codeOfFailure(snax.interface("nobody" as never)), "ERR_NO_SERVICE");
});

test("profile_info counts calls by method", async (t) => {
  const { snax } = await world(t, { counter: COUNTER });
  const p = await snax.newservice<any>("counter");
  await p.req.get();
  await p.req.get();
  p.post.touch();
  const info = await snax.profile_info(p);
  assert.deepEqual([info.get?.count, info.touch?.count, info.add], [2, 1, undefined]);
  assert.equal(typeof info.get?.time, "number");
});

test("without profile nobody counts", async (t) => {
  const { snax } = await world(t, { counter: COUNTER }, { profile: false });
  const p = await snax.newservice<any>("counter");
  assert.equal(await p.req.get(), 0);
  assert.deepEqual(await snax.profile_info(p), {});
});

test("within gives everything that waits a deadline, through objects too", async (t) => {
  const { snax } = await world(t, {
    slow: `
      import { skynet } from "snax";
      export const init = (ms) => skynet.sleep(ms);
      export const response = { wait: (ms) => skynet.sleep(ms) };
    `,
  });
  const hurried = snax.within(15);
  assert.equal(await codeOfFailure(hurried.newservice<any>("slow", 10_000)), "ERR_TIMEOUT");
  const p = await hurried.newservice<any>("slow", 0);
  assert.equal(await codeOfFailure(p.req.wait(10_000)), "ERR_TIMEOUT");
  assert.equal(
    await codeOfFailure(snax.bind<any>(p.handle, "slow").req.wait(1)),
    "resolved to undefined",
  );
});

test("at accepts the one thread there is", async (t) => {
  const { snax, skynet } = await world(t, { counter: COUNTER });
  assert.equal(await (await snax.at("near").newservice<any>("counter", 2)).req.get(), 2);
  assert.equal(typeof (await skynet.at(0).newservice("counter")), "number");
  for (const place of [1, -1, "far"]) {
    assert.throws(() => snax.at(place as never), { code: "ERR_ARGUMENT" });
    assert.throws(() => skynet.at(place as never), { code: "ERR_ARGUMENT" });
  }
});

test("printf logs a formatted line", async (t) => {
  const { snax, log } = await world(t, {});
  snax.printf("%s has %d", "room", 3);
  assert.ok((await log()).includes("room has 3"));
});

test("a detached response and ret work in snax methods too", async (t) => {
  const { make } = await world(t, {
    main: `
      import { skynet } from "snax";
      export const response = {
        early() { skynet.ret("early"); return "late"; },
        detached() { const answer = skynet.response(); setTimeout(() => answer(true, "detached"), 1); },
      };
    `,
  });
  const p = await make("main");
  assert.deepEqual([await p.req.early(), await p.req.detached()], ["early", "detached"]);
});
