/**
 * Damaged patches, the same for the same seed: valid ones with pieces removed, doubled, swapped and thrown in.
 *
 * The originals contain no loops and end no process, so that whatever becomes of them ends by itself.
 */

/** Valid patches of the service `rich`. */
const ORIGINALS = [
  `declare let count: number; export const accept = { touch() { count += 2; } };`,
  `declare let count: number; declare let word: string;
   export function hotfix(t: number) { const last = count; count = 5; word = "x"; return [last, word]; }`,
  `function helper(): string { return "H" + arrow(); } const arrow = () => { return "A"; };`,
  `class Unit { hp = 5; hit() { return "HIT"; } get half() { return 1; } set half(v) { this.hp = v; } static make() { return new Unit(); } static colour = "red"; }`,
  `class Tank extends Unit { constructor() { super(); this.hp = 3; } hit() { return super.hit() + "!"; } }`,
  `import { basename } from "node:path"; import { rate } from "./rich-lib.ts";
   export const response = { get() { return basename("/a/b") + rate; }, async more(a = 1, { b, ...c } = {}) { return [a, b, c]; } };`,
  `let fresh = 1; const table = { a: [1, 2], "b c": new Map([[1, 2]]) }; const RATE = -20;
   function added<T>(x: T): T { fresh++; [fresh] = [2]; ({ a: fresh } = { a: 3 }); return x; }`,
  `declare let count: number;
   export async function hotfix() { count = 9; await Promise.resolve(); throw new Error(\`no \${count}\`); }
   export function rollback() { count = 1; }`,
  `export function exit() {} export const subscribe = { poke: () => 1 }; interface A { b: string } type C = A | 5;`,
];

/** Pieces that have a meaning somewhere. */
const PIECES = [
  "let",
  "const",
  "var",
  "declare",
  "function",
  "class",
  "extends",
  "static {",
  "export",
  "default",
  "import",
  "from",
  "await",
  "async",
  "yield",
  "super",
  "super.x()",
  "this",
  "new.target",
  "#x",
  "#y = 1;",
  "get",
  "set",
  "*",
  "...",
  "=>",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  ";",
  ",",
  ":",
  "?",
  "??=",
  "||",
  "=",
  "==",
  "`",
  "${",
  '"',
  "'",
  "/",
  "//",
  "/*",
  "*/",
  "\\",
  "\\u0041",
  "\u2028",
  "\u0000",
  "\uFEFF",
  "\uD800",
  "count",
  "word",
  "Unit",
  "helper",
  "response",
  "accept",
  "init",
  "hotfix",
  "rollback",
  "constructor",
  "__proto__",
  "prototype",
  'eval("1")',
  "arguments",
  "$snax",
  "$snaxHook",
  "undefined",
  "null",
  "0",
  "-1",
  "1n",
  "1e999",
  "/a(?<b>c)/u",
  "as any",
  "satisfies",
  "enum E { A }",
  "namespace N { }",
  "abstract",
  "type T = 1;",
  "throw 1;",
  "return 1;",
  "delete count;",
  "count = 1;",
  "@dec",
  "<T>",
  "!",
  "label:",
  "with (a) {}",
  "debugger;",
  'import("./rich-lib.ts")',
  "import.meta",
  'export * from "node:fs";',
  '"use strict";',
  '"use shared";',
  "<!--",
  "-->",
  "#!x",
];

/** Draws one damaged patch after the other. */
export class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The next patch. */
  next(): string {
    let text = this.#pick(ORIGINALS);
    if (this.#below(3) === 0) text += `\n${this.#pick(ORIGINALS)}`;
    for (let left = 1 + this.#below(3); left > 0; left -= 1) text = this.#damage(text);
    return text;
  }

  #damage(text: string): string {
    const tokens = text.match(/\w+|\s+|[^\w\s]/g) ?? [];
    const at = this.#below(tokens.length + 1);
    const other = this.#below(tokens.length + 1);
    const [low, high] = at < other ? [at, other] : [other, at];
    switch (this.#below(7)) {
      case 0:
        tokens.splice(at, 1 + this.#below(3));
        break;
      case 1:
        tokens.splice(at, 0, tokens[other] ?? "");
        break;
      case 2:
        tokens.splice(at, 1, this.#pick(PIECES));
        break;
      case 3:
        tokens.splice(at, 0, ` ${this.#pick(PIECES)} `);
        break;
      case 4:
        tokens.splice(high, 0, ...tokens.slice(low, Math.min(high, low + 12)));
        break;
      case 5:
        [tokens[low], tokens[high]] = [tokens[high] ?? "", tokens[low] ?? ""];
        break;
      default: {
        const place = this.#below(text.length + 1);
        return (
          text.slice(0, place) +
          String.fromCharCode(this.#below(0x180)) +
          text.slice(place + this.#below(2))
        );
      }
    }
    return tokens.join("");
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  /** A whole number below a bound; a 32 bit generator after mulberry32. */
  #below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  }
}
