/** Multicast: who hears what, in which order, and until when. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { MULTICAST_CHANNELS_MAX } from "../../../src/base/limits.ts";
import { world } from "../../world.ts";
import { freePort } from "../cluster/free-port.ts";

/** A service that listens, and says what it has heard. */
const LISTENER = `
  import { multicast, skynet } from "snax";
  const heard: unknown[] = [];
  let channel;
  export const response = {
    async listen(number) {
      channel = await multicast.new({
        channel: number,
        dispatch: (it, source, ...values) => void heard.push([String(it), source, ...values]),
      });
      await channel.subscribe();
      await channel.subscribe();
    },
    publish: (...values) => channel.publish(...values),
    heard: () => heard,
  };
  export const accept = {
    stop: () => channel.unsubscribe(),
    again: () => channel.subscribe(),
    end: () => channel.delete(),
    die: () => skynet.exit(),
  };
`;

const MAKER = `
  import { multicast } from "snax";
  let channel;
  const code = (error) => error.code;
  export const response = {
    async make() { channel = await multicast.new(); return channel.channel; },
    publish: (...values) => channel.publish(...values),
    many: async (count) => {
      const sent = [];
      for (let i = 0; i < count; i += 1) sent.push(channel.publish(i));
      return Promise.all(sent);
    },
    async misuse() {
      const silent = await channel.subscribe().catch(code);
      channel.delete();
      const late = await channel.publish("late").catch(code);
      let again;
      try { channel.delete(); } catch (error) { again = code(error); }
      return [silent, late, again, await multicast.new({ channel: "x" }).catch(code)];
    },
    async fill(count) {
      const first = await multicast.new();
      for (let i = 1; i < count; i += 1) await multicast.new();
      const past = await multicast.new().catch(code);
      first.delete();
      return [past, typeof (await multicast.new()).channel];
    },
  };
`;

const FILES = { listener: LISTENER, maker: MAKER };

test("what is published reaches every subscriber once, with the address of the publisher", async (t) => {
  const { make } = await world(t, FILES);
  const [maker, one, two] = [await make("maker"), await make("listener"), await make("listener")];
  const number = await maker.req.make();
  await one.req.listen(number);
  await two.req.listen(number);
  equal(await maker.req.publish("hello", { n: 1 }), 2);
  const expected = [["[Multicast:0]", maker.handle, "hello", { n: 1 }]];
  deepEqual([await one.req.heard(), await two.req.heard()], [expected, expected]);
});

test("channels of a harbor are 256 apart, and carry its number", async (t) => {
  const master = `127.0.0.1:${await freePort()}`;
  const { make } = await world(t, FILES, { harbor: 3, master, address: 0, standalone: master });
  const [one, two] = [await make("maker"), await make("maker")];
  deepEqual([await one.req.make(), await two.req.make()], [3, 259]);
});

test("what one service publishes arrives in order, also without waiting", async (t) => {
  const { make } = await world(t, FILES);
  const [maker, one] = [await make("maker"), await make("listener")];
  await one.req.listen(await maker.req.make());
  const counts = (await maker.req.many(100)) as number[];
  equal(new Set(counts).size, 1);
  const values = ((await one.req.heard()) as unknown[][]).map(([, , value]) => value);
  deepEqual(values, [...Array(100).keys()]);
});

test("a publisher may be a subscriber", async (t) => {
  const { make } = await world(t, FILES);
  const [maker, one] = [await make("maker"), await make("listener")];
  await one.req.listen(await maker.req.make());
  equal(await one.req.publish("to myself"), 1);
  deepEqual(await one.req.heard(), [["[Multicast:0]", one.handle, "to myself"]]);
});

test("a service that has unsubscribed hears nothing, and hears again after subscribing again", async (t) => {
  const { make } = await world(t, FILES);
  const [maker, one] = [await make("maker"), await make("listener")];
  await one.req.listen(await maker.req.make());
  one.post.stop();
  await one.req.heard();
  equal(await maker.req.publish("missed"), 0);
  one.post.again();
  await one.req.heard();
  equal(await maker.req.publish("heard"), 1);
  deepEqual(await one.req.heard(), [["[Multicast:0]", maker.handle, "heard"]]);
});

test("what was on its way when a subscriber left is dropped", async (t) => {
  const { make } = await world(t, FILES);
  const [maker, one] = [await make("maker"), await make("listener")];
  await one.req.listen(await maker.req.make());
  // Order: the post stands in the listener's mailbox before what is published now.
  one.post.stop();
  await maker.req.publish("late");
  deepEqual(await one.req.heard(), []);
});

test("a subscriber that died is forgotten, and the publisher hears nothing of it", async (t) => {
  const { make, log } = await world(t, FILES);
  const [maker, one, two] = [await make("maker"), await make("listener"), await make("listener")];
  const number = await maker.req.make();
  await one.req.listen(number);
  await two.req.listen(number);
  one.post.die();
  await two.req.heard();
  equal(await maker.req.publish("still here"), 1);
  equal((await log()).filter((line) => line.includes("error")).length, 0);
});

test("a channel that was deleted has no subscribers, and gets none", async (t) => {
  const { make } = await world(t, FILES);
  const [maker, one, two] = [await make("maker"), await make("listener"), await make("listener")];
  const number = await maker.req.make();
  await one.req.listen(number);
  one.post.end();
  await one.req.heard();
  equal(await maker.req.publish("nobody"), 0);
  await two.req.listen(number).then(
    () => equal("subscribed", "refused"),
    (error: { code: string; message: string }) =>
      deepEqual(
        [error.code, error.message],
        ["ERR_ARGUMENT", "there is no channel 0: it was deleted"],
      ),
  );
});

test("wrong uses are refused", async (t) => {
  const { make } = await world(t, FILES);
  const maker = await make("maker");
  await maker.req.make();
  const code = "ERR_ARGUMENT";
  deepEqual(await maker.req.misuse(), [code, code, code, code]);
});

test("an error of a listener is logged there, and the others hear", async (t) => {
  const { make, log } = await world(t, {
    ...FILES,
    broken: LISTENER.replace("void heard.push", "boom(heard.push").replace("values])", "values]))"),
  });
  const [maker, one, two] = [await make("maker"), await make("broken"), await make("listener")];
  const number = await maker.req.make();
  await one.req.listen(number);
  await two.req.listen(number);
  equal(await maker.req.publish("x"), 2);
  equal(((await two.req.heard()) as unknown[]).length, 1);
  equal(
    (await log()).some((line) => line.includes("boom is not defined")),
    true,
  );
});

test("MULTICAST_CHANNELS_MAX channels are made, the next is refused, and one more is when one was deleted", async (t) => {
  const { make } = await world(t, FILES);
  const maker = await make("maker");
  deepEqual(await maker.req.fill(MULTICAST_CHANNELS_MAX), ["ERR_EXHAUSTED", "number"]);
});

test("a channel is printed with its number", async (t) => {
  const { make, log } = await world(t, {
    main: `import { multicast } from "snax";
      export const response = { async print() {
        const channel = await multicast.new({ channel: 0x1f });
        console.log(channel, [channel]);
      } };`,
  });
  const main = await make("main");
  await main.req.print();
  equal((await log()).at(-1), "[Multicast:1f] [ [Multicast:1f] ]");
});
