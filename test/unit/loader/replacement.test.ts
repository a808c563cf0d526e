/** What the loader prepares for patches: forwarders, replaceable constructors, shared modules. */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { ModuleInstance } from "../../../src/loader/run/module-instance.ts";
import { call, Modules } from "./harness.ts";

/** Replaces a function by one that returns a text. */
function replace(module: ModuleInstance | undefined, name: string, text: string): void {
  module?.setImplementation(name, module.evaluate(`(() => ${JSON.stringify(text)})`));
}

test("references to a function taken before a replacement reach the new one", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      export function tick(): string { return "old"; }
      export const tock = (): string => "old";
      const table = { tick, tock };
      export const seen = () => [table.tick(), table.tock(), tick(), tock()];`,
  });
  const instance = await modules.run();
  replace(instance.entry, "tick", "new");
  replace(instance.entry, "tock", "NEW");
  deepEqual(call(instance, "seen"), ["new", "NEW", "new", "NEW"]);
});

test("a function taken as a value by the next declarator follows its replacement", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `const f = () => "old", table = { f };\nexport const seen = () => table.f();`,
  });
  const instance = await modules.run();
  replace(instance.entry, "f", "new");
  equal(call(instance, "seen"), "new");
});

test("a function that is only called is replaced without a forwarder", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `function inner() { return "old"; } export const seen = () => inner();`,
  });
  const instance = await modules.run();
  const old = instance.entry.getImplementation("inner");
  replace(instance.entry, "inner", "new");
  equal(call(instance, "seen"), "new");
  instance.entry.setImplementation("inner", old);
  equal(call(instance, "seen"), "old");
});

test("an imported function that is taken as a value follows its replacement", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      import { f, g as other } from "./lib.ts"; import * as ns from "./lib.ts"; import run from "./run.ts";
      const taken = [f, ns.h, ns["i"], run];
      export const seen = () => [...taken.map((each) => each()), other(), ns.g()];`,
    "lib.ts": `const names = ["f", "g", "h", "i"]; export const f = () => "old"; export function g() { return "old"; } export function h() { return "old"; } export const i = function () { return "old"; };`,
    "run.ts": `export default function run() { return "old"; }`,
  });
  const instance = await modules.run();
  for (const name of ["f", "g", "h", "i"]) replace(instance.module("./lib.ts"), name, name);
  replace(instance.module("./run.ts"), "run", "r");
  deepEqual(call(instance, "seen"), ["f", "h", "i", "r", "g", "g"]);
});

test("a function is behind a forwarder on demand", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `function inner(a: number, b: number) { return a + b; } export const seen = () => inner(1, 2);`,
  });
  const instance = await modules.run();
  const forwarder = instance.entry.forward("inner") as ((...args: unknown[]) => unknown) & Function;
  equal(instance.entry.forward("inner"), forwarder);
  deepEqual([forwarder.name, forwarder.length, forwarder(1, 2)], ["inner", 2, 3]);
  replace(instance.entry, "inner", "new");
  deepEqual([forwarder(1, 2), call(instance, "seen")], ["new", "new"]);
});

test("a forwarder constructs, passes this on and keeps name and length", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      function Old(this: any, x: number) { this.x = x; }
      Old.prototype.twice = function () { return 2 * this.x; };
      function me(this: unknown) { return this; }
      export const result = [new (Old as any)(2).twice(), new (Old as any)(1) instanceof Old, Old.name, Old.length, me.call("t")];`,
  });
  deepEqual((await modules.run()).entry.get("result"), [4, true, "Old", 1, "t"]);
});

test("a class keeps its identity while another one constructs in its place", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      let made = 0;
      class Base { #secret = 1; count = ++made; kind = "old"; get secret() { return this.#secret; } }
      class Child extends Base { constructor(readonly name: string) { super(); } }
      export const make = () => { const child = new Child("c"); return [child.kind, child.name, child instanceof Base, child.count, made]; };
      export const heritage = () => [Object.getPrototypeOf(Base.prototype) === Object.prototype, Base.name, new Base().secret];`,
  });
  const instance = await modules.run();
  deepEqual(call(instance, "make"), ["old", "c", true, 1, 1]);
  instance.entry.evaluate(`$snaxC_Base = class { kind = "new" }`);
  deepEqual(call(instance, "make"), ["new", "c", true, undefined, 1]);
  instance.entry.evaluate(`$snaxC_Base = undefined`);
  deepEqual(call(instance, "heritage"), [true, "Base", 1]);
});

