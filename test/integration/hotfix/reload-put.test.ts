/** What a program has put where a text puts its own: on methods, in tables, among the elements of a list, behind a proxy. */

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

/** A service of a text, of which `N` is 1 now and 2 in the file; its `put` has run. */
async function begin(
  t: Parameters<typeof world>[0],
  text: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ node: World; a: ServiceObject }> {
  const at = (n: number): string => text.replaceAll(/\bN\b/g, String(n));
  const node = await world(t, { a: at(1), ...more });
  const a = await node.make("a");
  await a.req.put();
  writeFileSync(join(node.folder, "a.ts"), at(2));
  return { node, a };
}

/** A text and what it looks like after the reload, what was carried and what was left behind. */
type Case = readonly [
  text: string,
  look: unknown,
  carried: readonly string[],
  left?: readonly string[],
];

async function checkAll(t: Parameters<typeof world>[0], cases: readonly Case[]): Promise<void> {
  for (const [text, look, carried, left = []] of cases) {
    const { node, a } = await begin(t, text);
    const result = await node.snax.reload(a);
    deepEqual(
      [result.carried.toSorted(), result.leftBehind.toSorted()],
      [carried.toSorted(), left],
      text,
    );
    deepEqual(await a.req.look(), look, text);
  }
}

test("what a program has put on a method or a function of a table goes over with it", async (t) => {
  const room =
    "class Room { tick() { return N; } static make() { return N; } get open() { return N; } } const room: any = new Room(); const proto: any = Room.prototype;";
  await checkAll(t, [
    [
      `${room} export const response = { put() { proto.tick.count = 3; proto.tick.who = room; }, look() { return [room.tick(), room.tick.count, room.tick.who === room]; } };`,
      [2, 3, true],
      ["Room.prototype.tick.count", "Room.prototype.tick.who", "room", "proto"],
    ],
    [
      `${room} export const response = { put() { (Room as any).make.count = 3; }, look() { return [Room.make(), (Room as any).make.count]; } };`,
      [2, 3],
      ["Room.make.count", "room", "proto"],
    ],
    [
      `const handlers: any = { hit() { return N; }, deep: Object.freeze({ a: () => N }) }; export const response: any = { put() { handlers.hit.count = 3; handlers.deep.a.tags = ["x"]; response.look.count = 5; }, look() { return [handlers.hit(), handlers.hit.count, handlers.deep.a.tags, response.look.count]; } };`,
      [2, 3, ["x"], 5],
      ["handlers.hit.count", "handlers.deep.a.tags", "response.look.count"],
    ],
    [
      `function Item(this: any) { this.x = 1; } Item.prototype.go = function () { return N; }; export const response = { put() { Item.prototype.weight = 5; Item.prototype.run = function () {}; }, look() { const item = new (Item as any)(); return [item.go(), item.weight, item.x, typeof item.run]; } };`,
      [2, 5, 1, "undefined"],
      ["Item.prototype.weight"],
      ["Item.prototype.run"],
    ],
  ]);
});

test("a field of a method that the new text lacks is left behind", async (t) => {
  const text = (members: string): string =>
    `class Room { ${members} look() { return 1; } } const room = new Room(); export const response = { put() { (Room.prototype as any).tick.count = 3; return room.look(); } };`;
  const node = await world(t, { a: text("tick() {}") });
  const a = await node.make("a");
  await a.req.put();
  for (const members of ["", "get tick() { throw new Error('asked'); }"]) {
    writeFileSync(join(node.folder, "a.ts"), text(members));
    match(
      (await failureOf(node.snax.reload(a, { strict: true }))).message,
      /Room\.prototype\.tick\.count/,
    );
  }
  deepEqual((await node.snax.reload(a)).leftBehind, ["Room.prototype.tick.count"]);
});

