/**
 * Every kind of edit once: a service, what an operator changes in its file, and what a diff says of it.
 */

import type { Verdict } from "../../../src/texts/verdict.ts";

/** The library that the service imports. */
export const LIBRARY = `export const half = (n: number) => n / 2;
export let seen = 0;
export function see() { seen += 1; }
`;

/** The service as it was started. */
export const BASE = `import { half } from "./lib/half.ts";
let sold = 0;
const TAX = 2;
const LIMIT = TAX * 10;
const stock = new Map([["apple", 3]]);
class Order { total = 1; text() { return "t" + this.total; } static made = 0; get big() { return this.total > 10; } set big(x: any) { this.total = x; } #x = 1; }
class Plain { a = 1; text() { return "p" + this.a; } }
const order = new Order(); const plain = new Plain();
const price = (n: number): number => half(n) * TAX;
function report(): string { return "sold " + sold; }
const table = { report, size: 3 };
const timer = setInterval(report, 60_000);
export const response = { buy(n: number) { sold += 1; return price(n); }, all() { return [sold, report(), plain.text(), TAX, LIMIT, table.report()].join(); } };
export function init() { sold = 0; }
`;

/** An edit: texts that are replaced, and what becomes of it. */
export interface EditCase {
  readonly title: string;
  readonly verdict: Verdict;
  readonly pairs: readonly (readonly [from: string, to: string])[];
  /** What one of the changes says. */
  readonly says?: RegExp;
}

function edit(
  title: string,
  verdict: Verdict,
  ...rest: (readonly [string, string] | RegExp)[]
): EditCase {
  const pairs = rest.filter((each) => Array.isArray(each)) as [string, string][];
  const says = rest.find((each) => each instanceof RegExp);
  return { title, verdict, pairs, ...(says === undefined ? {} : { says }) };
}

