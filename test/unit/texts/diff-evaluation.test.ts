/** Which values that modules made when they began count as made with what an edit changes, and which do not. */

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { diffProgram } from "../../../src/texts/diff.ts";

/** What classes of the program do: methods that an edit changes. */
const LIB = `
export class Query {
  toString() { return "query"; }
  valueOf() { return 1; }
  resolve() { return "resolved"; }
  [Symbol.toPrimitive]() { return 2; }
  [Symbol.iterator]() { return [1].values(); }
}
export const KEY = "key";
export const LIST = [1, 2];
export function label(text: unknown): string { return typeof text === "string" ? \`\${text}!\` : ""; }
export function id(text: string): string { return text.trim().toLowerCase().replace(/ /g, "") || text; }
export function now(text: () => string): string { return text(); }
export function find(all: readonly unknown[], one: unknown): boolean { return all.includes(one); }
export const tools = { label, id, now };
`;

const EDITS = {
  "toString()": [`return "query"`, `return "QUERY"`],
  "valueOf()": ["return 1;", "return 10;"],
  "resolve()": [`"resolved"`, `"RESOLVED"`],
  conversion: ["return 2;", "return 20;"],
  iterator: ["[1].values()", "[2].values()"],
  label: ["}!", "}?"],
  id: [`|| text`, `|| "none"`],
} as const satisfies Record<string, readonly [from: string, to: string]>;

const HEAD = `import * as path from "node:path"; import * as lib from "./lib.ts"; import { KEY, LIST, Query, label, id, now, find, tools } from "./lib.ts";\n`;

/** What a module does at its top level that has nothing to do with what changes. */
const FREE: readonly (readonly [edit: keyof typeof EDITS, text: string])[] = [
  ["toString()", "const all = [-1, 2 * 3, !1, typeof 1];"],
  ["toString()", "const all = [`${1}`, `${KEY}`, `a${path.sep}b`, KEY + 1, `${__dirname}/x`];"],
  ["toString()", "const all = [Number(KEY), String(1), parseInt(`7`, 10)];"],
  [
    "toString()",
    "const one: unknown = JSON.parse('1'); const is = one === 1 || one instanceof Query;",
  ],
  ["valueOf()", "const all = [1 - 2, KEY.length * 2, Date.now() - 1].length;"],
  ["resolve()", `const here = path.resolve("a");`],
  ["conversion", "const all = [-1, `${KEY}`];"],
  ["iterator", `const all = [..."abc", ...[1, 2]];`],
  ["label", "const held = lib.label;"],
  ["label", "const holder = { label: lib.label, id: lib.id };"],
  ["label", "class Holder { label = lib.label; static id = lib.id; }"],
  ["label", "const all = Object.assign(label, { id });"],
];

/** What is made with it. */
const MADE: readonly (readonly [edit: keyof typeof EDITS, text: string])[] = [
  ["toString()", "const all = `${new Query()}`;"],
  ["toString()", "const one: unknown = JSON.parse('1'); const all = one + KEY;"],
  ["toString()", "const one = new Query(); const all = String(one);"],
  ["valueOf()", "const one: unknown = JSON.parse('1'); const all = (one as number) - 1;"],
  ["resolve()", `const one = new Query(); const here = one.resolve();`],
  ["conversion", "const one = new Query(); const all = +one;"],
  ["conversion", "const one = new Query(); const all = `${one}`;"],
  ["iterator", "const all = [...new Query()];"],
  ["iterator", "const one = new Query(); const all = one[Symbol.iterator]();"],
  ["iterator", "const all: unknown[] = []; for (const each of new Query()) all.push(each);"],
  ["label", "const all = lib.label(1);"],
  ["label", "const all = tools.label(1);"],
  ["label", "class Holder { static all = lib.label(1); }"],
  ["label", "const holder = { mark: lib.label }; const all = holder.mark(1);"],
  ["label", "const all = now(() => label(1));"],
  ["label", "const all = tools.now(() => label(1));"],
  ["id", "const all = label(id(KEY));"],
];

function notesOf(edit: keyof typeof EDITS, text: string): string {
  const [from, to] = EDITS[edit];
  const main = HEAD + text;
  const found = diffProgram([
    { file: "main.ts", running: main, edited: main },
    { file: "lib.ts", running: LIB, edited: LIB.replace(from, () => to) },
  ]);
  return found
    .flatMap(({ file, changes }) => changes.map(({ what, why }) => `${file} ${what}: ${why}`))
    .filter((each) => /was made with|ran with/.test(each))
    .join("; ");
}

for (const [edit, text] of FREE) {
  test(`an edit of ${edit} is no note of \`${text}\``, () => {
    equal(notesOf(edit, text), "");
  });
}

for (const [edit, text] of MADE) {
  test(`an edit of ${edit} is a note of \`${text}\``, () => {
    match(notesOf(edit, text), /^main\.ts /);
  });
}

test("what a function is given and only looks at is not called", () => {
  const text =
    "const holder = { name: JSON.parse('1') }; const all = [label(holder.name), id(holder.name), find([1], holder.name)];";
  const more = `${LIB}\nexport const table = { hit(n: number) { return n; }, any: (key: string) => (table as any)[key](1) };`;
  const main = HEAD + text;
  const found = diffProgram([
    { file: "main.ts", running: main, edited: main },
    { file: "lib.ts", running: more, edited: more.replace("return n;", "return n + 1;") },
  ]);
  equal(found[0]?.verdict, "same", JSON.stringify(found[0]?.changes));
});

test("a table of texts and numbers is a note where it is read, and none in a module that has not changed", () => {
  const table = "export const table = { a: { hp: 1, tags: ['x'] }, b: { hp: 2 } };";
  const reader = `import { table } from "./table.ts"; const all = JSON.stringify(table);`;
  const found = diffProgram([
    { file: "main.ts", running: reader, edited: reader },
    { file: "table.ts", running: table, edited: table.replace("hp: 2", "hp: 3") },
    {
      file: "other.ts",
      running: `const other = { hp: 1 }; const all = JSON.stringify(other);`,
      edited: `const other = { hp: 1 }; const all = JSON.stringify(other);`,
    },
  ]);
  equal(found.map(({ verdict }) => verdict).join(), "note,applied,same");
});

test("the patch of a big file has its lines, and is small", () => {
  const lines = Array.from(
    { length: 2000 },
    (_, index) => `  entry${index}: { power: ${index}, name: "a name that takes some room" },`,
  );
  const text = `export const table = {\n${lines.join("\n")}\n};\nfunction f() { return 1; }\n`;
  const edited = text.replace("return 1", "return 2");
  const [found] = diffProgram([{ file: "a.ts", running: text, edited }]);
  const patch = found?.patch ?? "";
  equal(patch.slice(0, patch.indexOf("return 2")).split("\n").length, 2003);
  equal(patch.length < 3000, true, String(patch.length));
});
