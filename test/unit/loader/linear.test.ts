/**
 * What it takes to load a module, and to make an instance of it, grows with the number of its names and not with the square.
 *
 * Work is counted, not timed: how many elements the searches and walks of lists, sets and maps pass.
 */

import { deepEqual, ok, throws } from "node:assert/strict";
import { parse as plainParse } from "acorn";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { parseTree } from "../../../src/loader/read/parser.ts";
import { Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

const LIST_SEARCHES = ["indexOf", "includes", "find", "findIndex", "some", "every"] as const;
const WALKS = ["keys", "values", "entries", "forEach"] as const;

/** Runs something and returns how many elements were passed meanwhile; a search counts as if it found nothing. */
function countWork(run: () => void): number {
  let count = 0;
  const undo: (() => void)[] = [];
  const watch = (prototype: object, name: PropertyKey, size: "length" | "size"): void => {
    const before = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
    const method = before.value as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      ...before,
      value(this: Record<string, number>, ...args: unknown[]) {
        count += this[size] ?? 0;
        return Reflect.apply(method, this, args);
      },
    });
    undo.push(() => Object.defineProperty(prototype, name, before));
  };
  for (const name of LIST_SEARCHES) watch(Array.prototype, name, "length");
  for (const name of [...WALKS, Symbol.iterator]) {
    for (const prototype of [Map.prototype, Set.prototype]) watch(prototype, name, "size");
  }
  watch(Array.prototype, Symbol.iterator, "length");
  try {
    run();
  } finally {
    for (const each of undo) each();
  }
  return count;
}

const list = (count: number, line: (index: number) => string, between = "\n"): string =>
  Array.from({ length: count }, (_, index) => line(index)).join(between);

const SHAPES: Record<string, (count: number) => Files> = {
  constants: (n) => ({ "main.mjs": list(n, (i) => `const K${i} = ${i};`) }),
  "exported constants": (n) => ({ "main.mjs": list(n, (i) => `export const K${i} = ${i};`) }),
  "constants on one line": (n) => ({
    "main.mjs": list(n, (i) => `export const K${i} = ${i};`, ""),
  }),
  "a list of exports": (n) => ({
    "main.mjs": `${list(n, (i) => `var V${i} = ${i};`)} export { ${list(n, (i) => `V${i}`, ",")} }`,
  }),
  "one declaration": (n) => ({ "main.mjs": `export let ${list(n, (i) => `L${i} = ${i}`, ",")};` }),
  "a pattern": (n) => ({
    "main.mjs": `export const [${list(n, (i) => `P${i} = ${i}`, ",")}] = [];`,
  }),
  functions: (n) => ({
    "main.mjs": list(n, (i) => `function f${i}() { return f${(i * 7) % n}(); }`),
  }),
  "held functions": (n) => ({
    "main.mjs": `${list(n, (i) => `function f${i}() { return f${(i * 7) % n}(); }`)} const held = [${list(n, (i) => `f${i}`, ",")}];`,
  }),
  "held arrow functions": (n) => ({
    "main.mjs": `${list(n, (i) => `const f${i} = () => f${(i * 7) % n}();`)} const held = [${list(n, (i) => `f${i}`, ",")}];`,
  }),
  classes: (n) => ({ "main.mjs": list(n, (i) => `export class C${i} { m() { return C${i}; } }`) }),
  "assigned variables": (n) => ({
    "main.mjs": `${list(n, (i) => `export let L${i};`)} ${list(n, (i) => `L${i} = ${i};`)}`,
  }),
  "names inside a function": (n) => ({
    "main.mjs": `export function f() { ${list(n, (i) => `let L${i} = ${i}; var V${i} = L${i};`)} }`,
  }),
  "named imports": (n) => ({
    "main.mjs": `import { ${list(n, (i) => `K${i}`, ",")} } from "./lib.mjs"; export { ${list(n, (i) => `K${i}`, ",")} };`,
    "lib.mjs": list(n, (i) => `export const K${i} = ${i};`),
  }),
  "names behind a star": (n) => ({
    "main.mjs": `import * as all from "./both.mjs"; export const sum = () => Object.keys(all).length;`,
    "both.mjs": `export * from "./lib.mjs"; ${list(n, (i) => `export const K${i} = ${i};`)}`,
    "lib.mjs": list(n, (i) => `export function f${i}() {}`),
  }),
  "a namespace": (n) => ({
    "main.mjs": `import * as all from "./lib.mjs"; export const sum = () => Object.keys(all).length;`,
    "lib.mjs": list(n, (i) => `export function f${i}() {}`),
  }),
};

function workOf(t: TestContext, files: Files): [load: number, birth: number] {
  const modules = new Modules(t, files);
  const bear = (): void => {
    const program = modules.load("main.mjs");
    if (program instanceof Promise) throw new Error("nothing has to be waited for");
    void program.instantiate({ api: {}, injected: () => undefined });
  };
  return [countWork(bear), countWork(bear)];
}

for (const [shape, write] of Object.entries(SHAPES)) {
  test(`the work is linear in the number of names: ${shape}`, (t) => {
    const [load, birth] = workOf(t, write(200));
    const [load4, birth4] = workOf(t, write(800));
    ok(load4 < 5 * load + 1000, `loading passes ${load} and ${load4} elements`);
    ok(birth4 < 5 * birth + 1000, `a birth passes ${birth} and ${birth4} elements`);
  });
}

test("the count finds a square", () => {
  const search = (n: number): number => {
    const names = Array.from({ length: n }, (_, index) => `K${index}`);
    return countWork(() => names.forEach((name) => void names.includes(name)));
  };
  ok(search(400) > 12 * search(100));
});

const OPTIONS = { ecmaVersion: "latest", sourceType: "module" } as const;

/** The parser's answer for a text, twice: small, and among enough names for its lists to be searched another way. */
function answers(parse: typeof plainParse, text: string): unknown[] {
  const crowd = list(200, (i) => `var crowd${i}; function crowdF${i}() {} let crowdL${i};`, " ");
  return ["", crowd].map((before) => {
    try {
      return parse(`${before}\n${text}`, OPTIONS).body.length;
    } catch (error) {
      return (error as Error).message;
    }
  });
}

test("names that clash are refused as the parser refuses them", () => {
  const declarations = [
    "let a;",
    "const a = 1;",
    "var a;",
    "function a() {}",
    "class a {}",
    `import a from "x";`,
  ];
  const texts = declarations.flatMap((one) => [
    ...declarations.map((other) => `${one} ${other}`),
    `{ ${one} } ${one}`,
    `${one} { var a; }`,
    `${one} { let a; var b; }`,
    `function f(a) { ${one} }`,
    `try {} catch (a) { ${one} }`,
    `try {} catch ({ a }) { ${one} }`,
    `try {} catch (a) { for (var a of []); }`,
    `switch (1) { case 1: ${one} case 2: ${one} }`,
    `${one} export { a, b };`,
    `${one} export { a }; export { a };`,
    `export { a }; ${one}`,
  ]);
  const large = list(300, (i) => `let a${i};`, " ");
  for (const text of [
    ...texts,
    `${large} let a150;`,
    `${large} { var a150; }`,
    `{ ${large} let a299; }`,
  ]) {
    deepEqual(answers(parseTree, text), answers(plainParse, text), text);
  }
  throws(() => parseTree(`${large} let a7;`, OPTIONS), /'a7' has already been declared/);
});
