/**
 * What keeps an old value, or goes on with an old text, is said in the log: no operator takes a patch for effective that is
 * not, or not everywhere.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Patch } from "snax";
import { World, serve } from "./harness.ts";
import type { Files } from "./harness.ts";
import { log } from "./moves.ts";

const look = (value: string): string => `export const response = { look() { return ${value}; } };`;
const room = (text: string): Files => ({ "main.ts": text });

const CASES: readonly (readonly [title: string, files: Files, patch: Patch, said: string])[] = [
  [
    "an object with a constant in it",
    room(`const MAX = 5; const limits = { max: MAX }; ${look("limits.max")}`),
    `const MAX = 6;`,
    "sets MAX; limits was made with MAX, and keeps what came of that",
  ],
  [
    "a constant that is computed from it, and is not given again",
    room(`const A = 2; const B = A * 2; ${look("[A, B]")}`),
    `const A = 3;`,
    "sets A; B was made with A, and keeps what came of that",
  ],
  [
    "a static field, an instance with a field, and a function between them",
    room(`const MAX = 5; const twice = () => MAX * 2; class Hall { static MOST = twice(); } class Room { max = MAX; }
      const room = new Room(); ${look("[Hall.MOST, room.max]")}`),
    `const MAX = 6;`,
    "sets MAX; Hall, room were made with MAX, and keep what came of that",
  ],
  [
    "a timer's time, and other statements",
    room(
      `const MS = 50; const seen: number[] = []; setInterval(() => {}, MS); seen.push(MS); ${look("seen")}`,
    ),
    `const MS = 60;`,
    "sets MS; setInterval(() => {}, MS) ran with the old MS; seen.push(MS) ran with the old MS",
  ],
  [
    "methods that are spread into a group",
    room(`const handlers = { look() { return 1; } }; export const response = { ...handlers };`),
    `const handlers = { look() { return 2; } };`,
    "sets handlers.look; response was made with handlers.look, and keeps what came of that",
  ],
  [
    "a copy of an object with functions",
    room(
      `const base = { a() { return 1; }, n: 1 }; const copy: any = Object.assign({}, base); ${look("copy.a()")}`,
    ),
    `const base = { a() { return 2; } };`,
    "sets base.a; copy was made with base.a, and keeps what came of that",
  ],
  [
    "copies that a function makes",
    room(
      `const base = { hp: 1, hit() { return 1; } }; const spawn = () => ({ ...base }); const all = [spawn()]; ${look("all")}`,
    ),
    `const base = { hit() { return 2; } };`,
    "sets base.hit; all was made with base.hit, and keeps what came of that; spawn copies base.hit: code that has a copy keeps the old one",
  ],
  [
    "a closure that a function has made",
    room(`function make() { return () => 1; } const f = make(); ${look("f()")}`),
    `function make() { return () => 2; }`,
    "sets make; make: closures that it has made keep the old text; f was made with make, and keeps what came of that",
  ],
  [
    "a closure that a method has made",
    room(`class Room { hook: any; open() { this.hook = () => 1; } } ${look("new Room()")}`),
    `class Room { open() { this.hook = () => 2; } }`,
    "sets Room.open; Room.open: closures that it has made keep the old text",
  ],
  [
    "a game loop that waits",
    room(
      `async function loop() { while (true) { await new Promise((r) => setTimeout(r, 1e9)); } } void loop(); ${look("1")}`,
    ),
    `async function loop() { while (true) { await new Promise((r) => setTimeout(r, 2e9)); } }`,
    "sets loop; loop: a call that waits in a loop goes on with the old text; void loop() ran with the old loop",
  ],
  [
    "a class whose parent a function has made",
    room(
      `const mix = (B: any) => class extends B { m() { return 1; } }; class Room extends mix(Object) {} ${look("new Room()")}`,
    ),
    `const mix = (B: any) => class extends B { m() { return 2; } };`,
    "sets mix; mix: closures that it has made keep the old text; Room was made with mix, and keeps what came of that",
  ],
  [
    "what another module has taken, under another name",
    {
      "main.ts": `import { LIMITS as L, STEP } from "./c.ts"; const { max, rest: { low } } = L; const far = STEP + 1; ${look("[max, low, far]")}`,
      "c.ts": `export const LIMITS = { max: 5, rest: { low: 1 } }; export const STEP = 1;`,
    },
    { "./c.ts": `const LIMITS = { max: 6 }; const STEP = 2;` },
    "sets STEP, LIMITS.max; max,low of main.ts was made with LIMITS.max, and keeps what came of that; far of main.ts was made with STEP, and keeps what came of that",
  ],
  [
    "a function of an object that a method has taken by its name",
    room(`const Moves = { hit: { onHit() { return 1; } } }; class Room { cb: any; constructor(m: any) { this.cb = m.onHit; } }
      const room = new Room(Moves.hit); ${look("room.cb()")}`),
    `const Moves = { hit: { onHit() { return 2; } } };`,
    "sets Moves.hit.onHit; Moves.hit.onHit: code that took it as a value keeps the old text",
  ],
  [
    "a field in the place of a method",
    room(`class Room { m() { return 1; } } const room = new Room(); ${look("room.m()")}`),
    `class Room { m = () => 2; }`,
    "sets Room (field m); Room.m: live instances keep the method",
  ],
];

for (const [title, files, patch, said] of CASES) {
  test(`the log and the result name what keeps the old: ${title}`, async (t) => {
    const { world, fix } = await serve(t, files);
    await fix(patch);
    equal(await log(world), said);
    const phrases = said.split("; ").slice(1);
    deepEqual(world.node.snax.patches().at(-1)?.keepsOld, phrases);
  });
}

const QUIET: readonly (readonly [title: string, text: string, patch: Patch, said: string])[] = [
  [
    "a function that code holds as a value",
    `function hit() { return 1; } const held = { hit }; const list = [hit]; setInterval(hit, 1e6); ${look("[held, list]")}`,
    `function hit() { return 2; }`,
    "sets hit",
  ],
  [
    "an object that code holds, and other members of it",
    `const offers = { apple: { least: 3 }, n: 1 }; const all = [offers, offers.n]; const { apple } = offers; ${look("[all, apple]")}`,
    `const offers = { apple: { least: 5 } };`,
    "sets offers.apple.least",
  ],
  [
    "a constant that functions read, and one that is given again",
    `const A = 2; const B = A * 2; function f(n = A) { return n + A; } class R { m() { return A; } static s() { return A; } } ${look("[f(), B, new R()]")}`,
    `const A = 3; const B = A * 2;`,
    "sets A, B",
  ],
  [
    "what is as it was",
    `const A = 2; const T = { n: 1, l: [1] }; const copy = { A, n: T.n, ...T.l }; ${look("copy")}`,
    `const A = 2; const T = { n: 1, l: [1] };`,
    "sets A",
  ],
  [
    "a local variable of that name",
    `const MAX = 5; const f = ((MAX: number) => MAX)(1); const o = { MAX: 1 }; ${look("[f, o.MAX, MAX]")}`,
    `const MAX = 6;`,
    "sets MAX",
  ],
  [
    "a callback of a list of keys",
    `const sum = (o: object) => { const all: string[] = []; Object.keys(o).forEach((key) => all.push(key)); return all.length; }; ${look("sum({})")}`,
    `const sum = (o: object) => { const all: string[] = []; Object.keys(o).forEach((key) => all.push(key)); return all.length + 1; };`,
    "sets sum",
  ],
  [
    "a function inside a function that is only called there",
    `const sum = (l: number[]) => { const near = (n: number) => n > 1; const walk = (n: number): number => (n > 3 ? n : walk(n + 1)); return l.filter(near).length + walk(1); }; ${look("sum([1])")}`,
    `const sum = (l: number[]) => { const near = (n: number) => n > 2; return l.filter(near).length; };`,
    "sets sum",
  ],
  [
    "a callback that does not outlive its call",
    `const sum = (l: number[]) => l.map((n) => n + 1); ${look("sum([1])")}`,
    `const sum = (l: number[]) => l.map((n) => n + 2);`,
    "sets sum",
  ],
];

for (const [title, text, patch, said] of QUIET) {
  test(`nothing is said of what follows: ${title}`, async (t) => {
    const { world, fix } = await serve(t, text);
    await fix(patch);
    equal(await log(world), said);
    equal(world.node.snax.patches().at(-1)?.keepsOld, undefined);
  });
}

const SHOP = `import { rate } from "./rates.ts"; const MAX = 5; const limits = { max: MAX }; const twice = rate * 2;
  ${look("[limits.max, twice, MAX]")}`;
const RATES = `"use shared"; const BASE = 1; export const rate = 2; const all = [BASE]; export const seen = () => all;`;
const LEFT = ["limits was made with MAX, and keeps what came of that"];

for (const threads of [1, 3]) {
  test(`patches of a type, of several and of a shared module tell it in their results, on ${threads} threads`, async (t) => {
    const files = { "shop.ts": SHOP, "rates.ts": RATES };
    const world = await World.open(t, files, { thread: threads });
    for (let n = 0; n < 2; n += 1) await world.start("shop");
    const { snax } = world.node;
    const one = await snax.hotfixall("shop", `const MAX = 6;`);
    deepEqual(one.keepsOld, LEFT);
    const whole = await snax.repair({ atomic: true }).hotfixall("shop", `const MAX = 7;`);
    deepEqual(whole.keepsOld, LEFT);
    const text = `const BASE = 9;`;
    const shared = await snax.hotfixshared("rates.ts", text);
    deepEqual(shared.keepsOld, ["all was made with BASE, and keeps what came of that"]);
    const both = await snax.repair({}).together([
      { type: "shop", patch: `const MAX = 8;` },
      { shared: "rates.ts", patch: `const BASE = 10;` },
    ]);
    deepEqual(both.keepsOld, [...LEFT, ...shared.keepsOld]);
    const quiet = await snax.hotfixall("shop", look("MAX + 1"));
    ok(!("keepsOld" in quiet));
  });
}

test("a result has PATCH_KEEPS_MAX phrases at most, and none is longer than PATCH_KEEPS_LENGTH_MAX", async (t) => {
  const makers = (count: number, value: number): string =>
    Array.from({ length: count }, (_, n) => `function make${n}() { return () => ${value}; }`).join(
      "\n",
    );
  const wide = `${"long".repeat(100)}`;
  const { world, fix } = await serve(
    t,
    `${makers(22, 1)} function ${wide}() { return () => 1; } ${look(`[make0()(), ${wide}()()]`)}`,
  );
  const last = (): readonly string[] => world.node.snax.patches().at(-1)?.keepsOld ?? [];
  await fix(makers(20, 2));
  equal(last().length, 20);
  equal(last()[19], "make19: closures that it has made keep the old text");
  await fix(makers(21, 3));
  equal(last().length, 20);
  equal(last()[18], "make18: closures that it has made keep the old text");
  equal(last()[19], "and 2 more");
  await fix(`function ${wide}() { return () => 4; }`);
  const [phrase = ""] = last();
  deepEqual([phrase.length, phrase.endsWith("...")], [300, true]);
});
