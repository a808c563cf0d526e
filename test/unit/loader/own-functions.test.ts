/** Which instances of a module with classes run functions of their own, seen as a debugger sees it: one run of the script each. */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Session } from "node:inspector";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { FUNCTION_MAKERS_MIN, OWN_FUNCTIONS_MAX } from "../../../src/base/limits.ts";
import type { Instance } from "../../../src/loader/run/instance.ts";
import { call, Modules } from "./harness.ts";

const CLASSY = `
  export class Unit { n = 0; tick() { this.n += 1; return this.n; } }
  const unit = new Unit();
  export function tick() { return unit.tick(); }`;

const SURROUNDINGS = { api: {}, injected: () => undefined };

/** Hears of every run of a script. */
class Runs {
  /** Numbers that V8 gave to the script of the file, one for each run. */
  readonly ids: string[] = [];
  #seen = 0;

  constructor(t: TestContext, url: string) {
    const session = new Session();
    session.connect();
    t.after(() => session.disconnect());
    session.on("Debugger.scriptParsed", ({ params }) => {
      if (params.url === url) this.ids.push(params.scriptId);
    });
    session.post("Debugger.enable");
  }

  /** How many there were since the last question. */
  get fresh(): number {
    const count = this.ids.length - this.#seen;
    this.#seen = this.ids.length;
    return count;
  }
}

function bear(modules: Modules, count: number, name = "main.ts"): Instance[] {
  const program = modules.load(name);
  if (program instanceof Promise) throw new Error("the program is there");
  return Array.from({ length: count }, () => program.instantiate(SURROUNDINGS) as Instance);
}

test("as many living instances as the limit says run functions of their own, and those beyond share one more", (t) => {
  const modules = new Modules(t, { "main.ts": CLASSY });
  const runs = new Runs(t, modules.url("main.ts"));
  const alive = bear(modules, OWN_FUNCTIONS_MAX);
  equal(runs.fresh, OWN_FUNCTIONS_MAX);
  alive.push(...bear(modules, 1));
  equal(runs.fresh, 1, "the first of the others");
  alive.push(...bear(modules, 50));
  equal(runs.fresh, 0);
  equal(new Set(runs.ids).size, 1, "the text is compiled once");
  deepEqual(new Set(alive.map((each) => call(each, "tick"))), new Set([1]));
  alive[7]?.release();
  alive[7]?.release();
  bear(modules, 2);
  equal(runs.fresh, 1, "one has ended, so there is room for one");
  alive.at(-1)?.release();
  bear(modules, 1);
  equal(runs.fresh, 0, "who had none of its own leaves no room");
});

test("what takes the objects of a class runs anew with the module that has it, however it is imported", (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { unit } from "./unit.ts"; import { beat } from "./plain.ts"; export const tick = () => beat(unit);`,
    "unit.ts": `import "./plain.ts"; export class Unit { n = 0; } export const unit = new Unit();`,
    "plain.ts": `export const beat = (each: { n: number }) => (each.n += 1);`,
    "other.ts": `import { beat } from "./plain.ts"; export const tick = () => beat({ n: 0 });`,
  });
  const runs = ["main.ts", "unit.ts", "plain.ts"].map((name) => new Runs(t, modules.url(name)));
  const fresh = (): number[] => runs.map((each) => each.fresh);
  const alive = bear(modules, 20);
  deepEqual(fresh(), [20, 20, 20]);
  deepEqual(new Set(alive.map((each) => call(each, "tick"))), new Set([1]));
  bear(modules, 20, "other.ts");
  deepEqual(fresh(), [0, 0, 1], "a program without classes runs the same file once for all");
});

test("programs without classes of their own, and shared modules, run once for all", (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { Unit } from "./unit.ts"; import { a } from "./plain.ts"; export const get = () => [Unit, a];`,
    "unit.ts": `"use shared"; ${CLASSY}`,
    "plain.ts": `export const a = { tick() { return 1; } };`,
  });
  const runs = ["unit.ts", "plain.ts"].map((name) => new Runs(t, modules.url(name)));
  bear(modules, 20);
  deepEqual(
    runs.map(({ fresh }) => fresh),
    [1, 1],
  );
});

/** Ways to write a function that makes another one. */
const MAKERS = [
  (name: string) => `const ${name} = (a: number) => (b: number) => a + b;`,
  (name: string) => `export function ${name}(a: number) { return (b: number) => a + b; }`,
  (name: string) =>
    `const ${name} = { of(a: number) { return function (b: number) { return a + b; }; } };`,
  (name: string) => `function ${name}(a: number) { if (a > 0) return async () => a; return a; }`,
];

function makers(count: number): string {
  return Array.from({ length: count }, (_, at) => MAKERS[at % MAKERS.length]?.(`make${at}`)).join(
    "\n",
  );
}

