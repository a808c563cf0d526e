/** Every form of import and export between a service's own modules. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { call, evaluate, Modules } from "./harness.ts";

test("an imported variable follows the assignments of its exporter", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      import { n, up, down, swap, both, spin } from "./lib.ts";
      export const read = () => n;
      export const trace = () => [n, up(), n, down(), n, swap(), n, both(), n, spin(), n];`,
    "lib.ts": `
      export let n: number = 1;
      export const up = () => n++;
      export function down() { return --n; }
      export function swap() { [n] = [7]; return n; }
      export function both() { let rest; ({ n = 8, ...rest } = {}); return n; }
      export function spin() { for (n of [1, 2, 3]); for (n = 5; n < 9; n += 2) {} return (n ??= 1); }`,
  });
  const instance = await modules.run();
  deepEqual(call(instance, "trace"), [1, 1, 2, 1, 1, 7, 7, 8, 8, 9, 9]);
  equal(call(instance, "read"), 9);
});

test("an assignment to a local name of the same spelling is not an export's", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { n, touch } from "./lib.ts"; export const seen = () => [touch(), n];`,
    "lib.ts": `
      export let n = 1;
      export function touch() { let n = 5; n++; { let n = 3; n = 4; } return ((n: number) => { n = 9; return n; })(n); }`,
  });
  deepEqual(call(await modules.run(), "seen"), [9, 1]);
});

test("re-exports are followed through chains, stars and namespaces", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      import { a, renamed, deep, star } from "./chain.ts";
      import * as all from "./chain.ts";
      export const result = [a, renamed, deep.b, star, Object.keys(all).join(), "default" in all];`,
    "chain.ts": `
      export { a, b as renamed } from "./lib.ts";
      export * as deep from "./lib.ts";
      export * from "./star.ts";
      export { default as star } from "./star.ts";`,
    "lib.ts": `export const a = 1, b = 2;`,
    "star.ts": `export const c = 3; export default 4;`,
  });
  deepEqual(result, [1, 2, 2, 4, "a,c,deep,renamed,star", false]);
});

test("an import that is exported again stays live", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { n, up } from "./middle.ts"; export const seen = () => [n, up(), n];`,
    "middle.ts": `import { n, up } from "./lib.ts"; export { n, up };`,
    "lib.ts": `export let n = 0; export const up = () => { n += 1; };`,
  });
  deepEqual(call(await modules.run(), "seen"), [0, undefined, 1]);
});

test("a namespace follows the assignments of its module", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import * as lib from "./lib.ts"; export const seen = () => [lib.n, lib.up(), lib.n];`,
    "lib.ts": `export let n = 0; export const up = () => { n += 1; };`,
  });
  deepEqual(call(await modules.run(), "seen"), [0, undefined, 1]);
});

test("default exports keep their names, and anonymous ones are called default", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      import f from "./f.ts"; import g from "./g.ts"; import h from "./h.ts"; import A from "./a.ts";
      import B from "./b.ts"; import n from "./n.ts"; import v, { early } from "./v.ts";
      export const result = [f.name, f(), g.name, g(), h.name, new A().x, A.name, new B().y, B.name, n, v, early];`,
    "f.ts": `export default function () { return 1; }`,
    "g.ts": `export default () => 2;`,
    "h.ts": `export default async function* named() {}`,
    "a.ts": `export default class { x = 3; }`,
    "b.ts": `export default class Named { y = 4; }`,
    "n.ts": `export default (1 + 2) * 3;`,
    "v.ts": `export { early }; const value = "v"; export default value; const early = "e";`,
  });
  deepEqual(result, ["default", 1, "default", 2, "named", 3, "default", 4, "Named", 9, "v", "e"]);
});

test("an export may stand before the import and the declaration it names", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `export { result }; const result = twice(2); import { twice } from "./lib.ts";`,
    "lib.ts": `export { twice }; function twice(n: number) { return 2 * n; }`,
  });
  equal(result, 4);
});

test("modules that import each other see hoisted functions at once and variables when they are set", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { a } from "./a.ts"; export const result = a();`,
    "a.ts": `
      import { early, late } from "./b.ts";
      export function hoisted() { return "hoisted"; }
      export const value = "value";
      export const a = () => [early, late()];`,
    "b.ts": `
      import { hoisted, value } from "./a.ts";
      export const early = hoisted();
      export const late = () => value;`,
  });
  deepEqual(result, ["hoisted", "value"]);
});

test("a cycle through a re-export gets the functions of a module that begins later", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { go } from "./index.ts"; export const result = go();`,
    "index.ts": `export * from "./user.ts"; export * from "./maker.ts";`,
    "user.ts": `import { make } from "./index.ts"; import * as all from "./index.ts"; export const go = () => [make(), all.make()];`,
    "maker.ts": `import { go } from "./index.ts"; export function make() { return typeof go; }`,
  });
  deepEqual(result, ["function", "function"]);
});

test("a cycle may ask for the namespace of a module that begins later", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { go } from "./index.ts"; export const result = go();`,
    "index.ts": `export * from "./user.ts"; export * as maker from "./maker.ts";`,
    "user.ts": `import { maker } from "./index.ts"; export const go = () => [maker.make(), maker.size];`,
    "maker.ts": `import { go } from "./index.ts"; export function make() { return typeof go; } export const size = 3;`,
  });
  deepEqual(result, ["function", 3]);
});

test("a module may import itself", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import * as self from "./main.ts"; export const a = 1; export const result = [self.a, self === self];`,
  });
  deepEqual(result, [1, true]);
});

test("a class extends an import", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { Base } from "./lib.ts"; class Child extends Base { y = this.x + 1; } export const result = new Child().y;`,
    "lib.ts": `export class Base { x = 1; }`,
  });
  equal(result, 2);
});

test("imports are evaluated first and in the order of the text", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `log.push("main"); import { log } from "./log.ts"; import "./b.ts"; import "./c.ts"; export const result = log;`,
    "b.ts": `import "./c.ts"; import { log } from "./log.ts"; log.push("b");`,
    "c.ts": `import { log } from "./log.ts"; log.push("c");`,
    "log.ts": `export const log: string[] = [];`,
  });
  deepEqual(result, ["c", "b", "main"]);
});

test("destructured exports and shadowed imports keep their meaning", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      import { a, b, rest } from "./lib.ts";
      const inner = (a: number) => { const { b = a } = {} as { b?: number }; return b; };
      export const result = [a, b, rest, inner(9), ((x = a) => x)()];`,
    "lib.ts": `export const { a, x: { b }, ...rest } = { a: 1, x: { b: 2 }, c: 3, d: 4 };`,
  });
  deepEqual(result, [1, 2, { c: 3, d: 4 }, 9, 1]);
});

test("names that are strings, words and dots are exported and imported", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { "odd name" as odd, if as branch } from "./lib.ts"; export const result = [odd, branch];`,
    "lib.ts": `const a = 1, b = 2; export { a as "odd name", b as if };`,
  });
  deepEqual(result, [1, 2]);
});

test("an ambiguous star export is refused where it is imported", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { x } from "./both.ts"; export const y = x;`,
    "both.ts": `export * from "./a.ts"; export * from "./b.ts";`,
    "a.ts": `export const x = 1;`,
    "b.ts": `export const x = 2;`,
  });
  await rejects(modules.run(), { code: "ERR_MODULE", message: /main\.ts:1:10: .*several modules/ });
});

test("statements around blanked imports and exports do not run together", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `const list: number[] = []\nlet n = 1\nexport { n }\n;[2].forEach((x) => list.push(x))\nconst f = () => n\nimport "./lib.ts"\nexport const result = [f(), list]`,
    "lib.ts": `export {}`,
  });
  deepEqual(result, [1, [2]]);
});

test("a default export of a variable that is assigned later keeps the value of that moment", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import a, { x } from "./a.ts"; import nothing from "./b.ts"; export const result = [a, x, nothing];`,
    "a.ts": `export let x = 1; export default x; x = 2;`,
    "b.ts": `export default undefined;`,
  });
  deepEqual(result, [1, 2, undefined]);
});

test("a namespace object is what the language makes it: no other code assigns it, and it has no prototype", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      import * as lib from "./lib.ts";
      const all: any = lib;
      const ask = (f: () => unknown) => { try { return f(); } catch (error) { return [(error as Error).name, (error as Error).message].join(": "); } };
      export const result = [
        ask(() => (all.x = 5)), ask(() => (all.fresh = 5)), ask(() => Object.setPrototypeOf(all, {})),
        Object.getPrototypeOf(all), Object.prototype.toString.call(all), Object.keys(all).join(), Reflect.ownKeys(all).at(-1) === Symbol.toStringTag,
        Object.isExtensible(all), all.x, (await import("./lib.ts")) === all,
      ];`,
    "lib.ts": `export let x = 1; export function b() {} export default 2; export class A {}`,
  });
  deepEqual(result, [
    "TypeError: Cannot assign to read only property 'x' of object '[object Module]'",
    "TypeError: Cannot add property fresh, object is not extensible",
    "TypeError: #<Module> is not extensible".replace("#<Module>", "[object Module]"),
    null,
    "[object Module]",
    "A,b,default,x",
    true,
    false,
    1,
    true,
  ]);
});

test("modules may export each other's namespaces, and each its own", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import * as a from "./a.ts"; export const result = [a.b.a === a, a.self === a, a.b.a.b.x, a.b.x];`,
    "a.ts": `export * as b from "./b.ts"; export * as self from "./a.ts";`,
    "b.ts": `export * as a from "./a.ts"; export const x = 3;`,
  });
  deepEqual(result, [true, true, 3, 3]);
});

const COMMENTED = [
  `export /* the default value */ default 5;`,
  `export // default\n default (5);`,
  `export /* a */ /* default */\n/* b */default/* c */(2, 5);`,
  `export /* default ( */ default function /* ( */ () { return 5; }`,
  `export default async /* ( */ function /* * ( */ () { return 5; }`,
  `export default function /* ( */ * /* ( */ () { yield 5; }`,
  `export /* default class { */ default class /* { ( */ { static value = 5; }`,
  `export /* default */ default /* ( */ (a = 5) => a;`,
];

