/** A class of the top level behaves as written, although another one can be put in its place. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { call, Modules } from "./harness.ts";

/** A module whose `probe` tells what its classes do; it is run by the loader, and as plain JavaScript. */
async function compare(t: TestContext, text: string): Promise<void> {
  const modules = new Modules(t, { "main.mjs": text });
  const plain = (await import(modules.url("main.mjs"))) as { probe(): unknown };
  deepEqual(call(await modules.run("main.mjs"), "probe"), plain.probe());
}

for (const [title, text] of Object.entries({
  "a parameter's default reads this": `class A { x = 5; y; constructor(y = this.x + 1) { this.y = y; } } export const probe = () => [new A().y, new A(1).y];`,
  "a parameter's default reads a field that is computed": `let n = 0; class A { x = ++n; constructor(y = this.x + 1, { z } = { z: ++n }) { this.y = [y, z]; } } export const probe = () => [new A().y, new A(1).y, n];`,
  "fields come before the defaults of parameters": `const log = []; const say = (x) => (log.push(x), x); class A { x = say("field"); constructor(y = say("parameter")) { say("body"); } } export const probe = () => { new A(); return log; };`,
  "the constructor returns what is no object": `class A { x = Math.max(1, 2); constructor(o) { if (!o) return null; return 5; } m() { return this.x; } } export const probe = () => [new A().m(), new A(1).m()];`,
  "the constructor returns an object": `class A { x = [].concat(1); constructor(o) { return { o }; } } class B extends A { y = 1; } export const probe = () => [new A(3), Object.keys(new B(4))];`,
  "arrow functions in fields keep their names and their this": `class A { n = Math.max(7); f = () => this.n; g = function () {}; constructor({ a } = {}) { this.a = a; } } export const probe = () => { const a = new A(); return [a.f.name, a.g.name, a.f.call(null), Object.keys(a)]; };`,
  "classes in fields keep their names": `let n = 0; class P {} const K = "k"; class A { a = class { x = 1 }; b = class extends P {}; 7 = class { static s = ++n }; "q r" = class extends P { static name = "own" }; c = (class { static { n += 1; } }); [K] = class { y() {} }; __proto__ = class extends P {}; #p = class { static t = ++n }; d = class Named extends P {}; p() { return this.#p; } constructor(x = 1) { this.x = x; } } export const probe = () => { const o = new A(); return [o.a, o.b, o[7], o["q r"], o.c, o.k, o.__proto__, o.p(), o.d].map((each) => each.name).concat(n, Object.keys(o)); };`,
  "a class without extends has no parent": `class A {} class B { x = 1; constructor(a) { this.a = a; } } export default class { y = "y"; z = [1, { b: 2 }]; } export const probe = () => [A, B].map((c) => [Object.getPrototypeOf(c) === Function.prototype, c.length, c.name, Object.keys(new c(2))]);`,
  "called without new it throws": `class A {} class B { x = Math.random(); } export const probe = () => [A, B].map((c) => { try { c(); } catch (error) { return error.message; } });`,
  "accessors, private members, static blocks": `let n = 0; class A { #p = ++n; static s = ++n; static { A.t = A.s + 1; } get p() { return this.#p; } #m() { return this.p; } m() { return this.#m(); } constructor(x = 1) { this.x = x; } } export const probe = () => [new A().m(), A.t, new A(2).p];`,
})) {
  test(`${title}`, (t) => compare(t, text));
}

test("another class constructs in the place of each, and fields that have effects stay away", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      let made = 0; const count = () => ++made;
      class Plain { a = 1; b = []; }
      class Busy { a = count(); }
      class Sensitive { a = count(); constructor(x = this.a) { return null as never; } }
      class Heir extends Sensitive { c = 1; }
      export const probe = () => [new Plain(), new Busy(), new Sensitive(), new Heir()].map((each: any) => [each.a, each.kind, each.constructor.name]);
      export const look = () => made;`,
  });
  const instance = await modules.run();
  deepEqual(call(instance, "probe"), [
    [1, undefined, "Plain"],
    [1, undefined, "Busy"],
    [2, undefined, "Sensitive"],
    [3, undefined, "Heir"],
  ]);
  for (const name of ["Plain", "Busy", "Sensitive"]) {
    instance.entry.evaluate(`$snaxC_${name} = class { kind = "new" }`);
  }
  deepEqual(call(instance, "probe"), [
    [undefined, "new", "Plain"],
    [undefined, "new", "Busy"],
    [undefined, "new", "Sensitive"],
    [undefined, "new", "Heir"],
  ]);
  equal(call(instance, "look"), 3);
});
