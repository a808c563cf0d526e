/** Rows of shared tables and locks in the state of a service: they go to another thread, and over into reloaded code. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { codeOf } from "snax";
import type { ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

const THREE = { thread: 3 };

const SHOP = `import { skynet, sharetable, tables } from "snax"; let held: any; let twice: any; const seen = new Map<any, string>(); let end: any; let own: any;
const lock = skynet.queue(); const locks: any = { first: lock, more: [] }; const order: number[] = [];
const readers: Record<string, () => any> = { row: () => tables.items[1], attr: () => tables.items[1].attr, list: () => tables.items[1].list, big: () => tables.items.big, root: () => tables.items };
function listen() {}
export const response = {
  hold(what: string) { held = readers[what](); twice = { again: held }; seen.clear(); seen.set(held, what); },
  async query() { held = await sharetable.query("items"); twice = { again: held }; seen.clear(); seen.set(held, "query"); },
  all() { held = tables; own = sharetable; },
  show() { return [JSON.stringify(held), twice?.again === held, seen.size === 0 || seen.has(held), held === undefined || Object.isFrozen(held) || Object.values(readers).some((read) => read() === held)]; },
  none() { held = twice = own = undefined; seen.clear(); },
  pin() { held = sharetable.pin("items"); }, unpin() { return sharetable.unpin(held); },
  on() { end = sharetable.onupdate("items", listen); }, off() { end(); end = undefined; },
  check() { sharetable.check("items", () => true); },
  queue() { locks.more.push(skynet.queue()); }, same() { return locks.first === lock; },
  async locked(n: number) { return await lock(async () => { order.push(n); await skynet.sleep(1); order.push(n); return n; }); },
  async nested(n: number) { return await lock(async () => await lock(() => n)); },
  order() { return order; }, forever() { void lock(() => new Promise(() => {})); },
};`;

const items = (price: number): object => {
  const big: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) big[`k${i}`] = i + price;
  return {
    1: {
      name: "sword",
      price,
      attr: { attack: price, deep: { x: 1 } },
      list: [{ x: price }, 2, 3],
    },
    big,
  };
};

async function move({ skynet }: World, { handle }: ServiceObject): Promise<void> {
  const { from } = await skynet.migrate(handle, { thread: 1 });
  if (from === 1) await skynet.migrate(handle, { thread: 2 });
}

for (const way of ["move", "reload"] as const) {
  const go = (node: World, one: ServiceObject): Promise<unknown> =>
    way === "move" ? move(node, one) : node.snax.reload(one);

  test(`rows, lists, dictionaries and roots of tables stand for their place after a ${way}`, async (t) => {
    const node = await world(t, { shop: SHOP }, THREE);
    await node.sharetable.loadtable("items", items(100));
    const shop = await node.make("shop");
    for (const what of ["row", "attr", "list", "big", "root"]) {
      await shop.req.hold(what);
      const before = await shop.req.show();
      deepEqual(before.slice(1), [true, true, true]);
      for (let count = 0; count < 2; count += 1) {
        await go(node, shop);
        const after = await shop.req.show();
        // The root travels as `query` gives it.
        deepEqual(
          what === "root" ? after.slice(0, 3) : after,
          what === "root" ? before.slice(0, 3) : before,
          what,
        );
      }
    }
    await shop.req.hold("attr");
    await go(node, shop);
    await node.sharetable.loadtable("items", items(7));
    deepEqual(await shop.req.show(), ['{"attack":7,"deep":{"x":1}}', true, true, true]);
    await go(node, shop);
    deepEqual(await shop.req.show(), ['{"attack":7,"deep":{"x":1}}', true, true, true]);
    await shop.req.query();
    await go(node, shop);
    const [text, ...rest] = await shop.req.show();
    match(text, /^\{"1":\{"name":"sword","price":7/);
    deepEqual(rest, [true, true, false]);
    // What is gone says so there as well, and comes back.
    await shop.req.hold("attr");
    await node.sharetable.loadtable("items", { 2: {} });
    await go(node, shop);
    equal(codeOf(await failureOf(shop.req.show())), "ERR_ROW_GONE");
    await node.sharetable.loadtable("items", items(8));
    equal((await shop.req.show())[0], '{"attack":8,"deep":{"x":1}}');
    await shop.req.all();
    await go(node, shop);
  });

  test(`a lock that is free goes along in a ${way}, and is the same wherever it was the same`, async (t) => {
    const node = await world(t, { shop: SHOP }, THREE);
    const shop = await node.make("shop");
    await shop.req.queue();
    const running = [1, 2, 3].map((n) => shop.req.locked(n));
    await go(node, shop);
    deepEqual(await Promise.all(running), [1, 2, 3]);
    equal(await shop.req.same(), true);
    deepEqual(await Promise.all([4, 5].map((n) => shop.req.locked(n))), [4, 5]);
    equal(await shop.req.nested(6), 6);
    await go(node, shop);
    deepEqual(await shop.req.order(), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    equal(await shop.req.same(), true);
  });
}

test("what init or a handler has registered refuses the move by name; what the top level registers is there", async (t) => {
  const hears = `function hear(_session: number, _source: number, text: string) { n += 1; return text + n; }
export const response = { later() { skynet.dispatch("text", hear); } };`;
  const early = `import { skynet } from "snax"; let n = 0;
skynet.dispatch("lua", hear); skynet.info_func(() => n); skynet.register_protocol({ name: "mine", id: 100 });
${hears}`;
  const late = `import { skynet } from "snax"; let n = 0;
export function init() { skynet.dispatch("lua", hear); skynet.info_func(() => n); skynet.register_protocol({ name: "mine", id: 100 }); }
${hears}`;
  const node = await world(t, { early, late }, THREE);
  const say = (one: ServiceObject): Promise<unknown> => node.skynet.call(one.handle, "lua", "x");
  const one = await node.make("early");
  equal(await say(one), "x1");
  await move(node, one);
  equal(await say(one), "x2");
  await one.req.later();
  const refused = async (service: ServiceObject, why: string): Promise<void> => {
    const error = await failureOf(move(node, service));
    deepEqual(
      [codeOf(error), error.message],
      [
        "ERR_MIGRATE",
        `init or a handler has called ${why}, and that does not run again: do it at the top level of the file`,
      ],
    );
  };
  await refused(one, 'skynet.dispatch("text")');
  equal(await say(one), "x3");
  equal(await node.skynet.call(one.handle, "text", "y"), "y4");
  const other = await node.make("late");
  equal(await say(other), "x1");
  await refused(
    other,
    'skynet.register_protocol("mine"), skynet.dispatch("lua"), skynet.info_func',
  );
  equal(await say(other), "x2");
});

test("a service that had a socket goes once that is closed", async (t) => {
  const net = `import { socket } from "snax"; let id = 0;
export const response = { async open() { ({ id } = await socket.listen("127.0.0.1", 0)); }, async close() { await socket.close(id); return true; } };`;
  const node = await world(t, { net }, THREE);
  const one = await node.make("net");
  await one.req.open();
  const why = async (): Promise<string> => (await failureOf(move(node, one))).message;
  match(await why(), /^it holds a socket/);
  equal(await one.req.close(), true);
  await move(node, one);
});

test("what ties a service to its thread refuses the move by name, and no longer when it is over", async (t) => {
  const node = await world(t, { shop: SHOP }, THREE);
  await node.sharetable.loadtable("items", items(1));
  const refused = async (shop: ServiceObject, why: RegExp): Promise<void> => {
    const error = await failureOf(move(node, shop));
    equal(codeOf(error), "ERR_MIGRATE");
    match(error.message, why);
  };
  const shop = await node.make("shop");
  await shop.req.pin();
  await refused(shop, /its thread has something of it: a pinned version of a shared table$/);
  equal(await shop.req.unpin(), true);
  await refused(shop, /held \(shop\.ts:1\) is a row of a shared table/);
  await shop.req.none();
  await move(node, shop);
  await shop.req.on();
  await refused(shop, /a listener of sharetable\.onupdate$/);
  await shop.req.off();
  await move(node, shop);
  await shop.req.check();
  await refused(shop, /a check of a shared table$/);
  const third = await node.make("shop");
  await third.req.forever();
  await refused(third, /lock \(shop\.ts:2\) is a lock \(skynet\.queue#\d+\)/);
});

test("what listens to skynet.signal refuses the move until it is over", async (t) => {
  const text = `import { skynet } from "snax"; import { setTimeout as wait } from "node:timers/promises"; import { once, EventEmitter } from "node:events"; import { createServer } from "node:http";
let log: string[] = []; function heard() { log.push("heard"); } const emitter = new EventEmitter();
export const response = {
  listen() { skynet.signal.addEventListener("abort", heard); }, unlisten() { skynet.signal.removeEventListener("abort", heard); },
  on() { skynet.signal.onabort = heard; },
  any() { (globalThis as any).follower = AbortSignal.any([skynet.signal]); },
  once() { once(emitter, "x", { signal: skynet.signal }).catch(() => {}); },
  fetch() { const server = createServer(() => {}).listen(0, () => { const { port } = server.address() as any; fetch("http://127.0.0.1:" + port, { signal: skynet.signal }).catch(() => {}); }); },
  read() { return skynet.signal.aborted; }, log() { return log; },
};`;
  const node = await world(t, { text }, THREE);
  const refused = async (one: ServiceObject): Promise<void> => {
    const error = await failureOf(move(node, one));
    equal(codeOf(error), "ERR_MIGRATE");
    match(
      error.message,
      /something listens to skynet\.signal, .* give work with a signal to a service of its own$/,
    );
    equal(await one.req.read(), false);
  };
  for (const way of ["on", "any", "once", "fetch", "listen"]) {
    const one = await node.make("text");
    equal(await one.req.read(), false);
    await one.req[way]();
    await refused(one).catch((error: Error) => {
      throw new Error(`${way}: ${error.message}`);
    });
    if (way !== "listen") continue;
    await one.req.unlisten();
    await move(node, one);
    deepEqual([await one.req.read(), await one.req.log()], [false, []]);
    await one.req.listen();
    await refused(one);
  }
});

test("a service that has read skynet.signal has one of its own on the other thread, in its variables too", async (t) => {
  const text = `import { skynet } from "snax"; const first = skynet.signal; let later: any; const ends = new Map<string, AbortSignal>();
export const response = { keep() { later = skynet.signal; ends.set("a", later); },
  all() { const all = [first, later, ends.get("a")]; return all.map((each) => each === skynet.signal && !each.aborted); },
  last() { (globalThis as any).signal = skynet.signal; } };`;
  const eye = `export const response = { aborted() { return (globalThis as any).signal.aborted; } };`;
  const node = await world(t, { text, eye }, THREE);
  const one = await node.make("text");
  await one.req.keep();
  for (let step = 0; step < 4; step += 1) {
    await move(node, one);
    deepEqual(await one.req.all(), [true, true, true]);
  }
  const { to } = await node.skynet.migrate(one.handle, { thread: 3 });
  const beside = await node.snax.at(to).newservice<any>("eye");
  await one.req.last();
  equal(await beside.req.aborted(), false);
  await node.snax.exit(one);
  equal(await beside.req.aborted(), true);
});

test("code of a service that waits for something else sees its signal fired after a move", async (t) => {
  const text = `import { skynet } from "snax";
export const response = { watch() { const { signal } = skynet; (globalThis as any).look = () => signal.aborted; },
  at() { return skynet.self(); } };`;
  const look = `export const response = { look() { return (globalThis as any).look(); } };`;
  const node = await world(t, { text, look }, THREE);
  const one = await node.snax.at(1).newservice<any>("text");
  const eye = await node.snax.at(1).newservice<any>("look");
  await one.req.watch();
  equal(await eye.req.look(), false);
  await node.skynet.migrate(one.handle, { thread: 2 });
  equal(await eye.req.look(), true);
});

test("a service that has left all channels moves, and listens again there; as long as it listens it is refused", async (t) => {
  const ear = `import { multicast } from "snax"; let channel: any; const heard: number[] = [];
export const response = {
  async listen(id: number) { channel = await multicast.new({ channel: id, dispatch: (_channel: any, _source: any, value: number) => void heard.push(value) }); await channel.subscribe(); },
  leave() { channel.unsubscribe(); channel = undefined; }, heard() { return heard; } };`;
  const mouth = `import { multicast } from "snax"; let channel: any;
export const response = { async open() { channel = await multicast.new(); return channel.channel; }, say(value: number) { return channel.publish(value); } };`;
  const node = await world(t, { ear, mouth }, THREE);
  const from = await node.make("mouth");
  const id = await from.req.open();
  const one = await node.make("ear");
  for (const value of [1, 2]) {
    await one.req.listen(id);
    match((await failureOf(move(node, one))).message, /it holds a channel that it listens to/);
    await from.req.say(value);
    await one.req.leave();
    await move(node, one);
  }
  deepEqual(await one.req.heard(), [1, 2]);
});

test("a chain of any length goes along, by a move and by a reload, of data, of instances, of lists, Maps and Sets, a circle among them, and what is held twice", async (t) => {
  const chain = `class Link { next: any; k: number; constructor(next: any, k: number) { this.next = next; this.k = k; } get sum() { return this.k + 1; } }
    let first: any; let also: any; let timer: any; const kinds: Record<string, (next: any, k: number) => any> = {
      data(next, k) { return { next, k }; }, instance(next, k) { return new Link(next, k); }, list(next, k) { return [next, k]; },
      map(next, k) { return new Map<any, any>([["next", next], ["k", k]]); }, set(next, k) { return new Set([next, k]); },
      key(next, k) { return new Map<any, any>([[next ?? "end", k]]); }, bytes(next, k) { return { next, k, at: new Date(k), bytes: Buffer.from([k & 255]), text: Object.assign(/a/g, { lastIndex: k }) }; } };
    const inner = (at: any) => at instanceof Map ? at.has("next") ? at.get("next") : [...at.keys()][0] : at instanceof Set || Array.isArray(at) ? [...at][0] : at.next;
    export const response = {
      make(kind: string, count: number) { const make = kinds[kind]!; first = undefined; for (let k = 0; k < count; k += 1) { first = make(first, k); if (k === 10) also = first; } },
      close() { let at = first; while (at.next !== undefined) at = at.next; at.next = first; },
      arm() { timer = setTimeout(note, 1_000_000, first); }, 
      look() { const seen = new Set(); let isSame = false; let at = first;
        for (; typeof at === "object" && at !== null && !seen.has(at); at = inner(at)) { seen.add(at); isSame ||= at === also; }
        const last = [...seen].at(-1) as any; const one = [...seen][1] as any;
        return [seen.size, isSame, at === first, one instanceof Link ? one.sum - one.k : 0, last?.bytes?.[0] ?? 0, one?.bytes === undefined || (one.at instanceof Date && one.text.lastIndex === one.k)]; },
      drop() { clearTimeout(timer); first = also = timer = undefined; } };
    function note(what: any) { return what; }`;
  const node = await world(t, { chain }, THREE);
  const one = await node.make("chain");
  for (const kind of ["data", "instance", "list", "map", "set", "key", "bytes"]) {
    // Of some lengths V8 writes out more than it can read.
    for (const count of [1_000, 9_000, 13_000, 100_000]) {
      await one.req.make(kind, count);
      const before = await one.req.look();
      deepEqual([before[0], before[1]], [count, true]);
      await move(node, one);
      deepEqual(await one.req.look(), before, `${kind} ${count}`);
      await node.snax.reload(one);
      deepEqual(await one.req.look(), before, `${kind} ${count}, reloaded`);
    }
  }
  await one.req.make("data", 50_000);
  await one.req.close();
  await one.req.arm();
  const before = await one.req.look();
  deepEqual([before[0], before[2]], [50_000, true]);
  for (let times = 0; times < 3; times += 1) await move(node, one);
  deepEqual(await one.req.look(), before);
  await one.req.drop();
  await move(node, one);
});
