/** skynet.queue used inside itself: who goes in, who waits, and what the log says of those that wait for ever. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { run, world } from "../../world.ts";

const main = (body: string): Record<string, string> => ({
  main: `
    import { skynet } from "snax";
    export const response = { async run() { ${body} } };
  `,
});

test("a queue is re-entrant before the first await", async (t) => {
  const answer = await run(
    t,
    main("const lock = skynet.queue(); return lock(() => lock(() => lock(() => 7)));"),
  );
  assert.equal(answer, 7);
});

test("what has the lock uses it again behind an await, in whatever way it waits for that", async (t) => {
  const answer = await run(
    t,
    main(`
      const lock = skynet.queue(), other = skynet.queue();
      const save = () => lock(async () => { await skynet.sleep(1); return "saved"; });
      const deep = async (n) => n === 0 ? await save() : await deep(n - 1);
      const after = async (first, then) => { await first; return await then(); };
      const plain = () => new Promise((resolve) => process.nextTick(resolve));
      return [
        await lock(() => after(skynet.sleep(1), save)),
        await lock(() => after(plain(), save)),
        await lock(() => after(null, save)),
        await lock(() => skynet.sleep(1).then(save).then((word) => word)),
        await lock(async () => { await skynet.sleep(1); return save(); }),
        (await lock(async () => { await skynet.sleep(1); return await Promise.all([skynet.sleep(1), save()]); }))[1],
        await lock(() => after(skynet.sleep(1), () => lock(() => after(skynet.sleep(1), save)))),
        await lock(() => after(skynet.sleep(1), () => other(() => after(skynet.sleep(1), save)))),
        await lock(() => after(skynet.sleep(1), () => deep(60))),
        await lock(async () => { try { await skynet.call(skynet.self(), "nothing"); } catch { return await save(); } }),
      ];
    `),
  );
  assert.deepEqual(
    answer,
    Array.from({ length: 10 }, () => "saved"),
  );
});

test("errors come out of a nested use, and the lock is free behind it", async (t) => {
  const answer = await run(
    t,
    main(`
      const lock = skynet.queue();
      const fail = async () => { await skynet.sleep(1); throw new TypeError("inner"); };
      const outer = await lock(async () => { await skynet.sleep(1); return await lock(fail); }).catch(String);
      return [outer, await lock(() => "free")];
    `),
  );
  assert.deepEqual(answer, ["TypeError: inner", "free"]);
});

test("code that the function with the lock does not await has to wait, whatever handler it belongs to", async (t) => {
  const answer = await run(
    t,
    main(`
      const lock = skynet.queue(), other = skynet.queue();
      const order = [];
      const job = (name, ms) => async () => { order.push(name); await skynet.sleep(ms); order.push(name); };
      const nap = async (ms, then) => { await skynet.sleep(ms); return await then(); };
      // Side by side, also behind an await and from inside another lock.
      await Promise.all([lock(job("a", 5)), lock(job("b", 1)), nap(1, () => lock(job("c", 1))), other(() => nap(1, () => lock(job("d", 1))))]);
      // Code that goes on because of what the holder does.
      let go; const batch = new Promise((resolve) => { go = resolve; });
      await Promise.all([
        lock(async () => { order.push("e"); await skynet.sleep(1); go(); await skynet.sleep(1); order.push("e"); }),
        (async () => { await batch; await lock(job("f", 1)); })(),
      ]);
      // Begun inside and not awaited: a fork, a promise, the loser of a race that has been decided.
      let late = [];
      await lock(async () => {
        order.push("g");
        await skynet.sleep(1);
        skynet.fork(() => { late.push(lock(job("h", 1))); });
        late.push(nap(1, () => lock(job("i", 1))));
        await skynet.sleep(5);
        order.push("g");
      });
      await Promise.all(late);
      let loser;
      await lock(() => Promise.race([skynet.sleep(1), loser = nap(5, () => lock(job("j", 2)))]));
      await Promise.all([lock(job("k", 10)), loser]);
      return order;
    `),
  );
  const pairs = (answer as string[]).filter((_, index) => index % 2 === 1);
  assert.deepEqual(
    answer,
    pairs.flatMap((name) => [name, name]),
  );
  assert.deepEqual(pairs.toSorted().join(""), "abcdefghijk");
});

test("a handler that waits for itself by a way that can't be seen is told of at once, with the lock and the place", async (t) => {
  const { make, log } = await world(t, {
    main: `
      import { skynet } from "snax";
      const lock = skynet.queue();
      export const response = {
        // The promise of the nested use is awaited by no function that the stack knows.
        hidden: () => lock(async () => {
          await skynet.sleep(1);
          return await new Promise((resolve) => { void skynet.sleep(1).then(() => nested(resolve)); });
        }),
        beside: async () => { await skynet.sleep(1); return await Promise.all([lock(() => skynet.sleep(5)), lock(() => 0)]); },
      };
      async function nested(resolve) { resolve(await lock(() => 1)); }
    `,
  });
  const service = await make("main");
  await service.req.beside();
  const told =
    /a handler asks for a lock that it has itself, and may wait for ever: skynet\.queue#\d+, held by the snax call \[:\w+ to :\w+ : \d+\], asked for at @\.?\S*main\.ts:12/;
  const lines = async (): Promise<string[]> =>
    (await log()).filter((line) => line.includes("asks for a lock"));
  assert.deepEqual(await lines(), []);
  void service.req.hidden().catch(() => {});
  while ((await lines()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match((await lines()).join("\n"), told);
});
