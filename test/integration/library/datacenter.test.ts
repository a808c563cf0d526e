/** The data center: values by keys, and who waits for them. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { DATACENTER_WAITING_MAX } from "../../../src/base/limits.ts";
import type { DatacenterApi } from "snax";
import { codeOfFailure, failureOf, world } from "../../world.ts";

/** A service that does with the data center what it is told. */
const CLIENT = `
  import { datacenter, skynet } from "snax";
  export const response = {
    get: (...keys) => datacenter.get(...keys),
    set: (...keys) => datacenter.set(...keys),
    wait: (...keys) => datacenter.wait(...keys),
    soon: (...keys) => datacenter.within(5).wait(...keys),
  };
  export const accept = { die: () => skynet.exit() };
`;

type Client = Pick<DatacenterApi, "get" | "set" | "wait"> & { soon: DatacenterApi["wait"] };

async function client(t: TestContext): Promise<Client> {
  const { make } = await world(t, { client: CLIENT });
  return (await make("client")).req as unknown as Client;
}

test("a value is set, got, replaced and deleted; the one before is the answer", async (t) => {
  const { get, set } = await client(t);
  equal(await get("hello"), undefined);
  equal(await set("hello", "world"), undefined);
  equal(await get("hello"), "world");
  equal(await set("hello", 2), "world");
  equal(await set("hello", undefined), 2);
  equal(await get("hello"), undefined);
});

test("several keys lead through branches, which are made on the way", async (t) => {
  const { get, set } = await client(t);
  await set("key", "foobar", 1, "bingo");
  equal(await get("key", "foobar", 1), "bingo");
  deepEqual(await get("key"), new Map([["foobar", new Map([[1, "bingo"]])]]));
  equal(await get("key", "nothing", 1), undefined);
});

test("what lies in a value that was set whole is found and changed", async (t) => {
  const { get, set } = await client(t);
  await set("player", { name: "ann", bag: ["sword"], mail: new Map([[7, "hi"]]) });
  equal(await get("player", "bag", 0), "sword");
  equal(await get("player", "mail", 7), "hi");
  equal(await set("player", "bag", 1, "cup"), undefined);
  equal(await set("player", "name", "bob"), "ann");
  await set("player", "mail", 7, undefined);
  deepEqual(await get("player"), { name: "bob", bag: ["sword", "cup"], mail: new Map() });
});

test("a value is a copy, for the setter and for the getter", async (t) => {
  const { skynet } = await world(t, {});
  const list = [1];
  await skynet.call("DATACENTER", "lua", "UPDATE", "list", list);
  list.push(2);
  const got = await skynet.call<number[]>("DATACENTER", "lua", "QUERY", "list");
  got.push(3);
  deepEqual(await skynet.call("DATACENTER", "lua", "QUERY", "list"), [1]);
});

test("a key that leads through a value that is no branch is refused, and changes nothing", async (t) => {
  const { get, set } = await client(t);
  await set("a", "b", "text");
  const error = await failureOf(get("a", "b", "c"));
  deepEqual([error.code, error.message], ["ERR_ARGUMENT", "datacenter: a.b is a value, no branch"]);
  equal(await codeOfFailure(set("a", "b", "c", 1)), "ERR_ARGUMENT");
  equal(await codeOfFailure(set("a", "b", "c", undefined)), "ERR_ARGUMENT");
  equal(await get("a", "b"), "text");
});

test("keys that can't be keys are refused", async (t) => {
  const { get, set } = await client(t);
  for (const keys of [[], [undefined], [{}], [NaN]]) {
    equal(await codeOfFailure(get(...(keys as never[]))), "ERR_ARGUMENT");
  }
  equal(await codeOfFailure(set("alone")), "ERR_ARGUMENT");
  await set("list", [1]);
  equal(await codeOfFailure(set("list", 5, 1)), "ERR_ARGUMENT");
  equal(await codeOfFailure(set("list", "length", 1)), "ERR_ARGUMENT");
});

test("keys that every object inherits reach no prototype", async (t) => {
  const { get, set } = await client(t);
  await set("object", { a: 1 });
  for (const key of ["__proto__", "constructor", "toString"]) {
    equal(await get("object", key), undefined);
    await set("object", key, "mine");
    equal(await get("object", key), "mine");
    equal(await get(key), undefined);
  }
  equal(({} as Record<string, unknown>)["mine"], undefined);
});

test("a waiting caller gets what is there, or what is set later", async (t) => {
  const { set, wait } = await client(t);
  await set("hello", "world");
  equal(await wait("hello"), "world");
  const waiting = [wait("key", "foobar"), wait("key", "foobar"), wait("key", "other")];
  await set("key", "foobar", "bingo");
  deepEqual(await Promise.all(waiting.slice(0, 2)), ["bingo", "bingo"]);
  await set("key", "other", false);
  equal(await waiting[2], false);
});

