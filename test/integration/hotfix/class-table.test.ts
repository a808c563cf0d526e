/** An object in a static field of a class, `static handlers = { hit() { ... } }`: a patch gives members, and what it does not name stays. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";
import { log } from "./moves.ts";

const STATICS = `static handlers = {
      hit(n: number) { return "hit " + n; },
      miss: () => "miss",
      power: 40, seen: 0, tags: ["a"],
      deep: { end() { return "end"; } },
    };
    static readonly rules = Object.freeze({ max: 4, check: (n: number) => n < 4 });
    static state = { count: 0 };`;

const ROOM = `
  const Op = { hit: "hit" };
  class Base { static rules = { base: () => "base" }; }
  class Room extends Base {
    ${STATICS}
    static made = new Map([["a", () => 1]]);
    run(name: string, ...args: number[]) { return (Room.handlers as any)[name](...args); }
  }
  const held = Room.handlers;
  const hit = Room.handlers.hit;
  const room = new Room();
  export const response = {
    run: (name: string, n: number) => room.run(name, n),
    held: (n: number) => [held.hit(n), held === Room.handlers, hit(n)],
    look: () => [Room.handlers.miss(), Room.handlers.power, Room.handlers.seen, String(Room.handlers.tags), Room.handlers.deep.end()],
    rules: () => [Room.rules.max, Room.rules.check(5), Object.isFrozen(Room.rules), (Base.rules as any).base()],
    see: () => (Room.handlers.seen += 1),
    count: () => (Room.state.count += 1),
  };`;
const LOOK = ["miss", 40, 0, "a", "end"];

test("a function of it is replaced for all who hold the object, and the rest stays", async (t) => {
  const { world, p, fix } = await serve(t, ROOM);
  equal(await p.req.run("hit", 1), "hit 1");
  await fix(
    `class Room extends Base { static handlers = { hit(n: number) { return "HIT " + n + this.power; } }; }`,
  );
  equal(await p.req.run("hit", 1), "HIT 140");
  deepEqual(await p.req.held(2), ["HIT 240", true, "hit 2"]);
  deepEqual(await p.req.look(), LOOK);
  match(
    String(await log(world)),
    /^sets Room \(static handlers\.hit\); Room\.handlers\.hit: code that took it as a value keeps the old text$/,
  );
});

test("members, values and what is deeper change as in an object at top level", async (t) => {
  const { p, fix, refuse } = await serve(t, ROOM);
  await p.req.see();
  await fix(`function mine() { return "mine"; }
    class Room extends Base {
      static handlers = { miss: mine, power: 50, seen: 0, tags: ["a", "b"], deep: { end: () => "END" }, fresh: (n: number) => n * 2 };
      run(name: string, ...args: number[]) { return ["run", (Room.handlers as any)[name](...args)]; }
    }`);
  deepEqual(await p.req.look(), ["mine", 50, 1, "a,b", "END"]);
  deepEqual(await p.req.run("fresh", 4), ["run", 8]);
  deepEqual(await p.req.run("hit", 4), ["run", "hit 4"]);
  await refuse(`class Room extends Base { static handlers = { seen: 9, power: 1 }; }`, {
    code: "ERR_PATCH",
    message:
      /Room\.handlers\.seen is state, since the service has changed it: assign it in hotfix\(\)/,
  });
  await refuse(`class Room extends Base { static handlers = { power: 1, hit: 5 }; }`, {
    code: "ERR_PATCH",
    message: /Room\.handlers\.hit is a function, and the patch gives a number/,
  });
  deepEqual(await p.req.look(), ["mine", 50, 1, "a,b", "END"]);
});

test("one that is frozen gets members in the place of it, and its parent's is another one", async (t) => {
  const { p, fix } = await serve(t, ROOM);
  deepEqual(await p.req.rules(), [4, false, true, "base"]);
  await fix(
    `class Room extends Base { static readonly rules = Object.freeze({ max: 8, check: (n: number) => n < 8 }); }`,
  );
  deepEqual(await p.req.rules(), [8, true, true, "base"]);
  await fix(`class Base { static rules = { base: () => "BASE" }; }`);
  deepEqual(await p.req.rules(), [8, true, true, "BASE"]);
});

test("a patch in the words of the file takes back by hand what an earlier patch gave, and else changes nothing", async (t) => {
  const all = `class Room extends Base { ${STATICS} }`;
  const { p, fix } = await serve(t, ROOM);
  await p.req.see();
  await p.req.count();
  // Nothing was changed by a patch: what the program has made of it stays.
  await fix(all);
  equal(await p.req.count(), 2);
  const other = all
    .replace('"hit "', '"HIT "')
    .replace('=> "miss"', '=> "MISS"')
    .replace("power: 40", "power: 50")
    .replace('"end"', '"END"')
    .replace("max: 4", "max: 9")
    .replace("n < 4", "n < 9");
  for (const _ of ["once", "twice"]) {
    await fix(other);
    deepEqual(await p.req.look(), ["MISS", 50, 1, "a", "END"]);
    equal(await p.req.run("hit", 1), "HIT 1");
    deepEqual(await p.req.rules(), [9, true, true, "base"]);
    await fix(all);
    deepEqual(await p.req.look(), ["miss", 40, 1, "a", "end"]);
    equal(await p.req.run("hit", 1), "hit 1");
    deepEqual(await p.req.rules(), [4, false, true, "base"]);
  }
  equal(await p.req.count(), 3);
});

test("one with a computed member may be repeated whole, unless a patch has changed a part of it", async (t) => {
  const text = `const load = () => 5; class Shop { static prices = { apple: load(), tell() { return "old"; } }; static other = { a: load() }; }
    export const response = { look: () => [Shop.prices.apple, Shop.prices.tell(), Shop.other.a] };`;
  const { p, fix, refuse } = await serve(t, text);
  const whole = (what: string): string =>
    `class Shop { static prices = { apple: load(), tell() { return "${what}"; } }; static other = { a: load() }; }`;
  await fix(whole("old"));
  deepEqual(await p.req.look(), [5, "old", 5]);
  await fix(`class Shop { static prices = { tell() { return "new"; } }; }`);
  deepEqual(await p.req.look(), [5, "new", 5]);
  await refuse(whole("old"), {
    code: "ERR_PATCH_CLASS",
    message: /Shop\.prices\.apple is neither a function nor written out/,
  });
  deepEqual(await p.req.look(), [5, "new", 5]);
  await fix(
    `class Shop { static prices = { tell() { return "old"; } }; static other = { a: load() }; }`,
  );
  deepEqual(await p.req.look(), [5, "old", 5]);
});

test("a patch that fails leaves all as it was, and one that is taken back, too", async (t) => {
  const { p, world, fix, refuse } = await serve(t, ROOM);
  const patch = `class Room extends Base { static handlers = { power: 7, fresh: () => 1, hit: () => "x" }; static rules = Object.freeze({ max: 1 }); }`;
  const failing = `${patch} export function hotfix() { throw new Error("no"); }`;
  await refuse(failing, { code: "ERR_PATCH_FAILED" });
  deepEqual([await p.req.look(), await p.req.rules()], [LOOK, [4, false, true, "base"]]);
  deepEqual(await p.req.held(1), ["hit 1", true, "hit 1"]);
  await fix(patch);
  deepEqual(await p.req.held(1), ["x", true, "hit 1"]);
  const entry = (await world.patches()).at(-1);
  const back = await world.node.snax.rollback(entry?.id ?? 0);
  deepEqual([await p.req.look(), await p.req.rules()], [LOOK, [4, false, true, "base"]]);
  deepEqual(await p.req.held(1), ["hit 1", true, "hit 1"]);
  deepEqual(
    back.notes.filter((note) => note.startsWith("Room.")),
    [
      "Room.handlers.hit: function: code that has taken it out of the object keeps the old one",
      "Room.handlers.fresh: taken out of the file: the running object keeps it",
    ],
  );
});

test("services that are born later have all that patches of their type gave it, one after the other", async (t) => {
  const { world } = await serve(t, ROOM);
  const patches = [`{ hit: () => "one", power: 1 }`, `{ miss: () => "two" }`, `{ power: 3 }`];
  for (const table of patches)
    await world.hotfixall("main", `class Room extends Base { static handlers = ${table}; }`);
  const late = await world.start("main");
  equal(await late.req.run("hit", 1), "one");
  deepEqual(((await late.req.look()) as unknown[]).slice(0, 2), ["two", 3]);
});

for (const [title, text, message] of [
  [
    "a spread",
    `static handlers = { ...held, hit: () => 1 };`,
    /the members of Room\.handlers that change are written out, each by its name: leave \.\.\.held out, for what the patch does not name stays/,
  ],
  [
    "a computed name",
    `static handlers = { [String(Op.hit)]: () => 1 };`,
    /by its name: \[String\(Op\.hit\)\] is computed; write the name itself, or assign it in hotfix\(\), Room\.handlers\[String\(Op\.hit\)\] = /,
  ],
  [
    "what a call gives",
    `static handlers = { hit: Object(1) };`,
    /Room\.handlers\.hit is neither a function nor written out/,
  ],
  ["an empty object", `static handlers = {};`, /its static handlers is state/],
  ["a list for an object", `static handlers = [];`, /its static handlers is state/],
  ["an object for a map", `static made = { a: () => 1 };`, /its static made is state/],
] as const) {
  test(`what can't be put in place member by member is refused: ${title}`, async (t) => {
    const { p, refuse } = await serve(t, ROOM);
    await refuse(`class Room extends Base { ${text} }`, { code: "ERR_PATCH_CLASS", message });
    deepEqual(await p.req.look(), LOOK);
  });
}
