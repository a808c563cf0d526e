/** Classes of a service under a patch keep their identity: live instances get the new methods. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

const UNITS = `
  class Unit {
    hp = 10;
    name: string;
    constructor(name: string) { this.name = name; }
    hit(n: number) { this.hp -= n; return this.hp; }
    describe() { return "unit " + this.name; }
    get half() { return this.hp / 2; }
    set half(v: number) { this.hp = v * 2; }
    static made = 0;
    static make(name: string) { Unit.made += 1; return new Unit(name); }
  }
  class Tank extends Unit {
    armour = 5;
    hit(n: number) { return super.hit(n - 1); }
    describe() { return "tank, " + super.describe(); }
    static make(name: string) { Unit.made += 1; return new Tank(name); }
  }
  const first = Unit.make("a");
  const tank = Tank.make("t");
`;

const HANDLERS = `
  export const response = {
    hits() { return [first.hit(1), tank.hit(1)]; },
    words() { return [first.describe(), tank.describe()]; },
    made() { return Unit.made; },
    fresh() { const u = Unit.make("f"); const t = Tank.make("g"); return [u.hp, u.describe(), t.hp, t.describe()]; },
    half() { first.half = 7; return [first.hp, first.half]; },
    kin() { const t = Tank.make("k"); return [first instanceof Unit, tank instanceof Tank, t instanceof Tank, t instanceof Unit,
      first.constructor === Unit, Object.getPrototypeOf(tank) === Tank.prototype, t.constructor.name]; },
  };`;

const ALL_KIN = [true, true, true, true, true, true, "Tank"];

test("live instances get a new method, through super too, and the others stay", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Unit { describe() { return "UNIT " + (this as any).name; } }`);
  deepEqual(await p.req.words(), ["UNIT a", "tank, UNIT t"]);
  deepEqual(await p.req.hits(), [9, 10]);
  deepEqual(await p.req.kin(), ALL_KIN);
});

test("a method is added to a class", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`
    declare const first: any, tank: any;
    class Unit { heal() { return ++(this as any).hp; } }
    export const response = { heal() { return [first.heal(), tank.heal()]; } };`);
  deepEqual(await p.req.heal(), [11, 11]);
});

test("a subclass is patched with super calls of its own", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Tank extends Unit {
    hit(n: number) { return super.hit(n * 2) + 1000; }
    describe() { return "TANK, " + super.describe(); }
  }`);
  deepEqual(await p.req.words(), ["unit a", "TANK, unit t"]);
  deepEqual(await p.req.hits(), [9, 1008]);
});

test("base and subclass are patched in one step", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Tank extends Unit { describe() { return "T>" + super.describe(); } }
             class Unit { describe() { return "U"; } }`);
  deepEqual(await p.req.words(), ["U", "T>U"]);
});

test("later instances run the new constructor and fields, through super() too", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Unit {
    hp = 100;
    name: string;
    constructor(name: string) { this.name = name.toUpperCase(); }
  }`);
  deepEqual(await p.req.fresh(), [100, "unit F", 100, "tank, unit G"]);
  deepEqual(await p.req.words(), ["unit a", "tank, unit t"]);
  deepEqual(await p.req.kin(), ALL_KIN);
});

test("a patch without constructor and fields leaves both as they are", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Unit { describe() { return "U"; } }`);
  deepEqual(await p.req.fresh(), [10, "U", 10, "tank, U"]);
});

test("a subclass gets a constructor of its own", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Tank extends Unit {
    constructor(name: string) { super(name + "!"); this.hp += 1; }
  }`);
  deepEqual(await p.req.fresh(), [10, "unit f", 11, "tank, unit g!"]);
  deepEqual(await p.req.kin(), ALL_KIN);
});

test("a constructor is patched twice", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Unit { constructor(name: string) { this.name = "1" + name; this.hp = 1; } }`);
  await fix(`class Unit { constructor(name: string) { this.name = "2" + name; this.hp = 2; } }`);
  deepEqual(await p.req.fresh(), [2, "unit 2f", 2, "tank, unit 2g"]);
});

test("accessors are replaced, and the half that is not given stays", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`class Unit { get half() { return -(this as any).hp; } }`);
  deepEqual(await p.req.half(), [14, -14]);
  await fix(`class Unit { set half(v: number) { (this as any).hp = v; } }`);
  deepEqual(await p.req.half(), [7, -7]);
});

test("static methods are replaced, and their class is the live one", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(
    `class Unit { static make(name: string) { this.made += 10; return new Unit(name + "*"); } }`,
  );
  deepEqual(await p.req.fresh(), [10, "unit f*", 10, "tank, unit g"]);
  equal(await p.req.made(), 13);
});

test("a new static field is added and one that has been assigned is state and stays", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  const patch = `class Unit { static made = 0; static colour = "red"; }
                 export function hotfix() { return [Unit.made, (Unit as any).colour, (Tank as any).colour]; }`;
  deepEqual(await fix(patch), [2, "red", "red"]);
  equal(await p.req.made(), 2);
});

test("inside a patched method the class's name is the live class", async (t) => {
  const { fix } = await serve(t, UNITS + HANDLERS);
  const patch = `
    declare const first: any, tank: any;
    class Unit {
      is(other: unknown) { return other instanceof Unit; }
      clone() { return new Unit("clone"); }
      static self() { return Unit; }
    }
    export function hotfix() {
      return [first.is(first), first.is(tank), first.is(first.clone()), first.clone().hp, (Unit as any).self() === first.constructor];
    }`;
  deepEqual(await fix(patch), [true, true, true, 10, true]);
});

test("symbols, computed and quoted names, generators and async methods are patched", async (t) => {
  const { fix } = await serve(
    t,
    `const KEY = "k"; class Bag { items = [1, 2]; } const bag = new Bag(); export const response = {};`,
  );
  const patch = `
    declare const bag: any; declare const KEY: string;
    class Bag {
      *[Symbol.iterator](this: any) { yield* this.items; }
      [KEY]() { return "computed"; }
      "a b"() { return "quoted"; }
      7() { return "seven"; }
      async later() { return "later"; }
      static [Symbol.hasInstance](x: any) { return x === 5 || Function.prototype[Symbol.hasInstance].call(this, x); }
    }
    export async function hotfix() {
      return [[...bag], bag.k(), bag["a b"](), bag[7](), await bag.later(), 5 instanceof (Bag as any), bag instanceof Bag];
    }`;
  deepEqual(await fix(patch), [[1, 2], "computed", "quoted", "seven", "later", true, true]);
});

test("methods of a patch are as hidden from enumeration as those of the class", async (t) => {
  const { fix } = await serve(
    t,
    `class A { a() {} } const one = new A(); export const response = {};`,
  );
  const patch = `declare const one: any; class A { a() {} b() {} static c() {} }
    export function hotfix() { const seen = []; for (const key in one) seen.push(key); return [seen, Object.keys(A)]; }`;
  deepEqual(await fix(patch), [[], []]);
});

test("a new class of a patch may extend one of the service and is patched later", async (t) => {
  const { p, fix } = await serve(t, UNITS + HANDLERS);
  await fix(`
    class Ship extends Unit { describe() { return "ship, " + super.describe(); } }
    let ship: any = new Ship("s");
    export const response = { ship() { return ship.describe(); } };`);
  equal(await p.req.ship(), "ship, unit s");
  await fix(`class Ship extends Unit { describe() { return "SHIP, " + super.describe(); } }`);
  equal(await p.req.ship(), "SHIP, unit s");
  await fix(`class Unit { describe() { return "u"; } }`);
  equal(await p.req.ship(), "SHIP, u");
});

test("a class that another module exports is patched for those who extend it", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `
      import { Base } from "./base.ts"; import * as ns from "./base.ts";
      class Child extends Base { who() { return "child of " + super.who(); } }
      const old = new Child();
      export const response = { look() { const now = new Child(); return [old.who(), now.who(), old.n, now.n, old instanceof ns.Base]; } };`,
    "base.ts": `export class Base { n = 1; who() { return "base"; } }`,
  });
  await fix({ "./base.ts": `export class Base { n = 2; who() { return "BASE"; } }` });
  deepEqual(await p.req.look(), ["child of BASE", "child of BASE", 1, 2, true]);
});

test("a method that runs during the patch finishes on its own text", async (t) => {
  const { world, p, fix } = await serve(
    t,
    `let gate: any;
     class Job { async run() { await gate.req.pass("job"); return "old run, " + this.end(); } end() { return "old end"; } }
     const job = new Job();
     export const response = { run() { return job.run(); }, use(g: any) { gate = g; } };`,
  );
  const gate = await world.start("gate");
  await p.req.use(gate);
  const running = p.req.run() as Promise<unknown>;
  await gate.req.reached("job");
  await fix(`class Job { async run() { return "new run"; } end() { return "new end"; } }`);
  gate.post.open("job");
  deepEqual([await running, await p.req.run()], ["old run, new end", "new run"]);
});
