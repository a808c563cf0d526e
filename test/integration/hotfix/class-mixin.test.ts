/** A patched class extends what the running one extends, whatever expression gave it: that is not evaluated again. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

const SERVICE = `
  type C = new (...a: any[]) => object;
  let mixed = 0;
  const Counting = <T extends C>(B: T) => {
    mixed += 1;
    const seen: string[] = [];
    return class extends B { #n = 0; own = mixed; bump() { return ++this.#n; } see(s: string) { seen.push(s); return seen.length; } static kin() { return "kin " + mixed; } };
  };
  const Named = <T extends C>(B: T, name: string) => class extends B { get title() { return name; } };
  class Base { base = 1; }
  class Player extends Named(Counting(Base), "player") {
    hp = 1;
    bump() { return super.bump(); }
    see(s: string) { return super.see(s); }
    static kin() { return super.kin(); }
  }
  const p = new Player();
  export const response = { look() { return [p.bump(), p.see("x"), p.title, Player.kin(), mixed]; }, later() { const q: any = new Player(); return [q.bump(), q.own, q.hp, q.base, q instanceof Base, q.title, mixed]; } };`;
const HEAD = `class Player extends Named(Counting(Base), "player")`;

test("super is that of the live class, in methods, accessors and statics", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  deepEqual(await p.req.look(), [1, 1, "player", "kin 1", 1]);
  await fix(
    `${HEAD} { bump() { return super.bump() + 100; } see(s: string) { return super.see(s); } get title() { return "the " + super.title; } static kin() { return "my " + super.kin(); } }`,
  );
  deepEqual(await p.req.look(), [102, 2, "the player", "my kin 1", 1]);
});

test("a new constructor and new fields construct the live parent", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  deepEqual(await p.req.later(), [1, 1, 1, 1, true, "player", 1]);
  await fix(`${HEAD} { hp = 5; }`);
  deepEqual(await p.req.later(), [1, 1, 5, 1, true, "player", 1]);
  await fix(`${HEAD} { constructor() { super(); (this as any).base = super.bump(); } }`);
  deepEqual(await p.req.later(), [2, 1, 5, 1, true, "player", 1]);
});

test("a parent that comes out of a call, is anonymous, or has been assigned since", async (t) => {
  const { p, fix } = await serve(
    t,
    `let Parent: any = class { say() { return "old"; } }; const pick = () => Parent;
     class A extends pick() { say() { return super.say(); } } class B extends (0, class { say() { return "b"; } }) { say() { return super.say(); } }
     class D extends (null as any) { static say() { return "d"; } }
     const a = new A(), b = new B(); Parent = class { say() { return "new"; } };
     export const response = { look() { return [a.say(), b.say(), new (A as any)().say(), D.say()]; } };`,
  );
  await fix(`class A extends pick() { say() { return super.say() + "!"; } x = 1; }
    class B extends (0, class { say() { return "b"; } }) { say() { return super.say() + "!"; } }
    class D extends (null as any) { static say() { return "d!"; } }`);
  deepEqual(await p.req.look(), ["old!", "b!", "old!", "d!"]);
  equal(
    await fix(`declare const a: any; export function hotfix() { return a instanceof A; }`),
    true,
  );
});
