/** `snax.swap`: new services in the place of those of a type, while they are called. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { codeOf } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

/** Writes a service file anew. */
function edit({ folder }: World, name: string, text: string): void {
  writeFileSync(join(folder, `${name}.ts`), text);
}

const calc = (version: number): string => `import { skynet } from "snax";
let rate = 0; const table = { double: 2 };
export const response = {
  async work(n: number) { await skynet.sleep(n % 5); return [${version}, n * table.double * rate]; },
  async slow(ms: number) { await skynet.sleep(ms); return ${version}; },
  now() { return ${version}; }, self() { return skynet.self(); }, fail() { throw new Error("v${version} fails"); },
};
export function init(given: number) { rate = given; skynet.register(".calc"); }
`;

const CLIENT = `import { snax, skynet } from "snax";
let isOver = false;
export const accept = { stop() { isOver = true; } };
export const response = {
  async run(handles: number[], from: number) {
    const pool = handles.map((handle) => snax.bind(handle, "calc")) as any[];
    const seen = { 1: 0, 2: 0 } as any; let wrong = 0; let lost = 0; let n = from;
    for (let left = 20; left > 0; n += 1) {
      if (isOver) left -= 1;
      try {
        const [version, value] = await pool[n % pool.length].req.work(n);
        seen[version] += 1; if (value !== n * 6) wrong += 1;
      } catch (e) { lost += 1; }
    }
    return { seen, wrong, lost, count: n - from };
  },
};`;

for (const thread of [0, 2]) {
  test(`4 services under 50 clients are swapped on ${thread} threads: nothing is lost, nothing wrong, no old answer after that`, async (t) => {
    const node = await world(t, { calc: calc(1), client: CLIENT }, { thread });
    const pool: ServiceObject[] = [];
    for (let i = 0; i < 4; i += 1) pool.push(await node.make("calc", 3));
    const handles = pool.map(({ handle }) => handle);
    const clients = await Promise.all(Array.from({ length: 50 }, () => node.make("client")));
    const runs = clients.map((client, k) => client.req.run(handles, k * 1000));
    await node.skynet.sleep(20);
    edit(node, "calc", calc(2));
    const result = await node.snax.swap("calc");
    deepEqual(await Promise.all(pool.map((each) => each.req.now())), [2, 2, 2, 2]);
    for (const client of clients) client.post.stop();
    deepEqual([result.failed, result.busy], [[], []]);
    deepEqual(new Set(result.swapped.map((each) => each.old)), new Set(handles));
    // Nothing is forwarded by then if all handlers had ended: the clients' last calls are.
    ok(result.forwarded >= 0 && result.drained >= 0);
    let [old, fresh, asked] = [0, 0, 0];
    for (const { seen, wrong, lost, count } of await Promise.all(runs)) {
      deepEqual([wrong, lost], [0, 0]);
      [old, fresh, asked] = [old + seen[1], fresh + seen[2], asked + count];
    }
    equal(old + fresh, asked);
    ok(old > 0 && fresh > 0, `${old} old, ${fresh} new`);
    equal(await failureOf(pool[0]?.req.fail()).then((e) => (e as Error).message), "v2 fails");
    const named = node.skynet.localname(".calc");
    ok(result.swapped.some((each) => each.new === named && each.old === handles[0]));
    equal(await (await node.make("calc", 3)).req.now(), 2);
  });
}

test("a handler in flight ends with the old code; the old service ends when no message comes to it, and late senders hear of the new one", async (t) => {
  const node = await world(t, {
    calc: calc(1) + "export function exit() { console.log('old leaves'); }",
  });
  const one = await node.make("calc", 3);
  const slow = one.req.slow(30);
  await node.skynet.sleep(5);
  edit(node, "calc", calc(2));
  const death = node.skynet.call(one.handle, "debug", "LINK").catch((error: unknown) => error);
  const { swapped, busy } = await node.snax.swap("calc", { retire: 20 });
  equal(await slow, 1);
  deepEqual(busy, []);
  await death;
  match((await node.log()).join("\n"), /old leaves/);
  const late = await failureOf(one.req.now());
  equal(codeOf(late), "ERR_SERVICE_DEAD");
  deepEqual((late as { data?: unknown }).data, { handle: one.handle, movedTo: swapped[0]?.new });
  equal(node.skynet.localname(".calc"), swapped[0]?.new);
});

