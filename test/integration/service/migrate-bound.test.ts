/** Parts of the API that a service has got by a call, `skynet.within(500)`, in its state: a reload and a move carry them. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { failureOf, world } from "../../world.ts";

const TEXT = `import { cluster, datacenter, skynet, snax } from "snax";
  const soon = skynet.within(20);
  const near = skynet.at("near");
  const there = snax.at(2);
  const quick = snax.within(20);
  const store = datacenter.within(5000);
  const far = cluster.within(20);
  let held: any; let twice: any;
  export function init() { held = { soon: skynet.within(20), store }; twice = held.soon; }
  export const response = {
    async late(ear: number) {
      const codes: unknown[] = [];
      for (const calls of [soon, held.soon]) await calls.call(ear, "lua").catch((error: any) => codes.push(error.code));
      await quick.bind<any>(ear, "deaf").req.any().catch((error: any) => codes.push(error.code));
      return codes;
    },
    async start() {
      const one = await near.newservice("born");
      const two = await there.newservice<any>("child");
      return [await skynet.call(one, "lua"), await two.req.thread()];
    },
    async keep() { await store.set("key", 5); return [await held.store.get("key"), held.store === store, twice === held.soon, typeof far.call]; },
  };`;

const FILES = {
  main: TEXT,
  deaf: `import { skynet } from "snax"; skynet.dispatch("lua", () => new Promise(() => {})); export const response = { any() { return new Promise(() => {}); } };`,
  born: `import { skynet } from "snax"; import { threadId } from "node:worker_threads"; skynet.start(() => { skynet.dispatch("lua", () => threadId > 0); });`,
  child: `export const response = { thread() { return "begun"; } };`,
};

for (const way of ["reload", "move"] as const) {
  test(`deadlines and places that a service has got from the API work after a ${way}, in variables and in objects`, async (t) => {
    const { snax, skynet, make } = await world(t, FILES, { thread: 2 });
    const deaf = await make("deaf");
    const main = await snax.at(1).newservice<any>("main");
    for (let turn = 0; turn < 2; turn += 1) {
      deepEqual(await main.req.late(deaf.handle), ["ERR_TIMEOUT", "ERR_TIMEOUT", "ERR_TIMEOUT"]);
      deepEqual(await main.req.start(), [true, "begun"]);
      deepEqual(await main.req.keep(), [5, true, true, "function"]);
      if (way === "reload") await snax.reload(main);
      else equal((await skynet.migrate(main.handle, { thread: 2 - turn })).to, 2 - turn);
    }
    deepEqual(await main.req.keep(), [5, true, true, "function"]);
  });
}

test("a place of which a deadline was made refuses a move by its path, and a reload carries it", async (t) => {
  const text = `import { snax } from "snax"; const there = snax.at(1).within(500); export const response = {};`;
  const { snax, skynet } = await world(t, { main: text }, { thread: 2 });
  const main = await snax.at(1).newservice<any>("main");
  const error = await failureOf(skynet.migrate(main.handle, { thread: 2 }));
  deepEqual([error.code, error.message.startsWith("there (main.ts:1) is ")], ["ERR_MIGRATE", true]);
  await snax.reload(main);
});
