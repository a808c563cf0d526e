/** What a state holds goes over to another instance by name: each kind of value, aliases and cycles. */

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { compareStates } from "../../../../src/live/state/difference.ts";
import { takeState } from "../../../../src/live/state/take.ts";
import { Modules } from "../../loader/harness.ts";
import { call, carry } from "./scene.ts";

test("primitives, containers, aliases and cycles arrive, and are copies", async (t) => {
  const text = `
    let sold = 0; let name = "a"; let none: unknown; let big = 1n; let odd = -0; let not = NaN;
    const players = new Map<unknown, any>(); const seen = new Set<any>(); const list: any[] = [];
    let when = new Date(0); let word = /a/g; let bytes = new Uint8Array(4); let view: any; let buffer: any;
    const holed: any[] = []; let nothing: any = Object.create(null); let boxed: any; let error: any;
    export function work() {
      sold = 5; name = "b"; big = 2n; none = null;
      const ann: any = { hp: 3, tags: ["x"] }; ann.self = ann;
      players.set("ann", ann); players.set(ann, 1); seen.add(ann).add("s"); list.push(ann, list);
      when = new Date(7); word = /b/gi; word.lastIndex = 2; bytes = new Uint8Array([1, 2, 3, 4]);
      view = new DataView(bytes.buffer, 1, 2); buffer = Buffer.from("hey"); holed[3] = 1; (holed as any).extra = ann;
      nothing.x = ann; boxed = Object(7); error = new RangeError("no", { cause: ann }); error.code = "E";
    }
    export const all = () => ({ sold, name, none, big, odd, not, players, seen, list, when, word, bytes, view, buffer, holed, nothing, boxed, error });
    export const checks = () => {
      const ann = players.get("ann");
      view.setUint8(0, 9);
      return [ann.self === ann, players.get(ann), seen.has(ann), list[0] === ann, list[1] === list, (holed as any).extra === ann,
        nothing.x === ann, error.cause === ann, 0 in holed, holed.length, bytes[1], Buffer.isBuffer(buffer), word.lastIndex, error instanceof RangeError, Object.is(odd, -0)];
    };`;
  const { old, next, state } = await carry(t, { "main.ts": text });
  deepEqual(state.left, []);
  deepEqual(call(next, "all"), call(old, "all"));
  const wanted = [true, 1, true, true, true, true, true, true, false, 4, 9, true, 2, true, true];
  deepEqual(call(next, "checks"), wanted);
  const [one, two] = [old, next].map(
    (each) => call(each, "all") as { players: Map<string, unknown> },
  );
  notEqual(one?.players.get("ann"), two?.players.get("ann"));
});

test("instances are under the new classes, functions and classes go by name", async (t) => {
  const text = (more: string): string => `
    class Base { kind = "base"; describe() { return "old"; } }
    class Player extends Base { hp = 10; static count = 0; hit(n: number) { this.hp -= n; ${more} return this.hp; } }
    class Book extends Map<string, number> { total = 0; add(k: string) { this.total += 1; return this.set(k, 1); } }
    class Odd extends Error { code = "ODD"; }
    const kTag = Symbol("tag");
    const commands = { buy(n: number) { return n; }, sell: () => 2, nested: { deep() { return 3; } } };
    function plain() { return "plain${more}"; }
    let current: unknown; let maker: unknown; const hooks: unknown[] = []; let ann: any; let book: any; let odd: any; let tagged: any;
    export function work() {
      ann = new Player(); Player.count = 3; ann.hit(1); current = plain; maker = Player;
      hooks.push(plain, commands.buy, commands.nested.deep, ann.hit, Math.max);
      book = new Book().add("x"); odd = new Odd("bad"); tagged = { [kTag]: 1, key: Symbol.for("reg") };
      (plain as any).cache = { hits: 4 };
    }
    export const look = () => ({ hp: ann.hp, is: ann instanceof Player, hit: ann.hit(1), count: Player.count, current: current === plain,
      maker: maker === Player, hooks: hooks.map((h, i) => h === [plain, commands.buy, commands.nested.deep, Player.prototype.hit, Math.max][i]),
      book: book instanceof Book && book.get("x") === 1 && book.total === 1, odd: odd instanceof Odd && odd.message === "bad" && odd.code === "ODD",
      tagged: tagged[kTag], reg: tagged.key === Symbol.for("reg"), hits: (plain as any).cache.hits, ran: (current as any)() });`;
  const edited = text("this.hp -= 5;").replaceAll("plainthis.hp -= 5;", "new");
  const { next, state, restored } = await carry(t, { "main.ts": text("") }, { "main.ts": edited });
  deepEqual([state.left, restored.missing, restored.leftBehind], [[], [], []]);
  deepEqual(call(next, "look"), {
    ...{
      hp: 9,
      is: true,
      hit: 3,
      count: 3,
      current: true,
      maker: true,
      hooks: Array(5).fill(true),
    },
    ...{ book: true, odd: true, tagged: 1, reg: true, hits: 4, ran: "new" },
  });
});