test("what does not begin, has state, an own interval, or a patch that the file lacks refuses all; nothing has changed", async (t) => {
  const stateful = (version: number, more = ""): string =>
    `let sold = 0; const by = new Map<string, number>(); let tick: any; ${more}
     export const response = { buy(n: string) { sold += 1; by.set(n, sold); return ${version}; }, arm() { tick = setInterval(() => {}, 1000)[Symbol.toPrimitive](); return ${version}; }, now() { return ${version}; } };`;
  const node = await world(t, { calc: calc(1), shop: stateful(1) });
  const [one, two] = [await node.make("calc", 3), await node.make("calc", 3)];
  const broken: [string, RegExp][] = [
    ["const x = ;", /calc\.ts:1:11/],
    [`import "./none.ts";`, /none/],
    [calc(2) + "throw new Error('top');", /did not begin: top/],
    [calc(2).replace("rate = given;", "throw new Error('init');"), /did not begin: init/],
  ];
  for (const [text, words] of broken) {
    edit(node, "calc", text);
    const error = await failureOf(node.snax.swap("calc"));
    equal(codeOf(error), "ERR_SWAP");
    match((error as Error).message, words);
    deepEqual([await one.req.now(), await two.req.now()], [1, 1]);
    equal(await one.req.self(), one.handle);
  }
  const shop = await node.make("shop");
  edit(node, "shop", stateful(2));
  await node.snax.swap("shop");
  equal(await shop.req.now(), 2);
  await shop.req.buy("ann");
  edit(node, "shop", stateful(3));
  const error = (await failureOf(node.snax.swap("shop"))) as Error;
  match(error.message, /sold \(shop\.ts:1\) was written: 0 -> 1; by.*--stateless/);
  equal(await shop.req.now(), 2);
  equal((await node.snax.swap("shop", { stateless: true })).swapped.length, 1);
  equal(await shop.req.now(), 3);
  await shop.req.arm();
  edit(node, "shop", stateful(4));
  await rejects(node.snax.swap("shop"), /setInterval of 1000 ms was armed after its beginning/);
  equal(await shop.req.now(), 3);
});

test("state that the beginning wrote is no state of its own; a unique service stays unique", async (t) => {
  const config = (version: number): string =>
    `let all: any; const cache = new Map(); export function init(given: any) { all = given; } export const response = { now() { return [${version}, all.x]; } };`;
  const node = await world(t, { config: config(1) });
  const one = await node.snax.uniqueservice("config", { x: [1, 2] });
  edit(node, "config", config(2));
  const { swapped } = await node.snax.swap("config", { retire: 0 });
  equal(one.handle, swapped[0]?.old);
  const next = await node.snax.queryservice<any>("config");
  equal(next.handle, swapped[0]?.new);
  deepEqual(await next.req.now(), [2, [1, 2]]);
});

test("order per sender is kept over the switch, also for a sender that uses the new handle at once", async (t) => {
  const sink = (version: number): string =>
    `import { skynet } from "snax"; export const accept = { put(n: number) { skynet.send(".log", "lua", n); } }; export const response = { async now() { await skynet.call(".log", "lua", "all"); return ${version}; } };`;
  const LOG = `import { skynet } from "snax"; const seen: number[] = []; skynet.start(() => { skynet.register(".log"); skynet.dispatch("lua", (_s, _f, n: any) => n === "all" ? seen : void seen.push(n)); });`;
  const node = await world(t, { sink: sink(1), log: LOG });
  await node.skynet.newservice("log");
  const one = await node.make("sink");
  edit(node, "sink", sink(2));
  let n = 0;
  let isDone = false;
  const send = async (): Promise<void> => {
    while (!isDone) {
      for (let i = 0; i < 20; i += 1) one.post.put((n += 1));
      await node.skynet.sleep(1);
    }
  };
  const sending = send();
  const { swapped } = await node.snax.swap("sink");
  const next = node.snax.bind(swapped[0]?.new ?? 0, "sink");
  isDone = true;
  await sending;
  for (let i = 0; i < 100; i += 1) (i % 3 === 0 ? next : one).post.put((n += 1));
  await next.req.now();
  await one.req.now();
  deepEqual(
    await node.skynet.call(".log", "lua", "all"),
    Array.from({ length: n }, (_, i) => i + 1),
  );
});

