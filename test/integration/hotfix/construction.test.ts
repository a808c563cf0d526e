/** Fields and constructor of a patch are merged into the running class by member; what is not named stays. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

/** What a service says of an instance that it makes now: own keys in their order, with values. */
const LOOK = `
  const show = (value: any): any => typeof value === "function" ? "function " + value.name : value;
  const tell = (o: any) => Reflect.ownKeys(o).map((key) => [String(key), show(o[key])]);
  export const response = { look() { return tell(make()); } };`;

interface Merge {
  readonly title: string;
  readonly running: string;
  readonly patches: readonly string[];
  /** The text as an author would write it who begins with the patched class. */
  readonly merged: string;
}

const PLAYER = `class Player {
  name = "?"; gold = 100; items: string[] = ["sword"]; level!: number;
  constructor(public id: number, extra = 1) { this.name = "p" + id; this.level = extra; }
  greet() { return "hi " + this.name; }
}`;
const MAKE_PLAYER = `const make = () => new Player(2);`;

const MERGES: readonly Merge[] = [
  {
    title: "one field",
    running: PLAYER + MAKE_PLAYER,
    patches: [`class Player { gold = 500; }`],
    merged: PLAYER.replace("100", "500") + MAKE_PLAYER,
  },
  {
    title: "a type of a field, in three ways, beside a method",
    running: PLAYER + MAKE_PLAYER,
    patches: [
      `class Player { name: string; greet() { return "hello " + this.name; } }`,
      `class Player { name!: string; declare gold: number; id: number; items?: string[]; static made: number; more: string; }`,
    ],
    merged: PLAYER + MAKE_PLAYER,
  },
  {
    title: "the class as it is, copied",
    running: PLAYER + MAKE_PLAYER,
    patches: [PLAYER],
    merged: PLAYER + MAKE_PLAYER,
  },
  {
    title: "the class without its constructor",
    running: PLAYER + MAKE_PLAYER,
    patches: [`class Player { name = "!"; gold = 1; items: string[] = ["sword", "bow"]; }`],
    merged:
      PLAYER.replace(`"?"`, `"!"`).replace("100", "1").replace(`"sword"`, `"sword", "bow"`) +
      MAKE_PLAYER,
  },
  {
    title: "a constructor with other properties",
    running: PLAYER + MAKE_PLAYER,
    patches: [
      `class Player { declare name: string; constructor(private readonly nr = 7, protected kind: string = "k") { this.name = kind + nr; } }`,
    ],
    merged:
      `class Player {
      name = "?"; gold = 100; items: string[] = ["sword"]; level!: number;
      constructor(private readonly nr = 7, protected kind: string = "k") { this.name = kind + nr; }
    }` + MAKE_PLAYER,
  },
  {
    title: "a constructor without properties takes those of the old one along",
    running: PLAYER + MAKE_PLAYER,
    patches: [
      `class Player { declare name: string; constructor(n: number) { this.name = "n" + n; } }`,
    ],
    merged:
      `class Player {
      name = "?"; gold = 100; items: string[] = ["sword"]; level!: number;
      constructor(n: number) { this.name = "n" + n; }
    }` + MAKE_PLAYER,
  },
  {
    title: "new fields follow in the order of the patches",
    running: `class A { b = 1; c = 2; } const make = () => new A();`,
    patches: [`class A { z = 1; b = 3; a = 2; }`, `class A { y = 4; a = 5; }`],
    merged: `class A { b = 3; c = 2; z = 1; a = 5; y = 4; } const make = () => new A();`,
  },
  {
    title:
      "a later initialiser sees the new value of an earlier field, and the old initialiser does not run",
    running: `let runs = 0; const run = (n: number) => { runs += 1; return n; };
      class A { base = run(10); twice = this.base * 2; more = this.twice + 1; count = runs; } const make = () => { runs = 0; return new A(); };`,
    patches: [`class A { base = 7; }`, `class A { twice = (this as any).base * 3; }`],
    merged: `let runs = 0; const run = (n: number) => { runs += 1; return n; };
      class A { base = 7; twice = this.base * 3; more = this.twice + 1; count = runs; } const make = () => { runs = 0; return new A(); };`,
  },
  {
    title: "fields of a base class, under a derived one with a constructor",
    running: `class A { x = 1; y = this.x + 1; constructor(n: number) { this.x += n; } }
      class B extends A { z = this.x * 10; constructor() { super(5); this.y += 1; } } const make = () => new B();`,
    patches: [`class A { x = 2; w = 9; }`],
    merged: `class A { x = 2; y = this.x + 1; w = 9; constructor(n: number) { this.x += n; } }
      class B extends A { z = this.x * 10; constructor() { super(5); this.y += 1; } } const make = () => new B();`,
  },
  {
    title: "fields of a derived class with super() in both",
    running: `class A { x = 1; constructor(n: number) { this.x += n; } }
      class B extends A { z = this.x * 10; v = 0; constructor() { const n = 5; super(n); this.v = this.z + 1; } } const make = () => new B();`,
    patches: [
      `class B extends A { z = this.x * 100; u = super.toString === Object.prototype.toString; }`,
    ],
    merged: `class A { x = 1; constructor(n: number) { this.x += n; } }
      class B extends A { z = this.x * 100; v = 0; u = true; constructor() { const n = 5; super(n); this.v = this.z + 1; } } const make = () => new B();`,
  },
  {
    title: "the constructor of a derived class alone",
    running: `class A { x = 1; constructor(n: number) { this.x += n; } }
      class B extends A { z = this.x * 10; v = 0; constructor() { super(5); this.v = 1; } } const make = () => new B();`,
    patches: [`class B extends A { constructor() { super(1); (this as any).v = 2; } }`],
    merged: `class A { x = 1; constructor(n: number) { this.x += n; } }
      class B extends A { z = this.x * 10; v = 0; constructor() { super(1); this.v = 2; } } const make = () => new B();`,
  },
  {
    title: "both classes, in two patches, none with a constructor",
    running: `class A { x = 1; } class B extends A { z = this.x * 10; } const make = () => new B();`,
    patches: [
      `class B extends A { z = this.x * 3; }`,
      `class A { x = 4; }`,
      `class B extends A { y = this.x; }`,
    ],
    merged: `class A { x = 4; } class B extends A { z = this.x * 3; y = this.x; } const make = () => new B();`,
  },
  {
    title: "a constructor comes with one patch and fields with another, in either order",
    running: `class A { x = 1; y = 2; constructor() { this.x = this.y; } } const make = () => new A();`,
    patches: [
      `class A { constructor() { (this as any).x = (this as any).y + 100; } }`,
      `class A { y = 3; }`,
      `class A { constructor(extra = 0) { (this as any).x = (this as any).y + 200 + extra; } }`,
      `class A { w = "w"; }`,
    ],
    merged: `class A { x = 1; y = 3; w = "w"; constructor(extra = 0) { this.x = this.y + 200 + extra; } } const make = () => new A();`,
  },
  {
    title: "functions in fields are named after them, computed names are those of the class",
    running: `const KEY = "k", SIGN = Symbol("sign");
      class A { [KEY] = () => 1; [SIGN] = function () {}; "a b" = class {}; 7 = (async () => {}); [Symbol.toStringTag] = "A"; last; ["lit"] = 1; } const make = () => new A();`,
    patches: [
      `class A { [KEY] = () => 2; "a b" = (() => 3); named = function own() {}; 7 = async () => {}; __proto__ = 5; constructed = class {}; }`,
      `class A { [SIGN] = () => 4; }`,
    ],
    merged: `const KEY = "k", SIGN = Symbol("sign");
      class A { [KEY] = () => 2; [SIGN] = () => 4; "a b" = (() => 3); 7 = async () => {}; [Symbol.toStringTag] = "A"; last; ["lit"] = 1;
        named = function own() {}; __proto__ = 5; constructed = class {}; } const make = () => new A();`,
  },
  {
    title: "properties of the constructor are set before the initialisers run",
    running: `enum Kind { A = 3 } class P { own = 1; } class A extends P { d = this.q * 2; k = Kind.A; constructor(private q = 2) { super(); this.d += 1; } } const make = () => new A();`,
    patches: [`class A extends P { e = (this as any).q + 1; d = (this as any).q * 3; }`],
    merged: `enum Kind { A = 3 } class P { own = 1; } class A extends P { d = this.q * 3; k = Kind.A; e = this.q + 1; constructor(private q = 2) { super(); this.d += 1; } } const make = () => new A();`,
  },
  {
    title: "properties of a new constructor, in a derived class and over a field",
    running: `class P { own = 1; } class A extends P { q = 5; d = this.q * 2; } const make = () => new A();`,
    patches: [
      `class A extends P { constructor(/* a */ public q = 4, // private x
      readonly r: number = 6) { const private_ = "private x"; super(); (this as any).s = private_; } }`,
    ],
    merged: `class P { own = 1; } class A extends P { d = this.q * 2; constructor(public q = 4, readonly r: number = 6) { super(); this.s = "private x"; } } const make = () => new A();`,
  },
  {
    title: "spread over lines, with comments, without semicolons",
    running: `class A {
      x /* = 0 */ = // one
        1
      y =
        (this.x) // two
      z
      static s = 1
      ;['w'] = 4
      constructor() { this.z = 3 }
      m() {}
    }
    const make = () => new A()`,
    patches: [
      `class A { x /* = */ = (
      2 // here
    )
    v = [
      1,
    ]
    m() {} }`,
    ],
    merged: `class A { x = 2; y = this.x; z; w = 4; v = [1]; constructor() { this.z = 3 } } const make = () => new A()`,
  },
  {
    title: "a private base, and new.target, and an object that the constructor returns",
    running: `class Vault { #gold = 5; take() { return this.#gold; } }
      class A extends Vault { x = 1; t = ""; constructor() { super(); this.t = new.target.name + this.take(); } }
      class B extends A { constructor() { return Object.assign(super(), { more: 1 }); } } const make = () => new B();`,
    patches: [`class A extends Vault { x = 2; }`, `class B extends A { y = this.x; }`],
    merged: `class Vault { #gold = 5; take() { return this.#gold; } }
      class A extends Vault { x = 2; t = ""; constructor() { super(); this.t = new.target.name + this.take(); } }
      class B extends A { y = this.x; constructor() { return Object.assign(super(), { more: 1 }); } } const make = () => new B();`,
  },
  {
    title: "a class of an earlier patch",
    running: `class P { p = 1; } let make: any;`,
    patches: [
      `let count = 0; const KEY = "key"; class Fresh extends P { a = 1; [KEY] = 2; constructor(readonly c = 3) { super(); count += 1; (this as any).n = count; } }
       declare let make: any; export function hotfix() { make = () => { count = 0; return new Fresh(); }; }`,
      `class Fresh extends P { a = 5; z = 6; }`,
    ],
    merged: `class P { p = 1; } let count = 0; const KEY = "key"; class Fresh extends P { a = 5; [KEY] = 2; z = 6; constructor(readonly c = 3) { super(); count += 1; this.n = count; } }
      let make = () => { count = 0; return new Fresh(); };`,
  },
];

for (const { title, running, patches, merged } of MERGES) {
  test(`an instance is as the merged text makes it: ${title}`, async (t) => {
    const { world, p, fix } = await serve(t, running + LOOK);
    world.write({ "merged.ts": merged + LOOK });
    for (const patch of patches) await fix(patch);
    deepEqual(await p.req.look(), await (await world.start("merged")).req.look());
  });
}