test("another base class and new fields: what was there stays, a class that becomes a Map is an empty one", async (t) => {
  const before = `class Player { hp = 10; } class Bag { size = 2; } let ann: any; let bag: any;
    export function work() { ann = new Player(); ann.hp = 4; bag = new Bag(); }`;
  const after = `class Base { kind() { return "base"; } } class Player extends Base { hp = 10; armour = 1; }
    class Bag extends Map { size2 = 2; } let ann: any; let bag: any; let fresh = 1;
    export const look = () => [ann.hp, ann.kind(), "armour" in ann, bag instanceof Map && bag.set("x", 1).get("x")];`;
  const { next, restored } = await carry(t, { "main.ts": before }, { "main.ts": after });
  deepEqual(call(next, "look"), [4, "base", false, 1]);
  deepEqual([restored.missing, restored.fresh, restored.carried], [[], ["fresh"], ["ann", "bag"]]);
});

test("an object that the new text has made already is filled, not replaced", async (t) => {
  const text = `const players = new Map<string, number>(); const room = { list: [] as number[] }; const held = { players, room };
    let view = () => players.size + room.list.length; const both = [players];
    export function work() { players.set("ann", 1); room.list.push(1, 2); }
    export const look = () => [view(), held.players === players, held.room === room, both[0] === players];`;
  const { next } = await carry(t, { "main.ts": text });
  deepEqual(call(next, "look"), [3, true, true, true]);
});

test("what is still as the text wrote it is no state: the edited text counts, and its holders follow", async (t) => {
  const text = (price: number, more: string): string => `
    const ITEMS = { sword: { price: ${price} }, bow: { price: 7 }${more} }; const LIST = [${price}, 2]; const FROZEN = Object.freeze({ a: ${price} });
    const settings = { max: ${price}, seen: 0, buy() { return ${price}; } }; const started = ${price} + counter(); let n = 0;
    function counter() { return n; } let mine: any; const limit = ${price};
    export function work() { mine = { item: ITEMS.sword }; settings.seen = 9; n = 4; }
    export const look = () => [mine.item === ITEMS.sword, mine.item.price, Object.keys(ITEMS).length, LIST[0], FROZEN.a, settings.max, settings.seen, settings.buy(), started, limit];`;
  const one = text(3, "").replace("+ counter()", "+ 0 * 1");
  const two = text(4, ", axe: { price: 1 }").replace("+ counter()", "+ 0 * 1");
  const { next } = await carry(t, { "main.ts": one }, { "main.ts": two });
  deepEqual(call(next, "look"), [true, 4, 3, 4, 4, 4, 9, 4, 4, 4]);
  const same = await carry(t, { "main.ts": one });
  deepEqual(call(same.next, "look"), [true, 3, 2, 3, 3, 3, 9, 3, 3, 3]);
});

