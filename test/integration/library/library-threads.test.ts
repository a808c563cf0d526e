/** The data center, multicast and schema slots between services on worker threads; their services stay on the main one. */

import { deepEqual, equal, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { sprotoparser } from "snax/sproto";
import { world } from "../../world.ts";

const USER = `
  import { datacenter, harbor, multicast, skynet, sprotoloader } from "snax";
  const heard: unknown[] = [];
  let channel;
  let schema;
  export const response = {
    set: (...keys) => datacenter.set(...keys),
    wait: (...keys) => datacenter.wait(...keys),
    name: (name) => harbor.globalname(name),
    query: (name) => harbor.queryname(name),
    async open(number) {
      channel = await multicast.new({
        channel: number,
        dispatch: (_channel, source, value) => void heard.push([source, value]),
      });
      if (number !== undefined) await channel.subscribe();
      return channel.channel;
    },
    async flood(count) {
      for (let i = 0; i < count; i += 1) channel.publish(i);
      return channel.publish("end");
    },
    async heard(count) {
      while (heard.length < count) await skynet.sleep(1);
      return heard;
    },
    save: (binary) => sprotoloader.save(binary, 1),
    async load() { schema = await sprotoloader.load(1); return schema.exist_type("b"); },
    decode: (bytes) => schema.decode("a", bytes),
  };
`;

test("a service waits for what one on another thread sets", async (t) => {
  const { snax } = await world(t, { user: USER }, { thread: 2 });
  const one = await snax.at(1).newservice<any>("user");
  const two = await snax.at(2).newservice<any>("user");
  const waiting = one.req.wait("key", "foobar");
  await two.req.set("key", "foobar", { n: 1 });
  deepEqual(await waiting, { n: 1 });
  const asked = one.req.query("SHOP");
  equal(await two.req.name("SHOP"), true);
  equal(await asked, two.handle);
});

test("what one service publishes reaches subscribers on all threads in order", async (t) => {
  const { snax } = await world(t, { user: USER }, { thread: 2 });
  const one = await snax.at(1).newservice<any>("user");
  const others = [
    await snax.at(1).newservice<any>("user"),
    await snax.at(2).newservice<any>("user"),
  ];
  const number = await one.req.open();
  for (const other of others) await other.req.open(number);
  equal(await one.req.flood(200), 2);
  const expected = [...Array(200).keys(), "end"].map((value) => [one.handle, value]);
  for (const other of others) deepEqual(await other.req.heard(201), expected);
});

test("a schema that is saved on one thread is loaded on others, also when it is saved again", async (t) => {
  const { snax } = await world(t, { user: USER }, { thread: 2 });
  const one = await snax.at(1).newservice<any>("user");
  const two = await snax.at(2).newservice<any>("user");
  await one.req.save(sprotoparser.parse(".a { x 0 : integer }"));
  deepEqual([await one.req.load(), await two.req.load()], [false, false]);
  await two.req.save(sprotoparser.parse(".a { x 0 : integer } .b {}"));
  equal(await one.req.load(), true);
  deepEqual(await two.req.decode(new Uint8Array([1, 0, 14, 0])), { x: 6 });
});

test("a program's own service of such a name runs where other services do", async (t) => {
  const { skynet } = await world(
    t,
    {
      protoloader: `
        import { threadId } from "node:worker_threads";
        import { skynet } from "snax";
        skynet.start(() => void skynet.dispatch("lua", () => threadId));
      `,
    },
    { thread: 1 },
  );
  const handle = await skynet.uniqueservice("protoloader");
  notEqual(await skynet.call(handle, "lua"), 0);
});

test("the services behind them run on the main thread, no matter which service starts them", async (t) => {
  const { snax, skynet } = await world(t, { user: USER }, { thread: 2 });
  const one = await snax.at(1).newservice<any>("user");
  await one.req.open();
  await one.req.save(sprotoparser.parse(".a {}"));
  const script = "import { threadId } from 'node:worker_threads'; print(threadId);";
  for (const name of ["multicastd", "sprotoloader"]) {
    const handle = await skynet.queryservice(name);
    const [ok, output] = await skynet.call<[boolean, string]>(
      handle,
      "debug",
      "RUN",
      script,
      "where.ts",
    );
    deepEqual([ok, output.trim()], [true, "0"]);
  }
});