for (const text of COMMENTED) {
  test(`comments may stand anywhere in ${JSON.stringify(text)}`, async (t) => {
    const { result } = await evaluate(t, {
      "main.ts": `import a from "./a.ts"; const of = async (value: any) => typeof value !== "function" ? value : value.value ?? (await value()).next?.().value ?? await value(); export const result = [await of(a), typeof a === "function" ? a.name : "default"];`,
      "a.ts": text,
    });
    deepEqual(result, [5, "default"]);
  });
}

for (const [kind, first, link] of [
  [
    "imports",
    "export const x = 1;",
    (next: string) => `import { x as y } from "${next}"; export const x = y + 1;`,
  ],
  ["re-exports", "export const x = 3000;", (next: string) => `export { x } from "${next}";`],
  [
    "shared modules",
    `"use shared"; export const x = 1;`,
    (next: string) => `"use shared"; import { x as y } from "${next}"; export const x = y + 1;`,
  ],
] as const) {
  test(`a chain of 3,000 ${kind} is no deeper than others`, async (t) => {
    const files: Record<string, string> = { "m1.mjs": first };
    for (let index = 2; index <= 3000; index += 1)
      files[`m${index}.mjs`] = link(`./m${index - 1}.mjs`);
    const { result } = await evaluate(t, {
      ...files,
      "main.ts": `import { x } from "./m3000.mjs"; import * as all from "./m3000.mjs"; export const result = [x, all.x];`,
    });
    deepEqual(result, [3000, 3000]);
  });
}

test("a ring of 1,000 modules that import each other starts, and its functions can be called before", async (t) => {
  const files: Record<string, string> = {};
  for (let index = 0; index < 1000; index += 1) {
    files[`m${index}.mjs`] =
      `import { f as g } from "./m${(index + 1) % 1000}.mjs"; export function f() { return ${index}; } export const x = g();`;
  }
  const { result } = await evaluate(t, {
    ...files,
    "main.ts": `import { x as last } from "./m999.mjs"; import { x } from "./m0.mjs"; export const result = [x, last];`,
  });
  deepEqual(result, [1, 0]);
});