test("a holder of a part of a table that is met before the table holds the new one", async (t) => {
  const text = (price: number): string => `
    const box: any = { at: null }; let list: any; let deep: any; class Player { part: any; } const players = new Map<string, any>();
    const TABLE = { inner: { deep: { price: ${price} } }, rows: [{ n: ${price} }] };
    export function work() { box.at = { by: TABLE.inner.deep }; list = [[TABLE.rows[0]]]; deep = { all: new Set([TABLE.rows]) }; const p = new Player(); p.part = { of: TABLE.inner }; players.set("a", { p }); }
    export const look = () => [box.at.by === TABLE.inner.deep, list[0][0] === TABLE.rows[0], deep.all.has(TABLE.rows), players.get("a").p.part.of === TABLE.inner, players.get("a").p instanceof Player, TABLE.rows[0].n, box.at.by.price];`;
  for (const foreign of ["reference", "missing"] as const) {
    const files = [{ "main.ts": text(1) }, { "main.ts": text(2) }] as const;
    const { next } = await carry(t, files[0], files[1], foreign);
    deepEqual(call(next, "look"), [true, true, true, true, true, 2, 2], foreign);
  }
});

test("what a constant has become since is state, also where the edited text gives it anew", async (t) => {
  const text = (
    n: number,
  ): string => `const prices = { apple: ${n}, pear: ${n} }; const list = [${n}];
    export function work() { prices.apple = 9; list.push(8); delete (prices as any).pear; }
    export const look = () => [prices, list];`;
  const { next } = await carry(t, { "main.ts": text(1) }, { "main.ts": text(2) });
  deepEqual(call(next, "look"), [{ apple: 9 }, [1, 8]]);
});

test("imported own modules are carried, and their classes", async (t) => {
  const files = {
    "main.ts": `import { Unit, units } from "./lib.ts"; let mine: Unit | undefined; export function work() { mine = new Unit(); units.push(mine); }
      export const look = () => [mine instanceof Unit, units.length, units[0] === mine];`,
    "lib.ts": `export class Unit { hp = 1; } export const units: Unit[] = [];`,
  };
  const { next } = await carry(t, files);
  deepEqual(call(next, "look"), [true, 1, true]);
});

test("closed objects stay closed, odd properties stay odd", async (t) => {
  const text = `let frozen: any; let sealed: any; let fixed: any; let hidden: any;
    export function work() { frozen = Object.freeze([1, { a: 1 }]); sealed = Object.seal({ a: 1 }); fixed = Object.preventExtensions({ a: 1 });
      hidden = Object.defineProperty({ b: 2 }, "a", { value: 1 }); }
    export const look = () => [frozen, Object.isFrozen(frozen), sealed, Object.isSealed(sealed), fixed, Object.isExtensible(fixed), hidden.a, Object.keys(hidden)];`;
  const { old, next } = await carry(t, { "main.ts": text });
  deepEqual(call(next, "look"), call(old, "look"));
});

test("what can't be carried is listed with its path and line, and nothing is called", async (t) => {
  const text = `
class Secret { #pin = 1; get() { return this.#pin; } }
class Hidden { static #count = 0; static up() { return ++Hidden.#count; } }
const hooks: unknown[] = [];
const rooms = new Map<string, any>();
let bad: any;
export function work() {
  let inner = 0; class Local {}
  hooks.push(() => inner++);
  rooms.set("a", { wait: Promise.resolve(), who: new Secret(), weak: new WeakMap(), local: new Local(), bound: work.bind(null) });
  bad = { get now() { throw new Error("called"); } };
}`;
  const { state } = await carry(t, { "main.ts": text });
  const seen = state.left.map(({ path, line, why }) => `${path}:${line} ${why}`).toSorted();
  deepEqual(seen, [
    "Hidden.#count:3 a static #private variable",
    "bad.now:6 a getter or setter of the object's own",
    "hooks[0]:4 a closure",
    'rooms.get("a").bound:5 a bound function',
    'rooms.get("a").local:5 an instance of Local, which is no class of a module\'s top level',
    'rooms.get("a").wait:5 a promise',
    'rooms.get("a").weak:5 a weak collection',
    'rooms.get("a").who:5 an instance of Secret, which has #private members',
  ]);
});