/** The edits. */
export const EDITS: readonly EditCase[] = [
  edit("a comment and layout", "same", ["let sold = 0;", "let sold   = 0; // x"]),
  edit("a type annotation", "same", ["(n: number): number =>", "(n: number): number | never =>"]),
  edit(
    "quotes and a trailing comma",
    "same",
    ['"sold " + sold', "'sold ' + sold"],
    ["size: 3 }", "size: 3, }"],
  ),
  edit("the body of a function", "applied", ['"sold "', '"SOLD "'], /^function$/),
  edit("a line break behind return", "applied", [
    'return "sold " + sold',
    'return\n"sold " + sold',
  ]),
  edit("the body of a const function", "applied", ["half(n) * TAX", "half(n) * TAX + 1"]),
  edit("a function made async", "applied", [
    "function report(): string {",
    "async function report(): Promise<string> {",
  ]),
  edit("a parameter more", "applied", ["(n: number): number =>", "(n: number, m = 1): number =>"]),
  edit("a function for a const function", "applied", [
    "const price = (n: number): number => half(n) * TAX;",
    "function price(n: number): number { return half(n) * TAX + 2; }",
  ]),
  edit(
    "a constant, and one that is computed from it",
    "applied",
    ["TAX = 2;", "TAX = 3;"],
    /^constant, computed from TAX$/,
  ),
  edit("a constant that is computed now", "applied", ["TAX = 2;", "TAX = 1 + 2;"]),
  edit("a computed constant", "applied", ["TAX * 10", "TAX * 20"]),
  edit("the first value of state", "note", ["let sold = 0", "let sold = 5"], /keeps its value/),
  edit("const for let", "same", ["const stock", "let stock"]),
  edit(
    "new state that is used",
    "applied",
    ["let sold = 0;", "let sold = 0; let extra = 1;"],
    ["sold += 1;", "sold += extra;"],
  ),
  edit(
    "new state computed from state",
    "note",
    ["let sold = 0;", "let sold = 0;\nlet twice = sold * 2;"],
    /made now, from sold/,
  ),
  edit("state that is taken out", "note", ['const stock = new Map([["apple", 3]]);\n', ""]),
  edit(
    "state under another name",
    "note",
    ["let sold = 0;", "let total = 0;"],
    ["sold += 1;", "total += 1;"],
    ['"sold " + sold', '"sold " + total'],
    ["[sold,", "[total,"],
    ["{ sold = 0; }", "{ total = 0; }"],
    /looks like sold .*hotfix\(\) \{ total = sold; \}/,
  ),
  edit(
    "a function that is taken out",
    "applied",
    ["const price = (n: number): number => half(n) * TAX;\n", ""],
    ["return price(n)", "return n"],
  ),
  edit(
    "a variable for a function",
    "reload",
    ["const price =", "let price ="],
    ["sold += 1;", "sold += 1; price = half;"],
  ),
  edit("a let that holds a function and is never assigned", "applied", [
    "const price = (n: number): number => half(n) * TAX",
    "let price = (n: number): number => half(n) * TAX + 4",
  ]),
  edit("a method of a class", "applied", ['"p"', '"P"']),
  edit("a new method of a class", "applied", [
    'text() { return "p"',
    'more() { return 1; } text() { return "p"',
  ]),
  edit(
    "a method of a class that is taken out",
    "applied",
    ['text() { return "p" + this.a; }', ""],
    ["plain.text(), ", ""],
  ),
  edit("a field", "note", ["a = 1;", "a = 2;"]),
  edit("a new field", "note", ["a = 1;", "a = 1; b = 2;"]),
  edit("a constructor", "note", [
    "class Plain { a = 1;",
    "class Plain { a = 1; constructor() { this.a = 4; }",
  ]),
  edit("a static constant", "applied", ["static made = 0", "static made = 5"]),
  edit("a getter", "applied", ["this.total > 10", "this.total > 20"]),
  edit(
    "a method in the place of a getter and a setter",
    "applied",
    [
      "get big() { return this.total > 10; } set big(x: any) { this.total = x; }",
      "big() { return this.total > 20; }",
    ],
    ["[sold, report(),", "[sold, report(), (order as any).big(),"],
  ),
  edit(
    "a setter that is taken out",
    "note",
    ["set big(x: any) { this.total = x; } ", ""],
    /keeps this half of the property/,
  ),
  edit("a method that touches #private members", "reload", [
    "#x = 1;",
    "#x = 1; y() { return this.#x; }",
  ]),
  edit("a field of a class with #private members", "reload", ["total = 1;", "total = 2;"]),
  edit("another parent", "reload", ["class Plain {", "class Plain extends Order {"]),
  edit("a static block", "reload", [
    "static made = 0;",
    "static made = 0; static { Order.made = 1; }",
  ]),
  edit("a method of response", "applied", ["return price(n);", "return price(n) + 1;"]),
  edit("a new method of response", "applied", ["all() {", "extra() { return 1; }, all() {"]),
  edit("a method of response that is taken out", "applied", [
    "buy(n: number) { sold += 1; return price(n); }, ",
    "",
  ]),
  edit("a spread in response", "reload", [
    "export const response = {",
    "const more = {}; export const response = { ...more,",
  ]),
  edit("a new member of an object", "applied", ["{ report, size", "{ report, again: report, size"]),
  edit("a number in an object", "applied", ["size: 3", "size: 4"], /^constant, 3 -> 4$/),
  edit("another time of a timer", "note", ["60_000", "30_000"]),
  edit("init", "note", ["sold = 0; }\n", "sold = 1; }\n"]),
  edit(
    "a new import",
    "applied",
    ["import { half }", 'import { basename } from "node:path";\nimport { half }'],
    ['return "sold "', 'return basename("a/b") + "sold "'],
  ),
  edit("an import from elsewhere", "reload", [
    'import { half } from "./lib/half.ts"',
    'import { see as half } from "./lib/half.ts"',
  ]),
  edit(
    "a name more of an import",
    "applied",
    ["import { half }", "import { half, seen }"],
    ['"sold "', 'seen + "sold "'],
  ),
  edit("a new statement", "note", ["const table", "report();\nconst table"]),
  edit("an export that means nothing", "same", ["function report()", "export function report()"]),
  edit("an enum", "applied", ["let sold = 0;", "enum E { A } let sold = 0;"]),
  edit("a namespace", "reload", [
    "let sold = 0;",
    "namespace N { export let a = 1; } let sold = 0;",
  ]),
  edit("a new field with an arrow function", "note", [
    "class Plain { a = 1;",
    "class Plain { a = 1; go = () => 1;",
  ]),
  edit('"use shared"', "refused", ["import { half }", '"use shared";\nimport { half }']),
  edit("blanks in a text", "applied", ['"sold "', '"sold  "']),
  edit("a regular expression", "applied", [
    '"sold " + sold',
    '"sold " + String(sold).replace(/a  b/g, "")',
  ]),
  edit("a new exit", "applied", [
    "export function init",
    "export function exit() {}\nexport function init",
  ]),
];

/** Makes an edit. */
export function applyEdit({ title, pairs }: EditCase, text: string = BASE): string {
  return pairs.reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`${title}: no ${from}`);
    return all.replace(from, () => to);
  }, text);
}
