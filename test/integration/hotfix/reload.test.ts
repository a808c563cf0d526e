/** `snax.reload`: the file as it is now behind the handle of a running service, with its state. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isCollected } from "../../collector.ts";
import type { World } from "../../world.ts";
import { failureOf, ONE_THREAD, world } from "../../world.ts";

const byNumber = (one: number, two: number): number => one - two;

/** Writes a service file anew. */
function edit({ folder }: World, name: string, text: string): void {
  writeFileSync(join(folder, `${name}.ts`), text);
}

const ARENA = `import { skynet } from "snax";
let ticks = 0; const players = new Map<string, Player>();
class Player { hp = 10; name = ""; constructor(n: string) { this.name = n; } hit(n: number) { this.hp -= n; return this.hp; } }
setInterval(() => { ticks += 1; }, 5);
export const response = {
  join(n: string) { players.set(n, new Player(n)); return players.size; }, hit(n: string, d: number) { return players.get(n)!.hit(d); },
  size() { return players.size; }, ticks() { return ticks; }, async slow() { await skynet.sleep(50); return "old " + players.size; }, version() { return 1; },
};
`;
const ARENA_2 = `import { skynet } from "snax";
let ticks = 0; const players = new Map<string, Player>(); let heroes: string[] = [];
class Base { kind = "base"; describe() { return "hero " + (this as any).name; } }
class Player extends Base { hp = 10; armour = 0; name = ""; constructor(n: string) { super(); this.name = n; } hit(n: number) { this.hp -= Math.max(0, n - this.armour); return this.hp; } }
setInterval(() => { ticks += 1000; }, 5);
export const response = {
  join(n: string) { players.set(n, new Player(n)); return players.size; }, hit(n: string, d: number) { return players.get(n)!.hit(d); },
  size() { return players.size; }, ticks() { return ticks; }, describe(n: string) { return players.get(n)!.describe() + " " + players.get(n)!.armour + " " + heroes; }, version() { return 2; },
};
export function reload(old: { ticks: number }, from: { text: string; patches: number[] }) {
  for (const p of players.values()) { p.armour = 3; heroes.push(p.name + old.ticks.toFixed(0).length + from.patches.length); }
}
`;

test("another base class, a new field, reload() migrates; a handler in flight ends with the old code, what waits meets the new", async (t) => {
  const node = await world(t, { arena: ARENA });
  const arena = await node.make("arena");
  await arena.req.join("ann");
  equal(await arena.req.hit("ann", 4), 6);
  const slow = arena.req.slow();
  edit(node, "arena", ARENA_2);
  const going = node.snax.reload(arena);
  await node.skynet.sleep(10);
  const queued = arena.req.version();
  equal(await slow, "old 1");
  equal(await queued, 2);
  const result = await going;
  deepEqual(result.reloaded, [arena.handle]);
  deepEqual(
    [result.carried, result.new, result.leftBehind, result.drained],
    [["ticks", "players"], ["heroes"], [], 1],
  );
  ok(result.held >= 0);
  equal(await arena.req.hit("ann", 4), 5);
  match(await arena.req.describe("ann"), /^hero ann 3 ann\d+/);
  const before = await arena.req.ticks();
  await node.skynet.sleep(40);
  equal(((await arena.req.ticks()) - before) % 1000, 0);
});