test("a getter, or what goes by a symbol, that a program has put on a function, a class or a prototype is left behind", async (t) => {
  const put =
    "Object.defineProperty(Item, 'n', { get() { return 5; } }); (Item as any)[Symbol.for('x')] = 1; (Item.prototype as any)[key] = 6; Object.defineProperty(f, 'm', { set() {} });";
  const names = ["Item.n", "Item.prototype[Symbol(key)]", "Item[Symbol(x)]", "f.m"];
  const look = "look() { return N; }";
  await checkAll(t, [
    [
      `const key = Symbol("key"); class Item { static get own() { return 1; } get mine() { return 1; }  } function f() {} export const response = { put() { ${put} }, ${look} };`,
      2,
      ["key"],
      names,
    ],
    // What the text says goes with the text.
    [
      `const key = Symbol("key"); class Item { static get own() { return 1; } [Symbol.iterator]() {} static [Symbol.hasInstance]() { return false; } } function f() {} ${put} export const response = { put() {}, ${look} };`,
      2,
      ["key"],
    ],
  ]);
});

/** What a text may write into the place of a function, which a program then gives another one. */
const TABLES = [
  "const handlers: any = { hit() { return N; }, other() { return -N; } };",
  "const handlers: any = { hit: () => N, other: () => -N };",
  "const handlers: any = { hit: async function () { return N; }, other: helper };",
  "let handlers: any = { hit() { return N; }, other: helper };",
  "const handlers: any = Object.freeze({ hit: null, deep: { hit() { return N; } }, other: helper }).deep;",
] as const;

test("a closure in the place of a table's function is refused by its path and line, and nothing changes", async (t) => {
  for (const [table, made] of [
    [TABLES[0], "makeHit(3)"],
    [TABLES[1], "makeHit(3)"],
    [TABLES[2], "makeHit(3)"],
    [TABLES[3], "makeHit(3)"],
    [TABLES[0], "() => 9"],
    [TABLES[0], "handlers.other.bind(null)"],
    ["const handlers: any = { deep: { hit() { return N; } } };", "makeHit(3)", "handlers.deep"],
    [
      "const handlers: any = { deep: Object.freeze({ hit() { return N; } }) };",
      "",
      "handlers.deep",
    ],
  ] as const) {
    const isFrozen = made === "";
    const holder = table.includes("deep") ? "handlers.deep" : "handlers";
    const text = `import { round } from "./lib.ts";
      function makeHit(n: number) { return () => n * N; } function helper() { return round(N); }
      ${table} export const response = { put() { ${isFrozen ? "" : `${holder}.hit = ${made};`} }, async look() { return await ${holder}.hit(); } };`;
    const lib =
      "export function round(n: number) { return Math.round(n); } export const keep = [round];";
    const { node, a } = await begin(t, text, { lib });
    const before = await a.req.look();
    if (isFrozen) {
      await node.snax.reload(a, { strict: true });
      equal(await a.req.look(), 2);
      continue;
    }
    const error = await failureOf(node.snax.reload(a));
    equal(error.code, "ERR_RELOAD");
    const place = `${holder.replace(".", "\\.")}\\.hit \\(a\\.ts:3\\) is a (closure|bound function)`;
    match(error.message, new RegExp(place), `${table} ${made}`);
    equal(await a.req.look(), before);
  }
});

test("a function of the text in the place of another one goes over as the new one of its name", async (t) => {
  await checkAll(t, [
    [
      "const handlers: any = { hit() { return N; }, miss() { return -N; } }; export const response = { put() { handlers.hit = handlers.miss; }, look() { return [handlers.hit(), handlers.miss()]; } };",
      [-2, -2],
      ["handlers"],
    ],
    [
      "function helper() { return 10 * N; } const handlers: any = { hit() { return N; } }; export const response = { put() { handlers.hit = helper; }, look() { return [handlers.hit()]; } };",
      [20],
      ["handlers"],
    ],
  ]);
});

