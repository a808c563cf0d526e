/** merge(running, patch): what has a name takes the place of what has that name, and every part knows where it comes from. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { fold, merge } from "../../../src/texts/merge.ts";
import { readModuleText } from "../../../src/texts/module-text.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "../docs/page.ts";

type Case = readonly [title: string, running: string, patch: string, merged: string];

const CASES: readonly Case[] = [
  [
    "a function",
    "function f() { return 1; }\nf();",
    "function f() { return 2; }",
    "function f() { return 2; }\nf();",
  ],
  [
    "an exported function",
    "export function f() {}",
    "function f() { g; }",
    "export function f() { g; }",
  ],
  [
    "a const function",
    "const f = (n: number) => n;",
    "const f = (n: number) => n + 1;",
    "const f = (n: number) => n + 1;",
  ],
  [
    "a function for a const function",
    "const f = () => 1;",
    "function f() { return 2; }",
    "function f() { return 2; }",
  ],
  [
    "overloads",
    "function f(a: string): void;\nfunction f(a: any) {}",
    "function f(a: number): void;\nfunction f(a: any) { a; }",
    "function f(a: number): void;\nfunction f(a: any) { a; }",
  ],
  [
    "a constant",
    "export const TAX: number = 0.2;",
    "const TAX = 0.19;",
    "export const TAX = 0.19;",
  ],
  ["one of several constants", "const A = 1, B = 2;", "const B = 3;", "const A = 1, B = 3;"],
  [
    "a default export without a name",
    "export default (n: number) => n;",
    "export default (n: number) => n * 2;",
    "export default (n: number) => n * 2;",
  ],
  [
    "a default export by its name",
    "export default function f() {}",
    "function f() { g; }",
    "export default function f() { g; }",
  ],
  [
    "a method of a group",
    "export const response = { a() {}, b() {} };",
    "export const response = { b() { c; } };",
    "export const response = { a() {}, b() { c; } };",
  ],
  [
    "a new method of a group",
    "export const response = { a() {} };",
    "export const response = { b() {} };",
    "export const response = { a() {} , b() {},};",
  ],
  [
    "a method of a group that has another name inside",
    "const all = { a() {} };\nexport { all as response };",
    "export const response = { a() { c; } };",
    "const all = { a() { c; } };\nexport { all as response };",
  ],
  [
    "a group that a call makes",
    "export const response = make();",
    "export const response = { b() {} };",
    "export const response = { ...make(),  b() {}  };",
  ],
  [
    "a member of a table",
    "const t = { a: { x: 1, f: () => 1 } };",
    "const t = { a: { f: () => 2 } };",
    "const t = { a: { x: 1, f: () => 2 } };",
  ],
  [
    "a member of a table that a call makes",
    "const t = make();",
    "const t = { a: { f: () => 2 } };",
    "const t = make();\nt.a.f = () => 2;",
  ],
  ["a list", "const t = [1, 2];", "const t = [3];", "const t = [3];"],
  [
    "a method of a class",
    "class A { x = 1; m() {} }",
    "class A { declare x: number; m() { this.x; } }",
    "class A { x = 1; m() { this.x; } }",
  ],
  ["a field", "class A { x = 1; m() {} }", "class A { x = 2; }", "class A { x = 2; m() {} }"],
  [
    "a new field",
    "class A { x = 1; m() {} }",
    "class A { y = 2; }",
    "class A { x = 1;\ny = 2; m() {} }",
  ],
  ["a field that is a type", "class A { x = 1; }", "class A { x: number; }", "class A { x = 1; }"],
  [
    "a getter beside its setter",
    "class A { get a() { return 1; } set a(v) {} }",
    "class A { get a() { return 2; } }",
    "class A { get a() { return 2; } set a(v) {} }",
  ],
  [
    "a static method beside one of the same name",
    "class A { m() {} static m() {} }",
    "class A { static m() { x; } }",
    "class A { m() {} static m() { x; } }",
  ],
  [
    "an object in a static field, member by member",
    "class A { static t = { a() { return 1; }, n: 1, in: { b: 2 } }; }",
    "class A { static t = { a() { return 2; }, in: { b: 3 }, c: 4 }; }",
    "class A { static t = { a() { return 2; }, n: 1, in: { b: 3 } , c: 4,}; }",
  ],
  [
    "a class in a constant",
    "const A = class { m() {} };",
    "const A = class { m() { x; } };",
    "const A = class { m() { x; } };",
  ],
  [
    "new state, in front of what uses it at once",
    'import "a";\nconst X = f();\nfunction f() { return 1; }',
    "let n = 1;\nfunction f() { return n; }",
    'import "a";\nlet n = 1;\n\nconst X = f();\nfunction f() { return n; }',
  ],
  [
    "new state that needs what is there",
    "const a = new Map();\nuse(a);",
    "const b = a.size;",
    "const a = new Map();\nconst b = a.size;\n\nuse(a);",
  ],
  ["a new function", "let a = 1;", "function f() {}", "let a = 1;\nfunction f() {}\n"],
  [
    "what is only declared",
    "let a = 1;",
    "declare let a: number;\ndeclare function f(): void;",
    "let a = 1;",
  ],
  [
    "hotfix and rollback",
    "let a = 1;",
    "export function hotfix() {}\nexport function rollback() {}",
    "let a = 1;",
  ],
  [
    "an import",
    'import { a } from "x";\na();',
    'import { b } from "y";\nfunction f() { b; }',
    'import { a } from "x";\nimport { b } from "y";\na();\nfunction f() { b; }\n',
  ],
  [
    "a name more of an import",
    'import { a } from "x";\na();',
    'import { a, b as c } from "x";',
    'import { a } from "x";\nimport { b as c } from "x";\na();',
  ],
  [
    "a type",
    "interface A { x: number }\nlet a: A;",
    "interface A { y: string }",
    "interface A { y: string }\nlet a: A;",
  ],
  ["a function that is taken away", "let a = 1;\nfunction f() {}\n", "delete f;", "let a = 1;\n\n"],
  [
    "a constant among others that is taken away",
    "const A = 1, B = 2;",
    "delete B;",
    "const A = 1;",
  ],
  [
    "a method that is taken away",
    "export const response = { a() {}, b() {} };",
    "delete response.a;",
    "export const response = {  b() {} };",
  ],
  [
    "members of a class that are taken away",
    "class A { m() {} static m() {} }",
    "delete A.prototype.m;\ndelete A.m;",
    "class A {   }",
  ],
  [
    "a text with enums",
    "enum E { A }\nfunction f() { return E.A; }",
    "function f() { return 1; }",
    "enum E { A }\nfunction f() { return 1; }",
  ],
  [
    "a parameter property",
    "class A { constructor(readonly n = 1) {} }",
    "class A { constructor(readonly n = 2) {} }",
    "class A { constructor(readonly n = 2) {} }",
  ],
  [
    "a handler that hotfix() registers again",
    'const a = 1;\nskynet.dispatch("lua", () => a);',
    'const b = 2;\nexport function hotfix() { skynet.dispatch("lua", () => a + b); }',
    '\nconst b = 2;\nconst a = 1;\nskynet.dispatch("lua", () => a + b);',
  ],
  [
    "one that the start function registers",
    'skynet.start(() => {\n  skynet.dispatch("lua", one);\n  skynet.dispatch("text", two);\n});',
    'function three() {}\nexport function hotfix() {\n  skynet.dispatch("text", three);\n  skynet.dispatch("client", one);\n}',
    'skynet.start(() => {\n  skynet.dispatch("lua", one);\n  skynet.dispatch("text", three);\n});\nfunction three() {}\n',
  ],
  [
    "one that is registered twice",
    'skynet.dispatch("lua", one);\nskynet.start(() => {\n  skynet.dispatch("lua", two);\n});',
    'export function hotfix() { skynet.dispatch("lua", 3); skynet.dispatch("lua", 4); }',
    'skynet.dispatch("lua", one);\nskynet.start(() => {\n  skynet.dispatch("lua", 4);\n});',
  ],
  [
    "one that needs at once what comes later",
    'skynet.dispatch("lua", one);\nconst wrap = (f) => f;',
    'export function hotfix() { skynet.dispatch("lua", wrap(one)); }',
    'skynet.dispatch("lua", one);\nconst wrap = (f) => f;',
  ],
  [
    "one that needs at once what the patch adds",
    'skynet.dispatch("lua", one);',
    'const wrap = (f) => f;\nexport function hotfix() { skynet.dispatch("lua", wrap(one)); }',
    '\nconst wrap = (f) => f;\nskynet.dispatch("lua", wrap(one));',
  ],
  [
    "one that uses a name of hotfix()",
    'skynet.dispatch("lua", one);',
    'export function hotfix() { const two = 2; skynet.dispatch("lua", () => two); }',
    'skynet.dispatch("lua", one);',
  ],
  [
    "one that uses an argument of hotfix()",
    'skynet.dispatch("lua", one);',
    'export function hotfix(word) { skynet.dispatch("lua", () => word); }',
    'skynet.dispatch("lua", one);',
  ],
];

for (const [title, running, patch, merged] of CASES) {
  test(`merging gives ${title} its place`, () => {
    equal(merge(running, patch, "a.ts").text, merged);
    // Applied twice it says the same as once, but for what has no name.
    ok(readModuleText(merged, "a.ts"));
  });
}

test("`delete` inside functions and texts is the language's own", () => {
  const patch = "function f(o: any) {\n  delete o.x;\n  return `delete x;`;\n}\n// delete y;\n";
  equal(merge("let o = 1;\n", patch, "a.ts").text, `let o = 1;\n\n${patch.split("\n//")[0]}\n`);
});

test("every part of a merged text is found again in the text that it comes from", () => {
  for (const [title, running, patch] of CASES) {
    const merged = merge(running, patch, "a.ts", { keepsSteps: true });
    const seen = new Set<number>();
    for (let at = 0; at < merged.text.length; at += 1) {
      const { origin, offset } = merged.locate(at);
      if (origin === "glue") continue;
      equal((origin === "patch" ? patch : running)[offset], merged.text[at], title);
      const mark = origin === "patch" ? offset : -1 - offset;
      ok(!seen.has(mark), `${title}: offset ${offset} of the ${origin} text stands there twice`);
      seen.add(mark);
    }
    if (title.includes("taken away")) continue;
    for (const { start, end, kind } of readModuleText(patch, "a.ts").pieces) {
      if (kind !== "function" && kind !== "literal") continue;
      const isThere = [...seen].some((at) => at >= start && at < end);
      ok(isThere, `${title}: nothing of ${patch.slice(start, end)} is there`);
    }
  }
});

test("the patches of the operator's manual are merged into the page's shop, one upon the other", () => {
  const page = readPage("hotfix.md");
  const shop = readFiles(page)["services/shop.ts"] ?? "";
  const inBlocks = readBlocks(page).filter(({ mark }) => mark === "patch");
  const inTable = readTable(page, "to change").flatMap(([, patch = ""]) => readCode(patch));
  const patches = [...inBlocks.map(({ text }) => text), ...inTable];
  const text = fold(shop, patches, "services/shop.ts");
  const { pieces } = readModuleText(text, "services/shop.ts");
  const names = pieces.flatMap((piece) => piece.names);
  for (const name of ["sold", "returned", "price", "accept", "response"]) ok(names.includes(name));
  deepEqual(names.length, new Set(names).size);
  ok(text.includes("const TAX = 0.19;") && !text.includes("TAX = 0.2;"));
});
