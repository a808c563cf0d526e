/** Imports and exports of types that do not say so: left out as `tsc` leaves them out. */

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

/** Every module that runs notes its name. */
const LOG: Files = {
  "log.mjs": `export const log = (globalThis.elisionLog ??= []);`,
  "types.ts": `(globalThis as any).elisionLog.push("types"); export interface T { a: number } export type U = T; export default interface D {} `,
  "values.ts": `(globalThis as any).elisionLog.push("values"); export class C { c = 1; } export const v = 1; export interface T {} export default class D {}`,
};

/** Runs a module and returns the modules that ran, and its `result`. */
async function run(t: TestContext, text: string, files: Files = {}): Promise<unknown[]> {
  const globals = globalThis as { elisionLog?: string[] };
  globals.elisionLog = [];
  t.after(() => delete globals.elisionLog);
  const modules = new Modules(t, { ...LOG, "main.ts": text, ...files });
  const { exports } = await modules.run();
  return [...globals.elisionLog, exports["result"]];
}

const CASES: [text: string, ran: unknown[]][] = [
  [`import { T } from "./types"; let a: T; export const result = a!;`, [undefined]],
  [`import { T, U } from "./types"; export function f(a: T): U { return a; }`, [undefined]],
  [`import { type T } from "./types"; export let a: T;`, [undefined]],
  [`import {} from "./types";`, [undefined]],
  [`import D from "./types"; export let a: D;`, [undefined]],
  [`import D, { T } from "./values"; export let a: D | T;`, [undefined]],
  [`import D, { type T } from "./values"; export let a: D | T;`, [undefined]],
  [`import * as ns from "./values"; export let a: typeof ns.v;`, [undefined]],
  [`import { v } from "./values";`, [undefined]],
  [
    `import { C } from "./values"; class X { peer: C | undefined; f(c: C) { return c as C; } }`,
    [undefined],
  ],
  [
    `import { C } from "./values"; function f(C: number) { return C; } export const result = f(2);`,
    [2],
  ],
  [`import "./values";`, ["values", undefined]],
  [`import /* { */ "./values";`, ["values", undefined]],
  [`import { T } from "./values"; import "./values"; export let a: T;`, ["values", undefined]],
  [
    `import { C, T } from "./values"; export const result = new C().c; export let a: T;`,
    ["values", 1],
  ],
  [
    `import D, { T } from "./values"; export const result = D.name; export let a: T;`,
    ["values", "D"],
  ],
  [
    `import { C } from "./values"; export class X extends C {} export const result = new X().c;`,
    ["values", 1],
  ],
  [`import { v } from "./values"; export { v as result };`, ["values", 1]],
  [
    `import { v as w } from "./values"; export default w; export const result = typeof w;`,
    ["values", "number"],
  ],
  [`import { v } from "./values"; export const result = { v }.v;`, ["values", 1]],
  [`export {} from "./values";`, [undefined]],
  [`export { type T } from "./values";`, [undefined]],
  [`export type { T } from "./values";`, [undefined]],
  [`export { T, v as result } from "./values";`, ["values", 1]],
  [`export { T, U as V } from "./types";`, ["types", undefined]],
  [`import { T } from "./types"; export { T };`, ["types", undefined]],
  [`export { U } from "./again"; export const result = 2;`, ["types", 2]],
  [`export { T } from "./star"; export const result = 2;`, ["types", 2]],
  [`import type { T } from "./types"; export { T }; export const result = 2;`, [2]],
  [`import { type T as X } from "./types"; export { X, X as Y }; export const result = 2;`, [2]],
  [
    `interface A {} type B<T> = T; namespace N { export type X = 1; } export { A, B as C, N }; export const result = 2;`,
    [2],
  ],
  [
    `declare class A {} declare const enum E { X } declare function f(): void; export { A, E, f }; export const result = 2;`,
    [2],
  ],
  [`interface A {} export default A; export const result = 2;`, [2]],
  [`export default interface A {} export const result = 2;`, [2]],
];

const PASSED_ON: Files = {
  "again.ts": `export { U } from "./types";`,
  "star.ts": `export * from "./types";`,
};

for (const [text, ran] of CASES) {
  test(text, async (t) => deepEqual(await run(t, text, PASSED_ON), ran));
}

const VERBATIM: Files = {
  "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
};

test("where the project says verbatimModuleSyntax, imports stay unless they say type", async (t) => {
  const text = `import { v } from "./values"; import { type T } from "./types"; import type { U } from "./again"; export { type T as X } from "./star"; export let a: T | U;`;
  const ran = await run(t, text, {
    ...PASSED_ON,
    ...VERBATIM,
    "star.ts": `(globalThis as any).elisionLog.push("star");`,
  });
  deepEqual(ran, ["values", "types", "star", undefined]);
});

