/** Sending: calls, posts, deadlines, names, selections. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, run, ONE_THREAD, world } from "../../world.ts";

const ECHO = `
  import { skynet } from "snax";
  skynet.start((name) => {
    skynet.dispatch("lua", (_s, _a, ...values) => values);
    if (name !== undefined) skynet.register(name);
  });
`;
const SLOW = `
  import { skynet } from "snax";
  skynet.start(() => skynet.dispatch("lua", async (_s, _a, ms) => { await skynet.sleep(ms); return ms; }));
`;

test("a call to an address without a service is rejected with ERR_SERVICE_DEAD", async (t) => {
  const { skynet } = await world(t, {});
  assert.equal(await codeOfFailure(skynet.call(0xffff, "lua")), "ERR_SERVICE_DEAD");
  assert.equal(skynet.send(0xffff, "lua"), false);
});

test("a call takes an address as number, as text, and by a local or global name", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const handle = await skynet.newservice("echo", ".echo");
  skynet.name("ECHO", handle);
  for (const address of [handle, skynet.address(handle), ".echo", "ECHO"]) {
    assert.deepEqual(await skynet.call(address, "lua", 1), [1], String(address));
    assert.equal(skynet.send(address, "lua", 1), true, String(address));
  }
});

test("a local name that no service has is refused at once", async (t) => {
  const { skynet } = await world(t, {});
  assert.equal(await codeOfFailure(skynet.call(".nobody", "lua")), "ERR_NO_SERVICE");
  assert.equal(skynet.send(".nobody", "lua"), false);
  assert.equal(skynet.localname(".nobody"), undefined);
});

test("a call and a post to a global name that no service has wait until a service has it", async (t) => {
  const { skynet } = await world(t, {
    late: `
      import { skynet } from "snax";
      const seen = [];
      skynet.start(() => {
        skynet.dispatch("lua", (session, _a, x) => { seen.push(x); return seen; });
        skynet.register("LATE");
      });
    `,
  });
  assert.equal(skynet.send("LATE", "lua", "post"), true);
  const call = skynet.call("LATE", "lua", "call");
  await skynet.newservice("late");
  assert.deepEqual(await call, ["post", "call"]);
});

test("the first service keeps a name, and a name dies with its service", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const first = await skynet.newservice("echo", ".one");
  const second = await skynet.newservice("echo");
  assert.equal(skynet.name(".one", second), false);
  assert.equal(skynet.localname(".one"), first);
  skynet.kill(".one");
  assert.equal(skynet.localname(".one"), undefined);
  assert.equal(skynet.name(".one", second), true);
});

test("an invalid address is refused with ERR_ARGUMENT", async (t) => {
  const { skynet } = await world(t, {});
  for (const address of [":xyz", "", undefined, {}]) {
    assert.equal(await codeOfFailure(skynet.call(address as never, "lua")), "ERR_ARGUMENT");
  }
});

test("values that can't be sent are refused with the path to them, and nothing is sent", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const handle = await skynet.newservice("echo");
  const error = await failureOf(skynet.call(handle, "lua", 1, { deep: [{ onDone: () => 1 }] }));
  assert.equal(error.code, "ERR_NOT_SENDABLE");
  assert.match(error.message, /^argument 2 .*deep.*onDone is a function$/);
  assert.throws(() => skynet.send(handle, "lua", Symbol("s")), { code: "ERR_NOT_SENDABLE" });
  assert.equal(
    await codeOfFailure(skynet.call(handle, "lua", Promise.resolve())),
    "ERR_NOT_SENDABLE",
  );
});

test("arguments and results are copies", async (t) => {
  const { skynet } = await world(t, { echo: ECHO });
  const sent = { list: [1, 2], map: new Map([["k", new Date(5)]]), self: undefined as unknown };
  sent.self = sent;
  const [copy] = await skynet.call<[typeof sent]>(await skynet.newservice("echo"), "lua", sent);
  assert.notEqual(copy, sent);
  assert.deepEqual(copy.map.get("k"), new Date(5));
  assert.equal(copy.self, copy);
});

test("messages of one sender arrive in order, calls and posts alike", async (t) => {
  const { skynet } = await world(t, {
    list: `
      import { skynet } from "snax";
      const seen = [];
      skynet.start(() => skynet.dispatch("lua", (_s, _a, x) => { seen.push(x); return seen; }));
    `,
  });
  const handle = await skynet.newservice("list");
  const calls = [];
  for (let index = 0; index < 20; index += 1) {
    if (index % 3 === 0) calls.push(skynet.call(handle, "lua", index));
    else skynet.send(handle, "lua", index);
  }
  await Promise.all(calls);
  const expected = Array.from({ length: 20 }, (_, index) => index);
  assert.deepEqual(await skynet.call(handle, "lua", 20), [...expected, 20]);
});

test("within gives a call a deadline: ERR_TIMEOUT with address and time", async (t) => {
  const { skynet } = await world(t, { slow: SLOW });
  const handle = await skynet.newservice("slow");
  const error = await failureOf(skynet.within(5).call(handle, "lua", 10_000));
  assert.equal(error.code, "ERR_TIMEOUT");
  assert.deepEqual(error.data, { handle, ms: 5 });
  assert.equal(await skynet.within(10_000).call(handle, "lua", 1), 1);
});

test("a late answer to a call that timed out goes nowhere", async (t) => {
  const { skynet, log } = await world(t, { slow: SLOW });
  const handle = await skynet.newservice("slow");
  assert.equal(await codeOfFailure(skynet.within(1).call(handle, "lua", 15)), "ERR_TIMEOUT");
  assert.equal(await skynet.call(handle, "lua", 20), 20);
  assert.deepEqual(
    (await log()).filter((line) => line.includes("error")),
    [],
  );
});

test("a deadline that is no time is refused with ERR_ARGUMENT", async (t) => {
  const { skynet, snax } = await world(t, {});
  for (const ms of [0, -1, Number.NaN, "5"]) {
    assert.throws(() => skynet.within(ms as number), { code: "ERR_ARGUMENT" });
    assert.throws(() => snax.within(ms as number), { code: "ERR_ARGUMENT" });
  }
});

test("calltimeout is the deadline of every call without one of its own", async (t) => {
  const { skynet } = await world(t, { slow: SLOW }, { calltimeout: 10 });
  const handle = await skynet.newservice("slow");
  assert.equal(await codeOfFailure(skynet.call(handle, "lua", 10_000)), "ERR_TIMEOUT");
  assert.equal(await skynet.within(10_000).call(handle, "lua", 15), 15);
});

test("a full mailbox refuses with ERR_MAILBOX_FULL", async (t) => {
  const { skynet } = await world(t, { slow: SLOW }, { ...ONE_THREAD, mailbox: 4 });
  const handle = await skynet.newservice("slow");
  for (let index = 0; index < 4; index += 1) skynet.send(handle, "lua", 0);
  assert.throws(() => skynet.send(handle, "lua", 0), { code: "ERR_MAILBOX_FULL" });
  assert.equal(await codeOfFailure(skynet.call(handle, "lua", 0)), "ERR_MAILBOX_FULL");
});

test("select yields answers as they come, errors among them", async (t) => {
  const { skynet } = await world(t, { slow: SLOW });
  const handle = await skynet.newservice("slow");
  const requests = skynet.request([handle, "lua", 20], [0xffff, "lua"]).add(handle, "lua", 1);
  const seen = [];
  for await (const { request, value, error } of requests.select()) {
    seen.push(error === undefined ? value : (error as { code: string }).code);
    assert.equal(request[1], "lua");
  }
  assert.deepEqual(seen, ["ERR_SERVICE_DEAD", 1, 20]);
  assert.equal(requests.timeout, false);
});

test("select ends early after its time and says so", async (t) => {
  const { skynet } = await world(t, { slow: SLOW });
  const handle = await skynet.newservice("slow");
  const requests = skynet.request([handle, "lua", 1], [handle, "lua", 10_000]);
  const seen = [];
  for await (const { value } of requests.select(20)) seen.push(value);
  assert.deepEqual([seen, requests.timeout], [[1], true]);
  assert.throws(() => requests.select(), { code: "ERR_ARGUMENT" });
});

test("a loop can leave a selection before its end", async (t) => {
  const { skynet } = await world(t, { slow: SLOW });
  const handle = await skynet.newservice("slow");
  for await (const { value } of skynet
    .request([handle, "lua", 10_000], [handle, "lua", 1])
    .select()) {
    assert.equal(value, 1);
    break;
  }
});

test("pack and unpack are each other's reverse, as bytes and as a string", async (t) => {
  const { skynet } = await world(t, {});
  const bytes = skynet.pack(1, "a", true);
  assert.deepEqual([...bytes], [0x0a, 0x01, 0x0c, 0x61, 0x09]);
  assert.deepEqual(skynet.unpack(bytes), [1, "a", true]);
  assert.deepEqual(skynet.unpack(skynet.packstring(1, "ä") as never), [1, "ä"]);
});

test("API functions may be taken out of the object, and a frozen object works", async (t) => {
  const answer = await run(t, {
    echo: ECHO,
    main: `
      import { skynet, snax } from "snax";
      const { call, newservice } = skynet;
      Object.freeze(skynet); Object.freeze(snax);
      export const response = { async run() {
        const handle = await newservice("echo");
        const p = snax.self();
        Object.freeze(p.req);
        return [await call(handle, "lua", 1), skynet.self() === p.handle, await p.req.one()];
      }, one: () => 1 };
    `,
  });
  assert.deepEqual(answer, [[1], true, 1]);
});