test("classes in every shape still construct", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      class A { x = 1 }
      class B extends A { static made = 0; static { B.made = 1; } y
        = 2 }
      class C extends B { constructor(z = 3, ...rest: number[]) { super(); this.z = z + rest.length; } z: number }
      class D extends null { static f() { return "static"; } }
      export class E { constructor() { this.x = 1; return { x: 5 }; } x }
      class F extends Array { }
      export const result = [new A().x, new B().y, B.made, new C(1, 2, 3).z, D.f(), new E().x, new F(1, 2).length, A.length];`,
  });
  deepEqual((await modules.run()).entry.get("result"), [1, 2, 1, 3, "static", 5, 2, 0]);
});

const SHARED = {
  "main.ts": `import { n, up, who, list } from "./shared.ts"; export const seen = () => n; export const touch = () => up(); export const name = () => who(); export { list };`,
  "shared.ts": `"use shared"; import { inner } from "./below.ts"; import data from "./data.json" with { type: "json" }; export let n = data.start; export const up = () => { n += 1; }; export function who() { return inner(); } export const list = [1];`,
  "below.ts": `// A comment may stand first.\n'use shared';\nexport function inner() { return "old"; }`,
  "data.json": `{ "start": 0 }`,
};

test("a shared module has one instance for all services, whose variables stay live", async (t) => {
  const modules = new Modules(t, SHARED);
  const [one, other] = [await modules.run(), await modules.run()];
  call(one, "touch");
  call(other, "touch");
  deepEqual([call(one, "seen"), call(other, "seen")], [2, 2]);
  equal(one.entry.get("list"), other.entry.get("list"));
  equal(one.module("./shared.ts"), other.module("./shared.ts"));
});

test("a replacement in a shared module reaches every service", async (t) => {
  const modules = new Modules(t, SHARED);
  const [one, other] = [await modules.run(), await modules.run()];
  replace(one.module("./below.ts"), "inner", "new");
  deepEqual([call(one, "name"), call(other, "name")], ["new", "new"]);
  replace(one.module("./shared.ts"), "who", "who");
  deepEqual([call(one, "name"), call(other, "name")], ["who", "who"]);
});

test("a replacement reaches services through a shared module that never assigns its exports", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { f } from "./shared.ts"; export const seen = () => f();`,
    "shared.ts": `"use shared"; export const f = () => "old";`,
  });
  const [one, other] = [await modules.run(), await modules.run()];
  replace(one.module("./shared.ts"), "f", "new");
  deepEqual([call(one, "seen"), call(other, "seen")], ["new", "new"]);
});

test("variables of a shared module reach the services that the caller brings along", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { n } from "./shared.ts"; export const seen = () => n;`,
    "shared.ts": `"use shared"; export let n = 1;`,
  });
  const services = [await modules.run(), await modules.run()];
  const shared = services[0]?.module("./shared.ts");
  shared?.evaluate("n = 5");
  shared?.republish(services);
  deepEqual(
    services.map((service) => call(service, "seen")),
    [5, 5],
  );
});

test("after a clear new services get a new shared module", async (t) => {
  const modules = new Modules(t, SHARED);
  const one = await modules.run();
  modules.cache.clear(modules.path("below.ts"));
  const other = await modules.run();
  ok(one.module("./shared.ts") !== other.module("./shared.ts"));
});

test("a shared module that imports a service's modules or snax is refused", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import "./a.ts";`,
    "a.ts": `"use shared";\nimport "./private.ts";`,
    "private.ts": "",
    "other.ts": `import "./b.ts";`,
    "b.ts": `"use shared";\nimport { skynet } from "snax"; skynet;`,
  });
  await rejects(modules.run(), {
    code: "ERR_MODULE",
    message: /a\.ts:2:8: a shared module imports/,
  });
  await rejects(modules.run("other.ts"), { code: "ERR_MODULE", message: /b\.ts:2:24: a shared/ });
});