test("functions of a table that the loader has written into are the text's, with patches and without", async (t) => {
  const text = (
    n: number,
  ): string => `import { price } from "./lib.ts"; export let hits = 0; const tick = (n: number): number => (n < 1 ? n : tick(n - 1)); function tock(n: number): number { return n < 1 ? n : tock(n - 1); } const keep = [tick, tock];
    class Item { use(): number { return 0; } } Item.prototype.use = function () { return tock(2) + ${n}; };
    const handlers = { hit(n: number): unknown { hits = n; return [price(1), tick(1), tock(2), ${n}]; }, load: (x: string) => import("./lib.ts").then((m: any) => m.price(x.length)), calm() { return ${n}; } };
    export const response = { hits() { return hits; }, async look() { return [handlers.hit(7), await handlers.load("abc"), handlers.calm(), new Item().use(), keep.length]; } };`;
  const lib = "export function price(n: number) { return n; } export const all = [price];";
  const patch = "const handlers = { calm() { return 5; } };";
  for (const isPatched of [false, true]) {
    const node = await world(t, { a: text(1), lib });
    const a = await node.make("a");
    if (isPatched) await node.snax.hotfix(a, patch);
    await a.req.look();
    const now = isPatched ? text(2).replace("calm() { return 2", "calm() { return 5") : text(2);
    writeFileSync(join(node.folder, "a.ts"), now);
    const { leftBehind } = await node.snax.reload(a, { strict: true });
    const calm = isPatched ? 5 : 2;
    deepEqual([leftBehind, await a.req.look()], [[], [[1, 0, 0, 2], 3, calm, 2, 2]]);
    equal(await a.req.hits(), 7);
  }
});

test("an accessor among the elements of a list is refused, however long the list is", async (t) => {
  const put = (length: number, at: number, accessor: string): string =>
    `const list: any[] = Array.from({ length: ${length} }, (_, index) => index); let value = 9; export const response = { put() { Object.defineProperty(list, ${at}, { ${accessor}, enumerable: true, configurable: true }); }, look() { return [N, list.length]; } };`;
  for (const [length, at, accessor] of [
    [3, 1, "get() { return value; }, set(x) { value = x; }"],
    [3, 0, "get() { return value; }"],
    [3, 2, "set(x) { value = x; }"],
    [64, 63, "get() { return value; }"],
    [65, 64, "get() { return value; }"],
    [1000, 500, "set(x) { value = x; }"],
  ] as const) {
    const { node, a } = await begin(t, put(length, at, accessor));
    const { message } = await failureOf(node.snax.reload(a));
    match(message, new RegExp(`list\\[${at}\\] \\(a\\.ts:1\\) is a getter or setter`));
    deepEqual(await a.req.look(), [1, length]);
  }
});

const ITEM = "class Item { hp = 1; use() { return N; } }";

