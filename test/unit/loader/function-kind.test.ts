/** Functions that code holds as values stay of the kind that they are written as. */

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { types } from "node:util";
import type { ModuleInstance } from "../../../src/loader/run/module-instance.ts";
import { call, evaluate, Modules } from "./harness.ts";

type Held = ((...args: unknown[]) => unknown) & Function & { prototype?: object };

/** What a library can tell of a function. */
function facts(held: Held): unknown[] {
  return [
    held.constructor.name,
    Object.prototype.toString.call(held),
    types.isAsyncFunction(held),
    types.isGeneratorFunction(held),
    held.length,
    held.name,
    Object.hasOwn(held, "prototype"),
  ];
}

const ASYNC = ["AsyncFunction", "[object AsyncFunction]", true, false];
const GENERATOR = ["GeneratorFunction", "[object GeneratorFunction]", false, true];
const FLOW = ["AsyncGeneratorFunction", "[object AsyncGeneratorFunction]", true, true];

const WRITTEN = {
  "a declared async function": [`async function f(a, b) { return a; }`, [...ASYNC, 2, "f", false]],
  "a declared generator": [`function* f(a) { yield a; }`, [...GENERATOR, 1, "f", true]],
  "a declared async generator": [`async function* f() { yield 1; }`, [...FLOW, 0, "f", true]],
  "an async arrow function": [`const f = async a => a;`, [...ASYNC, 1, "f", false]],
  "an async arrow function with a body": [
    `const f = async (a, b) => { return a; };`,
    [...ASYNC, 2, "f", false],
  ],
  "an async function in a let": [`let f = async function g() {};`, [...ASYNC, 0, "g", false]],
  "a generator in a constant": [`const f = function* (...a) {};`, [...GENERATOR, 0, "f", true]],
} as const;

for (const [title, [text, expected]] of Object.entries(WRITTEN)) {
  test(`${title} keeps its kind: held in its module, and by an importer`, async (t) => {
    const { held } = await evaluate(t, { "main.ts": `${text} export const held = [f];` });
    deepEqual(facts((held as Held[])[0] as Held), expected);
    const { taken } = await evaluate(t, {
      "main.ts": `import { f } from "./lib.mjs"; export const taken = [f];`,
      "lib.mjs": `${text} export { f };`,
    });
    deepEqual(facts((taken as Held[])[0] as Held), expected);
  });
}

const ARROW = ["Function", "[object Function]", false, false];

for (const [title, text, length] of [
  ["an arrow function", `const f = (a, b) => a;`, 2],
  ["an arrow function with a body", `const f = a => { return a; };`, 1],
  ["an arrow function with a default and a rest", `const f = (a, b = 1, ...c) => a;`, 1],
  ["an arrow function in a let", `let f = ([a]) => a;`, 1],
] as const) {
  test(`${title} is no constructor: held in its module, and by an importer`, async (t) => {
    const { held } = await evaluate(t, { "main.ts": `${text} export const held = [f];` });
    const { taken } = await evaluate(t, {
      "main.ts": `import { f } from "./lib.mjs"; export const taken = [f];`,
      "lib.mjs": `${text} export { f };`,
    });
    for (const [each] of [held as Held[], taken as Held[]]) {
      deepEqual(facts(each as Held), [...ARROW, length, "f", false]);
      throws(() => Reflect.construct(each as Held, []), /not a constructor/);
    }
  });
}

test("a held arrow function gets what is given beyond its parameters when a patch asks for it, and this", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      const f = (a: number) => a;
      const held = { f };
      export const look = () => (held.f as any)(1, 2, 3);`,
  });
  const instance = await modules.run();
  deepEqual(call(instance, "look"), 1);
  const { entry } = instance;
  entry.setImplementation("f", entry.evaluate(`((...all) => all)`));
  deepEqual(call(instance, "look"), [1, 2, 3]);
  const next = `(function () { return [Object.keys(this), arguments.length]; })`;
  entry.setImplementation("f", entry.evaluate(next));
  deepEqual(call(instance, "look"), [["f"], 3]);
});

test("default exports without a name keep their kind", async (t) => {
  for (const [text, kind] of [
    [`export default async function (a) {}`, ASYNC],
    [`export default async (a) => a`, ASYNC],
    [`export default (a) => a`, ARROW],
    [`export default function* (a) {}`, GENERATOR],
    [`export default async function* (a) {}`, FLOW],
  ] as const) {
    const { taken } = await evaluate(t, {
      "main.ts": `import f from "./lib.mjs"; export const taken = [f];`,
      "lib.mjs": text,
    });
    const [held] = taken as Held[];
    deepEqual(facts(held as Held).slice(0, 6), [...kind, 1, "default"]);
  }
});

test("what a held generator gives is an instance of it, before and after a replacement", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      function* walk(n: number): any { yield n; if (n > 0) yield* walk(n - 1); }
      async function* flow(n: number) { yield n; }
      const held = { walk, flow };
      export const look = () => [
        walk(1) instanceof (walk as any), held.walk(1) instanceof (walk as any), [...walk(1)], [...held.walk(1)],
        flow(1) instanceof (held.flow as any), held.flow(1) instanceof (flow as any),
      ];`,
  });
  const instance = await modules.run();
  deepEqual(call(instance, "look"), [true, true, [1, 0], [1, 0], true, true]);
  const { entry } = instance;
  entry.setImplementation("walk", entry.evaluate(`(function* walk(n) { yield 10 * n; })`));
  entry.setImplementation("flow", entry.evaluate(`(async function* flow(n) { yield 10 * n; })`));
  deepEqual(call(instance, "look"), [true, true, [10], [10], true, true]);
});