test("a reload that fails at any step leaves the service as it was", async (t) => {
  const node = await world(t, { arena: ARENA });
  const arena = await node.make("arena");
  await arena.req.join("ann");
  const broken: [string, RegExp][] = [
    ["const x = ;", /arena\.ts:1:11/],
    [`import "./none.ts";`, /none/],
    [
      ARENA_2.replace("for (const p", "players.clear(); throw new Error('no'); for (const p"),
      /^reload\(\) has thrown: no \(arena\.ts:\d+\)$/,
    ],
    [
      ARENA_2.replace(
        "setInterval(() => { ticks += 1000; }, 5);",
        "setInterval(() => { ticks += 1000; }, 5); throw new Error('top');",
      ),
      /^its new top level has thrown: top \(arena\.ts:\d+\)$/,
    ],
    [
      ARENA_2.replace("export function reload", "export async function reload").replace(
        "for (const p",
        "await null; throw new Error('later'); for (const p",
      ),
      /^reload\(\) has thrown: later \(arena\.ts:\d+\)$/,
    ],
    [
      ARENA_2.replace("class Player extends Base", "class Gamer extends Base")
        .replaceAll(": Player", ": Gamer")
        .replaceAll(", Player>", ", Gamer>")
        .replaceAll("new Player", "new Gamer"),
      /players\.get\("ann"\) \(arena\.ts:2\) is an instance of Player, which is no class any more/,
    ],
    ["export const response = 5;", /response must be an object/],
  ];
  for (const [text, why] of broken) {
    edit(node, "arena", text);
    const error = await failureOf(node.snax.reload(arena));
    deepEqual(
      [error.code, why.test(error.message)],
      ["ERR_RELOAD", true],
      `${error.message} is not ${why}`,
    );
    deepEqual(
      [await arena.req.version(), await arena.req.size(), await arena.req.hit("ann", 0)],
      [1, 1, 10],
    );
    const ticks = await arena.req.ticks();
    await node.skynet.sleep(20);
    ok((await arena.req.ticks()) - ticks < 1000 && (await arena.req.ticks()) > ticks);
  }
});

test("all of a type, on all threads, and new ones; one that can't goes on with the old code", async (t) => {
  const text = (
    version: number,
  ): string => `let mine: any; export function init(n: number) { mine = n === 13 ? () => n : n; }
    export const response = { version() { return ${version}; }, mine() { return typeof mine === "function" ? mine() : mine; } };`;
  const node = await world(t, { shop: text(1) });
  const shops = [];
  for (const n of [1, 2, 3, 13]) shops.push(await node.make("shop", n));
  edit(node, "shop", text(2));
  const result = await node.snax.reload("shop");
  const odd = shops[3];
  deepEqual(
    result.reloaded.toSorted(byNumber),
    shops
      .slice(0, 3)
      .map(({ handle }) => handle)
      .toSorted(byNumber),
  );
  deepEqual(
    result.failed.map(({ handle, code, message }) => [handle, code, message]),
    [[odd?.handle, "ERR_RELOAD", "mine (shop.ts:1) is a closure"]],
  );
  const seen = await Promise.all(
    shops.map(async ({ req }) => [await req.version(), await req.mine()]),
  );
  deepEqual(seen, [
    [2, 1],
    [2, 2],
    [2, 3],
    [1, 13],
  ]);
  equal(await (await node.make("shop", 5)).req.version(), 2);
});

test("if all fail, new services are as before", async (t) => {
  const text = (version: number): string =>
    `let f = () => 0; export function init() { const n = 1; f = () => n; } export const response = { version() { return ${version}; } };`;
  const node = await world(t, { shop: text(1) });
  await node.make("shop");
  edit(node, "shop", text(2));
  const result = await node.snax.reload("shop");
  deepEqual([result.reloaded, result.failed.length], [[], 1]);
  equal(await (await node.make("shop")).req.version(), 1);
});

test("what the new text has no name for is listed, and refused with strict", async (t) => {
  const node = await world(t, {
    a: `let gone = 1; let stays = 2; export const response = { stays() { return stays; } };`,
  });
  const a = await node.make("a");
  edit(
    node,
    "a",
    `let stays = 0; let more = 3; export const response = { stays() { return stays + more; } };`,
  );
  const error = await failureOf(node.snax.reload(a, { strict: true }));
  deepEqual([error.code, /gone/.test(error.message), await a.req.stays()], ["ERR_RELOAD", true, 2]);
  const { leftBehind, new: fresh } = await node.snax.reload(a);
  deepEqual([leftBehind, fresh, await a.req.stays()], [["gone"], ["more"], 5]);
});