test("the death of the new one is an answer to the callers of the old handle, and the old one ends with it", async (t) => {
  const node = await world(t, { calc: calc(1) });
  const one = await node.make("calc", 3);
  edit(node, "calc", calc(2));
  const { swapped } = await node.snax.swap("calc");
  const waiting = failureOf(one.req.slow(60_000));
  await one.req.now();
  const death = node.skynet.call(one.handle, "debug", "LINK").catch((error: unknown) => error);
  node.skynet.kill(swapped[0]?.new ?? 0);
  equal(codeOf(await waiting), "ERR_SERVICE_DEAD");
  equal(codeOf(await death), "ERR_SERVICE_DEAD");
  equal(codeOf(await failureOf(one.req.now())), "ERR_SERVICE_DEAD");
});

test("a service that was swapped twice is reached by each of its handles, and hotfix and exit mean the one that runs", async (t) => {
  const node = await world(t, { calc: calc(1) });
  const one = await node.make("calc", 3);
  const news: number[] = [];
  for (const version of [2, 3]) {
    edit(node, "calc", calc(version));
    const { swapped } = await node.snax.swap("calc");
    equal(swapped.length, 1);
    news.push(swapped[0]?.new ?? 0);
  }
  for (const handle of [one.handle, ...news]) {
    equal(await (node.snax.bind(handle, "calc") as ServiceObject).req.now(), 3);
  }
  await node.snax.hotfix(one, "export const response = { now() { return 30; } };");
  equal(await one.req.now(), 30);
  await node.snax.exit(one);
  equal(codeOf(await failureOf(one.req.now())), "ERR_SERVICE_DEAD");
});

for (const thread of [0, 2]) {
  test(`the exit of an old service runs when the node stops before it is retired, on ${thread} threads`, async (t) => {
    const text = (version: number): string => `${calc(version)}
      import { skynet as s } from "snax";
      export async function exit() { await s.sleep(1); console.log("v${version} leaves"); }`;
    const node = await world(t, { calc: text(1) }, { thread });
    for (const version of [2, 3]) {
      if (version === 2) await Promise.all([node.make("calc", 3), node.make("calc", 3)]);
      edit(node, "calc", text(version));
      equal((await node.snax.swap("calc", { retire: 86_400_000 })).swapped.length, 2);
    }
    await node.stop();
    deepEqual(node.cutOff, []);
    for (const version of [1, 2, 3]) {
      equal(node.readLog().split(`v${version} leaves`).length - 1, 2, `v${version}`);
    }
  });
}

test("the exit of an old service runs when the new one ends, once", async (t) => {
  const text = (version: number): string =>
    `${calc(version)} export function exit() { console.log("v${version} leaves"); }`;
  const node = await world(t, { calc: text(1) });
  const one = await node.make("calc", 3);
  edit(node, "calc", text(2));
  const { swapped } = await node.snax.swap("calc");
  const death = node.skynet.call(one.handle, "debug", "LINK").catch((error: unknown) => error);
  await node.snax.exit(node.snax.bind(swapped[0]?.new ?? 0, "calc"));
  await death;
  await node.stop();
  for (const version of [1, 2]) equal(node.readLog().split(`v${version} leaves`).length, 2);
});

test("locks, channels and controllers that each service makes for itself are no state; one that says something is", async (t) => {
  const text = (
    version: number,
  ): string => `import { sharetable, skynet, socketchannel } from "snax";
const off = sharetable.onupdate("prices", () => {});
const lock = skynet.queue();
const locks = { buy: skynet.queue(), list: [skynet.queue()] };
const channel = socketchannel.channel({ host: "127.0.0.1", port: 9 });
const closing = new AbortController();
const more: unknown[] = [];
export const response = {
  now() { return lock(() => locks.buy(() => ${version})); },
  async slow() { await lock(() => skynet.sleep(20)); return ${version}; },
  say(what: string) { if (what === "abort") closing.abort(); else more.push(skynet.queue()); },
};`;
  const node = await world(t, { shop: text(1) });
  const one = await node.make("shop");
  equal(await one.req.now(), 1);
  edit(node, "shop", text(2));
  // A lock that is taken belongs to the handler that holds it.
  const slow = one.req.slow();
  equal((await node.snax.swap("shop")).swapped.length, 1);
  deepEqual([await slow, await one.req.now()], [1, 2]);
  for (const [what, path] of [
    ["abort", "closing"],
    ["add", "more"],
  ] as const) {
    const other = await node.snax.newservice<any>("shop");
    await other.req.say(what);
    edit(node, "shop", text(3));
    const { message } = await failureOf(node.snax.swap("shop"));
    match(message, new RegExp(`${path}.* was written`));
    await node.snax.exit(other);
  }
});