test("this, surplus arguments and defaults are those of the language", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      let n = 0; const side = () => ++n;
      async function f(this: any, a = side(), b = (side(), 5)) { return [this, a, b, arguments.length]; }
      const g = async (a: number) => [a, side()];
      const held = { f, g };
      export const look = async () => [await held.f.call("T" as any, 7), await (held.g as any)(1), n];`,
  });
  const instance = await modules.run();
  deepEqual(await call(instance, "look"), [["T", 7, 5, 1], [1, 2], 2]);
  const { entry } = instance;
  const next = `(async function f(...all) { return [this, ...all]; })`;
  entry.setImplementation("f", entry.evaluate(next));
  entry.setImplementation("g", entry.evaluate(`(async (...all) => all)`));
  deepEqual(await call(instance, "look"), [["T", 7], [1], 2]);
});

test("the promise of a held async function is settled when the language settles it", async (t) => {
  const text = `
    const seen = [];
    async function f() { seen.push("f"); }
    const g = async () => { await null; seen.push("g"); };
    export const held = [f, g];
    export const order = async () => {
      let p = Promise.resolve();
      for (let i = 0; i < 6; i += 1) p = p.then(() => seen.push(i));
      await Promise.all(held.map((each) => each().then(() => seen.push("done"))));
      await p;
      return seen;
    };`;
  const { order } = await evaluate(t, { "main.ts": text });
  const url = `data:text/javascript,${encodeURIComponent(text)}`;
  const plain = (await import(url)) as { order(): Promise<unknown[]> };
  deepEqual(await (order as () => Promise<unknown[]>)(), await plain.order());
});

test("a replaced function goes back to the one from before, and can be replaced again", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `async function f() { return "old"; } const held = [f]; export const look = async () => [await f(), await held[0]?.(), held[0] === f];`,
  });
  const instance = await modules.run();
  const { entry } = instance;
  const before = entry.getImplementation("f");
  entry.setImplementation("f", entry.evaluate(`(async () => "new")`));
  deepEqual(await call(instance, "look"), ["new", "new", true]);
  entry.setImplementation("f", before);
  deepEqual(await call(instance, "look"), ["old", "old", true]);
  entry.setImplementation("f", entry.evaluate(`(() => "plain")`));
  deepEqual((await call(instance, "look")) as unknown[], ["plain", "plain", false]);
  entry.setImplementation("f", entry.evaluate(`(async () => "again")`));
  deepEqual(await call(instance, "look"), ["again", "again", true]);
});

test("a function that was replaced before code took it follows as well", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { f } from "./lib.ts"; export const use = () => f(); export const later = () => import("./late.ts");`,
    "lib.ts": `export async function f() { return "old"; } export function* g(): any { yield "old"; }`,
    "late.ts": `import { f } from "./lib.ts"; export const held = [f];`,
  });
  const instance = await modules.run();
  const lib = instance.module("./lib.ts") as ModuleInstance;
  lib.setImplementation("f", lib.evaluate(`(async () => "new")`));
  equal(await call(instance, "use"), "new");
  const { held } = (await call(instance, "later")) as { held: Held[] };
  lib.setImplementation("f", lib.evaluate(`(async () => "newest")`));
  deepEqual([await call(instance, "use"), await held[0]?.()], ["newest", "newest"]);
  deepEqual(facts(held[0] as Held).slice(0, 2), ASYNC.slice(0, 2));
});

test("where a parameter is a pattern, or has a default in an arrow function, the forwarder looks like the function", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      async function f({ a }: any, b: number) { return [a, b]; }
      function* g([a]: any) { yield a; }
      const h = async (a = undefined) => a;
      const held = [f, g, h] as any[];
      export const all = held;
      export const look = async () => [await f({ a: 1 }, 2), [...held[1]([3])], await h(), held[1]([]) instanceof g];`,
  });
  const instance = await modules.run();
  const [f, g, h] = instance.entry.get("all") as [Held, Held, Held];
  deepEqual(facts(f), ["AsyncFunction", "[object AsyncFunction]", false, false, 2, "f", false]);
  deepEqual(facts(h).slice(4), [0, "h", false]);
  const tag = "[object GeneratorFunction]";
  deepEqual(facts(g), ["GeneratorFunction", tag, false, false, 1, "g", true]);
  deepEqual(await call(instance, "look"), [[1, 2], [3], undefined, true]);
  instance.entry.setImplementation("f", instance.entry.evaluate(`(async (...all) => all)`));
  deepEqual(await f(1, 2, 3), [1, 2, 3]);
});

for (const [kind, text, where] of [
  ["function", `async function f() { await null; throw new Error("boom"); }`, "1:40"],
  ["arrow function", `const f = async () => n = (() => { throw new Error("boom"); })();`, "1:42"],
  ["generator", `function* f() { throw new Error("boom"); }`, "1:23"],
] as const) {
  test(`positions in a held ${kind} are true`, async (t) => {
    const modules = new Modules(t, {
      "main.ts": `${text}\nexport let n = 0; const held = [f];\nexport const boom = async () => { for (const x of [...held[0]?.() as any]) void x; };\nexport const wait = async () => { await held[0]?.(); };`,
    });
    const instance = await modules.run();
    const run = (): Promise<unknown> =>
      call(instance, kind === "generator" ? "boom" : "wait") as Promise<unknown>;
    await rejects(run, (error: Error) => {
      const [head, line] = String(error.stack).split("\n");
      match(String(head), /boom/);
      match(String(line), new RegExp(`main.ts:${where}\\)?$`));
      return true;
    });
  });
}