test("a caller that waits for a part of a value gets it when the value is set whole", async (t) => {
  const { set, wait } = await client(t);
  const found = [wait("a", "b", "c"), wait("a", "d")];
  await set("a", { b: { c: 1 } });
  equal(await found[0], 1);
  await set("a", "d", 2);
  equal(await found[1], 2);
});

test("a caller that waits for a value where a branch appears is told so", async (t) => {
  const { set, wait } = await client(t);
  const code = codeOfFailure(wait("key"));
  await set("key", "foobar", "bingo");
  equal(await code, "ERR_ARGUMENT");
});

test("waiting for a branch and for what lies in it exclude each other, until no service waits", async (t) => {
  const { get, set, wait } = await client(t);
  const inner = wait("key", "foobar");
  equal(await codeOfFailure(wait("key")), "ERR_ARGUMENT");
  await set("key", "foobar", 1);
  equal(await inner, 1);
  await set("key", undefined);
  const outer = wait("key");
  equal(await codeOfFailure(wait("key", "foobar")), "ERR_ARGUMENT");
  await set("key", 2);
  equal(await outer, 2);
  equal(await get("key"), 2);
});

test("a waiting service that died holds up no other", async (t) => {
  const { make } = await world(t, { client: CLIENT });
  const [one, two] = [await make("client"), await make("client")];
  const lost = codeOfFailure(one.req.wait("key", "foobar"));
  equal(await codeOfFailure(two.req.soon("key")), "ERR_ARGUMENT");
  one.post.die();
  equal(await lost, "ERR_SERVICE_DEAD");
  equal(await codeOfFailure(two.req.soon("key")), "ERR_TIMEOUT");
});

test("deleting wakes no waiting service", async (t) => {
  const { set, soon } = await client(t);
  const code = codeOfFailure(soon("key"));
  await set("key", undefined);
  equal(await code, "ERR_TIMEOUT");
});

test("a deadline ends the wait", async (t) => {
  const { soon } = await client(t);
  equal(await codeOfFailure(soon("never")), "ERR_TIMEOUT");
});

test("a wait that ended at its deadline, or with its service, leaves room for others", async (t) => {
  const { make } = await world(t, {
    brief: `
      import { datacenter, skynet } from "snax";
      export const response = {
        async run(count) {
          const waits = [];
          for (let i = 0; i < count; i += 1) waits.push(datacenter.within(1).wait("brief", i % 100, i));
          await Promise.allSettled(waits);
        },
        async fill(count) {
          for (let i = 0; i < count; i += 1) datacenter.wait("long", i % 100, i).catch(() => {});
          await datacenter.set("filled", true);
        },
      };
      export const accept = { die: () => skynet.exit() };
    `,
    client: CLIENT,
  });
  const [brief, other] = [await make("brief"), await make("client")];
  await brief.req.run(DATACENTER_WAITING_MAX);
  // What waited for a branch goes as well; until then this is refused.
  let code = "ERR_ARGUMENT";
  while (code === "ERR_ARGUMENT") code = await codeOfFailure(other.req.soon("brief"));
  equal(code, "ERR_TIMEOUT");
  // The last one above may be counted for a moment longer; the second round takes its place.
  await brief.req.fill(DATACENTER_WAITING_MAX);
  await brief.req.fill(10);
  equal(await codeOfFailure(other.req.wait("more")), "ERR_EXHAUSTED");
  brief.post.die();
  // Its death is told before anything that this program sends later arrives.
  equal(await codeOfFailure(brief.req.run(1)), "ERR_SERVICE_DEAD");
  const waiting = [other.req.wait("more"), other.req.wait("long")];
  await other.req.set("more", 1);
  await other.req.set("long", 2);
  deepEqual(await Promise.all(waiting), [1, 2]);
});

test("DATACENTER_WAITING_MAX requests wait, the next is refused, and one more fits when one has its answer", async (t) => {
  const { make } = await world(t, {
    crowd: `
      import { datacenter } from "snax";
      const codeOf = (error) => error.code;
      export const response = {
        async run(count) {
          for (let i = 0; i < count; i += 1) datacenter.wait("key", i).catch(() => {});
          const past = await datacenter.wait("more").catch(codeOf);
          await datacenter.set("key", 0, true);
          const last = datacenter.wait("more");
          await datacenter.set("more", "fits");
          return [past, await last];
        },
      };
    `,
  });
  const crowd = await make("crowd");
  deepEqual(await crowd.req.run(DATACENTER_WAITING_MAX), ["ERR_EXHAUSTED", "fits"]);
});
