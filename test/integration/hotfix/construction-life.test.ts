/** A class whose construction patches have changed: when they fail, in shared modules, at births, in stacks; and what is refused. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";

/** What a service says of an instance that it makes now: own keys in their order, with values. */
const LOOK = `
  const show = (value: any): any => typeof value === "function" ? "function " + value.name : value;
  const tell = (o: any) => Reflect.ownKeys(o).map((key) => [String(key), show(o[key])]);
  export const response = { look() { return tell(make()); } };`;

const PLAYER = `class Player {
  name = "?"; gold = 100; items: string[] = ["sword"]; level!: number;
  constructor(public id: number, extra = 1) { this.name = "p" + id; this.level = extra; }
  greet() { return "hi " + this.name; }
}`;
const MAKE_PLAYER = `const make = () => new Player(2);`;

const UNITS = `
  export let made = 0;
  class Unit { hp = 10; name: string; constructor(name: string) { made += 1; this.name = name; } tell() { return [this.name, this.hp]; } }
  const first = new Unit("first");
  export const response = { look() { return [...first.tell(), ...new Unit("later").tell()]; }, made() { return made; } };`;

test("a patch that fails leaves construction as it was, the first one and the second", async (t) => {
  const { p, fix, refuse } = await serve(t, UNITS);
  const failing = `class Unit { hp = 1; more = 2; constructor() { (this as any).name = "bad"; } static s = 1; }
    export function hotfix() { if (new (Unit as any)().name === "bad" && Unit.s === 1) throw new Error("no"); }`;
  await refuse(failing, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), ["first", 10, "later", 10]);
  await fix(`class Unit { hp = 20; }`);
  await refuse(failing, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), ["first", 10, "later", 20]);
  await fix(
    `class Unit { constructor(name: string) { this.name = name + "!"; } declare name: string; }`,
  );
  await refuse(failing, { code: "ERR_PATCH_FAILED" });
  await refuse(`class Unit { hp = 30; } export function hotfix() { throw new Error("no"); }`, {
    code: "ERR_PATCH_FAILED",
  });
  deepEqual(await p.req.look(), ["first", 10, "later!", 20]);
});

test("an initialiser of a patch that throws does so where the instance is made", async (t) => {
  const { p, fix } = await serve(t, UNITS);
  await fix(
    `function bad(): number { throw new Error("bad start"); }\nclass Unit { hp =\n  bad(); }`,
  );
  const error = await (p.req.look() as Promise<unknown>).catch(
    (reason: unknown) => reason as Error,
  );
  match(String((error as Error).message), /bad start/);
});

test("a stack names the lines of the running text and of the patch", async (t) => {
  const { p, fix } = await serve(
    t,
    `const where = () => new Error("here").stack!.split("\\n")[2]!.replace(/^.*\\//, "");
  class A {
    x = 1; y = where(); z = this.x; constructor() {
      (this as any).w = where(); }
  }
  export const response = { look() { const a: any = new A(); return [a.y, a.w, a.q]; } };`,
  );
  const [y, w] = (await p.req.look()) as string[];
  const fixed = `class A { x = 2;\n  q = where(); }`;
  await fix(fixed);
  const after = (await p.req.look()) as string[];
  deepEqual(after.slice(0, 2), [y, w]);
  equal(after[2]?.replace(/\)$/, ""), "main.ts:2:7");
});