test("a program of functions that make functions runs anew for each instance, from a certain number of functions on", (t) => {
  const few = FUNCTION_MAKERS_MIN - 2;
  const modules = new Modules(t, {
    "main.ts": `import { beat } from "./more.ts"; ${makers(few)} export const get = () => beat(1);`,
    "less.ts": `import { beat } from "./one.ts"; ${makers(few)} export const get = () => beat(1);`,
    "more.ts": `${makers(2)} export const beat = (n: number) => n + 1;`,
    "one.ts": `import "./shared.ts"; ${makers(1)} export const beat = (n: number) => n + 1;`,
    "shared.ts": `"use shared"; ${makers(1)}`,
  });
  const runs = ["main.ts", "more.ts", "less.ts", "one.ts"].map(
    (name) => new Runs(t, modules.url(name)),
  );
  const alive = [...bear(modules, OWN_FUNCTIONS_MAX + 9), ...bear(modules, 9, "less.ts")];
  deepEqual(
    runs.map(({ fresh }) => fresh),
    [OWN_FUNCTIONS_MAX + 1, OWN_FUNCTIONS_MAX + 1, 1, 1],
  );
  deepEqual(new Set(alive.map((each) => call(each, "get"))), new Set([2]));
});

test("functions that give functions to others, or hold them, make none", (t) => {
  const text = Array.from(
    { length: FUNCTION_MAKERS_MIN },
    (_, at) => `
      const each${at} = (list: number[]) => list.map((n) => n + 1);
      const table${at} = () => ({ beat: () => 1 });
      const found${at} = () => { return [1].find((n) => n > 0); };`,
  );
  const modules = new Modules(t, { "main.ts": `${text.join("")} export const n = 1;` });
  const runs = new Runs(t, modules.url("main.ts"));
  bear(modules, 5);
  equal(runs.fresh, 1);
});

test("a class counts wherever it stands", (t) => {
  const files = {
    expression: `const A = class { n = 1; }; export const get = () => new A().n;`,
    nested: `export const get = () => { class A { n = 1; } return new A().n; };`,
    mixin: `const mixin = (Base: any) => class extends Base { n = 1; }; export const get = () => new (mixin(Object))().n;`,
    default: `export default class { n = 1; }; export const get = () => 1;`,
    waiting: `await 0; export class A { n = 1; } export const get = () => new A().n;`,
  };
  for (const [name, text] of Object.entries(files)) {
    const modules = new Modules(t, { "main.ts": text });
    const runs = new Runs(t, modules.url("main.ts"));
    const instances = bear(modules, 3);
    equal(runs.fresh, 3, name);
    if (name !== "waiting")
      deepEqual(
        instances.map((each) => call(each, "get")),
        [1, 1, 1],
      );
  }
});

test("a birth that fails leaves room for others", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import "./unit.ts"; import "./last.ts"; export class A {}`,
    "unit.ts": CLASSY,
    "last.ts": `export class B {} throw new Error("no");`,
    "late.ts": `import "./unit.ts"; await 0; export class C {} throw new Error("later");`,
    "good.ts": `import "./unit.ts"; export const n = 1;`,
    "patched.ts": `import "./unit.ts"; export const n = 1;`,
  });
  const runs = new Runs(t, modules.url("unit.ts"));
  const patched = modules.load("patched.ts");
  if (!(patched instanceof Promise)) {
    patched.births.push(() => {
      throw new Error("patch");
    });
  }
  for (let birth = 0; birth < OWN_FUNCTIONS_MAX; birth += 1) {
    throws(() => bear(modules, 1), /no/);
    throws(() => bear(modules, 1, "patched.ts"), /patch/);
    await rejects(async () => bear(modules, 1, "late.ts")[0], /later/);
  }
  equal(runs.fresh, 3 * OWN_FUNCTIONS_MAX);
  bear(modules, OWN_FUNCTIONS_MAX, "good.ts");
  equal(runs.fresh, OWN_FUNCTIONS_MAX);
});

test("what is imported late counts too, but not for a service that has ended", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const load = () => import("./unit.ts");`,
    "unit.ts": CLASSY,
  });
  const runs = new Runs(t, modules.url("unit.ts"));
  const [first, second] = bear(modules, 2) as [Instance, Instance];
  await call(first, "load");
  await call(second, "load");
  equal(runs.fresh, 2);
  first.release();
  const dead = bear(modules, 300);
  for (const each of dead) {
    each.release();
    await call(each, "load");
  }
  equal(runs.fresh, 1, "they share one");
  const alive = bear(modules, OWN_FUNCTIONS_MAX);
  for (const each of alive) await call(each, "load");
  equal(runs.fresh, OWN_FUNCTIONS_MAX - 1);
});