test("a proxy of the service's own is made again, with the objects behind it under the new classes", async (t) => {
  await checkAll(t, [
    [
      `${ITEM} const p: any = new Proxy({ item: new Item() }, {}); export const response = { put() { p.item.hp = 7; }, look() { return [p.item.use(), p.item.hp, p.item instanceof Item]; } };`,
      [2, 7, true],
      ["p"],
    ],
    [
      `${ITEM} const item: any = new Item(); const p: any = new Proxy(item, {}); export const response = { put() { p.hp = 7; }, look() { return [p.use(), item.hp, p instanceof Item]; } };`,
      [2, 7, true],
      ["item", "p"],
    ],
    [
      `${ITEM} let sets = 0; const p: any = new Proxy({ item: new Item() } as any, { set(o: any, key: any, value: any) { sets += N; o[key] = value; return true; } }); const all = [p]; export const response = { put() { p.x = 1; }, look() { p.y = 1; return [sets, p.item.use(), all[0] === p]; } };`,
      [3, 2, true],
      ["sets", "p", "all"],
    ],
    [
      `${ITEM} const traps: any = { get(o: any, key: any) { return key === "n" ? N : o[key]; } }; const wrap = (o: any) => new Proxy(o, traps); const all: any[] = []; export const response = { put() { const item = wrap(new Item()); item.hp = 3; all.push(item, item, wrap([1, item])); }, look() { return [all[0].n, all[0].hp, all[0] === all[1], all[2][1] === all[0], all[2].length]; } };`,
      [2, 3, true, true, 2],
      ["all"],
    ],
    [
      `class Traps { log = 4; get(o: any, key: any) { return key === "n" ? N + this.log : o[key]; } } const all: any[] = []; export const response = { put() { all.push(new Proxy({ a: 1 }, new Traps())); }, look() { return [all[0].a, all[0].n]; } };`,
      [1, 6],
      ["all"],
    ],
    [
      `function f() { return N; } const p: any = new Proxy(f, { apply(run: any) { return run() * 10; } }); const q: any = new Proxy(new Proxy({ a: 1 }, {}), { get: Reflect.get }); const t: any = {}; const me: any = new Proxy(t, {}); t.me = me; export const response = { put() { q.a = 2; }, look() { return [p(), q.a, t.me === me, me.me.me === me]; } };`,
      [20, 2, true, true],
      ["p", "q", "t", "me"],
    ],
    [
      `const m: any = new Map(); const p: any = new Proxy(m, { get(o: any, key: any) { const v = o[key]; return typeof v === "function" ? v.bind(o) : v; } }); const f: any = new Proxy(Object.freeze({ a: 1, b: [N] }), {}); export const response = { put() { p.set("b", 2); }, look() { return [p.get("b"), m.size, f.a, f.b, Object.isFrozen(f)]; } };`,
      [2, 1, 1, [1], true],
      ["m", "p", "f"],
    ],
  ]);
});

test("a proxy whose traps are closures, or that can't be looked through, is refused by its path", async (t) => {
  for (const [text, expected] of [
    [
      "function wrap(o: any) { return new Proxy(o, { set(to: any, key: any, value: any) { to[key] = value; return N > 0; } }); } const all: any[] = []; export const response = { put() { all.push(wrap({})); }, look() { all[0].x = 1; return all.length; } };",
      /all\[0\]\.\[\[Handler\]\]\.set \(a\.ts:1\) is a closure/,
    ],
    [
      "let p: any; export const response = { put() { const made = Proxy.revocable({}, {}); p = made.proxy; made.revoke(); return N; }, look() { return 1; } };",
      /p \(a\.ts:1\) is a proxy that can't be looked through/,
    ],
  ] as const) {
    const { node, a } = await begin(t, text);
    match((await failureOf(node.snax.reload(a))).message, expected);
    equal(await a.req.look(), 1);
  }
});

test("no trap of a proxy runs while its service is reloaded", async (t) => {
  const traps =
    "Object.fromEntries(Reflect.ownKeys(Reflect).filter((key) => typeof key === 'string').map((key: any) => [key, trap]))";
  const { node, a } = await begin(
    t,
    `let runs = 0; function trap() { runs += 1; throw new Error("a trap"); } const traps: any = ${traps}; const p: any = new Proxy({}, traps); const held: any[] = [p, new Proxy([], traps), new Proxy(trap, traps)]; export const response = { put() { return N; }, look() { return [runs, held.length]; } };`,
  );
  await node.snax.reload(a);
  deepEqual(await a.req.look(), [0, 3]);
});

test("a proxy of a package goes over as it is, unless it leads to what belongs to the old code", async (t) => {
  const text = `import { wrap } from "wraps"; ${ITEM} const all: any[] = []; export const response = { put(isOwn = false) { all[0] = wrap(isOwn ? { list: [new Map([["item", new Item()]])] } : { a: { b: 1 } }); }, look() { return [N, all[0].a?.b, all[0].list?.[0].get("item").use()]; } };`;
  const at = (n: number): string => text.replaceAll(/\bN\b/g, String(n));
  const node = await world(t, { a: at(1) });
  const folder = join(node.folder, "node_modules", "wraps");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    '{"name":"wraps","type":"module","exports":"./index.js"}',
  );
  writeFileSync(
    join(folder, "index.js"),
    "export function wrap(o) { return new Proxy(o, { get: (to, key) => to[key] }); }",
  );
  const a = await node.make("a");
  await a.req.put();
  writeFileSync(join(node.folder, "a.ts"), at(2));
  const { kept } = await node.snax.reload(a);
  deepEqual([kept, await a.req.look()], [[], [2, 1, undefined]]);
  await a.req.put(true);
  writeFileSync(join(node.folder, "a.ts"), at(3));
  const { message } = await failureOf(node.snax.reload(a));
  match(message, /all\[0\] \(a\.ts:1\) is a proxy of a package around an instance of Item/);
  deepEqual(await a.req.look(), [2, undefined, 2]);
});