test("the constructor of the text goes on to tell importers what it assigns", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { made, Unit, setTimer } from "./unit.ts";
      export const response = { look() { const u: any = new Unit(); return [made, u.hp, u.home, typeof u.timer]; } };`,
    "unit.ts": `export let made = 0; export function setTimer() {}
      export class Unit { hp = 1; home = import.meta.url.endsWith("unit.ts"); timer = setTimeout(() => {}, 1); constructor() { made++; } }`,
  });
  deepEqual(await p.req.look(), [1, 1, true, "object"]);
  await fix({ "./unit.ts": `export class Unit { hp = 2; }` });
  deepEqual(await p.req.look(), [2, 2, true, "object"]);
});

test("a shared module's class is reconstructed for all services of it", async (t) => {
  const { world, p } = await serve(t, {
    "main.ts": `import { Unit } from "./unit.ts"; const old = new Unit(); export const response = { look() { const u: any = new Unit(); return [old.hp, u.hp, u.name]; } };`,
    "unit.ts": `"use shared"; export class Unit { hp = 1; name = "n"; }`,
  });
  const other = await world.start("main");
  await world.hotfixshared("./unit.ts", `export class Unit { hp = 2; }`);
  deepEqual(
    [await p.req.look(), await other.req.look()],
    [
      [1, 2, "n"],
      [1, 2, "n"],
    ],
  );
});

test("all of a type and those born later have the merged class, those after clearcache the new text", async (t) => {
  for (const thread of [0, 2]) {
    const world = await World.open(t, { "main.ts": UNITS }, { thread });
    const first = await world.start("main");
    await world.hotfixall(
      "main",
      `class Unit { hp = 20; tell() { return [this.name, this.hp, (this as any).more]; } declare name: string; }`,
    );
    await world.hotfixall("main", `class Unit { more = 1; }`);
    await world.hotfixall("main", `class Unit { hp = 30; }`);
    for (const p of [first, await world.start("main")]) {
      const [, , , ...later] = (await p.req.look()) as unknown[];
      deepEqual(later, ["later", 30, 1]);
    }
    world.write({ "main.ts": UNITS.replace("hp = 10", "hp = 11") });
    world.node.skynet.cache.clear();
    deepEqual(await (await world.start("main")).req.look(), ["first", 11, "later", 11]);
    equal(await first.req.made(), 2);
  }
});

test("a service patches another one's class", async (t) => {
  const { world, p } = await serve(t, UNITS);
  world.write({
    "doctor.ts": `import { snax } from "snax"; export const response = { cure(p: any) { return snax.hotfix(p, "class Unit { hp = 99; } export function hotfix() { return new (Unit as any)('x').hp; }"); } };`,
  });
  const doctor = await world.start("doctor");
  equal(await doctor.req.cure(p), 99);
  deepEqual(await p.req.look(), ["first", 10, "later", 99]);
});

for (const [title, patch, message] of [
  [
    "a field that the constructor's parameter is",
    `class Player { id = 5; }`,
    /:1:1: class Player: id is a parameter of the constructor/,
  ],
  [
    "a field and a parameter of one name",
    `class Player { q = 5; constructor(public q: number) {} }`,
    /q is a parameter of the constructor/,
  ],
  ["a new field beside private ones", `class Vault { gems = 1; }`, /#private/],
  [
    "a name that would be computed again",
    `class Odd { x = 1; }`,
    /its field \[next\(\)\] would have to be computed again/,
  ],
  [
    "properties without a super() of its own",
    `class Child extends Player { constructor(private n: number) { if (n > 1) super(n); else super(1); } }`,
    /needs super\(\.\.\.\) as a statement of its own/,
  ],
] as const) {
  test(`what can't be merged is refused: ${title}`, async (t) => {
    const text = `let n = 0; const next = () => "k" + n++; class Odd { [next()] = 1; m() {} } class Vault { #gold = 5; m() {} } class Child extends Player {}`;
    const { p, refuse } = await serve(t, PLAYER + text + MAKE_PLAYER + LOOK);
    const before = await p.req.look();
    await refuse(patch, { code: "ERR_PATCH_CLASS", message });
    deepEqual(await p.req.look(), before);
  });
}

test("a constructor of an earlier patch keeps its parameter from being a field", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `class A { x = 1; } const make = () => new (A as any)(3);` + LOOK,
  );
  await fix(`class A { constructor(public n: number) {} }`);
  await refuse(`class A { n = 5; x = 2; }`, {
    code: "ERR_PATCH_CLASS",
    message: /n is a parameter/,
  });
  deepEqual(await p.req.look(), [
    ["n", 3],
    ["x", 1],
  ]);
});