test("a plain service registers again; one that does more has to say how", async (t) => {
  const text = (
    n: number,
    more = "",
    tail = "",
  ): string => `import { skynet } from "snax"; let count = 0; const command = { UP() { return [${n}, ++count]; } };
    skynet.start(() => { skynet.dispatch("lua", (_s, _a, c: keyof typeof command) => command[c]()); ${more} skynet.register(".db"); }); ${tail}`;
  const node = await world(t, { db: text(1) });
  const db = await node.skynet.newservice("db");
  const up = () => node.skynet.call(db, "lua", "UP");
  deepEqual(await up(), [1, 1]);
  edit(node, "db", text(2));
  const { reloaded } = await node.snax.reload(db);
  deepEqual(
    [reloaded, await up(), await node.skynet.call(".db", "lua", "UP")],
    [[db], [2, 2], [2, 3]],
  );
  edit(node, "db", text(3, "count = 100;"));
  const error = await failureOf(
    node.snax.reload("db").then(({ failed }) => Promise.reject(new Error(failed[0]?.message))),
  );
  match(error.message, /start function does more.*export function reload/);
  deepEqual(await up(), [2, 4]);
  edit(node, "db", text(4, "count = 100;", "export function reload() {}"));
  match(
    String((await node.snax.reload("db")).failed[0]?.message),
    /nothing handles messages of type lua/,
  );
  edit(
    node,
    "db",
    text(
      5,
      "count = 100;",
      `export function reload() { skynet.dispatch("lua", (_s, _a, c: any) => ["again", (command as any)[c]()]); }`,
    ),
  );
  deepEqual((await node.snax.reload("db")).failed, []);
  deepEqual(await up(), ["again", [5, 5]]);
});

test("patches: what the file has is no matter, what it lacks refuses", async (t) => {
  const text = (price: number): string =>
    `let sold = 0; function price() { return ${price}; } export const response = { buy() { sold += 1; return [price(), sold]; } };`;
  const node = await world(t, { shop: text(1) });
  const shop = await node.make("shop");
  await node.snax.hotfix(shop, "function price() { return 2; }");
  deepEqual(await shop.req.buy(), [2, 1]);
  const error = await failureOf(node.snax.reload(shop));
  match(error.message, /patch [0-9a-f]{12} of .*shop\.ts gave/);
  edit(node, "shop", text(2));
  await node.snax.reload(shop);
  deepEqual(await shop.req.buy(), [2, 2]);
  await node.snax.hotfix(shop, "function price() { return 7; }");
  deepEqual(await shop.req.buy(), [7, 3]);
});

test("queue mode stays, and a service that never comes to rest goes on", async (t) => {
  const text = (
    n: number,
  ): string => `import { skynet } from "snax"; export function init() { return "queue"; }
    export const response = { async wait() { await skynet.sleep(30); return ${n}; }, version() { return ${n}; } }; export const accept = { async loop() { for (;;) await skynet.sleep(10); } };`;
  const node = await world(
    t,
    { a: text(1), b: text(1).replace('return "queue"', "") },
    { draintimeout: 500 },
  );
  const a = await node.make("a");
  edit(node, "a", text(2));
  const order: string[] = [];
  const one = a.req.wait().then((n: number) => order.push(`wait ${n}`));
  const reloaded = node.snax.reload(a).then(() => order.push("reloaded"));
  const two = a.req.wait().then((n: number) => order.push(`wait ${n}`));
  const three = a.req.version().then((n: number) => order.push(`version ${n}`));
  await Promise.all([one, reloaded, two, three]);
  deepEqual([order[0], order.slice(2)], ["wait 1", ["wait 2", "version 2"]]);
  const b = await node.make("b");
  b.post.loop();
  edit(node, "b", text(2));
  const error = await failureOf(node.snax.reload(b));
  match(error.message, /has not come to rest within 500 ms \(draintimeout\): .*b\.loop/);
  equal(await b.req.version(), 1);
});

test("a drain that is stopped by a circle of calls names which service waits for which", async (t) => {
  const text = (n: number): string =>
    `import { skynet } from "snax"; let next: any; export const accept = { link(to: any) { next = to; } };
    export const response = { async ask(left: number): Promise<number> { await skynet.sleep(20); return left > 0 ? await next.req.ask(left - 1) : ${n}; } };`;
  const node = await world(
    t,
    { a: text(1), b: text(1), c: text(1) },
    { ...ONE_THREAD, draintimeout: 300 },
  );
  const [a, b, c] = [await node.make("a"), await node.make("b"), await node.make("c")];
  for (const [from, to] of [
    [a, b],
    [b, c],
    [c, a],
  ] as const) {
    from.post.link(to);
  }
  const asked = a.req.ask(3);
  await c.req.ask(0);
  edit(node, "a", text(2));
  const { message } = await failureOf(node.snax.reload(a));
  const circle = /a call to :\w+ b, which waits for :\w+ c, which waits for :\w+ a, which takes no/;
  match(message, circle);
  equal(await asked, 1);
});