test("a state has at most 1,000 proxies that are looked through", async (t) => {
  const { node, a } = await begin(
    t,
    "const all: any[] = []; export const response = { put(n = 1000) { while (all.length < n) all.push(new Proxy({ n: all.length }, {})); }, look() { return [N, all[999].n]; } };",
  );
  await node.snax.reload(a);
  deepEqual(await a.req.look(), [2, 999]);
  await a.req.put(1001);
  const { message } = await failureOf(node.snax.reload(a));
  match(message, /all\[\d+\] \(a\.ts:1\) is a proxy, past the first 1000/);
});

test("a swap sees what was put on a method, behind a proxy or in the place of a table's function", async (t) => {
  for (const [text, expected] of [
    [
      "class Room { tick() { return N; } } const put = () => { (Room.prototype as any).tick.count = 3; };",
      /Room\.prototype\.tick\.count/,
    ],
    [
      "const handlers: any = { hit() { return N; } }; const put = () => { const n = 3; handlers.hit = () => n; };",
      /handlers\.hit/,
    ],
    [
      "const p: any = new Proxy({ n: 0 }, {}); const put = () => { p.n = N; };",
      /p\.\[\[Target\]\]\.n .* 0 -> 1/,
    ],
  ] as const) {
    const node = await world(t, {
      a: `${text.replaceAll(/\bN\b/g, "1")} export const response = { put, look() { return 1; } };`,
    });
    const a = await node.make("a");
    await a.req.put();
    match((await failureOf(node.snax.swap("a"))).message, expected);
    equal(await a.req.look(), 1);
  }
});

test("what is on the function of a getter or setter is left behind, and refuses a move", async (t) => {
  const text = `class Room { get size() { return N; } set size(_n: number) {} static get all() { return N; } }
    const of = (holder: object, key: string, kind: "get" | "set"): any => Object.getOwnPropertyDescriptor(holder, key)![kind];
    export const response = {
      put() { of(Room.prototype, "size", "get").count = 5; of(Room.prototype, "size", "set").last = 1; of(Room, "all", "get").count = 7; },
      look() { return [of(Room.prototype, "size", "get").count, new Room().size]; },
    };`;
  const left = [
    "Room.all.get.count",
    "Room.prototype.size.get.count",
    "Room.prototype.size.set.last",
  ];
  await checkAll(t, [[text, [undefined, 2], [], left]]);
  const node = await world(t, { a: text.replaceAll("N", "1") }, { thread: 2 });
  const a = await node.snax.at(1).newservice<any>("a");
  await a.req.put();
  const error = await failureOf(node.skynet.migrate(a.handle, { thread: 2 }));
  deepEqual([error.code, /\.get\.count /.test(error.message)], ["ERR_MIGRATE", true]);
  deepEqual(await a.req.look(), [5, 1]);
});

test("a chain of frozen objects of any length is still what the text gave", async (t) => {
  const text = `function chain(n: number): any { let all: any = Object.freeze({ n: N }); for (let i = 0; i < n; i += 1) all = Object.freeze({ next: Object.freeze([all]) }); return all; }
    const all = chain(200_000);
    export const response = { put() {}, look() { let n = 0; let at = all; for (; at.next !== undefined; at = at.next[0]) n += 1; return [n, at.n]; } };`;
  await checkAll(t, [[text, [200_000, 2], []]]);
});