test("preserveValueImports keeps them, and isolatedModules alone does not", async (t) => {
  const text = `import { v } from "./values";`;
  const given = (options: string): Files => ({
    "tsconfig.json": `{ "compilerOptions": { ${options} } }`,
  });
  deepEqual(await run(t, text, given(`"preserveValueImports": true`)), ["values", undefined]);
  deepEqual(await run(t, text, given(`"isolatedModules": true`)), [undefined]);
});

test("JavaScript keeps every import", async (t) => {
  deepEqual(await run(t, `import "./x.js";`, { "x.js": `import { v } from "./values";` }), [
    "values",
    undefined,
  ]);
});

test("imports of types alone close no cycle", async (t) => {
  const derived = `import { Base } from "./base"; export class Derived extends Base {}`;
  const base = `import { Derived } from "./derived"; export class Base { peer: Derived | undefined; hi() { return "hi"; } }`;
  for (const order of [
    ["derived", "base"],
    ["base", "derived"],
  ]) {
    const text = `${order.map((name) => `import { ${name === "base" ? "Base" : "Derived"} } from "./${name}";`).join("")} export const result = [new Derived().hi(), Base.name];`;
    deepEqual(await run(t, text, { "base.ts": base, "derived.ts": derived }), [["hi", "Base"]]);
  }
});

test("a module that only types are imported of need not exist", async (t) => {
  deepEqual(
    await run(
      t,
      `import { T } from "./generated"; import { X } from "no-such-package"; export let a: T | X; export const result = 1;`,
    ),
    [1],
  );
});

test("positions stay what they are in the text", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { T } from "./types"; import {\n  T as U,\n} from "./types"; export function where(): string { return new Error("x").stack!; }\nexport {\n  T,\n} from "./types"; let a: T | U; export const b = 1;`,
    "types.ts": `export type T = 1;`,
  });
  const { entry } = await modules.run();
  match((entry.get("where") as () => string)(), /main\.ts:3:60\)/);
});

test("statements without semicolons do not run together", async (t) => {
  const text = `const f = () => 1\nimport { T } from "./types"\n;[1].forEach(() => {})\nimport { U } from "./types"\n(() => {})()\nexport const result: T | U | number = f()`;
  deepEqual(await run(t, text), [1]);
});

test("an enum file, which is printed anew, leaves them out too", async (t) => {
  const text = `import { T } from "./types"; import { v } from "./values"; enum E { A = 5 } export const result: T | number = E.A + v;`;
  deepEqual(await run(t, text), ["values", 6]);
});

const REFUSED: [text: string, message: RegExp][] = [
  [
    `export { nope } from "./values";`,
    /main\.ts:1:10: \.\/values has no export named 'nope'; if it is a type, write export type \{ nope \}/,
  ],
  [
    `export { nope } from "fs";`,
    /fs has no export named 'nope'; if it is a type, write export type \{ nope \}/,
  ],
  [`export { nope };`, /main\.ts:1:10: Export 'nope' is not defined/],
  [`type 伤害值 = 1; export { 伤害 };`, /main\.ts:1:24: Export '伤害' is not defined/],
  [`const text = "type nope2"; export { nope };`, /Export 'nope' is not defined/],
  [
    `import { T } from "./again"; export const x = T;`,
    /main\.ts:1:10: \.\/again has no export named 'T'/,
  ],
];

for (const [text, message] of REFUSED) {
  test(`${text} is refused`, async (t) => {
    await rejects(run(t, text, PASSED_ON), { code: /^ERR_(?:MODULE|SYNTAX)$/, message });
  });
}

test("what is imported as a type in one place and as a value in another is told where it is missing", async (t) => {
  const files = {
    "barrel.ts": `export { T } from "./types";`,
    "user.ts": `import { T } from "./barrel"; export const x = T;`,
  };
  await rejects(run(t, `import { x } from "./user"; export { x };`, files), {
    message: /user\.ts:1:10: \.\/barrel has no export named 'T'/,
  });
});

test("an image knows no name of an import that is left out", async (t) => {
  const modules = new Modules(t, {
    ...LOG,
    "main.ts": `import { T, U } from "./types"; import { v, C } from "./values"; export let a: T | U | C = v as any;`,
  });
  const { entry } = await modules.load();
  deepEqual([...entry.image.names.keys()], ["v", "a"]);
  equal(entry.image.data.requests.length, 1);
});