test("a service can't reload itself, and what is no target is refused", async (t) => {
  const node = await world(t, {
    a: `import { snax } from "snax"; export const response = { me() { return snax.reload(snax.self()); } };`,
  });
  const a = await node.make("a");
  match((await failureOf(a.req.me())).message, /asks for that itself/);
  deepEqual((await failureOf(node.snax.reload({} as never))).code, "ERR_ARGUMENT");
  deepEqual((await failureOf(node.snax.reload("nobody"))).code, "ERR_NO_SERVICE");
  deepEqual((await failureOf(node.snax.reload(".nobody"))).code, "ERR_NO_SERVICE");
});

test("a patch that comes meanwhile goes into the code that runs in the end", async (t) => {
  const text = (
    n: number,
    tail = "",
  ): string => `import { skynet } from "snax"; import { base } from "./base.ts"; let sold = 0; function price() { return base() + ${n}; }
    export const response = { buy() { sold += 1; return [price(), sold]; } }; ${tail}`;
  const files = { a: text(1), base: "export function base() { return 100; }" };
  const node = await world(t, files);
  const a = await node.make("a");
  const patch =
    "declare let sold: number; function price() { return 9; } export function hotfix() { sold += 100; }";
  const slow = (end: string): string =>
    `export async function reload() { await skynet.sleep(20); ${end} }`;
  edit(node, "a", text(2, slow("")));
  const both = await Promise.allSettled([node.snax.hotfix(a, patch), node.snax.reload(a)]);
  // The patch was asked for first, and a patch that the file lacks refuses the reload.
  deepEqual(
    both.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
  deepEqual(await a.req.buy(), [9, 101]);
  edit(node, "a", text(9, "").replace("base() + 9", "9"));
  await node.snax.reload(a);
  edit(node, "a", text(3, slow("")));
  const going = node.snax.reload(a);
  await node.skynet.sleep(5);
  await node.snax.hotfix(a, patch);
  await going;
  deepEqual(await a.req.buy(), [9, 202]);
});

test("a unique service, whose end service_mgr waits for, comes to rest", async (t) => {
  const text = (n: number): string =>
    `let count = 0; export const response = { up() { count += 1; return [${n}, count]; } };`;
  const node = await world(t, { a: text(1) }, { draintimeout: 200 });
  const a = await node.snax.uniqueservice<any>("a");
  await a.req.up();
  edit(node, "a", text(2));
  const { reloaded, failed, drained } = await node.snax.reload("a");
  deepEqual([reloaded, failed, drained], [[a.handle], [], 0]);
  deepEqual(await a.req.up(), [2, 2]);
});

test("the code of a service that was reloaded is collected, after reloads that failed too", async (t) => {
  const seen: WeakRef<object>[] = [];
  const globals = globalThis as { snaxTestSeen?: (made: object) => void };
  globals.snaxTestSeen = (made) => void seen.push(new WeakRef(made));
  t.after(() => delete globals.snaxTestSeen);
  const text = (n: number): string => `import { skynet } from "snax";
    class Player { hp = 10; hit() { this.hp -= 1; return [${n}, this.hp]; } } (globalThis as any).snaxTestSeen(Player);
    const players = new Map<string, Player>(); const table = { beat() {}, player: new Player() }; let timer: any; function late(p: Player) { p.hit(); }
    setInterval(table.beat, 100000);
    export const response = { hit(n: string) { let p = players.get(n); if (!p) players.set(n, (p = new Player())); clearTimeout(timer); timer = setTimeout(late, 100000, p); return p.hit(); } };
    export async function reload(old: any) { await skynet.sleep(1); if (${n} % 2 > 0) throw new Error("no"); old.players.get("ann").hp += 1; }`;
  const node = await world(t, { arena: text(0) }, ONE_THREAD);
  const arena = await node.make("arena");
  for (let n = 1; n <= 8; n += 1) {
    await arena.req.hit("ann");
    edit(node, "arena", text(n));
    const { status } = (await Promise.allSettled([node.snax.reload(arena)]))[0];
    equal(status, n % 2 > 0 ? "rejected" : "fulfilled");
  }
  deepEqual(await arena.req.hit("ann"), [8, 5]);
  equal(seen.length, 9);
  for (const each of seen.slice(0, -1)) ok(await isCollected(each));
});
