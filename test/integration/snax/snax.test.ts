/** Typed services: methods, service objects, and values in messages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { codeOfFailure, failureOf, run, world } from "../../world.ts";

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
  assert.equal(inspect(p), `[counter:${handle.toString(16).padStart(8, "0")}]`);
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
    main: `export const response = { take: () => 1, give: () => ({ a: { b: () => 1 } }) };
      export const accept = { hear() {} };`,
  });
  const p = await make("main");
  const argument = await failureOf(p.req.take(1, { list: [() => 1] }));
  assert.match(argument.message, /^argument 2 .*list.*is a function, in request main\.take$/);
  assert.throws(
    () => p.post.hear(() => 1),
    /^SnaxError: argument 1 is a function, in post main\.hear$/,
  );
  const result = await failureOf(p.req.give());
  assert.match(
    result.message,
    /^result .*a\.b is a function, in the answer to request main\.give$/,
  );
  assert.deepEqual([argument.code, result.code], ["ERR_NOT_SENDABLE", "ERR_NOT_SENDABLE"]);
});

test("a method that is asked for in the wrong group is named with the right one", async (t) => {
  const { make } = await world(t, {
    main: `export const response = { buy: () => 1 }; export const accept = { note() {} };`,
  });
  const p = await make("main");
  assert.throws(
    () => p.post.buy(),
    /accept or subscribe; it has one under response: use req\.buy$/,
  );
  assert.throws(() => p.post.nothing(), /has no method nothing under accept or subscribe$/);
  const error = await failureOf(p.req.note());
  assert.match(
    error.message,
    /no response method note; it has one under accept or subscribe: use post\.note$/,
  );
  assert.match((await failureOf(p.req.nothing())).message, /no response method nothing$/);
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

test("without profile nothing is counted", async (t) => {
  const { snax } = await world(t, { counter: COUNTER }, { profile: false });
  const p = await snax.newservice<any>("counter");
  assert.equal(await p.req.get(), 0);
  assert.deepEqual(await snax.profile_info(p), {});
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
