/** Functions that fields hold: live instances keep theirs, and nothing says otherwise. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { world as openWorld } from "../../world.ts";
import { serve } from "./harness.ts";
import type { World } from "./harness.ts";

const TEXT = `
  class Room {
    n = 1;
    tick = () => this.n;
    other = function (this: any) { return this.n; };
    bound = this.hit.bind(this);
    plain = 5;
    hit() { return "hit"; }
    constructor(readonly key: () => string = () => "key") {}
  }
  const live = new Room();
  export const response = { look() { const room = new Room(); return [live.tick(), room.tick(), live.other(), room.other(), room.plain]; } };`;

async function lineOf(world: World): Promise<string> {
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  return world.log.split("\n").findLast((each) => / applied: /.test(each)) ?? "";
}

test("the log says that live instances keep the function of a field", async (t) => {
  const { p, fix, world } = await serve(t, TEXT);
  await fix(`class Room { declare n: number; tick = () => this.n + 10; plain = 6; }`);
  deepEqual(await p.req.look(), [11, 11, 1, 1, 6]);
  match(await lineOf(world), /sets Room \(fields tick, plain\)$/);
  await fix(
    `class Room { declare n: number; tick = () => 1; other = function () { return 7; }; hit() { return 1; } }`,
  );
  deepEqual((await p.req.look()).slice(2), [1, 7, 6]);
  match(await lineOf(world), /; Room\.tick, Room\.other: live instances keep the old ones$/);
});

const HELD = `
  class Base { m() { return "base"; } }
  class Room extends Base {
    n = 1;
    block = (a: number, b?: number) => { return [this.n, "old", a, b, super.m()]; };
    value = (a: number) => [this.n, "old", a];
    object = () => ({ n: this.n });
    later = async (a: number) => { return [this.n, "old", a]; };
    soon = async () => [this.n, "old"];
    "quoted name" = () => "old";
    m() { return "room"; }
    all(): any[] { return [this.block, this.value, this.object, this.later, this.soon, (this as any)["quoted name"]]; }
  }
  const live = new Room();
  const held = live.all();
  const bound = live.block.bind(null, 5);
  const use = async (all: any[]) => Promise.all(all.map((each) => each(2, 3)));
  export const response = {
    async held() { return use(held); },
    async fresh() { const room = new Room(); room.n = 7; return use(room.all()); },
    bound() { return bound(6); },
    isSame() { return held[0] === live.block && live.block.length === 2 && live.block.name === "block"; },
  };`;

const GIVEN = (word: string): string => `class Room extends Base {
    declare n: number;
    block = (a: number, b?: number) => { return [this.n, "${word}", b, super.m()]; };
    value = (a = 4) => { return [this.n, "${word}", a]; };
    object = () => [this.n, "${word}"];
    later = async () => { return [this.n, "${word}"]; };
    soon = async () => { await null; return [this.n, "${word}"]; };
    "quoted name" = () => "${word}";
  }`;

const after = (n: number, word: string): unknown[] => [
  [n, word, 3, "base"],
  [n, word, 2],
  [n, word],
  [n, word],
  [n, word],
  word,
];

test("an arrow function in a field runs the patch's text for all who hold it, and in later instances too", async (t) => {
  const { p, fix, world } = await serve(t, HELD);
  for (const word of ["new", "newer", "newest"]) {
    await fix(GIVEN(word));
    deepEqual(await p.req.held(), after(1, word));
    deepEqual(await p.req.fresh(), after(7, word));
    deepEqual(await p.req.bound(), [1, word, 6, "base"]);
    equal(await p.req.isSame(), true);
    match(await lineOf(world), /sets Room \(fields [^;]*\)$/);
  }
});

test("another field or a constructor given later leaves them the patch's text", async (t) => {
  const { p, fix } = await serve(t, HELD);
  await fix(GIVEN("new"));
  await fix(`class Room extends Base { extra = 5; }`);
  deepEqual(await p.req.held(), after(1, "new"));
  deepEqual(await p.req.fresh(), after(7, "new"));
  await fix(
    `class Room extends Base { declare n: number; constructor() { super(); this.n = 3; } }`,
  );
  deepEqual(await p.req.fresh(), after(7, "new"));
});

test("a patch that fails leaves the arrow functions of fields as they were", async (t) => {
  const { p, fix } = await serve(t, HELD);
  const before = [await p.req.held(), await p.req.fresh()];
  await fix(`${GIVEN("bad")} export function hotfix() { throw new Error("no"); }`).catch(() => {});
  deepEqual([await p.req.held(), await p.req.fresh()], before);
  await fix(GIVEN("new"));
  await fix(`${GIVEN("bad")} export function hotfix() { throw new Error("no"); }`).catch(() => {});
  deepEqual([await p.req.held(), await p.req.fresh()], [after(1, "new"), after(7, "new")]);
});

for (const [title, field] of [
  ["takes more arguments", "value = (a: number, b: number) => b;"],
  ["takes all arguments", "value = (...all: number[]) => all;"],
  ["is no arrow function", "value = function (a: number) { return a; };"],
] as const) {
  test(`live instances keep the arrow function of a field where the new one ${title}, and the log says it`, async (t) => {
    const { p, fix, world } = await serve(t, HELD);
    await fix(`class Room extends Base { ${field} }`);
    deepEqual(((await p.req.held()) as unknown[])[1], [1, "old", 2]);
    match(await lineOf(world), /Room\.value: live instances keep the old one$/);
  });
}

test("services of the type and new ones run it, and a rollback takes it back", async (t) => {
  const { snax, make } = await openWorld(t, { shop: HELD });
  const shop = await make("shop");
  const { id } = await snax.hotfixall("shop", GIVEN("new"));
  deepEqual(await shop.req.held(), after(1, "new"));
  deepEqual(await (await make("shop")).req.held(), after(1, "new"));
  await snax.rollback(id);
  const old = (await shop.req.held()) as unknown[][];
  deepEqual([old[0], old[4], old[5]], [[1, "old", 2, 3, "base"], [1, "old"], "old"]);
});

test("fields that hold no function, and new ones, are not mentioned", async (t) => {
  const { fix, world } = await serve(t, TEXT);
  await fix(`class Room { plain = 7; fresh = () => 1; }`);
  match(await lineOf(world), /sets Room \(fields plain, fresh\)$/);
});

test("a method that a field hides is refused: it would never be called", async (t) => {
  const { p, fix, refuse } = await serve(t, TEXT);
  for (const name of ["tick", "other", "bound", "plain", "key"]) {
    await refuse(`class Room { ${name}() { return 9; } }`, {
      code: "ERR_PATCH_CLASS",
      message: new RegExp(
        `class Room: its instances have a field ${name}, which hides a method of that name`,
      ),
    });
  }
  await refuse(`class Room { fresh = 1; fresh() { return 9; } }`, { code: "ERR_PATCH_CLASS" });
  deepEqual(await p.req.look(), [1, 1, 1, 1, 5]);
  await fix(`class Room { late = () => 1; }`);
  await refuse(`class Room { late() { return 2; } }`, { code: "ERR_PATCH_CLASS", message: /late/ });
  await fix(
    `class Room { hit() { return 1; } added() { return 2; } get half() { return 1; } static tick() { return 3; } }`,
  );
});

test("a field that only declares a type hides nothing", async (t) => {
  const { p, fix } = await serve(
    t,
    `class A { declare act: () => number; } const a = new A();
     export const response = { act() { return (a as any).act(); } };`,
  );
  await fix(`class A { act() { return 3; } }`);
  deepEqual(await p.req.act(), 3);
});

const PROPERTIES = `
  class Base { n = 2; hi() { return "base"; } }
  class Room extends Base {
    go = (a: number) => [a, this.k, this.n, super.hi()];
    block = (a: number) => { return [a, this.k]; };
    late = async () => this.k;
    "quoted name" = () => "old";
    mine: () => number;
    both = () => 1;
    constructor(public k = 1, private other = 5) { super(); this.mine = () => k * 2; this.both = () => k * 3; this.k += 1; }
  }
  class Plain { go = (a: number) => a + this.k; constructor(readonly k = 1) {} }
  const room = new Room(3); const plain = new Plain(); const held = [room.go, plain.go];
  export const response = {
    async look(of = room, p = plain) { return [of.go(1), of.block(2), await of.late(), of["quoted name"](), p.go(1)]; },
    later() { return response.look(new Room(3), new Plain()); },
    held() { return held.map((each) => each(1)); },
    own() { return [room.mine(), room.both(), new Room(4).mine(), new Room(4).both()]; },
    keys() { return Object.keys(new Room()); },
  };`;

test("arrow functions in fields follow beside parameters that are properties, and the constructor's own stay", async (t) => {
  const { p, fix, world } = await serve(t, PROPERTIES);
  const own = await p.req.own();
  const keys = await p.req.keys();
  await fix(`class Room extends Base {
      go = (a: number) => ["new", a, this.k, this.n, super.hi()];
      block = (a: number) => { return ["new", a, this.k]; };
      late = async () => this.k + 10;
      "quoted name" = () => "new";
      both = () => 9;
    }
    class Plain { go = (a: number) => a + this.k + 10; }`);
  const expected = [["new", 1, 4, 2, "base"], ["new", 2, 4], 14, "new", 12];
  deepEqual(await p.req.look(), expected);
  deepEqual(await p.req.later(), expected);
  deepEqual(await p.req.held(), [["new", 1, 4, 2, "base"], 12]);
  deepEqual(await p.req.own(), own);
  deepEqual(await p.req.keys(), keys);
  equal(/keep the old/.test(await lineOf(world)), false);
  await fix(`class Room extends Base { mine = () => 7; }`);
  deepEqual(await p.req.own(), own);
  match(await lineOf(world), /Room\.mine: live instances keep the old one$/);
});

test("a position in such a function is that of the file", async (t) => {
  const { p } = await serve(
    t,
    `class Room {\n  go = (n: number) => {\n    throw new Error("x" + n);\n  };\n  constructor(private k = 1) {}\n}
    export const response = { look() { try { new Room().go(1); } catch (error: any) { return error.stack; } } };`,
  );
  match(String(await p.req.look()), /main\.ts:3:11\)/);
});