test("a class or a function that is gone, or has become private, is told by its path", async (t) => {
  const before = `class A {} class B {} function f() {} let list: any[] = []; let gone = 1; export function work() { list = [new A(), new B(), f]; gone = 2; }`;
  const after = `class B { #x = 1; } let list: any[] = [];`;
  const { restored } = await carry(t, { "main.ts": before }, { "main.ts": after });
  deepEqual(
    restored.missing.map(({ path, why }) => `${path} ${why}`),
    [
      "list[0] an instance of A, which is no class any more",
      "list[1] an instance of B, which has #private members now",
      "list[2] f, which is not there any more",
    ],
  );
  deepEqual(
    restored.leftBehind.map(({ path }) => path),
    ["gone"],
  );
});

test("objects of packages go over as they are, or are left out", async (t) => {
  const text = `import { EventEmitter, once } from "node:events"; import { URL } from "node:url"; let url: any; let bus: any; let f: any; function hear() { return 1; }
    export function work() { url = new URL("http://a"); bus = new EventEmitter(); bus.on("x", hear); f = once; }
    export const look = () => [url.href, bus.listeners("x")[0] === hear, f === once]; export const raw = () => url;`;
  const kept = await carry(t, { "main.ts": text });
  deepEqual(call(kept.next, "look"), ["http://a/", true, true]);
  equal(call(kept.next, "raw"), call(kept.old, "raw"));
  const { state } = await carry(t, { "main.ts": text }, undefined, "missing");
  deepEqual(state.left.map(({ path }) => path).toSorted(), ["f", "url"]);
});

test("a state without foreign objects survives structured clone", async (t) => {
  const text = `class A { x = new Map([["k", [1, new Date(3)]]]); } let a: any; let f: any; function g() {} export function work() { a = [new A(), 1]; a.push(a); f = g; }
    export const look = () => [a[0] instanceof A, a[0].x.get("k")[1].getTime(), a[2] === a, f === g];`;
  const modules = new Modules(t, { "main.ts": text });
  const old = await modules.run();
  call(old, "work");
  const state = structuredClone(takeState(old, { isService: false, foreign: "missing" }));
  const next = await modules.run();
  const { restoreState } = await import("../../../../src/live/state/restore.ts");
  restoreState(state, next, { isService: false });
  deepEqual(call(next, "look"), [true, 3, true, true]);
});

test("a long chain is no deeper than a short one, and too many objects are refused", async (t) => {
  const text = `let head: any; export function work() { for (let i = 0; i < 200000; i++) head = { next: head, i }; }
    export const look = () => { let n = 0; for (let at = head; at; at = at.next) n++; return n; };`;
  const { next, old } = await carry(t, { "main.ts": text });
  equal(call(next, "look"), 200_000);
  const take = (objectsMax: number) =>
    takeState(old, { isService: false, foreign: "missing", objectsMax });
  equal(take(200_002).count >= 200_000, true);
  let code: unknown;
  try {
    take(199_999);
  } catch (error) {
    ({ code } = error as { code: unknown });
  }
  equal(code, "ERR_EXHAUSTED");
});

test("the difference of two states is told by path", async (t) => {
  const text = `class P { hp = 1; } let sold = 5; const accounts = new Map<string, any>([["ann", { limits: { day: 100 } }]]); const history: any[] = [1, 2]; const set = new Set(["a"]); let p = new P(); let f: any = one; function one() {} function two() {}
    export function work() { sold = 99; accounts.get("ann").limits.day = 200; accounts.set("bob", 1); history.push(3); set.delete("a"); p.hp = 2; f = two; }`;
  const modules = new Modules(t, { "main.ts": text });
  const instance = await modules.run();
  const options = { isService: false, foreign: "reference" } as const;
  const before = takeState(instance, options);
  deepEqual(compareStates(before, takeState(instance, options)), []);
  call(instance, "work");
  const lines = compareStates(before, takeState(instance, options)).map(
    ({ path, before: a, after: b }) => `${path}: ${a} -> ${b}`,
  );
  deepEqual(lines.toSorted(), [
    'accounts.get("ann").limits.day: 100 -> 200',
    'accounts.get("bob"): undefined -> 1',
    "accounts.size: 1 -> 2",
    "f: one -> two",
    "history.length: 2 -> 3",
    "history[2]: undefined -> 3",
    "p.hp: 1 -> 2",
    'set.has("a"): "a" -> undefined',
    "set.size: 1 -> 0",
    "sold: 5 -> 99",
  ]);
  ok(true);
});
